"""What is answered to warnings, in a body and on a form: orders ask, and the counter does."""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Protocol

from pydantic import Field, ValidationError

from app.domain.combinations import Severity
from app.web.fields import Body, Line, Reason
from app.web.forms import Form
from app.web.wording import in_words


class Answer(Body):
    """What the prescriber says to a warning, named by its code and subject."""

    code: Line
    subject: Line
    answer: Reason


Answers = Annotated[list[Answer], Field(max_length=500)]


class WithAnswers(Protocol):
    """A body of which the answers may be left out."""

    answers: Answers

    @property
    def model_fields_set(self) -> set[str]:
        """The fields that were sent."""


def answers_of(body: WithAnswers) -> list[Answer] | None:
    """What was answered; None: it is the short form of the API, which nobody asked for answers (ADR 29)."""
    return body.answers if "answers" in body.model_fields_set else None


class Warned(Protocol):
    """A warning, as the rules make it or as it is shown."""

    @property
    def code(self) -> str:
        """What it is."""

    @property
    def subject(self) -> str:
        """What it is about."""

    @property
    def severity(self) -> Severity | None:
        """How grave it is."""

    @property
    def detail(self) -> str:
        """What it says."""


def keys(answers: Iterable[Answer]) -> set[tuple[str, str]]:
    """Which warnings these answer, as the rules name them."""
    return {(one.code, one.subject) for one in answers}


def answer_field(warning: Warned) -> str:
    """The name of the box in which a warning is answered: the same as long as the warning is."""
    return "answer-" + re.sub(r"[^A-Za-z0-9._-]", "_", f"{warning.code}-{warning.subject}")


def read_answers(form: Form, warnings: Iterable[Warned]) -> list[Answer]:
    """What was typed into the boxes of these warnings; what cannot be an answer is refused at its box."""
    found = []
    for warning in warnings:
        name = answer_field(warning)
        answer = form.value(name).strip()
        if answer:
            try:
                found.append(Answer(code=warning.code, subject=warning.subject, answer=answer))
            except ValidationError as invalid:
                form.refuse(in_words(invalid.errors()[0], on_page=True), name)
    return found


def refuse_unanswered(form: Form, warnings: Sequence[Warned]) -> None:
    """Each warning that still wants an answer, at its own box; a note wants none."""
    for warning in warnings:
        if warning.severity is not Severity.NOTE and not form.value(answer_field(warning)).strip():
            form.refuse(f"Answer the warning: {warning.detail}", answer_field(warning))
