"""What is said of an answer that is wrong: on a page as people type, by the API as programs write."""

import pytest
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from app.models import Tier
from app.web.fields import Day
from app.web.forms import Form, read_form
from app.web.wording import code_of, in_words


class Answers(BaseModel):
    """A form with a date and a choice."""

    due_on: Day | None = None
    tier: Tier = Tier.STANDARD


class Counted(Answers):
    """The same with a number that must be there."""

    count: int


async def sent(body: str, schema: type[Answers] = Answers) -> tuple[Form, Answers | None]:
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body.encode()}

    return await read_form(Request({"type": "http", "headers": headers}, receive), schema)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("due_on-day=31&due_on-month=2&due_on-year=2026", "Due on must be a real date, for example 27 3 2026."),
        ("due_on-day=a&due_on-month=b&due_on-year=c", "Due on must be a real date, for example 27 3 2026."),
        ("due_on-day=1&due_on-month=2&due_on-year=26", "Due on must be a real date, for example 27 3 2026."),
        ("due_on=tomorrow", "Due on must be a real date, for example 27 3 2026."),
        ("due_on-day=27&due_on-month=3&due_on-year=", "Due on must include a year."),
        ("due_on-day=&due_on-month=&due_on-year=2026", "Due on must include a day and a month."),
    ],
)
async def test_a_wrong_date_on_a_page_is_explained_as_it_is_typed_there(body: str, says: str) -> None:
    form, answers = await sent(body)
    assert (answers, form.error("due_on")) == (None, says)


async def test_a_date_in_three_boxes_is_one_date() -> None:
    form, answers = await sent("due_on-day=7&due_on-month=3&due_on-year=2026")
    assert form.errors == []
    assert str(answers and answers.due_on) == "2026-03-07"


async def test_a_choice_that_is_not_offered_is_refused_without_the_programs_names() -> None:
    form, _ = await sent("tier=luxury")
    assert form.error("tier") == "Choose tier from the list."


def test_the_api_says_dates_as_programs_write_them() -> None:
    with pytest.raises(ValidationError) as refused:
        Answers.model_validate({"due_on": "27 3 2026"})
    [error] = refused.value.errors()
    assert (code_of(error), in_words(error)) == ("date-parsing", "Due on must be a real date, such as 2026-03-27.")


@pytest.mark.parametrize(
    ("body", "label", "says"),
    [
        ("due_on=x", "Day", "Day must be a real date, for example 27 3 2026."),
        ("due_on=x", "New last day (optional)", "New last day must be a real date, for example 27 3 2026."),
        ("due_on-day=1&due_on-month=2", "NHS day", "NHS day must include a year."),
        ("tier=luxury", "How special?", "Choose an answer to “How special?”."),
        ("tier=luxury", "Its tier", "Choose its tier from the list."),
        ("count=many", "How many", "How many must be a whole number."),
        ("", "How many", "Enter how many."),
        ("", "How many?", "Answer “How many?”."),
        ("", "E-mail address", "Enter E-mail address."),
    ],
)
async def test_a_field_is_called_as_the_page_labels_it(body: str, label: str, says: str) -> None:
    name = body.split("=", maxsplit=1)[0].removesuffix("-day") or "count"
    form, _ = await sent(body, Counted)
    form.learn(name, label)
    assert (form.has_learnt, form.error(name)) == (True, says)


async def test_errors_stand_in_the_order_of_the_fields() -> None:
    form, _ = await sent("count=many&tier=luxury&due_on=x", Counted)
    form.refuse("Something else.", "elsewhere")
    for name in ("tier", "due_on", "count"):
        form.learn(name, name)
    assert [error["href"] for error in form.errors] == ["#tier", "#due_on", "#count", "#elsewhere"]


def test_the_api_names_what_is_missing_as_it_is_sent() -> None:
    with pytest.raises(ValidationError) as refused:
        Counted.model_validate({})
    assert [in_words(error) for error in refused.value.errors()] == ["“count” is missing."]
