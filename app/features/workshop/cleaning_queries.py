"""Reads of decontaminations: one item's, and those that a certificate is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.certificates import Standing, find_standing, is_certified, number_of
from app.domain.dates import in_words, uk_date
from app.domain.errors import Conflict, NotFound
from app.domain.hygiene import InfectionRisk, Job, Outcome, Route
from app.domain.lifecycle import State
from app.features.workshop.cleaning_schemas import DecontaminationBody
from app.ledger import ItemRecord

_COLUMNS = """
    job.id, item.barcode, job.route, job.infection_risk, job.contractor, job.contractor_reference, job.quarantine_until,
    job.started_at, job.started_by, job.finished_at, job.finished_by, job.finished_seq, job.outcome, job.method,
    job.product_used, job.strike_through, job.notes, job.corrects_id, correction.id AS corrected_by,
    correction.finished_at AS corrected_at, correction.finished_by AS corrected_by_whom,
    correction.notes AS corrected_why
"""
_FROM = """
    FROM decontamination AS job JOIN item ON item.id = job.item_id
    LEFT JOIN decontamination AS correction ON correction.corrects_id = job.id
"""
OF_ITEM = text(f"""
    SELECT {_COLUMNS} {_FROM}
    WHERE item.barcode = :barcode AND (CAST(:before AS bigint) IS NULL OR job.id < :before)
    ORDER BY job.id DESC LIMIT :limit
""")
CERTIFIED = text(f"""
    SELECT {_COLUMNS}, product.name AS product_name, product.manufacturer, product.model, item.serial_number,
           item.lot_number, store.name AS store_name, COALESCE(account.name, job.finished_by) AS signed_by,
           corrector.name AS corrector
    {_FROM}
    JOIN product ON product.id = item.product_id JOIN store ON store.id = item.store_id
    LEFT JOIN account ON account.username = job.finished_by
    LEFT JOIN account AS corrector ON corrector.username = correction.finished_by
    WHERE job.id = ANY(:numbers) AND job.finished_at IS NOT NULL
""")
NEWEST = text("""
    SELECT DISTINCT ON (item.barcode) item.barcode, job.id
    FROM decontamination AS job JOIN item ON item.id = job.item_id
    WHERE item.barcode = ANY(:barcodes) AND job.finished_at IS NOT NULL
    ORDER BY item.barcode, job.id DESC
""")
ON_THE_BENCH = text("""
    SELECT item.serial_number, product.strike_through_test, product.high_risk, job.route, job.infection_risk,
           job.contractor, job.quarantine_until, job.started_at, job.started_by
    FROM item JOIN product ON product.id = item.product_id
    LEFT JOIN decontamination AS job ON job.item_id = item.id AND job.finished_at IS NULL
    WHERE item.barcode = :barcode
""")


@dataclass(frozen=True, slots=True)
class Corrected:
    """The record that took a pass back: which, when, by whom, and why."""

    number: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says."""

    number: str
    barcode: str
    product_name: str
    manufacturer: str
    model: str
    serial_number: str | None
    lot_number: str | None
    store_name: str
    route: Route
    infection_risk: InfectionRisk | None
    method: str
    product_used: str
    strike_through: str | None
    contractor: str
    contractor_reference: str
    finished_at: datetime
    signed_by: str
    outcome: Outcome
    notes: str
    standing: Standing
    corrects: str | None
    corrected: Corrected | None


@dataclass(frozen=True, slots=True)
class OnTheBench:
    """One item at decontamination: what it is, and how its cleaning goes on if it has begun."""

    barcode: str
    product_name: str
    state: State
    serial_number: str | None
    job: Job
    is_high_risk: bool
    started_at: datetime | None
    started_by: str | None


async def get_item(session: AsyncSession, barcode: str) -> ItemRecord:
    """The item as the ledger knows it. Raises NotFound `unknown-barcode`."""
    item = (await ledger.read_items(session, [barcode])).get(barcode)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    return item


async def list_of_item(
    session: AsyncSession, barcode: str, *, before: int | None = None, limit: int = 50
) -> tuple[ItemRecord, list[DecontaminationBody]]:
    """The item and its decontaminations, newest first, `limit + 1` of them. Raises NotFound `unknown-barcode`."""
    item = await get_item(session, barcode)
    rows = await session.execute(OF_ITEM, {"barcode": barcode, "before": before, "limit": limit + 1})
    return item, [_body(row, item) for row in rows.mappings()]


async def get_of_number(session: AsyncSession, number: int) -> DecontaminationBody:
    """One finished decontamination. Raises NotFound `unknown-decontamination`."""
    row = (await session.execute(CERTIFIED, {"numbers": [number]})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-decontamination", "No finished decontamination has this number.")
    return _body(row, await get_item(session, row["barcode"]))


async def list_certificates(session: AsyncSession, numbers: Sequence[int]) -> list[Certificate]:
    """The certificates of these decontaminations, in their order. Raises NotFound `unknown-decontamination`."""
    found = {row["id"]: row for row in (await session.execute(CERTIFIED, {"numbers": list(numbers)})).mappings()}
    if any(number not in found for number in numbers):
        raise NotFound("unknown-decontamination", "No finished decontamination has this number.")
    items = await ledger.read_items(session, [row["barcode"] for row in found.values()])
    return [_certificate(found[number], items[found[number]["barcode"]]) for number in numbers]


async def list_certified(session: AsyncSession, barcodes: Sequence[str]) -> list[int]:
    """The decontaminations whose certificates hold for these items, in their order.

    Raises NotFound `unknown-barcode`, and Conflict `not-decontaminated` where none holds.
    """
    items = await ledger.read_items(session, barcodes)
    for barcode in barcodes:
        if barcode not in items:
            raise NotFound("unknown-barcode", f"No item here has the barcode {barcode}.", field="barcode")
        if not is_certified(items[barcode].evidence):
            raise Conflict("not-decontaminated", _why_none(items[barcode]), field="barcode")
    rows = await session.execute(NEWEST, {"barcodes": list(barcodes)})
    newest: dict[str, int] = {row.barcode: row.id for row in rows}
    return [newest[barcode] for barcode in barcodes]


async def get_on_the_bench(session: AsyncSession, barcode: str) -> OnTheBench:
    """One item at decontamination. Raises NotFound `unknown-barcode`."""
    item = await get_item(session, barcode)
    row = (await session.execute(ON_THE_BENCH, {"barcode": barcode})).one()
    job = Job(
        route=Route(row.route) if row.route else item.route,
        infection_risk=row.infection_risk and InfectionRisk(row.infection_risk),
        quarantine_until=row.quarantine_until,
        has_cover=row.strike_through_test,
        contractor=row.contractor or "",
    )
    return OnTheBench(
        barcode=item.barcode,
        product_name=item.product_name,
        state=item.state,
        serial_number=row.serial_number,
        job=job,
        is_high_risk=row.high_risk,
        started_at=row.started_at,
        started_by=row.started_by,
    )


def is_in_quarantine(job: Job, on: date) -> bool:
    """Whether it is too early to record that it is clean."""
    return job.quarantine_until is not None and job.quarantine_until > on


def _why_none(item: ItemRecord) -> str:
    fact = item.evidence
    if fact.decontamination_outcome is None or fact.decontamination_seq is None:
        if fact.returned_seq is None:
            return "It has never come back from a client, so it was never cleaned and has no certificate."
        return "It has not been cleaned since it came back. It counts as contaminated."
    standing = find_standing(fact, fact.decontamination_outcome, fact.decontamination_seq, corrected="")
    return f"The item {item.barcode} has no certificate that holds. {standing.text}"


def _standing(row: RowMapping, item: ItemRecord) -> Standing:
    if row["outcome"] is None:
        return Standing(False, "It is being cleaned." if row["started_at"] else "It waits to be cleaned.")
    corrected = (
        f"{number_of(row['corrected_by'])} of {in_words(uk_date(row['corrected_at']))}" if _is_corrected(row) else ""
    )
    return find_standing(item.evidence, Outcome(row["outcome"]), row["finished_seq"], corrected=corrected)


def _is_corrected(row: RowMapping) -> bool:
    return row["corrected_by"] is not None


def _body(row: RowMapping, item: ItemRecord) -> DecontaminationBody:
    standing = _standing(row, item)
    details: dict[str, Any] = {name: row[name] for name in DecontaminationBody.model_fields if name in row}
    return DecontaminationBody(
        **details,
        number=number_of(row["id"]),
        corrects=number_of(row["corrects_id"]) if row["corrects_id"] else None,
        holds=standing.holds,
        standing=standing.text,
    )


def _certificate(row: RowMapping, item: ItemRecord) -> Certificate:
    made = {"number", "standing", "route", "outcome", "infection_risk", "corrects", "corrected"}
    details: dict[str, Any] = {name: row[name] for name in set(Certificate.__dataclass_fields__) - made}
    corrected = None
    if _is_corrected(row):
        number, at, by = number_of(row["corrected_by"]), row["corrected_at"], row["corrected_by_whom"]
        corrected = Corrected(number, at, row["corrector"] or by, row["corrected_why"])
    return Certificate(
        **details,
        number=number_of(row["id"]),
        route=Route(row["route"]),
        outcome=Outcome(row["outcome"]),
        infection_risk=row["infection_risk"] and InfectionRisk(row["infection_risk"]),
        standing=_standing(row, item),
        corrects=number_of(row["corrects_id"]) if row["corrects_id"] else None,
        corrected=corrected,
    )
