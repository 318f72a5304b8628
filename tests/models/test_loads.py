"""Whoever asks what an item carries reads what was certified for it too (ADR 28)."""

import re
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "app"
CARRIED = re.compile(r"LEAST\(product\.safe_working_load_kg,\s+(min\()?item\.certified_load_kg")
OF_THE_PRODUCT = {
    # What is looked for, or ordered, which is no item yet.
    "features/catalogue/finding.py": 1,
    "features/ordering/pages_queries.py": 1,
    "features/ordering/records.py": 1,
    "features/panel/searching.py": 1,
    # Equivalents, and whether an item carries less than its product.
    "features/ordering/allocation.py": 2,
    "features/reservations/service.py": 1,
    "promising.py": 3,
    # Shown beside the item's, or compared with it or with what was written before.
    "features/catalogue/service.py": 2,
    "features/stock/queries.py": 1,
    "ledger.py": 1,
    "features/workshop/inspections/certified_load.py": 2,
}
"""How often a file reads the load of a product alone."""


def test_whoever_asks_what_an_item_carries_reads_what_was_certified_for_it() -> None:
    counts = {
        path.relative_to(APP).as_posix(): CARRIED.sub("", path.read_text(encoding="utf-8")).count(
            "product.safe_working_load_kg"
        )
        for path in APP.rglob("*.py")
    }
    assert {name: count for name, count in counts.items() if count} == OF_THE_PRODUCT
