"""What is done about the items that a safety notice covers, in the words in which it is kept."""

from collections.abc import Sequence
from enum import StrEnum

from app.domain.notices import Result


class Handling(StrEnum):
    """What a notice wants of the items that it covers: that nobody uses them, or that people are told something."""

    QUARANTINE = "quarantine"
    ADVICE = "advice"

    @property
    def text(self) -> str:
        """As people read it."""
        return {"quarantine": "Hold the items", "advice": "Advice only: nothing is held"}[self.value]


class Cause(StrEnum):
    """Why an item was asked about when the result came that stands."""

    ACTIVATION = "activation"
    NEW_SCOPE = "new_scope"
    GOODS_IN = "goods_in"
    IMPORT = "import"
    RETURN = "return"
    EDIT = "edit"
    CATALOGUE = "catalogue"
    PART = "part"
    FOUND = "found"
    INSPECTION = "inspection"
    DAILY = "daily"
    LOAN = "loan"

    @property
    def text(self) -> str:
        """As people read it."""
        return CAUSES[self]


CAUSES = {
    Cause.ACTIVATION: "The notice was activated",
    Cause.NEW_SCOPE: "Another scope was activated",
    Cause.GOODS_IN: "Goods in",
    Cause.IMPORT: "An import",
    Cause.RETURN: "It came back",
    Cause.EDIT: "Its record was changed",
    Cause.CATALOGUE: "The catalogue was changed",
    Cause.PART: "A part was fitted or taken back",
    Cause.FOUND: "It was found",
    Cause.INSPECTION: "It was looked at",
    Cause.DAILY: "The daily check",
    Cause.LOAN: "Something else came to the same home",
}


class MatchAction(StrEnum):
    """What somebody did about one item that a notice covers."""

    CONTACTED = "contacted"
    NO_ACCESS = "no_access"
    QUARANTINED = "quarantined"
    INSPECTED = "inspected"
    CORRECTED = "corrected"
    REPLACED = "replaced"
    DISPOSED = "disposed"
    UNTRACEABLE = "untraceable"
    CLEARED = "cleared"

    @property
    def text(self) -> str:
        """As people read it."""
        return self.value.replace("_", " ").capitalize()


class MatchOutcome(StrEnum):
    """How the work on one item ended. `not_covered`: a later scope does not cover it, and nobody had acted on it."""

    CORRECTED = "corrected"
    REPLACED = "replaced"
    DISPOSED = "disposed"
    UNTRACEABLE = "untraceable"
    CLEARED = "cleared"
    NOT_COVERED = "not_covered"

    @property
    def text(self) -> str:
        """As people read it."""
        return "No longer covered" if self is MatchOutcome.NOT_COVERED else self.value.capitalize()


class ReviewOutcome(StrEnum):
    """How the review of one person ended, which a notice of advice asks for; `not_reached` was a try, and ends none."""

    NO_CHANGE = "no_change"
    CHANGED = "changed"
    NOT_REACHED = "not_reached"
    UNREACHABLE = "unreachable"

    @property
    def text(self) -> str:
        """As people read it."""
        return REVIEW_OUTCOMES[self]


REVIEW_OUTCOMES = {
    ReviewOutcome.NO_CHANGE: "Nothing to change",
    ReviewOutcome.CHANGED: "Changed",
    ReviewOutcome.NOT_REACHED: "Could not be reached",
    ReviewOutcome.UNREACHABLE: "Nobody can reach them",
}


BACK_AGAIN = frozenset({Cause.RETURN, Cause.FOUND})
ANOTHER_SCOPE = frozenset({Cause.ACTIVATION, Cause.NEW_SCOPE})
SHOWS_MORE = frozenset({Cause.INSPECTION, Cause.LOAN, Cause.DAILY})
"""What may show of a cleared item that it may be affected after all."""
RECORD_CHANGED = frozenset({Cause.CATALOGUE, Cause.EDIT, Cause.IMPORT, Cause.PART})
"""Somebody changed what is recorded of the item or its product, and by that what a notice finds."""


def weakened_by(before: str | None, *, was: Result, now: Result, cause: Cause, actor: str) -> str | None:
    """Who is not to clear an open item, because they changed what is recorded so that it is not surely covered now:
    nobody takes an item out of a notice alone by that. `before`: who it was until now.
    """
    if now is Result.AFFECTED:
        return None
    is_less = now is Result.NOT_AFFECTED or was is not Result.NOT_AFFECTED
    return actor if cause in RECORD_CHANGED and is_less else before


def waits_for_another(by: str) -> str:
    """What is said of an item that would be free by a change of what is recorded."""
    return f"It would not be affected any more, since {by} changed what is recorded: somebody else confirms that."


def is_reopened(outcome: MatchOutcome, *, was: Result, now: Result, cause: Cause, other_reasons: bool) -> bool:
    """Whether work that had ended begins again on an item that is covered now.

    What ended stays so, unless it is covered for other reasons by another scope (`other_reasons`: they read otherwise,
    or something else is wanted), was only said not to be covered, turns up though it could not be traced, or was
    cleared and is shown to be affected, or, by a look or by what is nearby now, that it may be.
    """
    if outcome is MatchOutcome.NOT_COVERED:
        return True
    if outcome is MatchOutcome.UNTRACEABLE and cause in BACK_AGAIN:
        return True
    if cause in ANOTHER_SCOPE:
        return other_reasons or now is not was
    is_worse = was is not Result.AFFECTED and now is Result.AFFECTED
    is_seen = cause in SHOWS_MORE and was is Result.NOT_AFFECTED
    return outcome is MatchOutcome.CLEARED and (is_worse or is_seen)


def hold_reason(reference: str, result: Result, title: str) -> str:
    """Why an item is held, beginning with the notice's reference."""
    said = "it is affected" if result is Result.AFFECTED else "it may be affected; look at it"
    return f"{reference}: {said}. {title if title.endswith(('.', '?', '!')) else f'{title}.'}"


def changed_letter(reference: str, title: str) -> dict[str, str]:
    """What those who handle notices are told of a closed notice of which another text has arrived."""
    return {
        "purpose": "notice_changed",
        "about": f"safety_notice:{reference}",
        "subject": f"{reference}: changed since it was closed",
        "body": (
            f"Another text of safety notice {reference}, “{title}”, has arrived. The notice is closed, and holds "
            f"nothing more because of it.\n\nRead what changed under Safety notices, {reference}, and decide on it. "
            "Where it covers other items now, enter another scope: that opens the notice again."
        ),
    }


MOST_NAMED = 20


def late_letter(reference: str, title: str, tags: Sequence[str], *, is_held: bool) -> dict[str, str]:
    """What those who handle notices are told of items that a closed notice covers, by their asset tags."""
    many, named = len(tags) > 1, _named(tags)
    now = f" {'They are' if many else 'It is'} held now." if is_held else ""
    return {
        "purpose": "notice_late",
        "about": f"safety_notice:{reference}",
        "subject": f"{reference}: caught after the closing",
        "body": (
            f"Safety notice {reference}, “{title}”, is closed, and covers {named}.{now}\n\n"
            f"Record what is done about {'them' if many else 'it'} under Safety notices, {reference}, Items. "
            "What is caught within the next hour is listed there, too, without another message."
        ),
    }


def freed_letter(reference: str, title: str, tags: Sequence[str], *, by: str) -> dict[str, str]:
    """What those who handle notices are told when somebody changed what the catalogue says, and items would be free."""
    return {
        "purpose": "notice_weakened",
        "about": f"safety_notice:{reference}",
        "subject": f"{reference}: a change of the catalogue to confirm",
        "body": (
            f"{by} changed what the catalogue says of a product or a maker. By that, safety notice {reference}, "
            f"“{title}”, would not surely cover {_named(tags)} any more.\n\nWhat was held stays held, and so is what "
            "comes in of these products, until somebody else looks at it. Check the change against the notice, under "
            f"Safety notices, {reference}, Items: correct it, or clear them."
        ),
    }


def held_letter(reference: str, title: str, found: Sequence[str]) -> dict[str, str]:
    """What those who handle notices are told where more is found of a notice of which nothing was held."""
    return {
        "purpose": "notice_held_now",
        "about": f"safety_notice:{reference}",
        "subject": f"{reference}: the search finds more now",
        "body": (
            f"Safety notice {reference}, “{title}”, was decided to be about nothing that we have. The same search "
            f"finds more now: {'; '.join(found[:MOST_NAMED])}.\n\nIt waits for triage again: decide on it under Safety "
            "notices."
        ),
    }


def _named(tags: Sequence[str]) -> str:
    return ", ".join(tags[:MOST_NAMED]) + (f" and {len(tags) - MOST_NAMED} more" if len(tags) > MOST_NAMED else "")
