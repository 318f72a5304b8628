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


async def sent(body: str) -> tuple[Form, Answers | None]:
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body.encode()}

    return await read_form(Request({"type": "http", "headers": headers}, receive), Answers)


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
