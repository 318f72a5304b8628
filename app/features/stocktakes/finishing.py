"""The end of a stocktake: what is decided about each difference becomes moves in the ledger, all of them or none."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger, promising, rematching
from app.consequences import OF_A_RETURN, SET_FREE
from app.domain.access import Actor
from app.domain.errors import BadValue, Conflict
from app.domain.labels import display
from app.domain.lifecycle import State
from app.domain.notice_work import Cause
from app.domain.stocktakes import MOVES_OF, Correction, Difference, Place, may_correct
from app.features.stocktakes import differences
from app.features.stocktakes.schemas import StocktakeBody
from app.features.stocktakes.service import KEPT_NUMBERS, find_open
from app.models import ReservationEnd

MOST_NAMED = 5
BROUGHT_BACK = frozenset({Correction.FIND, Correction.RETURN})
TAKE_BACK = text(f"{OF_A_RETURN} SELECT")
LOSE = text(f"{SET_FREE} SELECT")
KEEP = text("""
    UPDATE stocktake_item AS line SET difference = made.difference, correction = made.correction
    FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS made (item_id bigint, difference text, correction text)
    WHERE line.stocktake_id = :id AND line.item_id = made.item_id
""")
FINISH = text(f"UPDATE stocktake SET finished_at = :at, finished_by = :actor, {KEPT_NUMBERS} WHERE id = :id")  # noqa: S608 - a constant


async def finish_stocktake(
    session: AsyncSession, number: str, decided: Mapping[str, Correction], *, actor: Actor, at: datetime
) -> dict[Correction, int]:
    """Correct the record as decided, by tag, and close the count; says how many items got each correction.

    Every difference that stands now must be decided, and nothing else. Raises NotFound, BadValue `not-your-store`,
    `correction-not-possible`; Conflict `stocktake-closed`, and `differences-changed` when somebody counted or moved
    something since they were read.
    """
    count = await find_open(session, number, actor=actor)
    # Locked first and together, in the ledger's order, so that nothing moves between the comparison and the moves.
    await ledger.read_items(session, sorted(decided), lock=True)
    place = Place(count.store_id, count.bay)
    rows = {row["barcode"]: row for row in await differences.list_standing(session, count.id)}
    differing = {tag: found for tag, row in rows.items() if (found := differences.difference_of(row, place))}
    check(differing, decided)
    about: dict[str, Any] = {"actor": actor.username, "at": at, "reference": number}
    gone: list[int] = []
    for correction in MOVES_OF:
        tags = [tag for tag, chosen in decided.items() if chosen is correction]
        if tags:
            gone += await _correct(session, correction, tags, place, reason=f"Stocktake {number}.", **about)
    if gone:
        await promising.look_again(session, gone, actor=actor.username, at=at)
    back = {rows[tag]["id"]: tag for tag, chosen in decided.items() if chosen in BROUGHT_BACK}
    await rematching.ask_about_what_came(session, back, cause=Cause.FOUND, actor=actor.username, at=at)
    lines = [
        {"item_id": rows[tag]["id"], "difference": found.value, "correction": decided[tag].value}
        for tag, found in differing.items()
    ]
    await session.execute(KEEP, {"id": count.id, "lines": json.dumps(lines)})
    await session.execute(FINISH, {"id": count.id, "actor": actor.username, "at": at})
    counts = {one: sum(chosen is one for chosen in decided.values()) for one in Correction}
    done = {one.value: number_of for one, number_of in counts.items()}
    await audit.record(session, "stocktake_finished", f"stocktake:{number}", actor=actor.username, at=at, **done)
    return counts


def check_mark(count: StocktakeBody, mark: str) -> None:
    """What was decided by kind is decided about what was seen. Raises Conflict `differences-changed`."""
    if count.mark != mark:
        raise Conflict(
            "differences-changed", "Other items differ than those that you saw. Nothing was corrected. Look again."
        )


def check(differing: Mapping[str, Difference], decided: Mapping[str, Correction]) -> None:
    """Each difference must be decided, and nothing else. Raises as `finish_stocktake` does."""
    changed = sorted(differing.keys() ^ decided.keys())
    if changed:
        named = ", ".join(display(tag) for tag in changed[:MOST_NAMED])
        more = f" and {len(changed) - MOST_NAMED} more" if len(changed) > MOST_NAMED else ""
        detail = (
            f"The differences are not those that were decided about: {named}{more}. Nothing was corrected. Look again."
        )
        error = Conflict("differences-changed", detail)
        error.told = {"changed": changed}
        raise error
    for tag, correction in decided.items():
        if not may_correct(differing[tag], correction):
            what = f"{display(tag)}: “{correction.text}” cannot be done about “{differing[tag].text.lower()}”."
            raise BadValue("correction-not-possible", what, field="corrections")


async def _correct(
    session: AsyncSession,
    correction: Correction,
    tags: list[str],
    place: Place,
    *,
    actor: str,
    at: datetime,
    **details: Any,
) -> list[int]:
    """Move these items, and end what hung on them. Returns those that orders can no longer count on."""
    stays = correction is Correction.MARK_MISSING
    where: dict[str, Any] = {} if stays else {"store_id": place.store_id, "bay": place.bay}
    moved, refused = await ledger.move(session, tags, MOVES_OF[correction], actor=actor, at=at, **where, **details)
    if refused:
        raise refused[0].error
    item_ids = [one.item.id for one in moved]
    values: dict[str, Any] = {"item_ids": item_ids, "actor": actor, "at": at}
    if correction in BROUGHT_BACK:
        undelivered = [one.item.id for one in moved if one.item.state is State.DISPATCHED]
        await session.execute(TAKE_BACK, values | {"undelivered_ids": undelivered, "conditions": "[]"})
    elif correction is Correction.MARK_MISSING:
        await session.execute(LOSE, values | {"because": ReservationEnd.ITEM_MISSING.value})
    return [] if correction is Correction.TRANSFER else item_ids
