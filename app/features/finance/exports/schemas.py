"""Bodies of exports: what lines come to, files that are being made, the journal's layout, and forms."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.costs import ChargeKind
from app.domain.journal import DateFormat, JournalField, Layout
from app.features.finance.exports.layouts import Kept
from app.features.finance.tables import Cell
from app.web.fields import Body, Day, Line, OptionalLine
from app.web.shapes import Shape


class ColumnBody(Shape):
    """A column of the lines: its name in the file, what it holds, and what that means."""

    name: str
    heading: str
    holds: Cell
    meaning: str


class FunderSumBody(Shape):
    """What the lines of one funder come to; without a funder: what the service itself bears."""

    funder: str | None
    name: str | None
    lines: int
    net_pence: int
    vat_pence: int
    credit_pence: int


class LinesSummary(Shape):
    """What an export of the lines would hold: beside the file, whose first line is its columns."""

    period: str
    from_: Annotated[Day, Field(alias="from")]
    to: Day
    definition: str
    lines: int
    net_pence: int
    vat_pence: int
    gross_pence: int
    credit_pence: int
    by_funder: list[FunderSumBody]
    columns: list[ColumnBody]


class ExportJobState(StrEnum):
    """How far a file is."""

    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


class ExportJobBody(Shape):
    """A spreadsheet that is being made. `file`: where it is, once it is ready."""

    id: UUID
    state: ExportJobState
    title: str
    done: int
    wanted: int
    failure: str | None
    file: str | None


class JournalColumn(Body):
    """A column of the journal, in the order of the list."""

    field: JournalField
    heading: Line


class JournalLayoutBody(Body):
    """How the general ledger wants its journal: `accounts` by kind of charge, `contras` by funder, else `contra`."""

    columns: Annotated[list[JournalColumn], Field(min_length=1, max_length=len(JournalField))]
    date_format: DateFormat = DateFormat.ISO
    accounts: dict[ChargeKind, OptionalLine] = {}
    vat_account: OptionalLine = ""
    contra: OptionalLine = ""
    contras: dict[Line, OptionalLine] = {}
    own_cost_centre: OptionalLine = ""

    def as_layout(self) -> Layout:
        """As the rules take it."""
        return Layout(
            columns=tuple((one.field, one.heading) for one in self.columns),
            date_format=self.date_format,
            accounts={kind: code for kind, code in self.accounts.items() if code},
            vat_account=self.vat_account,
            contra=self.contra,
            contras={funder: code for funder, code in self.contras.items() if code},
            own_cost_centre=self.own_cost_centre,
        )


def layout_body(kept: Kept) -> JournalLayoutBody:
    """The layout as the API shows it."""
    layout = kept.layout
    return JournalLayoutBody(
        columns=[JournalColumn(field=column, heading=heading) for column, heading in layout.columns],
        date_format=layout.date_format,
        accounts=dict(layout.accounts),
        vat_account=layout.vat_account,
        contra=layout.contra,
        contras=dict(layout.contras),
        own_cost_centre=layout.own_cost_centre,
    )


class SheetForm(Body):
    """The period of a spreadsheet, as the page with its totals sends it on."""

    period: OptionalLine = ""
    first: OptionalLine = ""
    last: OptionalLine = ""


class ReaderForm(Body):
    """Who is to get the pack, or to get it no more."""

    username: Line


class PackDayForm(Body):
    """On which working day the pack is sent."""

    working_day: Annotated[int, Field(ge=1, le=15)]


class JournalForm(Body):
    """The journal's settings; the fields of columns, kinds and funders are read one by one."""

    date_format: DateFormat
    vat_account: OptionalLine = ""
    contra: OptionalLine = ""
    own_cost_centre: OptionalLine = ""
    version: Annotated[int, Field(ge=0)] = 0
