"""The columns as people read about them, and a sample of each file, both made from the column tables."""

import csv
from io import StringIO

from app.features.imports.columns import COLUMNS, Kind

ABOUT = {
    Kind.CATALOGUE: "Import the catalogue first: items name their products. Which products go together is said on the "
    "product's page.",
    Kind.ITEMS: "Only items that stand in a store, new or ready. Items that a client has, or that are in the workshop, "
    "cannot be imported in this version.",
    Kind.CLIENTS: "How to get in (key-safe codes and the like) is not imported: it does not belong in a file.",
}


def sample(kind: Kind) -> str:
    """A file of three rows that can be imported: catalogue first, then items and clients."""
    made = StringIO(newline="")
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow([column.name for column in COLUMNS[kind]])
    writer.writerows(zip(*(column.examples for column in COLUMNS[kind]), strict=True))
    return made.getvalue()


def describe() -> str:
    """docs/imports.md."""
    return "\n\n".join([INTRODUCTION, *(_table(kind) for kind in Kind), USED, AGAIN]) + "\n"


def _table(kind: Kind) -> str:
    rows = [
        f"| `{column.name}` | {'yes' if column.needed else ''} | {column.what} | {_example(column.examples)} |"
        for column in COLUMNS[kind]
    ]
    head = [
        f"## {kind.value.capitalize()}",
        "",
        ABOUT[kind],
        "",
        f"Sample: [{kind.value}.csv](samples/{kind.value}.csv).",
        "",
        "| Column | Needed | What it says | Example |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows])


def _example(examples: tuple[str, ...]) -> str:
    first = next((example for example in examples if example), "")
    return f"`{first.replace(chr(10), ' ↵ ')}`" if first else ""


INTRODUCTION = """\
# Importing from files

Generated from `app/features/imports/columns.py`; do not edit.

`stores import catalogue|items|clients FILE.csv [--dry-run]`, or the page **Import** (for smaller files), or `POST
/api/v1/imports/{kind}?dry_run=true` with the file as the body (`Content-Type: text/csv`).

Every fault of every row is told before anything is written: its row (as a spreadsheet counts, the headings are row
1), its column, a stable code, and what would be right. The first 1,000 are shown and the others counted. With one
fault nothing is written. Otherwise all of the file is written in one transaction. `--dry-run` checks and writes
nothing.

**The file** is CSV in UTF-8, with commas, semicolons or tabs, and headings in the first row in any order. In Excel:
File, Save as, “CSV UTF-8 (comma delimited)”. Days are written `2026-03-27` or `27/03/2026`, the day first. Prices
are pounds with a point, such as `1,234.50`. Yes and no are `yes` and `no`. A cell that has delimiters or line
breaks stands between quotation marks. Empty rows are skipped. What looks like a formula is text like any other. A
number that Excel has shortened (`1.23457E+12`) is refused, because its digits are lost. A column that is not named
here is a fault: take it out."""

USED = """\
## Items that were used before

A file is no record that an item was cleaned and checked, and what is not known is never taken for safe:

- `used_before` is `no`: the item is new. It can go out once its inspections are in date.
- `used_before` is `yes`, or empty, or there is no such column: the item is received and **put on hold** at once.
  Decontaminate and check it; then the manager or a safety officer lifts the hold and says so.
- A product for a single patient: only items that are certainly new can be imported.

An inspection that the product asks for and for which the file has no day is unknown: the item is not clear until it
is made. A day that is later than the product's interval allows is a fault. Imported items count as never issued,
whatever they were before: the record of issues begins here."""

AGAIN = """\
## The same file again

A product is known by `code`, a client by `client_ref` (in any case), an item by `import_ref`. Importing the same
file again changes nothing.

- **Products and clients** that differ are changed to what the file says, an empty cell included; the check says
  which columns change. A load or a weight that is known stays where the cell is empty. A column that the file does not
  have stays as it is. What somebody has changed since is changed back, so look at the check first. For clients the
  columns are named and never what they hold.
- **Items** that differ stay as they are, and each difference is told. Store, bay, use and inspections are not
  compared: those are the ledger's and the workshop's once the item is here."""
