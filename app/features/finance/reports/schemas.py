"""Bodies of the reports of money: a table with what it means, and the lines behind a figure."""

from datetime import date
from decimal import Decimal
from typing import Any

from app.domain.costs import ChargeKind
from app.features.finance.tables import Cell, Table
from app.web.shapes import Shape


class ReportColumn(Shape):
    """One column: its stable name, its heading, and what it holds."""

    key: str
    heading: str
    cell: Cell


class Report(Shape):
    """A report. `definition`: what its figures mean; `period`: of when they are. `totals` are the sums of `rows`, or of
    all pages where it comes in pages: then `next` is where the next one begins.

    `links`: of each row the address of what is behind it, below `/api/v1` as among the pages; null where it has none.
    """

    name: str
    title: str
    definition: str
    period: str
    columns: list[ReportColumn]
    rows: list[dict[str, Any]]
    totals: dict[str, Any]
    links: list[str | None]
    next: str | None = None


class CostLine(Shape):
    """A line of the charges: what one funder pays of one charge. Nobody's name is in it.

    `reversal_of`: it takes that line back; `corrects_id`: it comes instead of that one, `because` says why.
    `links`: the item with its history, the order, the collection, below `/api/v1` as among the pages.
    """

    id: int
    period: str
    happened_on: date
    kind: ChargeKind
    kind_name: str
    variant: str
    funder: str | None
    funder_name: str | None
    percent: float
    quantity: int
    amount_pence: int
    vat_pence: int
    basis: str
    is_unpriced: bool
    is_provisional: bool
    barcode: str | None
    product_code: str | None
    product_name: str | None
    store: str | None
    order_number: str | None
    collection_number: str | None
    reversal_of: int | None
    corrects_id: int | None
    because: str | None
    links: dict[str, str]


def as_report(table: Table) -> Report:
    """A table as the API answers it."""
    return Report(
        name=table.name,
        title=table.title,
        definition=table.definition,
        period=table.period,
        columns=[ReportColumn(key=one.key, heading=one.heading, cell=one.cell) for one in table.columns],
        rows=[_plain(row) for row in table.rows],
        totals=_plain(table.totals),
        links=list(table.links),
        next=table.after,
    )


def _plain(row: Any) -> dict[str, Any]:
    """JSON has numbers, not decimals."""
    return {key: float(value) if isinstance(value, Decimal) else value for key, value in row.items()}
