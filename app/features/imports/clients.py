"""Clients from a file: new ones are added, those that differ are changed. What a file has no column for stays.

What is told and kept in the audit trail names the columns that change, never what they hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import RowMapping, insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, bereavement
from app.domain.client_records import find_life_faults, find_weight_faults, is_older_weighing
from app.domain.overloads import is_heavier
from app.features.imports.columns import CLIENTS
from app.features.imports.files import Notes, Progress, Record, Table
from app.models import Client
from app.web import overloads

BATCH: Final = 2000
EMPTY: Final = {column.name: column.empty for column in CLIENTS}

THERE = text("""
    SELECT client.*, provider.name AS care_provider FROM client
    LEFT JOIN care_provider AS provider ON provider.id = client.care_provider_id
    WHERE upper(client.client_ref) = ANY(:refs)
""")
NUMBERS = text("SELECT nhs_number, client_ref FROM client WHERE nhs_number = ANY(:numbers)")
PROVIDERS = text("SELECT name, id FROM care_provider")


@dataclass(frozen=True, slots=True)
class Change:
    """A client who differs, and in which columns."""

    record: Record
    client: RowMapping
    columns: tuple[str, ...]

    @property
    def weight_kg(self) -> int | None:
        """What they weigh by the file, if it says so."""
        return self.record.values.get("weight_kg")


@dataclass(slots=True)
class ClientPlan:
    """What is to be done."""

    new: list[Record] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    told: Notes = field(default_factory=Notes)
    unchanged: int = 0
    providers: dict[str, int] = field(default_factory=dict)

    @property
    def compared(self) -> dict[int, tuple[int, int, str]]:
        """What will change, as `lock_as_compared` wants it."""
        return {
            one.client["id"]: (one.client["version"], one.record.row, f"client {one.client['client_ref']}")
            for one in self.changes
        }


async def check_clients(session: AsyncSession, table: Table, *, today: date, progress: Progress) -> ClientPlan:
    """Compare every row with the rules and with what is there; faults are added to those of the table."""
    plan = ClientPlan(providers={row.name: row.id for row in await session.execute(PROVIDERS)})
    seen: dict[tuple[str, str], int] = {}
    for start in range(0, len(table.records), BATCH):
        batch = table.records[start : start + BATCH]
        there, numbers = await _there(session, batch), await _numbers(session, batch)
        for record in batch:
            client = there.get(_key(record))
            _check(record, client, plan, table.faults, today=today)
            _check_number(record, numbers, table.faults)
            if _check_repeated(record, seen, table.faults):
                continue
            _sort(record, client, plan)
        progress("Checking", start + len(batch), len(table.records))
    return plan


async def write_clients(
    session: AsyncSession, plan: ClientPlan, *, actor: str, at: datetime, progress: Progress
) -> None:
    """Add who is new and change who differs; each has a line in the audit trail, as on the client's page.

    A death ends what was arranged for them, as there; a weight above what something of theirs carries stops its
    use.
    """
    if plan.new:
        made = {"created_at": at, "created_by": actor}
        rows = [_row(EMPTY | record.values, plan.providers) | made for record in plan.new]
        await session.execute(insert(Client), rows)
    if plan.changes:
        await session.execute(update(Client), [_changed(change, plan.providers) for change in plan.changes])
    await _record(session, plan, actor=actor, at=at, progress=progress)
    heavier = [one.client["id"] for one in plan.changes if is_heavier(one.weight_kg, one.client["weight_kg"])]
    await overloads.weigh_again(session, heavier, actor=actor, at=at)
    deaths = [change for change in plan.changes if "died_on" in change.columns]
    died = {one.client["id"]: one.client["client_ref"] for one in deaths if not one.client["died_on"]}
    if died:
        await bereavement.end_what_was_arranged(session, died, actor=actor, at=at)
    for one in deaths:
        if not one.record.values["died_on"]:
            await bereavement.withdraw(session, one.client["client_ref"], actor=actor, at=at)


async def _record(session: AsyncSession, plan: ClientPlan, *, actor: str, at: datetime, progress: Progress) -> None:
    of = len(plan.new) + len(plan.changes)
    for done, record in enumerate(plan.new, 1):
        await audit.record(session, "client_added", f"client:{record.values['client_ref']}", actor=actor, at=at)
        progress("Writing", done, of)
    for done, change in enumerate(plan.changes, len(plan.new) + 1):
        names, subject = ", ".join(sorted(change.columns)), f"client:{change.client['client_ref']}"
        await audit.record(session, "client_changed", subject, actor=actor, at=at, fields=names)
        progress("Writing", done, of)


def _key(record: Record) -> str:
    return str(record.get("client_ref") or "").upper()


async def _there(session: AsyncSession, batch: Sequence[Record]) -> dict[str, RowMapping]:
    refs = [_key(record) for record in batch]
    return {row["client_ref"].upper(): row for row in (await session.execute(THERE, {"refs": refs})).mappings()}


async def _numbers(session: AsyncSession, batch: Sequence[Record]) -> dict[str, str]:
    """Who has the NHS numbers of these rows."""
    numbers = [number for record in batch if (number := record.get("nhs_number"))]
    return {row.nhs_number: row.client_ref for row in await session.execute(NUMBERS, {"numbers": numbers})}


def _check(record: Record, client: RowMapping | None, plan: ClientPlan, faults: Notes, *, today: date) -> None:
    """The rules of a client's record, on what the row leaves of it."""
    facts: Mapping[str, Any] = {**(client or {}), **record.values}
    born, died = facts.get("date_of_birth"), facts.get("died_on")
    for fault in find_life_faults(born=born, died=died, today=today):
        faults.refuse(record.row, fault)
    if {"weight_kg", "weighed_on"} <= record.values.keys():
        for fault in find_weight_faults(record.get("weight_kg"), record.get("weighed_on"), today=today):
            faults.refuse(record.row, fault)
    provider = record.get("care_provider")
    if provider and provider not in plan.providers:
        detail = "There is no care provider of this name. Add it under Clients first, or correct the name."
        faults.add(record.row, "care_provider", "unknown-care-provider", detail)


def _check_number(record: Record, numbers: Mapping[str, str], faults: Notes) -> None:
    owner = numbers.get(record.get("nhs_number") or "")
    if owner and owner.upper() != _key(record):
        detail = f"Client {owner} has this NHS number. Correct one of them, or take the row out if it is one person."
        faults.add(record.row, "nhs_number", "duplicate-nhs-number", detail)


def _check_repeated(record: Record, seen: dict[tuple[str, str], int], faults: Notes) -> bool:
    """Whether an earlier row has the same reference, or the same NHS number."""
    is_repeated = False
    for name, code, value in (
        ("client_ref", "repeated-client-ref", _key(record)),
        ("nhs_number", "repeated-nhs-number", record.get("nhs_number")),
    ):
        first = seen.setdefault((name, value), record.row) if value else record.row
        if first != record.row:
            is_repeated = True
            faults.add(record.row, name, code, f"Row {first} has the same. Take one of the rows out, or correct it.")
    return is_repeated


def _sort(record: Record, client: RowMapping | None, plan: ClientPlan) -> None:
    """New, changed or the same. A reference that is written in another case is the same reference."""
    if client is None:
        plan.new.append(record)
        return
    if is_older_weighing(record.get("weighed_on"), client["weighed_on"]):
        for name in ("weight_kg", "weighed_on"):
            record.values.pop(name, None)
        detail = f"Client {client['client_ref']} was weighed since. That weight stays what counts."
        plan.told.add(record.row, "weighed_on", "older-weighing", detail)
    if record.values.get("weight_kg", 0) is None and client["weight_kg"] is not None:
        # Nobody knows would count as better than too much for what they have.
        for name in ("weight_kg", "weighed_on"):
            record.values.pop(name, None)
        detail = f"The weight of client {client['client_ref']} is known. It stays what counts."
        plan.told.add(record.row, "weight_kg", "weight-is-known", detail)
    columns = [name for name, given in record.values.items() if name != "client_ref" and given != client[name]]
    if not columns:
        plan.unchanged += 1
        return
    plan.changes.append(Change(record, client, tuple(columns)))
    for name in columns:
        plan.told.add(record.row, name, "client-changes", f"Client {client['client_ref']}: {name} changes.")


def _row(values: Mapping[str, Any], providers: Mapping[str, int]) -> dict[str, Any]:
    """The row of the table."""
    own = {name: values[name] for name in EMPTY if name != "care_provider"}
    return own | {"care_provider_id": providers.get(values["care_provider"])}


def _changed(change: Change, providers: Mapping[str, int]) -> dict[str, Any]:
    values = {**change.client, **change.record.values, "client_ref": change.client["client_ref"]}
    return _row(values, providers) | {"id": change.client["id"], "version": change.client["version"] + 1}
