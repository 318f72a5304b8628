"""A question about a case on a page of its own: shown, read, and shown again where something is wrong with it."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.access import Actor as Person
from app.features.panel.pages import read_shown
from app.features.panel.schemas import CaseBody
from app.web.clock import Now
from app.web.forms import Form, ShowAgain, or_again, read_form

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Answered(Generic[Model]):
    """What was answered about a case, every field right."""

    template: str
    form: Form
    body: Model
    case: CaseBody
    context: Mapping[str, Any]

    def or_again(self) -> AbstractContextManager[None]:
        """What the rules refuse inside is shown on the page again."""
        return or_again(self.template, self.form, **self.context)


async def read_answer(
    request: Request,
    session: AsyncSession,
    actor: Person,
    now: Now,
    number: str,
    schema: type[Model],
    template: str,
    **offered: Any,
) -> Answered[Model]:
    """What was answered; where a field is wrong the page is shown again with what is `offered` to choose from."""
    form, body = await read_form(request, schema)
    case, context = await read_shown(session, number, actor, now)
    context |= offered
    if body is None:
        raise ShowAgain(template, {**context, "form": form})
    return Answered(template, form, body, case, context)
