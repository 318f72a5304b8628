"""Visits to homes for inspections: planned, tried in vain, told to the manager, called off. An inspection ends one."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.charging_apart import InVain, charge_visit_in_vain
from app.domain.access import Actor, Permission, roles_with
from app.domain.client_records import check_is_alive
from app.domain.dates import in_words, uk_date
from app.domain.errors import BadValue, Conflict, NotAllowed, NotFound
from app.domain.home_visits import check_day, check_try, is_same_try, is_to_escalate
from app.domain.inspections import InspectionKind
from app.domain.labels import display
from app.models import InspectionVisit, InspectionVisitItem, InspectionVisitTry
from app.web.who import tell_all_who_may

CLIENT = text("SELECT id, client_ref, died_on FROM client WHERE upper(client_ref) = upper(:client_ref)")
VISITORS = text("""
    SELECT DISTINCT account.username, account.name FROM account
    JOIN account_role ON account_role.account_id = account.id
    WHERE account.is_active AND account_role.role = ANY(:roles) ORDER BY account.name
""")
# Locked, so that nobody else plans for, or takes back, the same items at this moment.
THERE = text("""
    SELECT item.id, item.barcode, loan.client_id, line.kind AS planned_kind
    FROM item LEFT JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
    LEFT JOIN inspection_visit_item AS line ON line.item_id = item.id AND line.is_open
    WHERE item.barcode = ANY(:barcodes) ORDER BY item.barcode FOR UPDATE OF item
""")
VISIT = text("""
    SELECT visit.*, client.client_ref FROM inspection_visit AS visit JOIN client ON client.id = visit.client_id
    WHERE visit.id = :visit_id FOR UPDATE OF visit
""")
WHAT_FOR = text("""
    SELECT item.barcode, product.name AS product_name, line.kind, due.due_on
    FROM inspection_visit_item AS line JOIN item ON item.id = line.item_id
    JOIN product ON product.id = item.product_id
    LEFT JOIN inspection_due AS due ON due.item_id = item.id AND due.kind = line.kind
    WHERE line.visit_id = :visit_id AND line.is_open ORDER BY item.barcode, line.kind
""")
# The visit is locked by then, so that a form that is sent twice at once meets itself here.
OWN_TRIES = text("SELECT tried_at, note FROM inspection_visit_try WHERE visit_id = :visit_id AND recorded_by = :actor")
CLOSE_LINES = text("UPDATE inspection_visit_item SET is_open = false WHERE visit_id = :visit_id AND is_open")
GONE = text("""
    WITH gone AS (
        UPDATE inspection_visit_item AS line SET is_open = false FROM inspection_visit AS visit
        WHERE visit.id = line.visit_id AND line.is_open AND NOT EXISTS (
            SELECT FROM loan
            WHERE loan.item_id = line.item_id AND loan.client_id = visit.client_id AND loan.ended_at IS NULL)
        RETURNING line.visit_id, line.item_id, line.kind
    )
    UPDATE inspection_visit AS visit
    SET ended_at = :at, ended_by = :actor, ended_because = 'What it was for is not with the client any more.'
    WHERE visit.ended_at IS NULL AND visit.id IN (SELECT visit_id FROM gone) AND NOT EXISTS (
        SELECT FROM inspection_visit_item AS line
        WHERE line.visit_id = visit.id AND line.is_open
          AND NOT EXISTS (SELECT FROM gone WHERE (gone.visit_id, gone.item_id, gone.kind)
                                               = (line.visit_id, line.item_id, line.kind)))
    RETURNING visit.id
""")


class NoAccess(StrEnum):
    """What came of it when nobody opened: a try, the one after which the manager is told, or one known already."""

    RECORDED = "recorded"
    TOLD = "told"
    AGAIN = "again"


async def list_visitors(session: AsyncSession) -> list[tuple[str, str]]:
    """Who may make visits, as (username, name)."""
    roles = [role.value for role in roles_with(Permission.VISIT_HOMES)]
    return [(row.username, row.name) for row in await session.execute(VISITORS, {"roles": roles})]


async def plan(
    session: AsyncSession,
    client_ref: str,
    wanted: Sequence[tuple[str, InspectionKind]],
    *,
    planned_on: date,
    visitor: str,
    actor: str,
    at: datetime,
) -> int:
    """Plan one visit to a client for these inspections; returns its number.

    Raises NotFound `unknown-client`, BadValue (`nothing-to-inspect`, `not-a-visitor`, about the day), Conflict
    (`client-has-died`, `not-with-the-client`, `visit-planned-already`).
    """
    check_day(planned_on, today=uk_date(at))
    if not wanted:
        raise BadValue("nothing-to-inspect", "Choose at least one inspection to make there.", field="items")
    await _check_visitor(session, visitor)
    client = (await session.execute(CLIENT, {"client_ref": client_ref})).one_or_none()
    if client is None:
        raise NotFound("unknown-client", "There is no client with this reference.", field="client_ref")
    check_is_alive(client.died_on)
    lines = await _lines(session, client.id, dict.fromkeys(wanted))
    made = {"client_id": client.id, "planned_on": planned_on, "visitor": visitor, "planned_at": at, "planned_by": actor}
    visit_id: int = (
        await session.execute(insert(InspectionVisit).values(**made).returning(col(InspectionVisit.id)))
    ).scalar_one()
    await session.execute(insert(InspectionVisitItem), [{"visit_id": visit_id, **line} for line in lines])
    about: dict[str, str | int] = {"visit": visit_id, "on": planned_on.isoformat(), "visitor": visitor}
    await audit.record(session, "visit_planned", f"client:{client.client_ref}", actor=actor, at=at, **about)
    return visit_id


async def replan(
    session: AsyncSession, visit_id: int, *, planned_on: date, visitor: str, actor: str, at: datetime
) -> None:
    """Another day, another visitor. Raises NotFound `unknown-visit`, Conflict `visit-is-over`, BadValue as `plan`."""
    visit = await _open(session, visit_id)
    check_day(planned_on, today=uk_date(at))
    await _check_visitor(session, visitor)
    await _change(session, visit_id, planned_on=planned_on, visitor=visitor)
    about: dict[str, str | int] = {"visit": visit_id, "on": planned_on.isoformat(), "visitor": visitor}
    await audit.record(session, "visit_planned", f"client:{visit.client_ref}", actor=actor, at=at, **about)


async def record_no_access(
    session: AsyncSession,
    visit_id: int,
    *,
    note: str,
    tried_at: datetime | None,
    after_tries: int,
    actor: str,
    at: datetime,
) -> NoAccess:
    """Nobody opened, or it could not be done. After so many tries the manager is told, once.

    What the same person records of a try again counts once (`is_same_try`); what it says anew is kept with it.
    Raises NotFound `unknown-visit`, Conflict `visit-is-over`, BadValue `tried-when`.
    """
    visit = await _open(session, visit_id)
    when = tried_at or at
    check_try(when, planned_at=visit.planned_at, now=at)
    earlier = (await session.execute(OWN_TRIES, {"visit_id": visit_id, "actor": actor})).all()
    is_again = is_same_try(when, (one.tried_at for one in earlier))
    if not (is_again and any(one.note == note for one in earlier)):
        tried = {"visit_id": visit_id, "tried_at": when, "note": note, "recorded_at": at, "recorded_by": actor}
        await session.execute(insert(InspectionVisitTry).values(**tried))
    if is_again:
        return NoAccess.AGAIN
    tries = visit.tries + 1
    told = is_to_escalate(tries, after_tries=after_tries, escalated=visit.escalated_at is not None)
    await _change(session, visit_id, tries=tries, **({"escalated_at": at} if told else {}))
    await charge_visit_in_vain(session, InVain.INSPECTION, visit_id, visited_at=when, actor=actor, at=at)
    about = {"visit": visit_id, "tries": tries, "escalated": told}
    await audit.record(session, "visit_no_access", f"client:{visit.client_ref}", actor=actor, at=at, **about)
    if told:
        await _tell_manager(session, visit, tries, note, actor=actor, at=at)
    return NoAccess.TOLD if told else NoAccess.RECORDED


async def call_off(session: AsyncSession, visit_id: int, *, reason: str, actor: Actor, at: datetime) -> None:
    """End a visit without its inspections; what is due stays due. One that the manager was told of is the manager's.

    Raises NotFound `unknown-visit`, Conflict `visit-is-over`, NotAllowed `escalated`.
    """
    visit = await _open(session, visit_id)
    if visit.escalated_at and not actor.may(Permission.RESOLVE_VISITS):
        raise NotAllowed("escalated", "The manager was told that nobody opens there, and decides what is done.")
    await session.execute(CLOSE_LINES, {"visit_id": visit_id})
    await _change(session, visit_id, ended_at=at, ended_by=actor.username, ended_because=reason)
    subject = f"client:{visit.client_ref}"
    await audit.record(session, "visit_called_off", subject, actor=actor.username, at=at, visit=visit_id, reason=reason)


async def close_visits_in_vain(session: AsyncSession, *, actor: str, at: datetime) -> int:
    """End visits whose items are not with the client any more, so that nobody goes there; returns how many."""
    return len((await session.execute(GONE, {"actor": actor, "at": at})).all())


async def _lines(
    session: AsyncSession, client_id: int, wanted: dict[tuple[str, InspectionKind], None]
) -> list[dict[str, Any]]:
    barcodes = sorted({barcode for barcode, _ in wanted})
    rows = (await session.execute(THERE, {"barcodes": barcodes})).all()
    here = {row.barcode: row.id for row in rows if row.client_id == client_id}
    planned = {(row.barcode, row.planned_kind) for row in rows if row.planned_kind}
    for barcode, kind in wanted:
        if barcode not in here:
            detail = f"{display(barcode)} is not with this client. Choose from what is there."
            raise Conflict("not-with-the-client", detail, field="items")
        if (barcode, kind.value) in planned:
            detail = f"A visit for the {kind.text} of {display(barcode)} is planned already. Change that one."
            raise Conflict("visit-planned-already", detail, field="items")
    return [{"item_id": here[barcode], "kind": kind} for barcode, kind in wanted]


async def _check_visitor(session: AsyncSession, visitor: str) -> None:
    if visitor not in {username for username, _ in await list_visitors(session)}:
        raise BadValue("not-a-visitor", "Choose somebody who visits homes: a technician, for example.", field="visitor")


async def _open(session: AsyncSession, visit_id: int) -> Any:
    visit = (await session.execute(VISIT, {"visit_id": visit_id})).one_or_none()
    if visit is None:
        raise NotFound("unknown-visit", "There is no visit with this number.")
    if visit.ended_at is not None:
        detail = f"This visit ended on {in_words(uk_date(visit.ended_at))}. {visit.ended_because}"
        raise Conflict("visit-is-over", detail)
    return visit


async def _change(session: AsyncSession, visit_id: int, **values: Any) -> None:
    await session.execute(update(InspectionVisit).where(col(InspectionVisit.id) == visit_id).values(**values))


async def _tell_manager(session: AsyncSession, visit: Any, tries: int, note: str, *, actor: str, at: datetime) -> None:
    rows = (await session.execute(WHAT_FOR, {"visit_id": visit.id})).all()
    lines = [
        f"{row.product_name} ({display(row.barcode)}): {InspectionKind(row.kind).text}, due by "
        f"{in_words(row.due_on) if row.due_on else 'nobody knows when'}"
        for row in rows
    ]
    body = (
        f"{tries} visits to client {visit.client_ref} were in vain. The last note: {note}\n\n"
        "What is still to be inspected there:\n" + "\n".join(lines) + "\n\n"
        "Decide what is done: write, ask who cares for them, stop its use, or have it collected. You find the visit "
        "under Inspections, Visits to homes. What is overdue stays on the list until it is inspected or back."
    )
    letter = {
        "purpose": "inspection_no_access",
        "subject": f"No access for an inspection: {tries} tries",
        "body": body,
        "about": f"inspection_visit:{visit.id}",
    }
    await tell_all_who_may(session, Permission.RESOLVE_VISITS, letter, actor=actor, at=at)
