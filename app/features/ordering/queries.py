"""Lists of orders, of what is to be picked, and the history of one."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.authority import Asked, Tier, can_sign
from app.domain.ordering import OrderState
from app.domain.promises import is_late
from app.features.ordering.schemas import EventBody
from app.features.ordering.worklists import ComingBack, OrderFilter, OrderLineRow, PickRow, RunRow
from app.signing import find_person, read_others, read_route, read_setting_around
from app.web.fields import BIGGEST_ID
from app.web.paging import CODE, TAG, day_cursor, number_cursor

DONE = (OrderState.DELIVERED, OrderState.DECLINED, OrderState.CANCELLED)
"""States of orders that nobody waits for any more."""
DONE_CURSOR = "done."
"""With this begins where a page of orders ends whose last line is done."""

COLUMNS = """
    SELECT asked.id, asked.number, stands.state, client.client_ref, client.name AS client_name, funder.code AS funder,
           team.code AS team, store.code AS store, asked.speed, asked.reason, asked.made_at, asked.made_by,
           COALESCE(maker.name, asked.made_by) AS made_by_name, asked.submitted_at, asked.promised_on,
           CASE WHEN stands.state = 'delivered' THEN went.delivered_on END AS delivered_on,
           COALESCE(went.last_failed AND stands.state NOT IN ('delivered', 'cancelled'), false) AS last_visit_failed,
           what.products, what.pieces, what.value_pence
"""
EVERY_ORDER = "FROM equipment_order AS asked"
# An order stays `approved` when it is delivered. What sets apart those that are not done is a piece that has no loan
# yet and was not called off: pieces are made when an order is submitted, and few are open at a time. They stand first,
# because the database keeps to the order of so many joins, and by number, so that a page ends the reading.
OPEN_ORDERS = """
    FROM (SELECT DISTINCT order_id FROM order_unit WHERE loan_id IS NULL AND cancelled_at IS NULL
          UNION ALL SELECT id FROM equipment_order WHERE decision = 'draft') AS waits
    JOIN equipment_order AS asked ON asked.id = waits.order_id
"""
# Asked by its promised day, or by visits in vain, an order is approved and has its timing without a day of delivery,
# which has an index for each; or it waits to be decided, as few do. Neither is done, so how it stands is not asked.
PROMISED_ORDERS = """
    FROM (SELECT order_id FROM order_timing WHERE is_approved AND delivered_on IS NULL AND {timed}
          UNION ALL SELECT id FROM equipment_order
          WHERE decision IN ('awaiting_authorisation', 'awaiting_panel') AND {undecided}) AS waits
    JOIN equipment_order AS asked ON asked.id = waits.order_id
"""
STANDS = "JOIN equipment_order_state AS stands ON stands.order_id = asked.id"
CLIENT = "JOIN client ON client.id = asked.client_id"
WENT = """
    LEFT JOIN LATERAL (
        SELECT (max(visited_at) FILTER (WHERE received_by IS NOT NULL)
                AT TIME ZONE 'Europe/London')::date AS delivered_on,
               (array_agg(failed_because IS NOT NULL ORDER BY id DESC))[1] AS last_failed
        FROM delivery_visit WHERE order_id = asked.id
    ) AS went ON true
"""
# Which orders are on the page is found first, with what their questions ask for and nothing more: only what is shown is
# joined to all the rest.
SHOWN = f"""
    FROM equipment_order AS asked {STANDS} {CLIENT} JOIN funder ON funder.id = asked.funder_id
    JOIN team ON team.id = asked.team_id JOIN store ON store.id = asked.store_id
    LEFT JOIN account AS maker ON maker.username = asked.made_by
    LEFT JOIN LATERAL (
        SELECT string_agg(line.quantity || ' x ' || product.name, ', ' ORDER BY line.position) AS products,
               sum(line.quantity) AS pieces, sum(line.quantity * line.unit_price_pence) AS value_pence
        FROM order_line AS line JOIN product ON product.id = line.product_id WHERE line.order_id = asked.id
    ) AS what ON true
    {WENT}
"""  # noqa: S608 - the parts are constants
MOST_ON_A_RUN = 1000
RUN = text("""
    SELECT item.barcode, product.name AS product_name, asked.number AS "order"
    FROM item JOIN product ON product.id = item.product_id
    JOIN reservation AS kept ON kept.item_id = item.id AND kept.ended_at IS NULL
    JOIN order_unit AS unit ON unit.reservation_id = kept.id AND unit.loan_id IS NULL AND unit.cancelled_at IS NULL
    JOIN equipment_order AS asked ON asked.id = unit.order_id AND asked.decision = 'approved'
    WHERE item.state = 'dispatched' ORDER BY asked.number, item.barcode LIMIT :limit
""")
AWAITING = text("""
    SELECT asked.id, asked.made_by, asked.team_id, asked.authority, array_agg(DISTINCT product.tier) AS tiers,
           sum(line.quantity * line.unit_price_pence) AS value_pence
    FROM equipment_order AS asked JOIN order_line AS line ON line.order_id = asked.id
    JOIN product ON product.id = line.product_id
    WHERE asked.decision = 'awaiting_authorisation' GROUP BY asked.id ORDER BY asked.id
""")
# Orders are walked by their day, and of each the pieces that are held for it and stand on the shelf, until the page is
# full and its last day is over: what is promised for later is not looked at. What is shown of an order and an item is
# kept from then; only the pieces of the page are joined to the rest. What has no day or no bay stands last.
PICK = text("""
    WITH of_these_days AS (
        SELECT asked.id, asked.number, asked.client_id, asked.promised_on, asked.allocated_at, asked.speed,
               COALESCE(timing.promised_on, 'infinity') AS day, piece.*
        FROM order_timing AS timing JOIN equipment_order AS asked ON asked.id = timing.order_id CROSS JOIN LATERAL (
            SELECT unit.order_line_id, item.product_id, item.bay, item.barcode, item.label_wanted_since,
                   store.code AS store
            FROM order_unit AS unit
            JOIN reservation AS kept ON kept.id = unit.reservation_id AND kept.ended_at IS NULL
            JOIN item ON item.id = kept.item_id AND item.state = 'reserved' JOIN store ON store.id = item.store_id
            WHERE unit.order_id = timing.order_id AND unit.loan_id IS NULL AND unit.cancelled_at IS NULL
              AND (CAST(:store AS text) IS NULL OR store.code = :store)
            OFFSET 0
        ) AS piece
        WHERE timing.is_approved AND timing.delivered_on IS NULL
          AND (NOT CAST(:goes_on AS boolean)
               OR (COALESCE(timing.promised_on, 'infinity') >= COALESCE(CAST(:after_day AS date), 'infinity')
                   AND (COALESCE(timing.promised_on, 'infinity'), piece.store, piece.bay IS NULL,
                        COALESCE(piece.bay, ''), asked.number, piece.barcode)
                       > (COALESCE(CAST(:after_day AS date), 'infinity'), CAST(:after_store AS text),
                          CAST(:after_bay AS text) IS NULL, COALESCE(CAST(:after_bay AS text), ''),
                          CAST(:after_number AS text), CAST(:after_barcode AS text))))
        ORDER BY timing.promised_on FETCH FIRST (CAST(:limit AS bigint)) ROWS WITH TIES
    ), waiting AS (
        SELECT * FROM of_these_days ORDER BY day, store, bay NULLS LAST, number, barcode LIMIT :limit
    )
    SELECT waiting.number, client.client_ref, waiting.promised_on, waiting.allocated_at IS NOT NULL AS is_allocated,
           waiting.speed, waiting.barcode, product.code AS product_code, product.name AS product_name, waiting.store,
           waiting.bay, line.kind, waiting.label_wanted_since IS NOT NULL AS label_wanted,
           ARRAY(SELECT warning FROM order_answer
                 WHERE order_id = waiting.id AND answer IS NULL ORDER BY id) AS not_answered
    FROM waiting JOIN client ON client.id = waiting.client_id
    JOIN order_line AS line ON line.id = waiting.order_line_id JOIN product ON product.id = waiting.product_id
    ORDER BY waiting.day, waiting.store, waiting.bay NULLS LAST, waiting.number, waiting.barcode
""")
COMING_BACK = text("""
    SELECT asked.number, item.barcode, product.name AS product_name, store.code AS store,
           CASE WHEN client.died_on IS NOT NULL THEN 'The client has died.'
                ELSE asked.authority ->> 'panel_stopped' END AS because
    FROM order_unit AS unit JOIN equipment_order AS asked ON asked.id = unit.order_id
    JOIN client ON client.id = asked.client_id
     AND (client.died_on IS NOT NULL OR asked.authority ->> 'panel_stopped' IS NOT NULL)
    JOIN reservation AS kept ON kept.id = unit.reservation_id AND kept.ended_at IS NULL
    JOIN item ON item.id = kept.item_id AND item.state = 'dispatched' JOIN product ON product.id = item.product_id
    JOIN store ON store.id = asked.store_id
    WHERE unit.loan_id IS NULL AND unit.cancelled_at IS NULL
      AND (CAST(:store AS text) IS NULL OR store.code = :store)
    ORDER BY asked.id, item.barcode LIMIT :limit
""")
PLACE_TO_PICK: Final = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} O[0-9]+ {TAG.pattern} {CODE.pattern}( .+)?")
NO_DAY: Final = date.max
"""Stands in a cursor for a piece that is promised for no day."""
HISTORY = text("SELECT at, chain AS actor, action, detail FROM audit_event WHERE subject = :subject ORDER BY at, id")


async def list_orders(
    session: AsyncSession,
    asked: OrderFilter,
    *,
    me: str,
    today: date,
    before: int | None = None,
    limit: int = 50,
    is_done: bool | None = None,
) -> list[OrderLineRow]:
    """Orders, newest first, `limit + 1` of them. `me`: who asks, for `mine` and `awaiting_me`; `is_done`: only those
    that nobody waits for any more, or only the others."""
    if asked.late or asked.undated or asked.failed_visit or asked.due_on or (asked.state and asked.state not in DONE):
        if is_done:
            return []
        is_done = False
    values = {
        "before": before or BIGGEST_ID,
        "limit": limit + 1,
        "me": me,
        "client_ref": asked.client_ref,
        "due_on": asked.due_on,
        "today": today,
        "ids": await signable_by(session, me, today=today) if asked.awaiting_me else None,
        "state": asked.state and asked.state.value,
        "decision": asked.state and _decision_of(asked.state),
        "done": list(DONE),
    }
    # Those that wait for somebody's decision are few, and their index finds them sooner than the open pieces do.
    is_undecided = asked.state is not None and asked.state not in DONE and _decision_of(asked.state) != "approved"
    # What is not asked for is left out: as a question that is left open it would hide an index from the database.
    promised = _promised(asked)
    conditions = " AND ".join(_conditions(asked, is_done=None if promised else is_done))
    joined = {STANDS: "stands.", CLIENT: "client.", WENT: "went."}
    begins = promised or (OPEN_ORDERS if is_done is False and not is_undecided else EVERY_ORDER)
    wanted = text(f"""
        {COLUMNS} {SHOWN} WHERE asked.id = ANY(ARRAY(
            SELECT asked.id {begins}
            {" ".join(part for part, name in joined.items() if name in conditions)}
            WHERE {conditions} ORDER BY asked.id DESC LIMIT :limit
        )) ORDER BY asked.id DESC
    """)
    rows = (await session.execute(wanted, values)).mappings()
    found = []
    for row in rows:
        late = _late(row["state"], row["promised_on"], row["delivered_on"], today)
        found.append(OrderLineRow(**row, is_late=late))
    return found


async def list_open_first(
    session: AsyncSession, asked: OrderFilter, *, me: str, today: date, after: str | None = None, limit: int = 50
) -> list[OrderLineRow]:
    """Orders that are not done, then the others; newest first among each, `limit + 1` of them.

    Raises BadValue `bad-cursor`.
    """
    was_done = (after or "").startswith(DONE_CURSOR)
    before = number_cursor(after.removeprefix(DONE_CURSOR) if after else None) or None
    details: dict[str, Any] = {"me": me, "today": today}
    if was_done:
        return await list_orders(session, asked, **details, before=before, limit=limit, is_done=True)
    found = await list_orders(session, asked, **details, before=before, limit=limit, is_done=False)
    if len(found) <= limit:
        found += await list_orders(session, asked, **details, limit=limit - len(found), is_done=True)
    return found


def cursor_of(row: OrderLineRow) -> str:
    """Where `list_open_first` goes on behind this line."""
    return f"{DONE_CURSOR if row.state in DONE else ''}{row.id}"


async def signable_by(session: AsyncSession, username: str, *, today: date) -> list[int]:
    """The numbers of the rows of all orders that this person can sign now, by their own authority or a lent one."""
    waiting = (await session.execute(AWAITING)).all()
    setting = await read_setting_around(session, today, username)
    others = await read_others(session, [row.id for row in waiting], today=today)
    me = find_person(setting, username)
    ranks = list(Tier)
    found = []
    for row in waiting:
        tier = max((Tier(tier) for tier in row.tiers), key=ranks.index)
        asked = Asked(row.made_by, row.team_id, tier, row.value_pence, others[row.id], routed=read_route(row.authority))
        if can_sign(asked, me, setting):
            found.append(row.id)
    return found


async def list_run(session: AsyncSession) -> list[RunRow]:
    """What is with the drivers, by order."""
    rows = (await session.execute(RUN, {"limit": MOST_ON_A_RUN})).mappings()
    return [RunRow(**row) for row in rows]


async def pick_list(
    session: AsyncSession, *, store: str | None = None, today: date, after: str | None = None, limit: int = 500
) -> list[PickRow]:
    """What is held for approved orders and stands on the shelf: by promised day, those without one last, then store and
    bay, as many as `limit`. `after`: the `pick_cursor` of the last before. Raises BadValue `bad-cursor`."""
    values = {"store": store, "limit": limit, "goes_on": bool(after), **_pick_place(after)}
    rows = (await session.execute(PICK, values)).mappings()
    return [PickRow(**row, is_late=is_late(row["promised_on"], None, today)) for row in rows]


def pick_cursor(row: PickRow) -> str:
    """Where a page of the pick list ends."""
    return " ".join([str(row.promised_on or NO_DAY), row.number, row.barcode, row.store, row.bay or ""]).rstrip()


def _pick_place(after: str | None) -> dict[str, object]:
    day, number, barcode, store, bay = [*day_cursor(after, PLACE_TO_PICK).split(" ", 4), "", "", "", "", ""][:5]
    promised_on = date.fromisoformat(day) if day else NO_DAY
    place = {"day": None if promised_on == NO_DAY else promised_on, "number": number, "barcode": barcode}
    return {f"after_{name}": value for name, value in (place | {"store": store, "bay": bay or None}).items()}


async def list_coming_back(session: AsyncSession, *, store: str | None = None, limit: int = 500) -> list[ComingBack]:
    """What is with the driver for clients who have died, of the stores that sent it."""
    rows = (await session.execute(COMING_BACK, {"store": store, "limit": limit})).mappings()
    return [ComingBack(**row) for row in rows]


async def list_history(session: AsyncSession, number: str) -> Sequence[EventBody]:
    """What was done with an order, from the audit trail, oldest first."""
    rows = (await session.execute(HISTORY, {"subject": f"order:{number}"})).mappings()
    return [EventBody(**row) for row in rows]


def _conditions(asked: OrderFilter, *, is_done: bool | None) -> list[str]:
    conditions = {
        "asked.id < :before": True,
        "asked.made_by = :me": asked.mine,
        "upper(client.client_ref) = upper(:client_ref)": asked.client_ref is not None,
        "asked.id = ANY(:ids)": asked.awaiting_me,
        "asked.promised_on = :due_on": asked.due_on is not None,
        "asked.promised_on < :today": asked.late,
        "asked.promised_on IS NULL AND asked.submitted_at IS NOT NULL": asked.undated,
        # What is with the driver for somebody who has died, or was stopped by the panel, is to come back.
        "went.last_failed AND client.died_on IS NULL AND asked.authority ->> 'panel_stopped' IS NULL": (
            asked.failed_visit
        ),
        "asked.decision = :decision AND stands.state = :state": asked.state is not None,
        "stands.state = ANY(:done)": is_done is True,
        "stands.state <> ALL(:done)": is_done is False,
    }
    return [condition for condition, is_asked in conditions.items() if is_asked]


def _promised(asked: OrderFilter) -> str:
    """Where orders are looked for that are asked by their promised day, or by visits in vain; empty for others."""
    days = {
        "promised_on = :due_on": asked.due_on is not None,
        "promised_on < :today": asked.late,
        "promised_on IS NULL": asked.undated,
    }
    wanted = [condition for condition, is_asked in days.items() if is_asked]
    if not wanted and not asked.failed_visit:
        return ""
    timed = [*wanted, "failed_visits > 0"] if asked.failed_visit else wanted
    return PROMISED_ORDERS.format(timed=" AND ".join(timed), undecided=" AND ".join(wanted) or "true")


def _decision_of(state: OrderState) -> str:
    """An indexed column that narrows the search. An approved order of which every piece was called off is cancelled."""
    derived = {OrderState.APPROVED, OrderState.ALLOCATED, OrderState.DISPATCHED, OrderState.DELIVERED}
    return "approved" if state in derived else state.value


def _late(state: str, promised_on: date | None, delivered_on: date | None, today: date) -> bool:
    if state in {"draft", "declined", "cancelled"}:
        return False
    return is_late(promised_on, delivered_on, today)
