"""The columns of each kind of file: one table, from which files are read, documented and exemplified."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from app.domain.authority import Tier
from app.domain.hygiene import Route
from app.domain.inspections import LONGEST_INTERVAL_MONTHS, InspectionKind
from app.features.imports import cells
from app.features.imports.cells import Reader
from app.models import Precision


class Kind(StrEnum):
    """What a file brings."""

    CATALOGUE = "catalogue"
    ITEMS = "items"
    CLIENTS = "clients"

    @property
    def text(self) -> str:
        """What its rows are, as people say it."""
        return {Kind.CATALOGUE: "products", Kind.ITEMS: "items", Kind.CLIENTS: "clients"}[self]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `empty` is what an empty cell means; `examples` has a cell for each row of the sample."""

    name: str
    read: Reader
    what: str
    examples: tuple[str, str, str]
    needed: bool = False
    empty: Any = None


_months = cells.whole(1, LONGEST_INTERVAL_MONTHS)
_millimetres = cells.whole(1, 20_000)

DUE: Final = {f"next_{kind.value}_on": kind for kind in InspectionKind}
"""The column of items that says when the next inspection of each kind is due."""

MONTHS: Final = {f"{kind.value}_months": kind for kind in InspectionKind}
"""The column of the catalogue that says how often each kind is made."""

DIMENSIONS: Final = ("length_mm", "width_mm", "height_mm", "seat_width_mm")

CATALOGUE = (
    Column(
        "code",
        cells.code,
        "Your code of the product. It says which product a row is.",
        ("IMP-STOOL", "IMP-HOIST", "IMP-SLING-M"),
        needed=True,
    ),
    Column(
        "name",
        cells.product_name,
        "What it is called, with letters that labels can print.",
        ("Shower stool", "Mobile patient hoist", "Hoist sling, medium"),
        needed=True,
    ),
    Column("manufacturer", cells.line, "Who makes it.", ("Oakmere Mobility", "Liftwell", "Liftwell"), empty=""),
    Column("model", cells.line, "The maker's name of the model.", ("Brook 2", "LW-150", "LS-M"), empty=""),
    Column(
        "category",
        cells.iso_9999,
        "Its ISO 9999 code, four or six digits.",
        ("09 33 07", "12 36 03", "12 36 21"),
        needed=True,
    ),
    Column(
        "purchase_price",
        cells.pounds,
        "What one costs without VAT, in pounds.",
        ("31.50", "£1,150.00", "128"),
        needed=True,
    ),
    Column(
        "tier",
        cells.one_of(Tier),
        "Who may order it: `standard`, `specialist` or `highly_specialist`. Empty: `standard`.",
        ("standard", "specialist", "specialist"),
        empty=Tier.STANDARD,
    ),
    Column(
        "decontamination_route",
        cells.one_of(Route),
        "How it is cleaned: " + ", ".join(f"`{route.value}`" for route in Route) + ". Empty: `wash_down`.",
        ("wash_down", "wash_down", "laundry"),
        empty=Route.WASH_DOWN,
    ),
    Column(
        "returnable",
        cells.truth,
        "Whether it is wanted back: yes or no. Empty: yes.",
        ("yes", "yes", "yes"),
        empty=True,
    ),
    Column(
        "single_patient_use",
        cells.truth,
        "Whether it is for one patient only: yes or no. Empty: no.",
        ("no", "no", "no"),
        empty=False,
    ),
    Column(
        "high_risk",
        cells.truth,
        "Whether one person must clean it and another release it: yes or no. Empty: no.",
        ("no", "no", "yes"),
        empty=False,
    ),
    Column(
        "strike_through_test",
        cells.truth,
        "Whether it has a cover that is tested at each cleaning: yes or no. Empty: no.",
        ("no", "no", "no"),
        empty=False,
    ),
    Column(
        "udi_di",
        cells.gtins,
        "The maker's numbers (GTIN) on its packages; several with blanks between.",
        ("05012345678900", "", ""),
        empty=(),
    ),
    Column(
        "safe_working_load_kg",
        cells.whole(1, 2_000),
        "The most it may carry, in whole kilograms.",
        ("160", "150", "150"),
    ),
    Column(
        "expected_life_months",
        cells.whole(1, 600),
        "How many months one lasts, for the advice to repair or to scrap it.",
        ("60", "120", "36"),
    ),
    Column(
        "instructions",
        cells.paragraph,
        "How it is used, for those who use it; may have several lines. Anybody who scans its label can read this, so "
        "nothing about a person belongs here.",
        ("Use it on a level floor only.\nWipe it dry after each use.", "", ""),
        empty="",
    ),
    Column(
        "instructions_link",
        cells.link,
        "Where the maker's instructions are: a whole web address. Anybody can read it as well.",
        ("https://www.example.org/brook-2.pdf", "", ""),
        empty="",
    ),
    *(
        Column(name, _millimetres, f"Its {name[:-3].replace('_', ' ')} in whole millimetres.", ("", "", ""))
        for name in DIMENSIONS
    ),
    *(
        Column(
            name,
            _months,
            f"Every how many months its items need this: {kind.text}. Empty: not asked for.",
            ("", "6" if kind is InspectionKind.LOLER else "", "6" if kind is InspectionKind.LOLER else ""),
        )
        for name, kind in MONTHS.items()
    ),
)

ITEMS = (
    Column(
        "import_ref",
        cells.line,
        "Your old system's own number of the item. It says which item a row is, so the "
        "same file can be imported again.",
        ("OLD-000101", "OLD-000102", "OLD-000103"),
        needed=True,
    ),
    Column(
        "product_code",
        cells.code,
        "The code of its product, which must be in the catalogue already.",
        ("IMP-STOOL", "IMP-HOIST", "IMP-SLING-M"),
        needed=True,
    ),
    Column("store", cells.code, "The code of the store that it stands in.", ("MAIN", "MAIN", "MAIN"), needed=True),
    Column("bay", cells.line, "Where in the store.", ("A1", "C4", "C5")),
    Column(
        "serial_number",
        cells.serial,
        "Its serial number. A product has each only once.",
        ("", "LW150-20417", "LSM-88120"),
    ),
    Column("lot_number", cells.number_text, "Its lot or batch number.", ("24-117", "", "")),
    Column(
        "manufactured_on",
        cells.day,
        "The day it was made; if only the month or year is known, its first day.",
        ("", "01/06/2024", "2024-06-01"),
    ),
    Column(
        "manufactured_precision",
        cells.one_of(Precision),
        "How exactly that is known: `day`, `week`, `month` or `year`. Goes with `manufactured_on`.",
        ("", "month", "month"),
    ),
    Column(
        "received_on", cells.day, "The day it came to you.", ("2025-01-14", "20/08/2024", "2024-08-20"), needed=True
    ),
    Column("dispatched_on", cells.day, "The day the maker or supplier sent it.", ("", "", "")),
    Column(
        "purchase_price",
        cells.pounds,
        "What it cost without VAT, in pounds. Empty: the price in the catalogue.",
        ("29.95", "1150.00", ""),
    ),
    Column("udi_di", cells.gtin, "The maker's number (GTIN) on its label.", ("05012345678900", "", "")),
    Column(
        "used_before",
        cells.truth,
        "Whether anybody has used it: yes or no. Empty, or no such column: taken as "
        "used, because nobody knows. What is not new is put on hold.",
        ("no", "no", ""),
    ),
    *(
        Column(
            name,
            cells.day,
            f"The last day by which this must be done: {kind.text}.",
            (
                "",
                "2026-08-20" if kind is InspectionKind.LOLER else "",
                "2026-08-20" if kind is InspectionKind.LOLER else "",
            ),
        )
        for name, kind in DUE.items()
    ),
)

CLIENTS = (
    Column(
        "client_ref",
        cells.code,
        "Your own reference of the person, in any case. It says which client a row is.",
        ("IMP-0001", "IMP-0002", "IMP-0003"),
        needed=True,
    ),
    Column("nhs_number", cells.nhs_number, "Ten digits. Empty when it is not known.", ("999 000 0026", "", "")),
    Column("name", cells.line, "The person's name.", ("Maud Penrose", "Idris Vaughan", "Ada Quill"), needed=True),
    Column("date_of_birth", cells.day, "The day they were born.", ("1938-04-02", "27/03/1944", "")),
    Column(
        "address",
        cells.paragraph,
        "Where they live; may have several lines.",
        ("4 Lime Walk\nAnytown", "11 Station Road, Anytown", "Flat 2, Mill House"),
        needed=True,
    ),
    Column("postcode", cells.postcode, "The postcode of it.", ("ME14 1XX", "me14 2aa", "ME15 6AB"), needed=True),
    Column("phone", cells.line, "Their telephone number.", ("01632 960001", "", "+44 1632 960003"), empty=""),
    Column("weight_kg", cells.whole(1, 600), "In whole kilograms. Goes with `weighed_on`.", ("72", "", "")),
    Column("weighed_on", cells.day, "The day of weighing.", ("2025-11-03", "", "")),
    Column(
        "died_on",
        cells.day,
        "The day they died. What is reserved or ordered for them and has not come yet is then called off.",
        ("", "", ""),
    ),
    Column(
        "care_provider",
        cells.line,
        "The name of their agency or home, which must be among the care providers already.",
        ("", "", ""),
    ),
)

COLUMNS: Final[dict[Kind, tuple[Column, ...]]] = {
    Kind.CATALOGUE: CATALOGUE,
    Kind.ITEMS: ITEMS,
    Kind.CLIENTS: CLIENTS,
}

TOGETHER: Final = (("weight_kg", "weighed_on"), ("manufactured_on", "manufactured_precision"))
"""Columns that say nothing without each other: a file has both or neither."""

_OUT = (
    "Only items that stand in a store and are ready or new can be imported: those that a client has, or that are in "
    "the workshop, cannot, because nobody here has seen how they came there. Take them out of the file with this "
    "column. When they come in, receive them as used items."
)
_NOTES = (
    "How to get in is not imported: key-safe codes do not belong in a file. Take the column out, and write them on "
    "the client's page."
)
REFUSED: Final[dict[Kind, dict[str, str]]] = {
    Kind.CATALOGUE: {},
    Kind.ITEMS: dict.fromkeys(("with_client_ref", "client_ref", "state", "status", "times_issued"), _OUT),
    Kind.CLIENTS: dict.fromkeys(("access_notes", "key_safe", "key_safe_code"), _NOTES),
}
"""Columns that somebody may well expect, and why there are none."""
