"""Bytes, rows and cells: what a file may look like, and what is said of every fault in it."""

import pytest

from app.features.imports.columns import COLUMNS, Kind
from app.features.imports.columns_doc import sample
from app.features.imports.files import MOST_SHOWN, Table, read_table

HEAD = "import_ref,product_code,store,received_on"
ROW = "A-1,HOIST,MAIN,2026-01-05"


def read(text: str, kind: Kind = Kind.ITEMS) -> Table:
    """The table of a text."""
    return read_table(kind, text.encode())


def faults(table: Table) -> list[tuple[int, str, str]]:
    """Where its faults are."""
    return [(one.row, one.column, one.code) for one in table.faults.shown]


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}\n{ROW}\n",
        f"\ufeff{HEAD}\r\n{ROW}\r\n",
        f"{HEAD}\n{ROW}".replace(",", ";"),
        f"sep=;\n{HEAD}\n{ROW}".replace(",", ";"),
        f"{HEAD}\n{ROW}".replace(",", "\t"),
        f"{HEAD},,\n{ROW},,\n,,,,,\n\n\n",
        f"Import Ref,PRODUCT CODE,Store , received_on\n{ROW}",
        '"import_ref","product_code","store","received_on"\n"A-1","HOIST","MAIN","5/1/2026"',
    ],
)
def test_what_spreadsheets_make_of_a_file_is_read_alike(text: str) -> None:
    table = read(text)
    assert faults(table) == []
    assert [{name: str(value) for name, value in record.values.items()} for record in table.records] == [
        {"import_ref": "A-1", "product_code": "HOIST", "store": "MAIN", "received_on": "2026-01-05"}
    ]


def test_rows_are_counted_as_a_spreadsheet_counts_them_also_across_line_breaks_in_quotes() -> None:
    table = read('client_ref,name,address,postcode\nC-1,A,"1 High St\nTown",ME14 1XX\n\nC-2,B,x,nowhere', Kind.CLIENTS)
    assert table.records[0].values["address"] == "1 High St\nTown"
    assert faults(table) == [(4, "postcode", "bad-postcode")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest", "workbook"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel workbook"),
        (b"%PDF-1.7", "PDF"),
        (HEAD.encode("utf-16"), "UTF-16"),
        (HEAD.encode("utf-16-le"), "UTF-16"),
        (HEAD.encode("utf-16-be"), "UTF-16"),
        (bytes(range(256)) * 800, "no text at all"),
        (bytes(range(1, 256)) * 800, "no text at all"),
        (f"{HEAD}\nJosé,HOIST,MAIN,2026-01-05".encode("cp1252"), "Windows-1252"),
    ],
)
def test_what_is_no_csv_in_utf_8_is_named(content: bytes, words: str) -> None:
    table = read_table(Kind.ITEMS, content)
    (fault,) = table.faults.shown
    assert (fault.code, words in fault.detail, "CSV UTF-8" in fault.detail) == ("not-utf-8-csv", True, True)


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_an_empty_file_is_said_to_be_empty(text: str) -> None:
    assert faults(read(text)) == [(1, "", "empty-file")]


def test_a_file_with_headings_alone_has_nothing_to_import() -> None:
    assert faults(read(f"{HEAD}\n")) == [(2, "", "no-rows")]


def test_every_fault_of_the_headings_is_named() -> None:
    table = read("import_ref,stor,recieved_on,store,store,state,manufactured_on\nA-1,,,MAIN,,on loan,2026-01-01")
    assert faults(table) == [
        (1, "stor", "unknown-column"),
        (1, "recieved_on", "unknown-column"),
        (1, "store", "repeated-column"),
        (1, "state", "unknown-column"),
        (1, "product_code", "missing-column"),
        (1, "received_on", "missing-column"),
        (1, "manufactured_precision", "missing-column"),
    ]
    told = [one.detail for one in table.faults.shown]
    assert "Did you mean received_on?" in told[1]
    assert "Only items that stand in a store" in told[3]


def test_headings_that_are_all_unknown_leave_nothing_to_read() -> None:
    table = read("what,is,this\n1,2,3")
    assert {one.code for one in table.faults.shown} == {"unknown-column", "missing-column"}
    assert table.records == []


def test_rows_of_another_width_and_cells_without_heading_are_faults() -> None:
    table = read(f"{HEAD},,\n{ROW},,,\n{ROW},,,lost\nA-2,HOIST\n{ROW},nobody,\n")
    assert faults(table) == [(3, "", "too-many-cells"), (4, "", "too-few-cells"), (5, "", "no-heading")]


def test_a_quotation_mark_in_the_wrong_place_ends_the_reading_and_says_so() -> None:
    table = read(f'{HEAD}\n{ROW}\n"A-2" x,HOIST,MAIN,2026-01-05\n{ROW}')
    assert faults(table) == [(3, "", "bad-quotes")]
    assert "Nothing below this row was read" in table.faults.shown[0].detail


def test_a_cell_that_swallows_the_rest_of_the_file_is_named() -> None:
    table = read(f'{HEAD}\n"A-1,{"x" * 140_000}')
    assert [(one.code, "131,072" in one.detail) for one in table.faults.shown] == [("bad-quotes", True)]


ALL_ITEM = "import_ref,product_code,store,received_on,{}\nA-1,HOIST,MAIN,2026-01-05,{}"


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("bay", "A\u200b1", "bad-text"),
        ("bay", '"A\n1"', "bad-text"),
        ("bay", "x" * 201, "too-long"),
        ("serial_number", "--", "empty-serial"),
        ("serial_number", "1.23457E+12", "shortened-number"),
        ("lot_number", "1E+15", "shortened-number"),
        ("dispatched_on", "31/02/2026", "bad-date"),
        ("dispatched_on", "03/27/2026", "bad-date"),
        ("dispatched_on", "27/03/26", "bad-date"),
        ("dispatched_on", "yesterday", "bad-date"),
        ("purchase_price", '"12,50"', "bad-price"),
        ("purchase_price", "-1", "bad-price"),
        ("purchase_price", "1.999", "bad-price"),
        ("purchase_price", "about 5", "bad-price"),
        ("udi_di", "05012345678901", "bad-gtin"),
        ("udi_di", "5.01235E+12", "shortened-number"),
        ("used_before", "perhaps", "bad-choice"),
    ],
)
def test_each_cell_is_read_strictly(column: str, cell: str, code: str) -> None:
    assert faults(read(ALL_ITEM.format(column, cell))) == [(2, column, code)]


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("bay", "=1+1", "=1+1"),
        ("bay", "@SUM(A1)", "@SUM(A1)"),
        ("serial_number", "-00123", "-00123"),
        ("purchase_price", '"£1,234.50"', 123450),
        ("purchase_price", "", None),
        ("used_before", "No", False),
        ("used_before", "Y", True),
        ("udi_di", "5012345678900", "05012345678900"),
    ],
)
def test_a_cell_says_what_it_says(column: str, cell: str, value: object) -> None:
    table = read(ALL_ITEM.format(column, cell))
    assert (faults(table), table.records[0].values[column]) == ([], value)


def test_choices_and_numbers_of_the_catalogue_are_read_strictly() -> None:
    head = "code,name,category,purchase_price,tier,udi_di,safe_working_load_kg,loler_months"
    good = "A,Stool,093307,10,Highly specialist,05012345678900 05012345678900,150,6"
    many = " ".join(f"{number:08}" for number in range(9))
    bad = f"new,木,9,10,expert,{many},0,six"
    table = read(f"{head}\n{good}\n{bad}", Kind.CATALOGUE)
    assert (table.records[0].values["udi_di"], table.records[0].values["tier"]) == (
        ["05012345678900"],
        "highly_specialist",
    )
    assert faults(table) == [
        (3, "code", "bad-code"),
        (3, "name", "bad-text"),
        (3, "category", "bad-category"),
        (3, "tier", "bad-choice"),
        (3, "udi_di", "bad-gtin"),
        (3, "safe_working_load_kg", "bad-number"),
        (3, "loler_months", "bad-number"),
    ]


def test_a_product_has_so_many_numbers_and_no_more() -> None:
    gtins = [f"{number:07}" for number in range(1, 52)]
    full = [digits + str(-sum(int(d) * w for d, w in zip(digits, (3, 1) * 4, strict=False)) % 10) for digits in gtins]
    table = read(f"code,name,category,purchase_price,udi_di\nA,Stool,093307,10,{' '.join(full)}", Kind.CATALOGUE)
    assert faults(table) == [(2, "udi_di", "too-many")]


def test_no_fault_repeats_an_nhs_number() -> None:
    head = "client_ref,nhs_number,name,address,postcode"
    table = read(f"{head}\nC-1,9434765871,A,b,ME14 1XX\nC-2,9.43477E+09,A,b,ME14 1XX", Kind.CLIENTS)
    assert faults(table) == [(2, "nhs_number", "bad-nhs-number"), (3, "nhs_number", "shortened-number")]
    assert not any("943476" in one.detail for one in table.faults.shown)


def test_a_thousand_faults_are_shown_and_all_are_counted() -> None:
    table = read(f"{HEAD}\n" + "A-1,HOIST,MAIN,never\n" * 2500)
    assert (len(table.faults.shown), table.faults.count) == (MOST_SHOWN, 2500)


def test_progress_is_told_and_never_beyond_the_end() -> None:
    told: list[tuple[str, int, int]] = []
    read_table(Kind.ITEMS, (f"{HEAD}\n" + f"{ROW}\n" * 5000).encode(), lambda *step: told.append(step))
    assert [what for what, _, _ in told] == ["Reading"] * 3
    assert all(done <= of for _, done, of in told)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_samples_have_every_column_and_no_fault(kind: Kind) -> None:
    table = read(sample(kind), kind)
    assert (faults(table), len(table.records)) == ([], 3)
    assert table.columns == tuple(column.name for column in COLUMNS[kind])
