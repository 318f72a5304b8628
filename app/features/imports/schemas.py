"""What is told of a file that was checked or imported."""

from app.features.imports.columns import Kind
from app.web.shapes import Shape


class Remark(Shape):
    """One fault, change or difference, and where it is: `row` as a spreadsheet counts, the headings are row 1.

    `column` is empty when it is about the whole row. `detail` says what is wrong and what would be right.
    """

    row: int
    column: str
    code: str
    detail: str


class ImportReport(Shape):
    """What a file brings, or would bring. With a fault nothing is written at all.

    `changes`: what is different of products and clients that are there already. `differences`: what the file says
    otherwise of items that are there already; they stay as they are. Of each list the first 1,000 are shown.
    `held`: new items that are on hold because they were used, or nobody knows.
    """

    kind: Kind
    dry_run: bool
    rows: int
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    held: int = 0
    changes: list[Remark] = []
    change_count: int = 0
    differences: list[Remark] = []
    difference_count: int = 0
    faults: list[Remark] = []
    fault_count: int = 0
