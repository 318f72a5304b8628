"""What keeps equipment from being used where it must not be: a hold, and a notice that stops its use at a client's.

Several features do these in acts of their own, and each must do the same: written here once, one floor below them
(docs/adr/0015-one-place-ends-what-a-death-ends.md).
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger, outbox, promising
from app.domain.access import Permission, roles_with
from app.domain.clearance import HoldFact, HoldKind
from app.domain.dates import uk_date
from app.domain.disposal import SPREADS, part_reason
from app.domain.labels import display
from app.domain.old_equipment import Standing, gets_notice, hold_without_notice, replaced_reason
from app.domain.ordering import SupersedeAction
from app.domain.stop_use import STOPPED_THERE, ItemFault, StopUse, hold_reason
from app.domain.whereabouts import is_put_in_question
from app.ledger import ItemRecord
from app.surroundings import OldItem

# Each takes any number of items: a list of values would be too long for a notice that covers thousands.
PLACE = text("""
    INSERT INTO hold (item_id, kind, reason, notice_id, placed_at, placed_by)
    SELECT item_id, :kind, :reason, CAST(:notice_id AS bigint), :at, :actor
    FROM unnest(CAST(:item_ids AS bigint[])) AS held (item_id)
    RETURNING item_id, id, EXISTS (SELECT FROM harvested_part AS part WHERE part.item_id = hold.item_id) AS is_donor
""")
# What carries parts of these, and is not held for that already.
CARRY_PARTS = text("""
    SELECT item.id, item.barcode, product.name AS product_name, donor.barcode AS donor, client.client_ref,
           COALESCE(asked.made_by, loan.started_by) AS prescriber, loan.id AS loan_id,
           string_agg(DISTINCT part.description, ', ' ORDER BY part.description) AS parts
    FROM harvested_part AS taken JOIN standing_part AS part ON part.harvested_part_id = taken.id
    JOIN repair ON repair.id = part.repair_id JOIN item ON item.id = repair.item_id
    JOIN product ON product.id = item.product_id JOIN item AS donor ON donor.id = taken.item_id
    LEFT JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
    LEFT JOIN client ON client.id = loan.client_id
    LEFT JOIN order_unit AS unit ON unit.loan_id = loan.id
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    WHERE taken.item_id = ANY(:donors)
    GROUP BY item.id, product.id, donor.id, client.id, asked.id, loan.id ORDER BY item.barcode, donor.barcode
""")
HELD_FOR = text("SELECT id FROM hold WHERE item_id = :item_id AND reason = :reason AND lifted_at IS NULL")
LIFT = text("""
    UPDATE hold SET lifted_at = :at, lifted_by = :actor, lift_reason = :reason WHERE id = ANY(:holds)
""")
# What was placed or lifted at one instant by one person for one reason is what one line of the audit trail says.
SETS = text("""
    SELECT line.chain, line.seq, CAST(line.detail->>'holds' AS bigint) AS said_count,
           line.detail->>'sha256' AS said_digest, count(hold.id) AS there,
           encode(sha256(string_agg(
               convert_to(hold.id || ' ' || item.barcode, 'UTF8'), '\\x0a' ORDER BY hold.id)), 'hex') AS digest
    FROM audit_event AS line
    LEFT JOIN hold ON CASE line.action
        WHEN 'holds_placed' THEN (hold.placed_at, hold.placed_by, hold.reason)
        ELSE (hold.lifted_at, hold.lifted_by, hold.lift_reason) END = (line.at, line.chain, line.detail->>'reason')
    LEFT JOIN item ON item.id = hold.item_id
    WHERE line.action IN ('holds_placed', 'holds_lifted') GROUP BY line.id ORDER BY line.id
""")
MOST_LINES = 1000
GIVE = text("""
    WITH there AS (
        SELECT loan.id AS loan_id, item.barcode, product.name AS product_name, client.client_ref,
               client.name AS client_name, client.care_provider_id, provider.name AS provider, provider.email,
               provider.phone
        FROM loan JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
        JOIN client ON client.id = loan.client_id
        LEFT JOIN care_provider AS provider ON provider.id = client.care_provider_id
        WHERE loan.id = :loan_id AND loan.ended_at IS NULL
    ), given AS (
        INSERT INTO stop_use_notice (loan_id, order_id, reason, item_fault, care_provider_id, given_at, given_by, told)
        SELECT loan_id, CAST(:order_id AS bigint), :reason, :item_fault, care_provider_id, :at, :actor,
               CASE WHEN email <> '' THEN provider END FROM there
        ON CONFLICT (loan_id) DO NOTHING RETURNING id, loan_id
    )
    SELECT given.id, there.* FROM given JOIN there ON there.loan_id = given.loan_id
""")
LOCK = text("SELECT id FROM item WHERE id = ANY(:items) ORDER BY barcode FOR UPDATE")
STANDING = text("""
    SELECT loan.id, loan.ended_at IS NULL AS is_there,
           EXISTS (SELECT FROM stop_use_notice WHERE loan_id = loan.id) AS is_under_notice,
           ARRAY(SELECT kind FROM hold WHERE hold.item_id = loan.item_id AND lifted_at IS NULL) AS held_as
    FROM loan WHERE loan.id = ANY(:loans)
""")


async def hold(
    session: AsyncSession, item_id: int, barcode: str, *, kind: HoldKind, reason: str, actor: str, at: datetime
) -> int:
    """Hold an item, whatever state it is in; returns the hold's number. The caller has locked the item, so that whoever
    is issuing it at this moment either went before or sees the hold. An order that waits for it is looked at again."""
    return (await hold_each(session, {item_id: barcode}, kind=kind, reason=reason, actor=actor, at=at))[item_id]


async def hold_each(
    session: AsyncSession,
    items: Mapping[int, str],
    *,
    kind: HoldKind,
    reason: str,
    notice_id: int | None = None,
    reference: str = "",
    actor: str,
    at: datetime,
) -> dict[int, int]:
    """Hold each of these items, by id and barcode, for one reason; returns the holds' numbers by the items' ids.

    `notice_id` and `reference`: the safety notice that wants it. The caller has locked the items. What carries a part
    that was taken off one of them is held too (`domain.disposal.SPREADS`). Three statements for all, and those of
    `promising`.
    """
    values: dict[str, Any] = {"item_ids": list(items), "kind": kind.value, "reason": reason, "notice_id": notice_id}
    placed = await session.execute(PLACE, values | {"at": at, "actor": actor})
    rows = placed.all()
    holds = {row.item_id: row.id for row in rows}
    placed_now = {hold_id: items[item_id] for item_id, hold_id in holds.items()}
    facts: dict[str, audit.Detail] = {"kind": kind.value, "reason": reason}
    await _record(session, "placed", placed_now, reference=reference, facts=facts, actor=actor, at=at)
    await promising.look_again(session, list(holds), actor=actor, at=at)
    donors = [row.item_id for row in rows if row.is_donor]
    if donors and kind in SPREADS:
        await _hold_what_carries_parts(session, donors, HoldFact(kind, reason, reference), actor=actor, at=at)
    return holds


async def _hold_what_carries_parts(
    session: AsyncSession, donors: Sequence[int], held: HoldFact, *, actor: str, at: datetime
) -> None:
    """Hold the items into which parts of these were fitted, so that somebody looks at the part; at a client's their
    use is stopped. Who may lift holds and whose loan it is are told. Parts that went on from there are followed."""
    found = (await session.execute(CARRY_PARTS, {"donors": list(donors)})).all()
    await ledger.lock_items(session, {one.id for one in found})
    # Who has them is asked once they are locked.
    for one in (await session.execute(CARRY_PARTS, {"donors": list(donors)})).all() if found else ():
        reason = part_reason(one.parts, one.donor, held.text)
        if (await session.execute(HELD_FOR, {"item_id": one.id, "reason": reason})).first() is not None:
            continue
        await hold(session, one.id, one.barcode, kind=HoldKind.INVESTIGATION, reason=reason, actor=actor, at=at)
        where, subject = "", f"Look at a part of {display(one.barcode)}"
        if one.loan_id:
            said: dict[str, Any] = {
                "reason": HoldFact(HoldKind.INVESTIGATION, reason).text,
                "item_fault": ItemFault.NOT_KNOWN,
            }
            await stop_use(session, one.loan_id, **said, actor=actor, at=at)
            where = f"\n\nIt is with client {one.client_ref}. {STOPPED_THERE}"
            subject = f"Must not be used: {display(one.barcode)}"
        letter = {"purpose": "part_of_held_item", "subject": subject}
        letter |= {"body": f"{one.product_name} ({display(one.barcode)}) is on hold. {reason}{where}"}
        letter |= {"about": f"item:{one.barcode}"}
        await outbox.post_to_roles(session, roles_with(Permission.LIFT_HOLDS), letter, actor=actor, at=at)
        if one.prescriber:
            await outbox.post(session, **letter, to=one.prescriber, actor=actor, at=at)


async def put_in_question(
    session: AsyncSession,
    items: Iterable[ItemRecord],
    *,
    back_again: Set[str] = frozenset(),
    how: str,
    actor: str,
    at: datetime,
) -> dict[str, ItemRecord]:
    """Hold what was handed in although by the record it stands on a shelf; returns these items, by barcode, as they
    are now. What is held for that already stays so. The caller has locked the items. No statement for none, else as
    `hold_each`. `how`: how it came to hand; `back_again`: what was taken in before, and has been out since.
    """
    asked = {
        item.barcode: item
        for item in items
        if is_put_in_question(item.evidence, is_back_again=item.barcode in back_again)
    }
    if not asked:
        return {}
    reason = f"{how}, but by the record it was not out."
    held = {item.id: barcode for barcode, item in asked.items()}
    await hold_each(session, held, kind=HoldKind.WHEREABOUTS, reason=reason, actor=actor, at=at)
    fact = HoldFact(HoldKind.WHEREABOUTS, reason)
    return {
        barcode: replace(item, evidence=replace(item.evidence, holds=(*item.evidence.holds, fact)))
        for barcode, item in asked.items()
    }


async def lift_each(
    session: AsyncSession, holds: Mapping[int, str], *, reason: str, reference: str = "", actor: str, at: datetime
) -> None:
    """Lift these open holds, by number and their item's barcode. The caller has locked the holds or their items.

    `reference`: the safety notice that lets them go."""
    await session.execute(LIFT, {"holds": list(holds), "at": at, "actor": actor, "reason": reason})
    await _record(session, "lifted", holds, reference=reference, facts={"reason": reason}, actor=actor, at=at)


async def _record(
    session: AsyncSession,
    what: str,
    holds: Mapping[int, str],
    *,
    reference: str,
    facts: Mapping[str, audit.Detail],
    actor: str,
    at: datetime,
) -> None:
    """Each hold has its line in the audit trail; thousands that one notice wants have one line, which proves them."""
    if reference and len(holds) > MOST_LINES:
        proof: dict[str, audit.Detail] = {"holds": len(holds), "sha256": digest_of(holds), **facts}
        await audit.record(session, f"holds_{what}", f"safety_notice:{reference}", actor=actor, at=at, **proof)
        return
    acts = [(f"item:{barcode}", {"hold": hold_id, **facts}) for hold_id, barcode in holds.items()]
    await audit.record_each(session, f"hold_{what}", acts, actor=actor, at=at)


def digest_of(holds: Mapping[int, str]) -> str:
    """SHA-256 of these holds, by number and barcode: what the database finds of them must give the same."""
    return sha256("\n".join(f"{number} {holds[number]}" for number in sorted(holds)).encode()).hexdigest()


async def verify_sets(session: AsyncSession) -> tuple[int, audit.Break | None]:
    """Whether the holds that one line of the audit trail stands for are there as it says. Returns how many holds stand
    so, and the first line that does not agree."""
    held = 0
    for row in await session.execute(SETS):
        if (row.said_count, row.said_digest) != (row.there, row.digest):
            return held, audit.Break(row.chain, row.seq, "the holds that it stands for are not what they were")
        held += row.there
    return held, None


async def stop_use(
    session: AsyncSession,
    loan_id: int,
    *,
    reason: str,
    item_fault: ItemFault,
    order_id: int | None = None,
    actor: str,
    at: datetime,
) -> int | None:
    """Stop the use of what a client has on loan; returns the notice's number, or None where one stands already or the
    loan has ended.

    The client's care provider is told by e-mail; without an address, who gives the notice is told to phone.
    Whether the item is held as well is the caller's to say (`stop_and_hold`).
    """
    values = {"loan_id": loan_id, "order_id": order_id, "reason": reason, "at": at, "actor": actor}
    values |= {"item_fault": item_fault.value}
    given = (await session.execute(GIVE, values)).one_or_none()
    if given is None:
        return None
    stop = StopUse(
        barcode=given.barcode,
        product_name=given.product_name,
        client_ref=given.client_ref,
        client_name=given.client_name,
        provider=given.provider or "",
        email=given.email or None,
        phone=given.phone or "",
        reason=reason,
        given_by=actor,
        given_on=uk_date(at),
    )
    letter = stop.to_provider(again=False) if stop.email else stop.to_phone()
    to = {"to_email": stop.email, "to_name": stop.provider} if stop.email else {"to": actor}
    await outbox.post(
        session,
        purpose="stop_use" if stop.email else "stop_use_phone",
        subject=letter.subject,
        body=letter.body,
        about=f"stop_use_notice:{given.id}",
        actor=actor,
        at=at,
        **to,
    )
    await audit.record(session, "use_stopped", f"item:{given.barcode}", actor=actor, at=at, notice=given.id)
    return int(given.id)


async def stop_and_hold(
    session: AsyncSession,
    loan_id: int,
    item_id: int,
    barcode: str,
    *,
    reason: str,
    item_fault: ItemFault,
    order_id: int | None = None,
    actor: str,
    at: datetime,
) -> int | None:
    """Stop its use as `stop_use` does, and hold it unless it is known that nothing is wrong with it. The caller has
    locked the item."""
    who: dict[str, Any] = {"actor": actor, "at": at}
    notice = await stop_use(session, loan_id, reason=reason, item_fault=item_fault, order_id=order_id, **who)
    if notice is not None and item_fault.hold_kind:
        await hold(session, item_id, barcode, kind=item_fault.hold_kind, reason=hold_reason(reason), **who)
    return notice


async def lock_old(session: AsyncSession, old: Sequence[OldItem]) -> None:
    """Lock those of a client's old items that are not kept, in barcode order. Before anything else is locked for which
    somebody may wait."""
    items = [one.item_id for one in _not_kept(old)]
    if items:
        await session.execute(LOCK, {"items": items})


async def let_go(
    session: AsyncSession, old: Sequence[OldItem], *, order_id: int | None = None, actor: str, at: datetime
) -> list[str]:
    """What was said of old items that are replaced takes effect, but for asking for a collection; returns the barcodes
    of those whose use is stopped.

    Unless it was said that nothing is wrong with an item it is held, as where its use is stopped without a
    replacement; of what is collected only if anybody said so. A notice that stands stays as it is. The caller has
    locked the items (`lock_old`).
    """
    going = _not_kept(old)
    if not going:
        return []
    who: dict[str, Any] = {"actor": actor, "at": at}
    stopped = []
    rows = await session.execute(STANDING, {"loans": [one.loan_id for one in going]})
    standing = {row.id: Standing(row.is_there, row.is_under_notice, row.held_as) for row in rows}
    for one in going:
        stands, reason = standing[one.loan_id], one.reason or ""
        if gets_notice(one.action, stands):
            fault = one.item_fault or ItemFault.NOT_KNOWN
            said: dict[str, Any] = {"reason": reason, "item_fault": fault, "order_id": order_id}
            await stop_and_hold(session, one.loan_id, one.item_id, one.barcode, **said, **who)
            stopped.append(one.barcode)
        elif kind := hold_without_notice(one.item_fault, stands):
            await hold(session, one.item_id, one.barcode, kind=kind, reason=replaced_reason(reason), **who)
    return stopped


def _not_kept(old: Sequence[OldItem]) -> list[OldItem]:
    return [one for one in old if one.action not in {None, SupersedeAction.KEEP}]
