"""Charges without a movement: visits in vain, inspections that move nothing, and what is put right afterwards.

`charging.py` writes all others, with the movement that they follow from (ADR 46).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.charging import (
    DISTRICT,
    NEWEST_ISSUE,
    OF_AN_ORDER,
    PAYERS_OF_A_COLLECTION,
    POST,
    as_written,
    counted_under,
    read_tariffs,
    rows_of,
    share_drive,
    shares_of,
)
from app.domain.costs import ON_THE_SHELF, WHOLE, ChargeKind, Due, Facts, Posting, post
from app.domain.dates import uk_date
from app.domain.inspections import InspectionKind
from app.ledger import ItemRecord
from app.put_right import put_right, taking_back


class InVain(StrEnum):
    """What a visit was for that came to nothing."""

    DELIVERY = "delivery"
    COLLECTION = "collection"
    INSPECTION = "inspection"


RATES = """
    SELECT jsonb_agg(to_jsonb(rate)) FROM tariff AS rate
    WHERE rate.kind = :kind AND daterange(rate.starts_on, rate.ends_on, '[]') @> CAST(:on AS date)
"""
NOBODYS = f"jsonb_build_object('client_id', client.id, 'district', {DISTRICT})"
# The issues of all things whose visit it was; the client, where nobody pays for any of them.
PAYER: Final = {
    InVain.DELIVERY: f"""
        SELECT jsonb_build_object('payers', jsonb_build_array({OF_AN_ORDER})) FROM equipment_order AS asked
        JOIN client ON client.id = asked.client_id WHERE asked.id = :id
    """,  # noqa: S608 - the parts are constants
    InVain.COLLECTION: f"""
        SELECT {NOBODYS} || jsonb_build_object('payers', ({PAYERS_OF_A_COLLECTION.format(collection_id="whole.id")}))
        FROM collection AS whole JOIN client ON client.id = whole.client_id WHERE whole.id = :id
    """,  # noqa: S608 - the parts are constants
    InVain.INSPECTION: f"""
        SELECT {NOBODYS} || jsonb_build_object('payers', (
            SELECT jsonb_agg(newest.issue ORDER BY item.barcode) FROM inspection_visit_item AS line
            JOIN item ON item.id = line.item_id CROSS JOIN LATERAL ({NEWEST_ISSUE}) AS newest (issue)
            WHERE line.visit_id = whole.id AND line.is_open))
        FROM inspection_visit AS whole JOIN client ON client.id = whole.client_id WHERE whole.id = :id
    """,  # noqa: S608 - the parts are constants
}
VISIT = {what: text(f"SELECT ({payer}) AS under, ({RATES}) AS rates") for what, payer in PAYER.items()}
ITEM = text(f"""
    SELECT newest.issue, product.category, item.purchase_price_pence, item.received_on, ({RATES}) AS rates
    FROM item JOIN product ON product.id = item.product_id
    LEFT JOIN LATERAL ({NEWEST_ISSUE}) AS newest (issue) ON true WHERE item.id = :item_id
""")  # noqa: S608 - the parts are constants
# One charge: the newest that stands of this kind with this movement.
STANDING = text("""
    WITH standing AS (
        SELECT line.id, line.posting_id, COALESCE(funder.code, '') AS funder
        FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
        WHERE line.item_id = :item_id AND line.movement_seq = :seq AND line.kind = :kind
          AND (CAST(:variant AS text) IS NULL OR line.variant = :variant) AND line.reversal_of IS NULL
          AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id)
    )
    SELECT id, funder FROM standing
    WHERE posting_id = (SELECT posting_id FROM standing ORDER BY id DESC LIMIT 1) ORDER BY id
""")
# `gone`: the movement by which the item left the bench. Before charges began, nothing was charged.
REPAIR = text(f"""
    SELECT repair.item_id, gone.seq, gone.at, gone.store_id, product.id AS product_id, product.category,
           item.purchase_price_pence, item.received_on, ({RATES.replace(":on", "gone.at AT TIME ZONE 'Europe/London'")})
           AS rates,
           (SELECT COALESCE(sum(quantity * cost_pence), 0) FROM standing_part WHERE repair_id = repair.id) AS parts,
           (SELECT COALESCE(sum(amount_pence), 0) FROM charge
            WHERE item_id = repair.item_id AND movement_seq = gone.seq AND kind = :kind) AS charged,
           COALESCE(made.under, '{{}}') AS under
    FROM repair JOIN item ON item.id = repair.item_id JOIN product ON product.id = item.product_id
    JOIN LATERAL (
        SELECT seq, at, store_id, id FROM movement
        WHERE item_id = repair.item_id AND seq > repair.started_seq AND from_state = 'in_repair'
          AND to_state <> 'in_repair' ORDER BY seq LIMIT 1
    ) AS gone ON true
    LEFT JOIN LATERAL (
        SELECT jsonb_build_object(
                   'order_id', min(line.order_id), 'client_id', min(line.client_id), 'team_id', min(line.team_id),
                   'prescriber', min(line.prescriber), 'reason', min(line.reason), 'district', min(line.district),
                   'shares', jsonb_agg(jsonb_build_object('funder', COALESCE(funder.code, ''),
                                                          'percent', line.percent::text) ORDER BY line.id)) AS under
        FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
        WHERE line.posting_id = (SELECT posting_id FROM charge WHERE item_id = repair.item_id
                                 AND movement_seq = gone.seq AND reversal_of IS NULL
                                 AND NOT EXISTS (SELECT FROM charge_taken_back AS undone
                                                 WHERE undone.charge_id = charge.id)
                                 ORDER BY kind NOT IN ('parts', 'repair', 'scrap'), id LIMIT 1)
        HAVING count(*) > 0
    ) AS made ON true
    WHERE repair.id = :repair_id AND gone.id > (SELECT movement_id FROM charging_start)
""")  # noqa: S608 - the parts are constants


async def charge_visit_in_vain(
    session: AsyncSession, what: InVain, number: int, *, visited_at: datetime, actor: str, at: datetime
) -> None:
    """Charge those who pay for the order, or for what was to be fetched or inspected, for a visit that came to nothing,
    once a day, each thing counting the same. `number`: of the order, the collection or the planned visit in the
    database. Two statements."""
    on = uk_date(visited_at)
    row = (await session.execute(VISIT[what], {"id": number, "kind": ChargeKind.FAILED_VISIT, "on": on})).one()
    nobodys = row.under or {}
    payers = nobodys.get("payers") or []
    drive = share_drive(payers)
    shares = tuple(share for _, share in drive) or WHOLE
    due = Due(ChargeKind.FAILED_VISIT, shares, what.value, visit=f"failed:{what.value}:{number}:{on}")
    # A visit is for no one product.
    posting = post(due, Facts(0, "", 0, on), read_tariffs(row.rates or ()))
    about = {"collection_id": number if what is InVain.COLLECTION else None}
    about |= counted_under(nobodys)
    await _write(session, posting, about, whose=[its for its, _ in drive], on=on, actor=actor, at=at)


async def charge_inspection(
    session: AsyncSession, item: ItemRecord, kind: InspectionKind, *, actor: str, at: datetime
) -> None:
    """Charge an inspection that moved nothing, with the item's newest movement. Two statements."""
    on = uk_date(at)
    asked = {"item_id": item.id, "kind": ChargeKind.INSPECTION, "on": on}
    row = (await session.execute(ITEM, asked)).mappings().one()
    under = row["issue"] or {}
    # What stands on the shelf is nobody's yet.
    shares = WHOLE if item.state in ON_THE_SHELF else shares_of(under)
    posting = post(Due(ChargeKind.INSPECTION, shares, kind.value), _facts(row, item.product_id), _rates(row))
    about = {"item_id": item.id, "movement_seq": item.last_seq, "store_id": item.store_id}
    about |= {"product_id": item.product_id, "category": row["category"]}
    await _write(session, posting, about | counted_under(under), on=on, actor=actor, at=at)


async def take_back(
    session: AsyncSession,
    item_id: int,
    seq: int,
    kind: ChargeKind,
    *,
    variant: str | None = None,
    because: str,
    actor: str,
    at: datetime,
) -> dict[str, int]:
    """Take back what was charged of this kind with a movement that was none; nothing where nothing was, or where it was
    taken back before. Returns the lines by their funders' codes. Two statements at most."""
    asked = {"item_id": item_id, "seq": seq, "kind": kind, "variant": variant}
    rows = (await session.execute(STANDING, asked)).all()
    if rows:
        await put_right(session, taking_back(row.id for row in rows), because=because, actor=actor, at=at)
    return {row.funder: row.id for row in rows}


async def settle_parts(session: AsyncSession, repair_id: int, *, because: str, actor: str, at: datetime) -> None:
    """Charge the parts of a repair that is over as they stand now: what was charged of them is taken back, and what is
    right comes instead, by the rates of then, to whoever paid for the repair. Nothing while it goes on."""
    row = (await session.execute(REPAIR, {"repair_id": repair_id, "kind": ChargeKind.PARTS})).mappings().one_or_none()
    if row is None:
        return
    due = Due(ChargeKind.PARTS, shares_of(row["under"]), of_pence=int(row["parts"]))
    posting = post(due, _facts(row, row["product_id"]), _rates(row)) if row["parts"] else None
    if (posting.price.pence if posting else 0) == row["charged"]:
        return
    kind = ChargeKind.PARTS
    who: dict[str, Any] = {"actor": actor, "at": at}
    undone = await take_back(session, row["item_id"], row["seq"], kind, because=because, **who)
    if posting:
        about = {"item_id": row["item_id"], "movement_seq": row["seq"], "store_id": row["store_id"]}
        about |= {"product_id": row["product_id"], "category": row["category"]} | counted_under(row["under"])
        await _write(session, posting, about, on=uk_date(row["at"]), instead_of=undone, because=because, **who)


async def _write(
    session: AsyncSession,
    posting: Posting,
    about: Mapping[str, Any],
    *,
    whose: Sequence[Mapping[str, Any]] = (),
    on: date,
    instead_of: Mapping[str, int] | None = None,
    because: str = "",
    actor: str,
    at: datetime,
) -> None:
    shared: dict[str, Any] = {"happened_on": on.isoformat(), "posted_at": at.isoformat(), "posted_by": actor}
    rows = rows_of(posting, shared | dict(about), whose)
    for row in rows:
        if corrects := (instead_of or {}).get(row["funder"]):
            row |= {"corrects_id": corrects, "because": because}
    await session.execute(POST, {"charges": as_written(rows)})


def _facts(row: RowMapping, product_id: int) -> Facts:
    return Facts(product_id, row["category"], row["purchase_price_pence"], row["received_on"])


def _rates(row: RowMapping) -> Sequence[Any]:
    return read_tariffs(row["rates"] or ())
