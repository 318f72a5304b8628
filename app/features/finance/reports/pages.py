"""The page of costs, and of the lines behind each of its figures."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import ReportSession
from app.domain import access
from app.domain.cost_reports import By, Dimension, Quick
from app.domain.costs import ChargeKind
from app.domain.errors import BadValue
from app.features.finance import kept_since
from app.features.finance.asking import Word
from app.features.finance.exports.answers import respond
from app.features.finance.reports.api import At, GroupBy, Wanted
from app.features.finance.reports.asking import Asked, Fewest, Question
from app.features.finance.reports.costs import Group, as_table, define, read_groups, read_sums, word_of
from app.features.finance.reports.lines import list_lines
from app.features.finance.reports.views import MOST_SHOWN, cross_of, largest, without_the_small
from app.web.auth import Actor
from app.web.fields import After
from app.web.forms import Form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.templating import render

router = page_router()

LINES_ON_A_PAGE = 100
CHOICES = text("""
    SELECT 'funder' AS what, code, name FROM funder UNION ALL SELECT 'team', code, name FROM team
    UNION ALL SELECT 'store', code, name FROM store ORDER BY 1, 3
""")


@router.get("/finance/reports/costs")
async def costs(
    request: Request,
    session: ReportSession,
    actor: Actor,
    question: Annotated[Question, Depends()],
    wanted: Wanted,
    group_by: GroupBy = "funder",
    then_by: Word = "",
    smallest: Fewest = None,
) -> Response:
    """What was charged, by one dimension or two, as a table with bars, each figure the way to its lines."""
    first, _, second = group_by.partition(",")
    first, second = first.strip() or Dimension.FUNDER, then_by or second.strip()
    form = _form(question, first, second, smallest)
    context: dict[str, Any] = {"form": form, "asked": None, **await _choices(session, actor)}
    try:
        asked = question.read(actor, f"{first},{second}", smallest=smallest)
        groups = await read_groups(session, asked)
    except BadValue as refusal:
        field = "then_by" if refusal.code == "one-or-two-dimensions" else refusal.field
        form.refuse(refusal.detail, field if field in form.typed else "period")
        return render(request, "finance/costs.html", context, 422)
    note = await kept_since.said_of(session, asked.span.since)
    table = as_table(groups, asked, note=note, of_file=bool(wanted.format))
    if wanted.format:
        return await respond(table, wanted.format, with_head=wanted.with_head, as_at=wanted.as_at)
    cross, shown = cross_of(groups, asked), without_the_small(groups, asked)
    # The others together are no bar to measure one of them by.
    nets = [row.net_pence for row in cross.rows] if cross else [one.sums.net_pence for one in groups]
    context |= {
        "asked": asked,
        "table": table,
        "groups": shown,
        "in_all": len(groups) if len(shown) < len(groups) else 0,
        "shown": MOST_SHOWN,
        "totals": table.totals,
        "cross": cross,
        "most": largest(nets),
        "statements": _statements(groups, asked),
    }
    return render(request, "finance/costs.html", context)


@router.get("/finance/reports/costs/lines")
async def cost_lines(
    request: Request,
    session: ReportSession,
    actor: Actor,
    question: Annotated[Question, Depends()],
    group_by: GroupBy = "funder",
    at: At = None,
    after: After = None,
) -> HTMLResponse:
    """The lines behind a figure, and what they come to; each leads to its item and its order."""
    asked = question.read(actor, group_by, at=tuple(at or ()))
    rows = await list_lines(session, asked, after=number_cursor(after), limit=LINES_ON_A_PAGE)
    page = page_of(rows, limit=LINES_ON_A_PAGE, cursor=lambda line: line.id)
    address = asked.lines_at(*asked.at)
    context = {
        "asked": asked,
        "of": _what(asked),
        "definition": f"{define(asked)} {await kept_since.said_of(session, asked.span.since)}",
        "lines": page.items,
        "sums": await read_sums(session, asked),
        "may_see_orders": actor.may(access.Permission.SEE_ORDERS),
        "following": f"{address}&after={page.next}" if page.next else None,
        "is_first": after is None,
    }
    return render(request, "finance/cost_lines.html", context)


def _form(question: Question, first: str, second: str, smallest: int | None) -> Form:
    typed = {name: [""] for name in ("period", "from", "to", "by", "kind", "product_code", "category")}
    typed |= {name: [""] for name in ("funder", "team", "store")} | question.typed
    if not any(question.when.values()):
        typed["period"] = [Quick.THIS_MONTH]
    return Form(typed | {"group_by": [first], "then_by": [second], "smallest": [str(smallest or "")]})


async def _choices(session: AsyncSession, actor: access.Actor) -> dict[str, Any]:
    found: dict[str, list[tuple[str, str]]] = {"funder": [], "team": [], "store": []}
    for row in await session.execute(CHOICES):
        found[row.what].append((row.code, row.name))
    may_see_prescribers = actor.may(access.Permission.SEE_COSTS_BY_PRESCRIBER)
    return {
        "choices": found,
        "quick": [(one.value, one.text) for one in Quick],
        "kinds": [(one.value, one.text) for one in ChargeKind],
        "dimensions": [
            (one.value, one.text) for one in Dimension if may_see_prescribers or one is not Dimension.PRESCRIBER
        ],
    }


def _statements(groups: Sequence[Group], asked: Asked) -> list[tuple[str, str]]:
    """Of a month by funder: each funder's statement of it."""
    span = asked.span
    is_month = span.by is By.PERIOD and (span.since.year, span.since.month) == (span.until.year, span.until.month)
    if not is_month or asked.group_by != (Dimension.FUNDER,):
        return []
    return [
        (one.names[0], f"/finance/statements/{quote(one.keys[0], safe='')}?period={span.since:%Y-%m}")
        for one in groups
        if one.keys and one.keys[0]
    ]


def _what(asked: Asked) -> list[tuple[str, str]]:
    """Of which figure the lines are."""
    return [(one.text, word_of(one, key)) for one, key in zip(asked.group_by, asked.at, strict=False)]
