"""A write-off follows what was credited: where credits or issues of what is lost change, it is reckoned anew.

So the end is the same whichever comes first, the loss or the correction (ADR 46).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.charging import FACTS, NOTHING_SAID, POST, as_written, counted_under, read_account, read_tariffs, rows_of
from app.domain.corrections import BY_HAND
from app.domain.costs import Posting, loss_of
from app.domain.lifecycle import State
from app.put_right import put_right, taking_back

# What is lost or scrapped now: the movement by which it went, and its write-off since.
LOST: Final = text(f"""
    SELECT item.id AS item_id, item.product_id, item.times_issued, lost.seq, lost.happened_on, lost.from_state,
           lost.store_id, money.facts, money.issued, NULL AS counter,
           (SELECT jsonb_agg(to_jsonb(rate)) FROM tariff AS rate
            WHERE daterange(rate.starts_on, rate.ends_on, '[]') @> lost.happened_on
              AND (rate.product_id IS NULL OR rate.product_id = item.product_id)) AS tariffs,
           COALESCE((
               SELECT jsonb_agg(jsonb_build_object('id', line.id, 'pence', line.amount_pence, 'basis', line.basis,
                                                   'stands', undone.charge_id IS NULL) ORDER BY line.id)
               FROM charge AS line LEFT JOIN charge_taken_back AS undone ON undone.charge_id = line.id
               WHERE line.item_id = item.id AND line.kind = 'write_off' AND line.movement_seq >= lost.seq
                 AND line.reversal_of IS NULL), '[]') AS written
    FROM item JOIN product ON product.id = item.product_id
    JOIN LATERAL (
        SELECT seq, (at AT TIME ZONE 'Europe/London')::date AS happened_on, from_state, store_id, id FROM movement
        WHERE item_id = item.id AND seq > COALESCE((
            SELECT max(seq) FROM movement AS had
            WHERE had.item_id = item.id AND had.to_state NOT IN ('missing', 'scrapped')), 0)
        ORDER BY seq LIMIT 1
    ) AS lost ON true
    {FACTS}
    WHERE item.id = ANY(:items) AND item.state IN ('missing', 'scrapped')
      AND lost.id > (SELECT movement_id FROM charging_start)
    ORDER BY item.barcode
""")  # noqa: S608 - the part is a constant


async def redo_write_offs(
    session: AsyncSession, items: Mapping[int, int], *, because: str, actor: str, at: datetime
) -> None:
    """Reckon anew what the service bears of those of these items that are lost or scrapped. `items`: of each the line
    that was taken back. What somebody said by hand stays. Three statements at most."""
    rows = (await session.execute(LOST, {"items": list(items)})).mappings().all()
    undo: list[dict[str, Any]] = []
    instead: list[dict[str, Any]] = []
    fresh: list[dict[str, Any]] = []
    for row in rows:
        standing = [line for line in row["written"] if line["stands"]]
        if row["written"] and (not standing or standing[0]["basis"] == BY_HAND):
            continue
        account = read_account(row, NOTHING_SAID)
        rates = read_tariffs(row["tariffs"] or ())
        posting = loss_of(State(row["from_state"]), account.facts, rates, on=row["happened_on"])
        if posting.price.pence == sum(line["pence"] for line in standing):
            continue
        if standing:
            undo += taking_back(line["id"] for line in standing)
            instead.append(_coming(standing[0]["id"], posting))
        else:
            shared = _about(row, account.coming) | {"posted_at": at.isoformat(), "posted_by": actor}
            corrects = {"corrects_id": items[row["item_id"]], "because": because}
            fresh += [line | corrects for line in rows_of(posting, shared)]
    if undo:
        await put_right(session, undo, instead, because=because, actor=actor, at=at)
    if fresh:
        await session.execute(POST, {"charges": as_written(fresh)})


def _coming(corrects: int, posting: Posting) -> dict[str, Any]:
    """The line in place of a write-off; of nothing, where nothing is left of it, so that it can come again."""
    [line] = posting.lines
    price = posting.price
    return {
        "id": corrects,
        "posting_id": str(uuid4()),
        "funder": line.funder,
        "percent": str(line.percent),
        "amount_pence": line.pence,
        "vat_pence": line.vat_pence,
        "tariff_id": price.tariff_id,
        "basis": price.basis,
        "is_unpriced": price.is_unpriced,
    }


def _about(row: RowMapping, coming: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "item_id": row["item_id"],
        "movement_seq": row["seq"],
        "store_id": row["store_id"],
        "product_id": row["product_id"],
        "category": row["facts"]["category"],
        "happened_on": row["happened_on"].isoformat(),
        **counted_under(coming),
    }
