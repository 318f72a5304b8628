"""A funder's statement as JSON and as a file of its lines."""

from datetime import date
from typing import Annotated, Literal

from fastapi import Depends, Path, Query, Request, Response

from app.db import ReportSession
from app.domain.dates import uk_date
from app.domain.months import months_after
from app.features.finance.asking import MonthAsked
from app.features.finance.exports.answers import FileFormat, as_at_of, respond
from app.features.finance.statements.queries import read_statement
from app.features.finance.statements.schemas import StatementBody
from app.web.auth import Actor, secret_of
from app.web.clock import Now
from app.web.once import api_router

router = api_router("finance")

FunderCode = Annotated[str, Path(max_length=40)]
Asked = Annotated[MonthAsked, Depends()]
EVERY_LINE = 1_000_000
"""A spreadsheet takes no more."""


def month_of(asked: MonthAsked, now: Now) -> date:
    """The month that is asked for, or the last one that is over."""
    return asked.first_day or months_after(uk_date(now).replace(day=1), -1)


@router.get("/finance/statements/{funder}", response_model=StatementBody)
async def statement(
    request: Request,
    session: ReportSession,
    actor: Actor,
    now: Now,
    funder: FunderCode,
    asked: Asked,
    file_format: Annotated[Literal["json", "csv", "xlsx"], Query(alias="format")] = "json",
) -> StatementBody | Response:
    """What a funder pays for a month (`period`, as a rule the last one), to be handed to it: sums by kind, team, new or
    recycled, what is provisional, corrections of earlier months, the year against its budget, and the lines."""
    period, secret = month_of(asked, now), secret_of(request)
    if file_format == "json":
        return (await read_statement(session, funder, period=period, secret=secret)).body()
    found = await read_statement(session, funder, period=period, secret=secret, most=EVERY_LINE)
    return await respond(found.lines, FileFormat(file_format), as_at=as_at_of(request))
