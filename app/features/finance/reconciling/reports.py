"""The reports themselves beside the plain sum of the lines that they are made of.

Each is compared within one statement, the report's own SQL as a part of it: so both sides see one state of the books,
however many people post.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.asked_period import AskedPeriod, of_month
from app.domain.cost_reports import Dimension, Span
from app.domain.costs import OWN_ACCOUNT_TEXT
from app.domain.journal import Layout, entries_of
from app.features.finance.exports.journal import SUMS_SQL, sum_of
from app.features.finance.exports.lines import LinesAsked, count_sql, values_sql
from app.features.finance.monthly.grains import GRAINS
from app.features.finance.monthly.sums import sums_of
from app.features.finance.reports.asking import Asked
from app.features.finance.reports.costs import title_of
from app.features.finance.reports.costs_sql import grouped_sql, values_of

GROUPINGS: Final = (
    (Dimension.FUNDER, Dimension.KIND),
    (Dimension.COST_CENTRE, Dimension.TEAM),
    (Dimension.PRODUCT, Dimension.RECYCLED),
    (Dimension.CATEGORY, Dimension.SPEED),
    (Dimension.STORE, Dimension.REASON),
    (Dimension.DISTRICT, Dimension.PERIOD),
)
"""Every dimension that there is of the lines' own, in pairs: one that loses a line, or counts it twice, shows."""
EXTENT: Final = text("""
    SELECT first_month_of_charges(), last_month_of_charges(), min(happened_on), max(happened_on) FROM charge
""")
_PLAIN: Final = """
    SELECT count(*) AS lines, COALESCE(sum(amount_pence), 0)::bigint AS net, COALESCE(sum(vat_pence), 0)::bigint AS vat
    FROM charge WHERE
"""
_BOOKED: Final = f"{_PLAIN} period BETWEEN CAST(:since AS date) AND CAST(:until AS date)"
_SUMMED: Final = " UNION ALL ".join(
    f"""
        SELECT {place} AS place, COALESCE(sum(lines), 0)::bigint AS found_lines,
               COALESCE(sum(net_pence), 0)::bigint AS found_net, COALESCE(sum(vat_pence), 0)::bigint AS found_vat
        FROM (WITH {sums_of(grain)} SELECT * FROM sums) AS sums
    """  # noqa: S608 - the parts are constants
    for place, grain in enumerate(GRAINS)
)
BY_MONTH: Final = text(f"WITH plain AS ({_BOOKED}) SELECT * FROM plain CROSS JOIN ({_SUMMED}) AS found ORDER BY place")  # noqa: S608 - as above
JOURNALS: Final = text(f"""
    SELECT month.*, part.* FROM (
        SELECT period, count(*) AS all_lines, sum(amount_pence)::bigint AS net, sum(vat_pence)::bigint AS vat
        FROM charge WHERE period BETWEEN CAST(:since AS date) AND CAST(:until AS date) GROUP BY period
    ) AS month CROSS JOIN LATERAL ({SUMS_SQL.replace(":period", "month.period")}) AS part
    ORDER BY month.period, part.funder, part.kind
""")  # noqa: S608 - the parts are constants


@dataclass(frozen=True, slots=True)
class Compared:
    """A report, and the sum of the lines that it is made of: how many there are, net, and VAT."""

    title: str
    lines: int
    net: int
    vat: int
    found_lines: int
    found_net: int
    found_vat: int

    @property
    def agrees(self) -> bool:
        """Whether the report is its lines, to the penny."""
        return (self.lines, self.net, self.vat) == (self.found_lines, self.found_net, self.found_vat)


async def compare_reports(session: AsyncSession, period: date | None) -> list[Compared]:
    """Each report of a month, or of everything, beside its lines. Five statements."""
    since, until, first, last = period, period, None, None
    if period is None:
        since, until, first, last = (await session.execute(EXTENT)).one()
    if since is None or until is None:
        return []
    days = of_month(since) if first is None or last is None else AskedPeriod(first, last, is_booked=False)
    return [
        *await _costs(session, Span(since, until)),
        *await _by_month(session, since, until),
        await _journals(session, since, until),
        *await _exports(session, days),
    ]


async def _costs(session: AsyncSession, span: Span) -> list[Compared]:
    asked = [Asked(span, group_by) for group_by in GROUPINGS]
    sides = " UNION ALL ".join(
        f"""
        SELECT {place} AS place, sum(lines) AS found_lines, sum(charged_pence + credited_pence) AS found_net,
               sum(vat_pence) AS found_vat FROM ({grouped_sql(one)}) AS report
        """  # noqa: S608 - the report's own SQL
        for place, one in enumerate(asked)
    )
    statement = text(f"WITH plain AS ({_BOOKED}) SELECT * FROM plain CROSS JOIN ({sides}) AS found ORDER BY place")  # noqa: S608 - as above
    rows = await session.execute(statement, values_of(asked[0]) | {"limit": None})
    return [_compared(title_of(one.group_by), row) for one, row in zip(asked, rows, strict=True)]


async def _by_month(session: AsyncSession, since: date, until: date) -> list[Compared]:
    """The sums by month in each grain: what was summed up as it is kept, with what came since."""
    rows = await session.execute(BY_MONTH, {"since": since, "until": until})
    return [_compared(f"Sums by month and {one.words}", row) for one, row in zip(GRAINS, rows, strict=True)]


async def _journals(session: AsyncSession, since: date, until: date) -> Compared:
    """The journals of all months: what is debited, and whether it balances."""
    rows = (await session.execute(JOURNALS, {"since": since, "until": until, "own": OWN_ACCOUNT_TEXT})).all()
    sides = [0, 0, 0, 0, 0, 0]
    for month, of_month_ in groupby(rows, key=lambda row: row.period):
        parts = list(of_month_)
        sums = [sum_of(part) for part in parts]
        entries = entries_of(month, sums, Layout())
        vat = sum(one.pence for one in entries if one.kind == "vat")
        contra = -sum(one.pence for one in entries if one.kind == "contra")
        side = (parts[0].all_lines, parts[0].net, parts[0].vat, sum(one.lines for one in sums), contra - vat, vat)
        sides = [so_far + more for so_far, more in zip(sides, side, strict=True)]
    return Compared("Journal for the general ledger", *sides)


async def _exports(session: AsyncSession, days: AskedPeriod) -> list[Compared]:
    which = "period = :first" if days.is_booked else "happened_on BETWEEN :first AND :last"
    statement = text(f"""
        WITH plain AS ({_PLAIN} {which})
        SELECT * FROM plain CROSS JOIN (
            SELECT 0 AS place, count(*) AS found_lines, COALESCE(sum(net), 0)::bigint AS found_net,
                   COALESCE(sum(vat), 0)::bigint AS found_vat FROM ({values_sql(days)}) AS file
            UNION ALL
            SELECT 1, COALESCE(sum(lines), 0)::bigint, COALESCE(sum(net), 0)::bigint, COALESCE(sum(vat), 0)::bigint
            FROM ({count_sql(days)}) AS total
        ) AS found ORDER BY place
    """)  # noqa: S608 - the report's own SQL
    rows = await session.execute(statement, LinesAsked(days, with_prescriber=False, secret="", accounts="{}").values)
    titles = ("Export of the lines", "Totals of the export")
    return [_compared(title, row) for title, row in zip(titles, rows, strict=True)]


def _compared(title: str, row: Any) -> Compared:
    sides: Sequence[Any] = (row.lines, row.net, row.vat, row.found_lines, row.found_net, row.found_vat)
    return Compared(title, *(int(side or 0) for side in sides))
