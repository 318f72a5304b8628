"""Products from a file: new ones are added, those that differ are changed. What a file has no column for stays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, rematching
from app.features.imports.columns import CATALOGUE, DIMENSIONS, MONTHS
from app.features.imports.files import Notes, Progress, Record, Table
from app.models import Product, ProductInspection
from app.web.lowered_products import LoadChange, lower_product

OWN: Final = tuple(column.name for column in CATALOGUE if column.name not in {"code", *DIMENSIONS, *MONTHS})
"""Columns that are a column of the product too."""

STORED: Final = {"purchase_price": "purchase_price_pence"}
"""Where the table calls it otherwise."""

MOST_SHOWN: Final = 200
"""So much of a text is shown where it changes."""

EMPTY: Final = {column.name: column.empty for column in CATALOGUE}

THERE = text("""
    SELECT product.*,
           (SELECT jsonb_object_agg(kind, every_months) FROM product_inspection WHERE product_id = product.id) AS months
    FROM product WHERE code = ANY(:codes)
""")
FORGET = text("""
    DELETE FROM product_inspection AS asked
    USING unnest(CAST(:ids AS bigint[]), CAST(:kinds AS text[])) AS gone (id, kind)
    WHERE asked.product_id = gone.id AND asked.kind = gone.kind
""")


@dataclass(frozen=True, slots=True)
class Change:
    """A product that differs: what the file says of it, by column, and what it was."""

    record: Record
    product: RowMapping
    columns: tuple[str, ...]

    @property
    def load(self) -> LoadChange | None:
        """What it carried and carries now, where that changes."""
        if "safe_working_load_kg" not in self.columns:
            return None
        of, given = self.product, self.record.values
        name, category = given.get("name", of["name"]), given.get("category", of["category"])
        return LoadChange(
            of["id"], of["code"], name, category, of["safe_working_load_kg"], given["safe_working_load_kg"]
        )


@dataclass(slots=True)
class ProductPlan:
    """What is to be done."""

    new: list[Record] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    told: Notes = field(default_factory=Notes)
    unchanged: int = 0

    @property
    def compared(self) -> dict[int, tuple[int, int, str]]:
        """What will change, as `lock_as_compared` wants it."""
        return {
            one.product["id"]: (one.product["version"], one.record.row, f"product {one.product['code']}")
            for one in self.changes
        }


async def check_products(session: AsyncSession, table: Table, *, progress: Progress) -> ProductPlan:
    """Compare every row with the catalogue; faults are added to those of the table."""
    asked = [code for record in table.records if (code := record.get("code"))]
    there = {row["code"]: row for row in (await session.execute(THERE, {"codes": asked})).mappings()}
    plan = ProductPlan()
    codes: dict[str, int] = {}
    for record in table.records:
        code = record.get("code")
        first = codes.setdefault(code, record.row) if code else record.row
        if first != record.row:
            table.faults.add(record.row, "code", "repeated-code", f"Row {first} has this code too. Take one row out.")
        elif code in there:
            _compare(record, there[code], plan)
        else:
            plan.new.append(record)
    progress("Checking", len(table.records), len(table.records))
    return plan


async def write_products(
    session: AsyncSession, plan: ProductPlan, *, actor: str, at: datetime, progress: Progress
) -> None:
    """Add what is new and change what differs; each has its line in the audit trail, as on the product's page."""
    of = len(plan.new) + len(plan.changes)
    if plan.new:
        added = await session.execute(
            insert(Product).returning(col(Product.id), col(Product.code)), [_product(record) for record in plan.new]
        )
        ids = {row.code: row.id for row in added}
        await _write_inspections(session, {ids[record.values["code"]]: record for record in plan.new})
    if plan.changes:
        in_force = await rematching.read_in_force(session)
        await _write_changes(session, plan.changes)
        changed = [change.product["id"] for change in plan.changes]
        await rematching.ask_about_products(session, in_force, changed, actor=actor, at=at)
        for change in plan.changes:
            if change.load:
                await lower_product(session, change.load, actor=actor, at=at)
    for done, record in enumerate(plan.new, 1):
        name = record.values["name"]
        await audit.record(session, "product_added", f"product:{record.values['code']}", actor=actor, at=at, name=name)
        progress("Writing", done, of)
    for done, change in enumerate(plan.changes, len(plan.new) + 1):
        names = ", ".join(sorted(change.columns))
        subject = f"product:{change.record.values['code']}"
        await audit.record(session, "product_changed", subject, actor=actor, at=at, fields=names)
        progress("Writing", done, of)


def _compare(record: Record, product: RowMapping, plan: ProductPlan) -> None:
    columns = []
    load = "safe_working_load_kg"
    if record.values.get(load, 0) is None and product[load] is not None:
        # Nobody knows would count as better than too little.
        del record.values[load]
        detail = f"{product['code']} carries {product[load]} kg by the catalogue. That stays what counts."
        plan.told.add(record.row, load, "load-is-known", detail)
    for name, given in record.values.items():
        there = _stored(name, product)
        if _plain(given) != _plain(there):
            columns.append(name)
            detail = f"{product['code']}: {name} was {_shown(name, there)} and becomes {_shown(name, given)}."
            plan.told.add(record.row, name, "product-changes", detail)
    if columns:
        plan.changes.append(Change(record, product, tuple(columns)))
    else:
        plan.unchanged += 1


def _stored(name: str, product: RowMapping) -> Any:
    """What the catalogue has for a column of the file."""
    if name in DIMENSIONS:
        return product["dimensions"].get(name)
    if name in MONTHS:
        return (product["months"] or {}).get(MONTHS[name].value)
    return product[STORED.get(name, name)]


def _plain(value: Any) -> Any:
    """Numbers on packages stand in no order."""
    return sorted(value) if isinstance(value, list | tuple) else value


def _shown(name: str, value: Any) -> str:
    if value is None or value in ("", [], ()):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "purchase_price":
        return f"£{value / 100:,.2f}"
    if isinstance(value, list | tuple):
        return ", ".join(value)
    said = str(value)
    return f"“{said if len(said) <= MOST_SHOWN else said[:MOST_SHOWN] + '…'}”"


def _product(record: Record) -> dict[str, Any]:
    """A new row of the table; a column that the file lacks counts as empty."""
    values = EMPTY | record.values
    dimensions = {name: values[name] for name in DIMENSIONS if values[name]}
    own = {STORED.get(name, name): values[name] for name in OWN}
    return {**own, "code": values["code"], "udi_di": list(values["udi_di"]), "dimensions": dimensions}


async def _write_changes(session: AsyncSession, changes: list[Change]) -> None:
    rows = []
    for change in changes:
        product, given = change.product, change.record.values
        own = {
            STORED.get(name, name): given[name] if name in given else product[STORED.get(name, name)] for name in OWN
        }
        others = {name: size for name, size in product["dimensions"].items() if name not in given}
        sizes = {name: given[name] for name in DIMENSIONS if given.get(name)}
        facts = {**own, "udi_di": list(own["udi_di"]), "dimensions": others | sizes, "version": product["version"] + 1}
        rows.append({**facts, "id": product["id"]})
    await session.execute(update(Product), rows)
    await _write_inspections(session, {change.product["id"]: change.record for change in changes})


async def _write_inspections(session: AsyncSession, records: Mapping[int, Record]) -> None:
    """What each product asks for becomes what its row says; a kind without a column stays."""
    gone = [
        (product_id, kind.value)
        for product_id, record in records.items()
        for name, kind in MONTHS.items()
        if name in record.values
    ]
    asked = [
        {"product_id": product_id, "kind": kind, "every_months": record.values[name]}
        for product_id, record in records.items()
        for name, kind in MONTHS.items()
        if record.get(name)
    ]
    if gone:
        await session.execute(FORGET, {"ids": [one for one, _ in gone], "kinds": [kind for _, kind in gone]})
    if asked:
        await session.execute(insert(ProductInspection), asked)
