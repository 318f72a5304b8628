"""What waits for a prescriber, and what the store has to deliver: each a count with its first few rows."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

FIRST_FEW = 5
MOST = 1_000
"""So far things are counted here, as on all of the start page."""
MOST_TO_PICK = 100
"""The same of orders to be picked."""
SOON = timedelta(days=7)
ENDS_SOON = timedelta(days=3)

# An order stays `approved` when it is delivered. What sets apart those that somebody still waits for is a piece that
# has no loan yet and was not called off: pieces are made when an order is submitted, and few are open at a time.
# An order that waits to be decided may be late as well; it is shown once, under what it waits for. What lost an item
# that was held for it, or was visited in vain, is marked wherever it stands, and stands first there.
MY_ORDERS = text("""
    WITH waits AS (
        SELECT DISTINCT unit.order_id FROM order_unit AS unit JOIN equipment_order AS own ON own.id = unit.order_id
        WHERE unit.loan_id IS NULL AND unit.cancelled_at IS NULL AND own.made_by = :actor
        UNION ALL SELECT id FROM equipment_order WHERE decision = 'draft' AND made_by = :actor
    ), mine AS (
        SELECT asked.id, asked.number, stands.state, client.client_ref, asked.promised_on,
               COALESCE(asked.promised_on < :today, false) AS is_late, trouble.lost_item, trouble.visit_failed,
               CASE WHEN stands.state = 'draft' THEN 'draft'
                    WHEN stands.state IN ('awaiting_authorisation', 'awaiting_panel') THEN 'waiting'
                    WHEN asked.promised_on < :today THEN 'late'
                    WHEN asked.promised_on <= :until THEN 'due'
                    WHEN asked.promised_on IS NULL THEN 'undated'
                    WHEN trouble.lost_item OR trouble.visit_failed THEN 'later' END AS part
        FROM waits JOIN equipment_order AS asked ON asked.id = waits.order_id
        JOIN equipment_order_state AS stands ON stands.order_id = asked.id
        JOIN client ON client.id = asked.client_id
        CROSS JOIN LATERAL (
            SELECT EXISTS (SELECT FROM order_unit AS unit JOIN reservation AS kept ON kept.id = unit.reservation_id
                           JOIN item ON item.id = kept.item_id
                           WHERE unit.order_id = asked.id AND unit.loan_id IS NULL AND unit.cancelled_at IS NULL
                             AND (kept.ended_at IS NOT NULL OR item.state NOT IN ('reserved', 'dispatched'))
                   ) AS lost_item,
                   COALESCE((SELECT failed_because IS NOT NULL FROM delivery_visit
                             WHERE order_id = asked.id ORDER BY id DESC LIMIT 1), false) AS visit_failed
        ) AS trouble
        WHERE asked.made_by = :actor AND asked.decision NOT IN ('declined', 'cancelled')
          AND stands.state NOT IN ('delivered', 'cancelled')
    ), counted AS (
        SELECT *, count(*) OVER (PARTITION BY part) AS how_many,
               count(*) FILTER (WHERE lost_item) OVER () AS lost_items,
               count(*) FILTER (WHERE visit_failed) OVER () AS failed_visits,
               row_number() OVER (PARTITION BY part
                                  ORDER BY NOT (lost_item OR visit_failed), promised_on, id) AS place
        FROM mine WHERE part IS NOT NULL
    )
    SELECT part, how_many, lost_items, failed_visits, number, state, client_ref, promised_on, is_late, lost_item,
           visit_failed
    FROM counted WHERE place <= :limit ORDER BY part, place
""")
NOTICES = text("""
    WITH unread AS MATERIALIZED (
    SELECT notice.id, item.barcode, item.product_id, loan.client_id, notice.given_at, notice.chased_at
    FROM stop_use_notice AS notice JOIN loan ON loan.id = notice.loan_id AND loan.ended_at IS NULL
    JOIN item ON item.id = loan.item_id
    LEFT JOIN order_unit AS unit ON unit.loan_id = loan.id
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    WHERE notice.acknowledged_at IS NULL AND (
        CAST(:whose AS text) IS NULL OR notice.given_by = :whose OR COALESCE(asked.made_by, loan.started_by) = :whose)
    ORDER BY notice.id LIMIT :beyond
    ), shown AS MATERIALIZED (SELECT *, (SELECT count(*) FROM unread) AS how_many FROM unread ORDER BY id LIMIT :limit)
    SELECT shown.id, shown.barcode, product.name AS product_name, client.client_ref, shown.given_at, shown.chased_at,
           shown.how_many
    FROM shown JOIN product ON product.id = shown.product_id JOIN client ON client.id = shown.client_id
    ORDER BY shown.id
""")
# What a short form of the API left without an answer, whatever has become of the order since.
TO_ANSWER = text("""
    WITH waits AS (
        SELECT false AS is_loan, asked.id, asked.number AS name, client.client_ref,
               string_agg(said.warning, ' ' ORDER BY said.id) AS warnings
        FROM order_answer AS said JOIN equipment_order AS asked ON asked.id = said.order_id
        JOIN client ON client.id = asked.client_id
        WHERE said.answer IS NULL AND asked.made_by = :actor AND asked.decision NOT IN ('declined', 'cancelled')
        GROUP BY asked.id, client.id
        UNION ALL
        SELECT true, loan.id, item.barcode, client.client_ref, string_agg(said.warning, ' ' ORDER BY said.id)
        FROM loan_answer AS said JOIN loan ON loan.id = said.loan_id AND loan.ended_at IS NULL
        JOIN item ON item.id = loan.item_id JOIN client ON client.id = loan.client_id AND client.died_on IS NULL
        LEFT JOIN order_unit AS unit ON unit.loan_id = loan.id
        LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
        WHERE said.answer IS NULL AND COALESCE(asked.made_by, loan.started_by) = :actor
        GROUP BY loan.id, item.id, client.id
    ), counted AS (
        SELECT *, count(*) OVER (PARTITION BY is_loan) AS how_many,
               row_number() OVER (PARTITION BY is_loan ORDER BY id) AS place FROM waits
    )
    SELECT is_loan, id, name, client_ref, warnings, how_many FROM counted WHERE place <= :limit ORDER BY is_loan, id
""")
UNREAD = text("""
    SELECT count(*) FROM (
        SELECT FROM message WHERE to_account_id = :account_id AND seen_at IS NULL LIMIT :beyond) AS counted
""")
# Of the panels on which the person sits, without the cases in which they declared an interest.
PANEL_CASES = text("""
    SELECT count(*) FILTER (WHERE state = 'submitted') AS to_screen,
           count(*) FILTER (WHERE state = 'submitted' AND is_urgent) AS urgent,
           count(*) FILTER (WHERE state = 'screened') AS to_list, count(*) FILTER (WHERE state = 'listed') AS listed,
           min(submitted_at) FILTER (WHERE state = 'submitted') AS since
    FROM panel_case AS brought JOIN panel_member AS mine ON mine.panel_id = brought.panel_id
    WHERE mine.account_id = :account_id AND state IN ('submitted', 'screened', 'listed')
      AND NOT EXISTS (SELECT FROM panel_interest WHERE case_id = brought.id AND account_id = mine.account_id)
""")
# An approved order of which a piece is still wanted has its timing without a day of delivery: these have indexes. What
# is to be picked is counted to a hundred, the soonest first, for the pieces of each order are looked at for it. What is
# with the drivers is counted to its end: they are told not to deliver some of it. Of each item on its way the
# reservation is looked for, or all that are live would be read. What waits to be decided may be late as well, or have
# no day, and is counted as the lists of orders show it.
STORE_ORDERS = text("""
    WITH to_pick AS (
        SELECT timing.promised_on FROM order_timing AS timing
        WHERE timing.is_approved AND timing.delivered_on IS NULL AND EXISTS (
            SELECT FROM order_unit AS unit
            JOIN reservation AS kept ON kept.id = unit.reservation_id AND kept.ended_at IS NULL
            JOIN item ON item.id = kept.item_id AND item.state = 'reserved'
            WHERE unit.order_id = timing.order_id AND unit.loan_id IS NULL AND unit.cancelled_at IS NULL
            OFFSET 0)
        ORDER BY timing.promised_on LIMIT :pick_beyond
    ), is_out AS (
        SELECT asked.id, asked.authority ->> 'panel_stopped' IS NOT NULL OR client.died_on IS NOT NULL AS is_stopped
        FROM equipment_order AS asked JOIN client ON client.id = asked.client_id
        WHERE asked.decision = 'approved' AND asked.id = ANY(ARRAY(
            SELECT unit.order_id FROM item CROSS JOIN LATERAL (
                SELECT id FROM reservation WHERE item_id = item.id AND ended_at IS NULL OFFSET 0) AS kept
            JOIN order_unit AS unit ON unit.reservation_id = kept.id AND unit.loan_id IS NULL
             AND unit.cancelled_at IS NULL
            WHERE item.state = 'dispatched'))
    ), undecided AS MATERIALIZED (
        SELECT promised_on FROM equipment_order WHERE decision IN ('awaiting_authorisation', 'awaiting_panel')
    )
    SELECT
        (SELECT count(*) FROM to_pick WHERE promised_on <= :today) AS to_pick_today,
        (SELECT count(*) FROM to_pick) AS to_pick,
        (SELECT count(*) FROM (
            SELECT FROM order_timing WHERE is_approved AND delivered_on IS NULL AND promised_on < :today
            UNION ALL SELECT FROM undecided WHERE promised_on < :today LIMIT :beyond) AS counted) AS late,
        (SELECT count(*) FROM (
            SELECT FROM order_timing WHERE is_approved AND delivered_on IS NULL AND promised_on IS NULL
            UNION ALL SELECT FROM undecided WHERE promised_on IS NULL LIMIT :beyond) AS counted) AS undated,
        (SELECT count(*) FROM (
            SELECT FROM order_timing AS timing JOIN equipment_order AS asked ON asked.id = timing.order_id
            JOIN client ON client.id = asked.client_id
            WHERE timing.is_approved AND timing.delivered_on IS NULL AND timing.failed_visits > 0
              AND client.died_on IS NULL AND asked.authority ->> 'panel_stopped' IS NULL
              AND (SELECT failed_because IS NOT NULL FROM delivery_visit
                   WHERE order_id = timing.order_id ORDER BY id DESC LIMIT 1)
            LIMIT :beyond) AS counted) AS failed_visits,
        (SELECT count(*) FROM is_out) AS out_now,
        (SELECT count(*) FROM is_out WHERE is_stopped) AS to_bring_back
""")


class Part(StrEnum):
    """What an order of one's own waits for."""

    DRAFT = "draft"
    WAITING = "waiting"
    LATE = "late"
    DUE = "due"
    UNDATED = "undated"
    LATER = "later"
    """Promised for later than that, and something went wrong."""


@dataclass(frozen=True, slots=True)
class MyOrder:
    """An order of one's own that is not done."""

    number: str
    state: str
    client_ref: str
    promised_on: date | None
    is_late: bool
    lost_item: bool
    visit_failed: bool


@dataclass(frozen=True, slots=True)
class Some:
    """How many there are, and the first few."""

    how_many: int = 0
    rows: list[MyOrder] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MyOrders:
    """One's own orders by what they wait for. `lost_items`, `failed_visits`: in how many something went wrong."""

    parts: dict[Part, Some]
    lost_items: int = 0
    failed_visits: int = 0

    @property
    def shown(self) -> int:
        """How many lines there are."""
        return sum(len(some.rows) for some in self.parts.values())


@dataclass(frozen=True, slots=True)
class Notice:
    """A stop-use notice that nobody has acknowledged. `how_many`: there are in all, in every row."""

    id: int
    barcode: str
    product_name: str
    client_ref: str
    given_at: datetime
    chased_at: datetime | None
    how_many: int


@dataclass(frozen=True, slots=True)
class ToAnswer:
    """An order or a loan of one's own with warnings that nobody has answered. `how_many`: of its kind in all, in every
    row; `name`: its number, or the asset tag."""

    is_loan: bool
    id: int
    name: str
    client_ref: str
    warnings: str
    how_many: int

    @property
    def href(self) -> str:
        """Where it is answered."""
        return f"/loans/{self.id}/answers" if self.is_loan else f"/orders/{self.name}/answers"


@dataclass(frozen=True, slots=True)
class StoreOrders:
    """What the store has to send out and deliver, in orders; `to_pick_today`, `to_pick`: up to `MOST_TO_PICK`."""

    to_pick_today: int
    to_pick: int
    late: int
    undated: int
    failed_visits: int
    out_now: int
    to_bring_back: int


async def read_my_orders(session: AsyncSession, username: str, *, today: date) -> MyOrders:
    """One's own orders that are not done, by what they wait for; due means within a week. One statement."""
    values = {"actor": username, "today": today, "until": today + SOON, "limit": FIRST_FEW}
    found: dict[Part, Some] = {part: Some() for part in Part}
    lost_items = failed_visits = 0
    names = ("number", "state", "client_ref", "promised_on", "is_late", "lost_item", "visit_failed")
    for row in (await session.execute(MY_ORDERS, values)).mappings():
        rows = [*found[Part(row["part"])].rows, MyOrder(**{name: row[name] for name in names})]
        found[Part(row["part"])] = Some(row["how_many"], rows)
        lost_items, failed_visits = row["lost_items"], row["failed_visits"]
    return MyOrders(found, lost_items, failed_visits)


async def list_notices(session: AsyncSession, *, whose: str | None) -> list[Notice]:
    """The first few notices that nobody has acknowledged, the oldest first: or those that one person
    gave, or that are about what they ordered or handed out."""
    values = {"whose": whose, "limit": FIRST_FEW, "beyond": MOST + 1}
    return [Notice(**row) for row in (await session.execute(NOTICES, values)).mappings()]


async def list_to_answer(session: AsyncSession, username: str) -> list[ToAnswer]:
    """The first few of one's own orders, and of one's own loans, with warnings that nobody has answered."""
    rows = (await session.execute(TO_ANSWER, {"actor": username, "limit": FIRST_FEW})).mappings()
    return [ToAnswer(**row) for row in rows]


async def count_unread(session: AsyncSession, account_id: int) -> int:
    """How many messages the person has not opened."""
    return int(await session.scalar(UNREAD, {"account_id": account_id, "beyond": MOST + 1}) or 0)


@dataclass(frozen=True, slots=True)
class PanelWork:
    """What waits for a member of panels. `since`: when the oldest that is to be screened was submitted."""

    to_screen: int
    urgent: int
    to_list: int
    listed: int
    since: datetime | None


async def count_panel_cases(session: AsyncSession, account_id: int) -> PanelWork:
    """The cases that wait for one's panels. One statement."""
    return PanelWork(**(await session.execute(PANEL_CASES, {"account_id": account_id})).mappings().one())


async def count_store_orders(session: AsyncSession, *, today: date) -> StoreOrders:
    """What the store has to send out and deliver."""
    values = {"today": today, "beyond": MOST + 1, "pick_beyond": MOST_TO_PICK + 1}
    return StoreOrders(**(await session.execute(STORE_ORDERS, values)).mappings().one())
