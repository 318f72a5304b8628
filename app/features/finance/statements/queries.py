"""A funder's statement of a month: its sums, what of them is not settled or of earlier months, its year, its lines."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from sqlalchemy import RowMapping, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.cost_reports import By, Dimension, Span
from app.domain.costs import ChargeKind
from app.domain.months import last_day
from app.domain.panel_settings import financial_year, first_day
from app.domain.statements import PARTS, Part, Year, opening, share_in_words
from app.domain.tariffs import variant_in_words
from app.features.finance import kept_since
from app.features.finance.disputed import IN_DISPUTE
from app.features.finance.exports.lines import LINE_COLUMNS, SOURCES
from app.features.finance.exports.persons import pads
from app.features.finance.funding.queries import get_funder
from app.features.finance.funding.schemas import FunderBody
from app.features.finance.reports.asking import Asked
from app.features.finance.reports.costs import MONEY_WORDS, as_table, read_groups
from app.features.finance.reports.costs_sql import KEYS, PART
from app.features.finance.statements.schemas import Closed, DisputeOf, PartSum, Statement, Sums
from app.features.finance.tables import Cell, Column, Table

MOST_LINES: Final = 1000
"""So many lines stand on the page; the file has them all."""
OF_IT: Final = "line.period = CAST(:first AS date) AND line.funder_id = :funder_id"
BY: Final = (Dimension.KIND, Dimension.TEAM, Dimension.RECYCLED)
# An item is counted once, however many lines are about it and however many pay for it.
ITEMS: Final = text(f"""
    SELECT {", ".join(f"{KEYS[one]} AS {one.value}" for one in BY)},
           {", ".join(f"GROUPING({KEYS[one]}) = 0 AS is_by_{one.value}" for one in BY)},
           count(DISTINCT line.item_id) AS items,
           count(DISTINCT line.item_id) FILTER (WHERE line.percent < 100) AS shared_items,
           min(line.percent) FILTER (WHERE line.percent < 100) AS least,
           max(line.percent) FILTER (WHERE line.percent < 100) AS most
    FROM charge AS line LEFT JOIN team ON team.id = line.team_id
    WHERE {OF_IT} GROUP BY GROUPING SETS ({", ".join(f"({KEYS[one]})" for one in BY)}, ())
""")  # noqa: S608 - the parts are constants
COUNTED: Final = (
    Column("items", "Items", Cell.COUNT),
    Column("shared_items", "Of them shared", Cell.COUNT),
    Column("share", "Your share of those"),
)
ITEMS_WORDS: Final = (
    "Items: the different things that these lines are about, each counted once and whole, also where you pay a part of "
    "it. Shared: those that others pay for as well, and the part of them that is yours. Visits are about no one item. "
    "Amounts are what you pay."
)
HEAD: Final = text("""
    SELECT funder.id AS funder_id, closed.closed_at, closed.closed_by,
           (SELECT months FROM budget WHERE funder_id = funder.id AND team_id IS NULL AND year = :year) AS budget,
           (SELECT COALESCE(sum(amount_pence), 0)::bigint FROM charge
            WHERE funder_id = funder.id AND period BETWEEN :year_from AND :first) AS year_pence
    FROM funder LEFT JOIN finance_period AS closed ON closed.period = CAST(:first AS date) WHERE funder.code = :funder
""")
BY_PART: Final = text(f"""
    SELECT {PART} AS part, count(*) AS lines, sum(line.amount_pence)::bigint AS net_pence,
           sum(line.vat_pence)::bigint AS vat_pence
    FROM charge AS line WHERE {OF_IT} GROUP BY 1
""")  # noqa: S608 - the part is a constant
DISPUTES: Final = text(f"""
    SELECT asked.number AS order_number, said.settle_by, sum(line.amount_pence)::bigint AS provisional_pence
    FROM charge AS line JOIN equipment_order AS asked ON asked.id = line.order_id
    JOIN funding_dispute AS said ON said.order_id = asked.id AND said.settled_at IS NULL
    WHERE {OF_IT} AND {IN_DISPUTE}
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
    """What a funder pays for a month. Ten statements. Raises NotFound `unknown-funder`."""
    funder = await get_funder(session, code)
    year = financial_year(period)
    asked = {"funder": funder.code, "first": period, "year": year, "year_from": first_day(year)}
    head = (await session.execute(HEAD, asked)).one()
    of_it = {"first": period, "funder_id": head.funder_id}
    items = (await session.execute(ITEMS, of_it)).mappings().all()
    tables = {one: await _counted(session, funder.code, period, one, items) for one in BY}
    parts = {row.part: row for row in await session.execute(BY_PART, of_it)}
    disputes = [DisputeOf(**row) for row in (await session.execute(DISPUTES, of_it)).mappings()]
    rows = await _lines(session, of_it, secret, most)
    note = await kept_since.said_of(session, period)
    totals = tables[Dimension.KIND].totals
    closed = Closed(at=head.closed_at, by=head.closed_by) if head.closed_at else None
    return Statement(
        funder=funder.code,
        funder_name=funder.name,
        cost_centre=funder.cost_centre,
        period=period,
        closed=closed,
        opening=f"{opening(funder.name, period, is_closed=closed is not None)} {note}".rstrip(),
        sums=Sums(**{name: totals[name] for name in Sums.model_fields}),
        by_kind=tables[Dimension.KIND],
        by_team=tables[Dimension.TEAM],
        by_recycled=tables[Dimension.RECYCLED],
        parts=[_part(part, parts.get(part.value)) for part in PARTS],
        disputes=disputes,
        year=Year(year, period, head.year_pence, head.budget),
        lines=_table(funder, period, rows, totals),
    )


async def _counted(
    session: AsyncSession, code: str, period: date, dimension: Dimension, items: Sequence[RowMapping]
) -> Table:
    """The costs by this dimension; in the place of a quantity by shares, how many items, and what part of which."""
    span = Span(period, last_day(period), By.PERIOD)
    asked = Asked(span, (dimension,), {"funder": code})
    groups = await read_groups(session, asked)
    table = as_table(groups, asked)
    by_key = {row[dimension.value]: _items(row) for row in items if row[f"is_by_{dimension.value}"]}
    whole = next(_items(row) for row in items if not any(row[f"is_by_{one.value}"] for one in BY))
    columns = [one for column in table.columns for one in (COUNTED if column.key == "quantity" else (column,))]
    rows = [dict(row) | by_key[group.keys[0]] for row, group in zip(table.rows, groups, strict=True)]
    definition = f"{MONEY_WORDS} {ITEMS_WORDS}"
    return replace(table, columns=columns, rows=rows, totals=dict(table.totals) | whole, definition=definition)


def _items(row: RowMapping) -> dict[str, Any]:
    shared = {"items": row["items"], "shared_items": row["shared_items"]}
    return shared | {"share": share_in_words(row["least"], row["most"])}


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
