"""A funder's statement of a month: its sums, what of them is not settled or of earlier months, its year, its lines."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.cost_reports import By, Dimension, Span
from app.domain.costs import ChargeKind
from app.domain.months import last_day
from app.domain.panel_settings import financial_year, first_day
from app.domain.statements import PARTS, Part, Year, opening
from app.domain.tariffs import variant_in_words
from app.features.finance.exports.lines import LINE_COLUMNS, SOURCES
from app.features.finance.exports.persons import pads
from app.features.finance.funding.queries import get_funder
from app.features.finance.funding.schemas import FunderBody
from app.features.finance.reports.asking import Asked
from app.features.finance.reports.costs import as_table, read_groups
from app.features.finance.statements.schemas import Closed, DisputeOf, PartSum, Statement, Sums
from app.features.finance.tables import Table

MOST_LINES: Final = 1000
"""So many lines stand on the page; the file has them all."""
OF_IT: Final = "line.period = CAST(:first AS date) AND line.funder_id = :funder_id"
STANDS: Final = (
    "line.reversal_of IS NULL AND NOT EXISTS (SELECT FROM charge_taken_back AS gone WHERE gone.charge_id = line.id)"
)
HEAD: Final = text("""
    SELECT funder.id AS funder_id, closed.closed_at, closed.closed_by,
           (SELECT months FROM budget WHERE funder_id = funder.id AND team_id IS NULL AND year = :year) AS budget,
           (SELECT COALESCE(sum(amount_pence), 0)::bigint FROM charge
            WHERE funder_id = funder.id AND period BETWEEN :year_from AND :first) AS year_pence
    FROM funder LEFT JOIN finance_period AS closed ON closed.period = CAST(:first AS date) WHERE funder.code = :funder
""")
# A correction is of the month of the line that it is about; whatever else happened before this month came late.
BY_PART: Final = text(f"""
    SELECT CASE WHEN named.period < line.period THEN 'corrections'
                WHEN line.happened_on < line.period THEN 'late' ELSE 'month' END AS part,
           count(*) AS lines, sum(line.amount_pence)::bigint AS net_pence, sum(line.vat_pence)::bigint AS vat_pence
    FROM charge AS line LEFT JOIN charge AS named ON named.id = COALESCE(line.reversal_of, line.corrects_id)
    WHERE {OF_IT} GROUP BY 1
""")  # noqa: S608 - the part is a constant
DISPUTES: Final = text(f"""
    SELECT asked.number AS order_number, said.settle_by, sum(line.amount_pence)::bigint AS provisional_pence
    FROM charge AS line JOIN equipment_order AS asked ON asked.id = line.order_id
    LEFT JOIN funding_dispute AS said ON said.order_id = asked.id AND said.settled_at IS NULL
    WHERE {OF_IT} AND line.is_provisional AND {STANDS}
    GROUP BY asked.number, said.settle_by ORDER BY asked.number
""")  # noqa: S608 - the parts are constants
SHOWN: Final = (
    "line",
    "happened_on",
    "charge_kind",
    "variant",
    "order_number",
    "person",
    "district",
    "team",
    "product_code",
    "description",
    "barcode",
    "new_or_recycled",
    "quantity",
    "split_percent",
    "net",
    "vat",
    "gross",
    "basis",
    "provisional",
    "reversal_of",
    "corrects",
    "because",
)
"""The columns of a statement's lines, as exports have them. Who prescribed is not in it."""
CHOSEN: Final = tuple(next(one for one in LINE_COLUMNS if one.column.key == key) for key in SHOWN)
DEFINITION: Final = (
    "Each line is what this funder pays of one charge, posted to this month of the books. A credit is below zero. "
    "People are named by a reference that stands for the same person in every statement."
)


async def read_statement(
    session: AsyncSession, code: str, *, period: date, secret: str, most: int = MOST_LINES
) -> Statement:
    """What a funder pays for a month. Eight statements. Raises NotFound `unknown-funder`."""
    funder = await get_funder(session, code)
    year = financial_year(period)
    asked = {"funder": funder.code, "first": period, "year": year, "year_from": first_day(year)}
    head = (await session.execute(HEAD, asked)).one()
    tables = {one: await _counted(session, funder.code, period, one) for one in (Dimension.KIND, Dimension.TEAM)}
    recycled = await _counted(session, funder.code, period, Dimension.RECYCLED)
    of_it = {"first": period, "funder_id": head.funder_id}
    parts = {row.part: row for row in await session.execute(BY_PART, of_it)}
    disputes = [DisputeOf(**row) for row in (await session.execute(DISPUTES, of_it)).mappings()]
    rows = await _lines(session, of_it, secret, most)
    totals = tables[Dimension.KIND].totals
    closed = Closed(at=head.closed_at, by=head.closed_by) if head.closed_at else None
    return Statement(
        funder=funder.code,
        funder_name=funder.name,
        cost_centre=funder.cost_centre,
        period=period,
        closed=closed,
        opening=opening(funder.name, period, is_closed=closed is not None),
        sums=Sums(**{name: totals[name] for name in Sums.model_fields}),
        by_kind=tables[Dimension.KIND],
        by_team=tables[Dimension.TEAM],
        by_recycled=recycled,
        parts=[_part(part, parts.get(part.value)) for part in PARTS],
        disputes=disputes,
        year=Year(year, period, head.year_pence, head.budget),
        lines=_table(funder, period, rows, totals),
    )


async def _counted(session: AsyncSession, code: str, period: date, dimension: Dimension) -> Table:
    span = Span(period, last_day(period), By.PERIOD)
    asked = Asked(span, (dimension,), {"funder": code})
    return as_table(await read_groups(session, asked), asked)


async def _lines(session: AsyncSession, of_it: dict[str, Any], secret: str, most: int) -> list[dict[str, Any]]:
    values = {**of_it, **pads(secret), "most": most}
    return [dict(row) for row in (await session.execute(LINES, values)).mappings()]


def _lines_sql() -> TextClause:
    chosen = ", ".join(f'{one.sql} AS "{one.column.key}"' for one in CHOSEN)
    return text(f"SELECT {chosen} {SOURCES.format(which=OF_IT)} ORDER BY line.id LIMIT :most")


LINES: Final = _lines_sql()


def _part(part: Part, row: Any) -> PartSum:
    if row is None:
        return PartSum(part=part, title=part.text, lines=0, net_pence=0, vat_pence=0)
    return PartSum(part=part, title=part.text, lines=row.lines, net_pence=row.net_pence, vat_pence=row.vat_pence)


def _table(funder: FunderBody, period: date, rows: Sequence[dict[str, Any]], totals: Mapping[str, Any]) -> Table:
    said = [row | {"charge_kind": ChargeKind(row["charge_kind"]).text, "variant": _closer(row)} for row in rows]
    return Table(
        name=f"statement-{funder.code}-{period:%Y-%m}",
        title=f"Statement for {funder.name}",
        definition=DEFINITION,
        period=Span(period, last_day(period)).words,
        columns=[one.column for one in CHOSEN],
        rows=said,
        totals={key: totals[f"{key}_pence"] for key in ("net", "vat", "gross")},
    )


def _closer(row: dict[str, Any]) -> str:
    return variant_in_words(ChargeKind(row["charge_kind"]), row["variant"])
