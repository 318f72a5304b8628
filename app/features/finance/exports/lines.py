"""The lines of a period with the columns of the monthly report, as one SQL statement; and what they come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.asked_period import AskedPeriod
from app.features.finance.disputed import IN_DISPUTE
from app.features.finance.exports.persons import PERSON_SQL, pads
from app.features.finance.tables import Cell, Column
from app.web.csv_files import FORMULA


@dataclass(frozen=True, slots=True)
class LineColumn:
    """A column of the lines: where it comes from, and what it means. `is_ours`: its words are the program's own."""

    column: Column
    sql: str
    meaning: str
    is_ours: bool = False


def _of(key: str, heading: str, sql: str, meaning: str, cell: Cell = Cell.TEXT, *, is_ours: bool = False) -> LineColumn:
    return LineColumn(Column(key, heading, cell), sql, meaning, is_ours or cell is not Cell.TEXT)


OWN_OR_NAME: Final = "COALESCE(funder.name, 'Service''s own')"
CREDIT: Final = "CASE WHEN line.kind = 'credit' THEN -line.amount_pence END"
SPEED: Final = (
    "CASE WHEN line.kind IN ('delivery', 'collection', 'failed_visit') THEN line.variant ELSE asked.speed END"
)
ON_TIME: Final = """
    CASE WHEN delivered.on_day <= asked.promised_on THEN 'yes' WHEN delivered.on_day > asked.promised_on THEN 'no' END
"""
NEW_OR_RECYCLED: Final = "CASE line.recycled WHEN true THEN 'recycled' WHEN false THEN 'new' END"
ORDERED_ON: Final = "CAST(COALESCE(asked.submitted_at, asked.made_at) AT TIME ZONE 'Europe/London' AS date)"
PRESCRIBER: Final = "CASE WHEN CAST(:with_prescriber AS boolean) THEN line.prescriber END"
ACCOUNT: Final = "CAST(:accounts AS jsonb) ->> line.kind"

LINE_COLUMNS: Final = (
    _of("period", "Period", "line.period", "The month that the line is posted to.", Cell.MONTH),
    _of("happened_on", "Happened on", "line.happened_on", "The day of the movement.", Cell.DAY),
    _of("funder", "Funder", "funder.code", "Who pays; empty: Service's own."),
    _of("funder_name", "Funder's name", OWN_OR_NAME, "Its name; Service's own where no funder pays."),
    _of("cost_centre", "Cost centre", "funder.cost_centre", "The funder's."),
    _of("team", "Team", "team.name", "The base that ordered it or lent it."),
    _of("team_cost_centre", "Team's cost centre", "team.cost_centre", "The base's code."),
    _of("prescriber", "Prescriber", PRESCRIBER, "The user; empty for readers who may not see it."),
    _of("order_number", "Order", "asked.number", "The order that it went out for.", is_ours=True),
    _of("person", "Person", PERSON_SQL, "Stands for the client: the same for the same one.", is_ours=True),
    _of("district", "Postcode district", "line.district", "Of the client's home at that time."),
    _of("product_code", "Product", "product.code", "The catalogue's code."),
    _of("description", "Description", "product.name", "The catalogue's name for it, as it is today."),
    _of("iso_9999", "ISO 9999", "line.category", "The product's category at that time."),
    _of("new_or_recycled", "New or recycled", NEW_OR_RECYCLED, "Of what went out.", is_ours=True),
    _of("barcode", "Barcode", "item.barcode", "The item; for a visit the first one that was scanned.", is_ours=True),
    _of("store", "Store", "store.code", "The store of the movement."),
    _of("charge_kind", "Kind of charge", "line.kind", "What it is for.", is_ours=True),
    _of("variant", "Route or kind", "line.variant", "The speed, route or kind of inspection it was priced by."),
    _of("speed", "Speed", SPEED, "Of the visit, or of the order.", is_ours=True),
    _of("quantity", "Quantity", "line.quantity", "How often, such as nights of hire.", Cell.COUNT),
    _of("net", "Net", "line.amount_pence", "This funder's part, without VAT; a credit is below zero.", Cell.PENCE),
    _of("vat", "VAT", "line.vat_pence", "The VAT on it.", Cell.PENCE),
    _of("gross", "Gross", "line.amount_pence + line.vat_pence", "Net and VAT.", Cell.PENCE),
    _of("credit", "Credit", CREDIT, "Of a credit on collection, its sum above zero: it is part of net.", Cell.PENCE),
    _of("split_percent", "Split %", "line.percent", "This funder's part of the charge.", Cell.PERCENT),
    _of("panel_case", "Panel case", "paneled.number", "The newest case of the order.", is_ours=True),
    _of("ordered_on", "Ordered on", ORDERED_ON, "The day it was submitted.", Cell.DAY),
    _of("delivered_on", "Delivered on", "delivered.on_day", "The day this item was first handed over.", Cell.DAY),
    _of("on_time", "On time", ON_TIME, "By the promised day; empty where none was promised.", is_ours=True),
    _of("reason", "Reason", "line.reason", "Why it was ordered.", is_ours=True),
    _of("journal_code", "Journal code", ACCOUNT, "The account of this kind of charge, as set today."),
    _of("basis", "Basis", "line.basis", "The arithmetic, in words."),
    _of(
        "unpriced",
        "Unpriced",
        "CASE WHEN line.is_unpriced THEN 'yes' END",
        "Yes: no rate was in force.",
        is_ours=True,
    ),
    _of(
        "provisional",
        "Provisional",
        f"CASE WHEN {IN_DISPUTE} THEN 'yes' END",
        "Yes: it is not agreed today who pays for its order.",
        is_ours=True,
    ),
    _of("reversal_of", "Takes back line", "line.reversal_of", "The line that this one takes back.", Cell.COUNT),
    _of("corrects", "Comes instead of line", "line.corrects_id", "The line it comes instead of.", Cell.COUNT),
    _of("because", "Because", "line.because", "Why it was corrected."),
    _of("posting", "Posting", "line.posting_id::text", "The lines of one charge have it in common.", is_ours=True),
    _of("line", "Line", "line.id", "The line's number.", Cell.COUNT),
)
COLUMNS: Final = tuple(one.column for one in LINE_COLUMNS)
DEFINITION: Final = (
    "Every line of the charges: what one funder pays of one charge. The lines of a posting come to the whole charge. "
    "Corrections stand there as what they are: a line that takes another back, and one that comes instead. "
    "People are named by a reference that stands for the same person in every file."
)
TOTALS: Final = {
    "net": "sum(line.amount_pence)",
    "vat": "sum(line.vat_pence)",
    "gross": "sum(line.amount_pence + line.vat_pence)",
    "credit": f"sum({CREDIT})",
}

BOOKED: Final = "line.period = CAST(:first AS date)"
HAPPENED: Final = "line.happened_on BETWEEN CAST(:first AS date) AND CAST(:last AS date)"
# Of each order only what it is asked for: an item that went out twice for one order is still one line.
SOURCES: Final = """
    FROM charge AS line
    LEFT JOIN funder ON funder.id = line.funder_id
    LEFT JOIN team ON team.id = line.team_id
    LEFT JOIN product ON product.id = line.product_id
    LEFT JOIN store ON store.id = line.store_id
    LEFT JOIN item ON item.id = line.item_id
    LEFT JOIN equipment_order AS asked ON asked.id = line.order_id
    LEFT JOIN (
        SELECT unit.order_id, unit.item_id,
               CAST(min(loan.started_at) AT TIME ZONE 'Europe/London' AS date) AS on_day
        FROM order_unit AS unit JOIN loan ON loan.id = unit.loan_id
        WHERE unit.order_id IN (SELECT line.order_id FROM charge AS line WHERE {which})
        GROUP BY unit.order_id, unit.item_id
    ) AS delivered ON delivered.order_id = line.order_id AND delivered.item_id = line.item_id
    LEFT JOIN (SELECT order_id, max(number) AS number FROM panel_case GROUP BY order_id) AS paneled
        ON paneled.order_id = line.order_id
    WHERE {which}
"""
COUNT: Final = """
    SELECT funder.code, funder.name, count(*) AS lines, sum(line.amount_pence)::bigint AS net,
           sum(line.vat_pence)::bigint AS vat, COALESCE(sum({credit}), 0)::bigint AS credit
    FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
    WHERE {which} GROUP BY funder.code, funder.name ORDER BY funder.code NULLS LAST
"""


@dataclass(frozen=True, slots=True)
class LinesAsked:
    """Which lines, and what of them the reader may see. `accounts`: the journal's, by kind of charge, as JSON."""

    period: AskedPeriod
    with_prescriber: bool
    secret: str
    accounts: str

    @property
    def values(self) -> dict[str, Any]:
        """What the statements have bound."""
        period = self.period
        bound: dict[str, Any] = {"first": period.first, "accounts": self.accounts, **pads(self.secret)}
        bound["with_prescriber"] = self.with_prescriber
        return bound if period.is_booked else bound | {"last": period.last}


@dataclass(frozen=True, slots=True)
class FunderSum:
    """What the lines of one funder come to; without a code: what the service itself bears."""

    code: str | None
    name: str | None
    lines: int
    net: int
    vat: int
    credit: int


async def sum_up(session: AsyncSession, period: AskedPeriod) -> list[FunderSum]:
    """What the lines of the period come to, by funder. One statement."""
    wanted = text(count_sql(period))
    values = {"first": period.first} if period.is_booked else {"first": period.first, "last": period.last}
    return [FunderSum(**row) for row in (await session.execute(wanted, values)).mappings()]


def count_sql(period: AskedPeriod) -> str:
    """What the lines of the period come to, by funder."""
    return COUNT.format(which=_which(period), credit=CREDIT)


def values_sql(period: AskedPeriod) -> str:
    """The lines in their order, each column as what it is."""
    chosen = ", ".join(f'{one.sql} AS "{one.column.key}"' for one in LINE_COLUMNS)
    return f"SELECT {chosen} {SOURCES.format(which=_which(period))} ORDER BY line.id"


def csv_sql(period: AskedPeriod) -> str:
    """The lines in their order, each column as a cell of a CSV file, and their totals as the last row: one look."""
    keys = ", ".join(f'"{one.column.key}"' for one in LINE_COLUMNS)
    cells = ", ".join(f'{_cell(one)} AS "{one.column.key}"' for one in LINE_COLUMNS)
    totals = ", ".join(_total(key) for key in (one.column.key for one in LINE_COLUMNS))
    which = _which(period)
    return f"""
        SELECT {keys} FROM (
            SELECT 0 AS part, line.id AS place, {cells} {SOURCES.format(which=which)}
            UNION ALL
            SELECT 1, 0, {totals} FROM charge AS line WHERE {which}
        ) AS file ORDER BY part, place
    """


def totals_of(sums: list[FunderSum]) -> Mapping[str, int]:
    """The same of all of them, by the names of the columns, and how many lines there are."""
    net, vat = sum(one.net for one in sums), sum(one.vat for one in sums)
    credit = sum(one.credit for one in sums)
    return {"lines": sum(one.lines for one in sums), "net": net, "vat": vat, "gross": net + vat, "credit": credit}


def _which(period: AskedPeriod) -> str:
    return BOOKED if period.is_booked else HAPPENED


def _cell(one: LineColumn) -> str:
    if one.column.cell is Cell.PENCE:
        return f"({one.sql}) * 0.01"  # Whole pence times a hundredth is exact, with two digits.
    if one.column.cell is Cell.MONTH:
        return f"to_char({one.sql}, 'YYYY-MM')"
    return one.sql if one.is_ours else safe_cell(one.sql)


def _total(key: str) -> str:
    if key == LINE_COLUMNS[0].column.key:
        return "'Total'"
    return f"COALESCE({TOTALS[key]}, 0) * 0.01" if key in TOTALS else "NULL"


def safe_cell(sql: str) -> str:
    """Text as `csv_files.as_cell` writes it, in SQL, and on one line: no spreadsheet takes it for a formula."""
    begins = ", ".join(f"chr({ord(sign)})" for sign in FORMULA)
    return f"CASE WHEN left({sql}, 1) IN ({begins}) THEN '''' ELSE '' END || translate({sql}, chr(13) || chr(10), '  ')"
