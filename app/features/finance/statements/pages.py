"""The page of a funder's statement: printed, it is a document to hand over."""

from typing import Annotated

from fastapi import Query, Request, Response

from app.db import ReportSession
from app.domain.dates import uk_date
from app.domain.months import last_day, month_in_words, months_after
from app.domain.panel_settings import first_day, year_in_words
from app.features.finance.exports.answers import FileFormat, as_at_of, respond
from app.features.finance.statements.api import EVERY_LINE, Asked, FunderCode, month_of
from app.features.finance.statements.queries import ITEMS_WORDS, MOST_LINES, read_statement
from app.web.auth import Actor, secret_of
from app.web.clock import Now
from app.web.forms import Form
from app.web.once import page_router
from app.web.templating import render

router = page_router()

MONTHS_BACK = 13


@router.get("/finance/statements/{funder}")
async def statement(
    request: Request,
    session: ReportSession,
    actor: Actor,
    now: Now,
    funder: FunderCode,
    asked: Asked,
    file_format: Annotated[str, Query(alias="format", max_length=10)] = "",
) -> Response:
    """What a funder pays for a month."""
    period = month_of(asked, now)
    is_file = file_format in set(FileFormat)
    most = EVERY_LINE if is_file else MOST_LINES
    found = await read_statement(session, funder, period=period, secret=secret_of(request), most=most)
    if is_file:
        return await respond(found.lines, FileFormat(file_format), as_at=as_at_of(request))
    this = uk_date(now).replace(day=1)
    months = [months_after(this, -back) for back in range(MONTHS_BACK)]
    months += [] if period in months else [period]
    context = {
        "form": Form({"period": [f"{period:%Y-%m}"]}),
        "months": [(f"{month:%Y-%m}", month_in_words(month)) for month in months],
        "found": found,
        "month": month_in_words(period),
        "period": f"{period:%Y-%m}",
        "last_day": last_day(period),
        "year_from": first_day(found.year.year),
        "items_words": ITEMS_WORDS,
        "financial_year": year_in_words(found.year.year),
        "made_on": uk_date(now),
    }
    return render(request, "finance/statement.html", context)
