"""Items from a file: what is new is received through the ledger; what is there already stays as it is.

An item that was used before, or of which nobody knows, is put on hold at once: there is no record that it was cleaned
and checked. It counts as issued once: it is recycled, and never goes out again if its product is for a single patient,
or becomes so. One whose inspections have no date in the file is not clear until it is inspected, as any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger, rematching
from app.domain.access import StoreRef
from app.domain.clearance import HoldKind
from app.domain.dates import in_words
from app.domain.goods import DATES, find_date_faults, serial_key
from app.domain.inspections import months_after
from app.domain.notice_work import Cause
from app.features.imports.columns import DUE
from app.features.imports.files import Notes, Progress, Record, Table

BATCH: Final = 2000
USED: Final = (
    "Imported as used before, or nobody said that it is new. There is no record that it was decontaminated and "
    "checked. Do both, then lift this hold and say so."
)
KEPT: Final = (
    "product_code",
    "serial_number",
    "lot_number",
    "manufactured_on",
    "manufactured_precision",
    "received_on",
    "dispatched_on",
    "purchase_price",
    "udi_di",
)
"""What of a row is compared with the item that is there. Store and bay are not: it may well have moved since."""

PRODUCTS = text("""
    SELECT product.code, product.id, product.purchase_price_pence, product.single_patient_use,
           (SELECT jsonb_object_agg(kind, every_months) FROM product_inspection WHERE product_id = product.id) AS months
    FROM product
""")
THERE = text("""
    SELECT item.import_ref, item.barcode, product.code AS product_code, item.serial_number, item.lot_number,
           item.manufactured_on, item.manufactured_precision, item.received_on, item.dispatched_on,
           item.purchase_price_pence AS purchase_price, item.udi_di
    FROM item JOIN product ON product.id = item.product_id
    WHERE item.import_ref = ANY(:refs)
""")
SERIALS = text("""
    SELECT item.product_id, item.serial_key, item.barcode, item.import_ref
    FROM unnest(CAST(:product_ids AS bigint[]), CAST(:keys AS text[])) AS wanted (product_id, serial_key)
    JOIN item ON item.product_id = wanted.product_id AND item.serial_key = wanted.serial_key
""")
PLAN = text("""
    INSERT INTO inspection_due (item_id, kind, due_on)
    SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:kinds AS text[]), CAST(:days AS date[]))
""")
HOLD = text("""
    INSERT INTO hold (item_id, kind, reason, placed_at, placed_by)
    SELECT id, :kind, :reason, :at, :actor FROM unnest(CAST(:ids AS bigint[])) AS held (id)
""")


@dataclass(slots=True)
class ItemPlan:
    """What is to be done: the rows of new items, how many are there already, and where those differ."""

    new: list[Record] = field(default_factory=list)
    unchanged: int = 0
    differences: Notes = field(default_factory=Notes)
    products: dict[str, RowMapping] = field(default_factory=dict)


async def check_items(
    session: AsyncSession, table: Table, *, stores: Sequence[StoreRef], today: date, progress: Progress
) -> ItemPlan:
    """Compare every row with the rules and with what is there; faults are added to those of the table."""
    products = {row["code"]: row for row in (await session.execute(PRODUCTS)).mappings()}
    plan = ItemPlan(products=products)
    _check_rows(table, products, {store.code for store in stores}, today=today)
    for start in range(0, len(table.records), BATCH):
        batch = table.records[start : start + BATCH]
        there = await _there(session, batch)
        await _check_serials(session, batch, products, table.faults)
        for record in batch:
            _sort(record, there.get(record.get("import_ref")), plan)
        progress("Checking", start + len(batch), len(table.records))
    return plan


async def add_items(
    session: AsyncSession,
    plan: ItemPlan,
    *,
    stores: Sequence[StoreRef],
    prefix: str,
    actor: str,
    at: datetime,
    progress: Progress,
) -> None:
    """Receive the new items, those of one bay together, with their inspections and holds, also those of notices."""
    in_force = await rematching.read_in_force(session)
    ids = {store.code: store.id for store in stores}
    places: dict[tuple[str, str | None], list[Record]] = {}
    for record in plan.new:
        places.setdefault((record.values["store"], record.get("bay")), []).append(record)
    done = 0
    for (store, bay), records in sorted(places.items(), key=lambda place: (place[0][0], place[0][1] or "")):
        for start in range(0, len(records), BATCH):
            batch = records[start : start + BATCH]
            births = [_birth(record, plan.products) for record in batch]
            born = await ledger.receive(
                session, births, prefix=prefix, store_id=ids[store], bay=bay, actor=actor, at=at, reference="import"
            )
            item_ids = [item_id for item_id, _ in born]
            await _plan_inspections(session, item_ids, batch)
            await _hold_used(session, item_ids, batch, actor=actor, at=at)
            await rematching.ask_about_items(session, in_force, dict(born), cause=Cause.IMPORT, actor=actor, at=at)
            done += len(batch)
            progress("Writing", done, len(plan.new))


def _check_rows(table: Table, products: Mapping[str, RowMapping], stores: set[str], *, today: date) -> None:
    """What the rows say by themselves, and against the catalogue and the stores."""
    refs: dict[str, int] = {}
    serials: dict[tuple[str, str], int] = {}
    where = ", ".join(sorted(stores)) or "none"
    for record in table.records:
        row, faults = record.row, table.faults
        first = refs.setdefault(record.get("import_ref") or f"row {row}", row)
        if first != row:
            faults.add(row, "import_ref", "repeated-import-ref", f"Row {first} has this too. Give each item its own.")
        store = record.get("store")
        if store and store not in stores:
            detail = f"There is no store with this code in which you work. Yours: {where}."
            faults.add(row, "store", "not-your-store", detail)
        dates, precision = {name: record.get(name) for name in DATES}, record.get("manufactured_precision")
        for fault in find_date_faults(dates, today=today, precision=precision):
            faults.refuse(row, fault)
        _check_precision(record, faults)
        _check_serial(record, serials, faults)
        product = products.get(record.get("product_code"))
        if product:
            _check_product(record, product, faults, today=today)
        elif record.get("product_code"):
            detail = "There is no product with this code. Import the catalogue first, or correct the code."
            faults.add(row, "product_code", "unknown-product", detail)


def _check_precision(record: Record, faults: Notes) -> None:
    if not {"manufactured_on", "manufactured_precision"} <= record.values.keys():
        return
    made, precision = record.values["manufactured_on"], record.values["manufactured_precision"]
    if made and not precision:
        detail = "Say how exactly the day it was made is known: day, week, month or year."
        faults.add(record.row, "manufactured_precision", "precision-missing", detail)
    if precision and not made:
        detail = "Say when it was made, or leave manufactured_precision empty too."
        faults.add(record.row, "manufactured_on", "date-missing", detail)


def _check_serial(record: Record, serials: dict[tuple[str, str], int], faults: Notes) -> None:
    code, number = record.get("product_code"), record.get("serial_number")
    if not (code and number):
        return
    first = serials.setdefault((code, serial_key(number)), record.row)
    if first != record.row:
        detail = f"Row {first} has the same serial number of the same product. One of them is wrong."
        faults.add(record.row, "serial_number", "duplicate-serial", detail)


def _check_product(record: Record, product: RowMapping, faults: Notes, *, today: date) -> None:
    if product["single_patient_use"] and _may_be_used(record):
        detail = (
            "The product is for a single patient, and nothing says that this item is new. Write no in used_before if "
            "nobody has used it; else take the row out and scrap the item."
        )
        faults.add(record.row, "used_before", "single-patient-use", detail)
    for name, kind in DUE.items():
        due, every = record.get(name), (product["months"] or {}).get(kind.value)
        if due and every and due > months_after(today, every):
            latest = in_words(months_after(today, every))
            detail = f"The product asks for this every {every} months, so it is due by {latest} at the latest."
            faults.add(record.row, name, "next-due-too-late", detail)


async def _there(session: AsyncSession, batch: Sequence[Record]) -> dict[str, RowMapping]:
    refs = [ref for record in batch if (ref := record.get("import_ref"))]
    return {row["import_ref"]: row for row in (await session.execute(THERE, {"refs": refs})).mappings()}


async def _check_serials(
    session: AsyncSession, batch: Sequence[Record], products: Mapping[str, RowMapping], faults: Notes
) -> None:
    """A product has each serial number once: tell whose is another item's already."""
    wanted: dict[tuple[int, str], Record] = {}
    for record in batch:
        product, number = products.get(record.get("product_code")), record.get("serial_number")
        if product and number:
            wanted[product["id"], serial_key(number)] = record
    if not wanted:
        return
    asked = {"product_ids": [one for one, _ in wanted], "keys": [key for _, key in wanted]}
    for found in (await session.execute(SERIALS, asked)).mappings():
        record = wanted[found["product_id"], found["serial_key"]]
        if found["import_ref"] is None or found["import_ref"] != record.get("import_ref"):
            detail = f"Item {found['barcode']} of this product has this serial number already. One of them is wrong."
            faults.add(record.row, "serial_number", "duplicate-serial", detail)


def _sort(record: Record, item: RowMapping | None, plan: ItemPlan) -> None:
    """New, or there already; of what is there the differences are told."""
    if item is None:
        plan.new.append(record)
        return
    plan.unchanged += 1
    for name in KEPT:
        if name not in record.values or (name == "purchase_price" and record.values[name] is None):
            continue
        given, there = record.values[name], item[name]
        if given != there and not (name == "serial_number" and _same_serial(given, there)):
            detail = (
                f"Item {item['barcode']} has {_shown(name, there)}, the file says {_shown(name, given)}. The item "
                "stays as it is: correct the file, or the item."
            )
            plan.differences.add(record.row, name, "item-differs", detail)


def _same_serial(given: str | None, there: str | None) -> bool:
    return bool(given and there) and serial_key(given or "") == serial_key(there or "")


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "nothing"
    return f"£{value / 100:,.2f}" if name == "purchase_price" else str(value)


def _birth(record: Record, products: Mapping[str, RowMapping]) -> ledger.Birth:
    product, values = products[record.values["product_code"]], record.values
    number, price = values.get("serial_number"), values.get("purchase_price")
    return ledger.Birth(
        product_id=product["id"],
        serial_number=number,
        serial_key=serial_key(number) if number else None,
        lot_number=values.get("lot_number"),
        manufactured_on=values.get("manufactured_on"),
        manufactured_precision=values.get("manufactured_precision"),
        received_on=values["received_on"],
        dispatched_on=values.get("dispatched_on"),
        purchase_price_pence=product["purchase_price_pence"] if price is None else price,
        udi_di=values.get("udi_di"),
        import_ref=values["import_ref"],
        used_before=_may_be_used(record),
    )


def _may_be_used(record: Record) -> bool:
    """Whether it was used before, or nobody said that it was not."""
    return record.get("used_before") is not False


async def _plan_inspections(session: AsyncSession, item_ids: Sequence[int], batch: Sequence[Record]) -> None:
    rows = [
        (item_id, kind.value, due)
        for item_id, record in zip(item_ids, batch, strict=True)
        for name, kind in DUE.items()
        if (due := record.get(name))
    ]
    if rows:
        ids, kinds, days = (list(column) for column in zip(*rows, strict=True))
        await session.execute(PLAN, {"ids": ids, "kinds": kinds, "days": days})


async def _hold_used(
    session: AsyncSession, item_ids: Sequence[int], batch: Sequence[Record], *, actor: str, at: datetime
) -> None:
    """Put those on hold that nobody called new. An import's own line in the audit trail says how many."""
    used = [item_id for item_id, record in zip(item_ids, batch, strict=True) if _may_be_used(record)]
    if used:
        values = {"ids": used, "kind": HoldKind.INVESTIGATION.value, "reason": USED, "at": at, "actor": actor}
        await session.execute(HOLD, values)
