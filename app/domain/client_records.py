"""What must hold between the dates and figures of a client's record, and what follows from them."""

from collections.abc import Iterator
from datetime import date

from app.domain.dates import in_words
from app.domain.errors import BadValue, Conflict

OLDEST_BIRTH = date(1900, 1, 1)


def way_of_asking(q: str | None) -> str | None:
    """What kind of words a client was looked for by: the trail keeps that and never the words, which name people and
    could not be taken out of it again. None: nobody in particular was looked for."""
    if not q or not q.strip():
        return None
    digits = sum(character.isdigit() for character in q)
    if not digits:
        return "a name"
    if digits >= 10:
        return "an NHS number"
    return "a date of birth" if any(mark in q[1:] for mark in "/.-") and digits > 5 else "a reference or postcode"


def check_is_alive(died_on: date | None) -> None:
    """Nothing more is kept for, sent to or handed to somebody who has died. Raises Conflict `client-has-died`."""
    if died_on:
        detail = "This client has died. What had not come yet is called off. Have what they have collected instead."
        raise Conflict("client-has-died", detail, field="client_ref")


def check_life(*, born: date | None, died: date | None, today: date) -> None:
    """Raises the first of `find_life_faults`."""
    for fault in find_life_faults(born=born, died=died, today=today):
        raise fault


def check_weight(weight_kg: int | None, weighed_on: date | None, *, today: date) -> None:
    """Raises the first of `find_weight_faults`."""
    for fault in find_weight_faults(weight_kg, weighed_on, today=today):
        raise fault


def check_newer_weighing(weighed_on: date | None, known_on: date | None) -> None:
    """A weight counts until they are weighed again: an older one does not take its place. Raises Conflict
    `older-weighing`."""
    if is_older_weighing(weighed_on, known_on) and known_on:
        detail = (
            f"They were weighed since, on {in_words(known_on)}, and that weight is what counts. If it is wrong, weigh "
            "them again and enter that."
        )
        raise Conflict("older-weighing", detail, field="weighed_on")


def check_weight_stays(weight_kg: int | None, was_kg: int | None) -> None:
    """A weight that is known is weighed anew, never taken out: nobody knows would count as better than too much for
    what they have. Raises Conflict `weight-is-known`."""
    if weight_kg is None and was_kg is not None:
        detail = "Their weight is known, and what they have is chosen by it. If it is wrong, weigh them and enter that."
        raise Conflict("weight-is-known", detail, field="weight_kg")


def is_older_weighing(weighed_on: date | None, known_on: date | None) -> bool:
    """Whether somebody was weighed again after that day."""
    return weighed_on is not None and known_on is not None and weighed_on < known_on


def find_life_faults(*, born: date | None, died: date | None, today: date) -> Iterator[BadValue]:
    """BadValue `date-in-the-future`, `date-too-old`, `died-before-birth`."""
    if born and born > today:
        yield BadValue("date-in-the-future", "Nobody is born after today.", field="date_of_birth")
    if born and born < OLDEST_BIRTH:
        yield BadValue("date-too-old", "The year of birth must be 1900 or later.", field="date_of_birth")
    if died and died > today:
        yield BadValue("date-in-the-future", "The date of death must be today or earlier.", field="died_on")
    if died and died < (born or OLDEST_BIRTH):
        what = "The date of death must not be before the date of birth."
        yield BadValue(
            "died-before-birth", what if born else "The year of death must be 1900 or later.", field="died_on"
        )


def find_weight_faults(weight_kg: int | None, weighed_on: date | None, *, today: date) -> Iterator[BadValue]:
    """A weight is worth something only with its day: BadValue `weight-without-day`, `day-without-weight` and so on."""
    if weight_kg and weighed_on is None:
        yield BadValue("weight-without-day", "Enter the day of weighing: weights change.", field="weighed_on")
    if weighed_on and weight_kg is None:
        yield BadValue("day-without-weight", "Enter the weight, or leave the day of weighing empty.", field="weight_kg")
    if weighed_on and weighed_on > today:
        yield BadValue("date-in-the-future", "The day of weighing must be today or earlier.", field="weighed_on")
    if weighed_on and weighed_on < OLDEST_BIRTH:
        yield BadValue("date-too-old", "The day of weighing must be in 1900 or later.", field="weighed_on")
