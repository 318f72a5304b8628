"""Reads of reservations."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.domain.lifecycle import State
from app.domain.reservations import Days
from app.features.reservations.schemas import ReservationBody

RESERVATIONS = """
    SELECT reservation.id, item.barcode, product.code AS product_code, product.name AS product_name,
           client.client_ref, reservation.from_on AS from_, reservation.until_on AS until, item.state,
           reservation.made_at, reservation.made_by, reservation.ended_at, reservation.ended_because,
           holding.number AS order_number
    FROM reservation
    JOIN item ON item.id = reservation.item_id
    JOIN product ON product.id = item.product_id
    JOIN client ON client.id = reservation.client_id
    LEFT JOIN LATERAL (
        SELECT equipment_order.made_by,
               CASE WHEN order_unit.cancelled_at IS NULL THEN equipment_order.number END AS number
        FROM order_unit JOIN order_line ON order_line.id = order_unit.order_line_id
        JOIN equipment_order ON equipment_order.id = order_line.order_id
        WHERE order_unit.reservation_id = reservation.id
    ) AS holding ON true
"""
ONE = text(f"{RESERVATIONS} WHERE reservation.id = :reservation_id")
# The page is chosen by numbers before anything is joined to it, each question by an index of its own. What the store
# holds for an order is a reservation of who ordered it, whoever recorded it.
QUESTIONS = {
    "client_ref": "kept.client_id = (SELECT id FROM client WHERE upper(client_ref) = upper(:client_ref))",
    "barcode": "kept.item_id = (SELECT id FROM item WHERE barcode = :barcode)",
    "live": "(kept.ended_at IS NULL) = :live",
    "made_by": """kept.id IN (
        SELECT unit.reservation_id FROM equipment_order AS asked JOIN order_unit AS unit ON unit.order_id = asked.id
        WHERE asked.made_by = :made_by
        UNION SELECT own.id FROM reservation AS own WHERE own.made_by = :made_by
          AND NOT EXISTS (SELECT FROM order_unit WHERE reservation_id = own.id))""",
}
MANY = f"""{RESERVATIONS}
    WHERE reservation.id = ANY(ARRAY(
        SELECT kept.id FROM reservation AS kept WHERE kept.id > :after {{questions}} ORDER BY kept.id LIMIT :limit))
    ORDER BY reservation.id
"""  # noqa: S608 - the parts are constants
ITEM = text("""
    SELECT item.barcode, product.code AS product_code, product.name AS product_name, item.state,
           store.code AS store, item.bay
    FROM item JOIN product ON product.id = item.product_id JOIN store ON store.id = item.store_id
    WHERE item.barcode = :barcode
""")
PRODUCT = text("SELECT code, name FROM product WHERE code = :code")
STORES = text("SELECT code, name FROM store ORDER BY code")
# What an item is taken up with on some days: reservations, and the loan or trial that is open. No end: for good.
TAKEN_UP = text("""
    SELECT 'reserved' AS why, reservation.from_on, reservation.until_on, client.client_ref
    FROM reservation JOIN item ON item.id = reservation.item_id JOIN client ON client.id = reservation.client_id
    WHERE item.barcode = :barcode AND reservation.ended_at IS NULL
    UNION ALL
    SELECT loan.kind, (loan.started_at AT TIME ZONE 'Europe/London')::date,
           CASE WHEN loan.kind = 'trial' THEN GREATEST(loan.trial_ends_on, :today) END, client.client_ref
    FROM loan JOIN item ON item.id = loan.item_id JOIN client ON client.id = loan.client_id
    WHERE item.barcode = :barcode AND loan.ended_at IS NULL
    ORDER BY from_on
""")


@dataclass(frozen=True, slots=True)
class Subject:
    """The item that is to be reserved, or whose calendar is shown."""

    barcode: str
    product_code: str
    product_name: str
    state: State
    store: str
    bay: str | None


@dataclass(frozen=True, slots=True)
class TakenUp:
    """Days on which an item is reserved, on loan or on trial, and for whom."""

    why: str
    days: Days
    client_ref: str

    def has(self, day: date) -> bool:
        """Whether that day is among them."""
        return self.days.from_on <= day <= (self.days.until_on or date.max)


async def get_reservation(session: AsyncSession, reservation_id: int) -> ReservationBody:
    """One reservation. Raises NotFound `unknown-reservation`."""
    row = (await session.execute(ONE, {"reservation_id": reservation_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-reservation", "There is no reservation with this number.")
    return ReservationBody(**row)


async def list_reservations(
    session: AsyncSession,
    *,
    client_ref: str | None = None,
    barcode: str | None = None,
    made_by: str | None = None,
    live: bool | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[ReservationBody]:
    """Reservations, oldest first, `limit + 1` of them. `made_by`: also those held for orders of that person."""
    asked = {"client_ref": client_ref, "barcode": barcode, "made_by": made_by, "live": live}
    asked = {name: value for name, value in asked.items() if value is not None}
    wanted = text(MANY.format(questions="".join(f" AND {QUESTIONS[name]}" for name in asked)))
    rows = await session.execute(wanted, {**asked, "after": after, "limit": limit + 1})
    return [ReservationBody(**row) for row in rows.mappings()]


async def get_item(session: AsyncSession, barcode: str) -> Subject:
    """The item. Raises NotFound `unknown-barcode`."""
    row = (await session.execute(ITEM, {"barcode": barcode})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    return Subject(**{**row, "state": State(row["state"])})


async def get_product_name(session: AsyncSession, code: str) -> str:
    """The product's name. Raises NotFound `unknown-product`."""
    row = (await session.execute(PRODUCT, {"code": code})).one_or_none()
    if row is None:
        detail = "There is no product with this code. Look for it in the catalogue."
        raise NotFound("unknown-product", detail, field="product_code")
    return str(row.name)


async def list_stores(session: AsyncSession) -> list[tuple[str, str]]:
    """Every store's code and name, to choose from."""
    return [(row.code, row.name) for row in await session.execute(STORES)]


async def list_taken_up(session: AsyncSession, barcode: str, *, today: date) -> list[TakenUp]:
    """On which days the item is reserved, on loan or on trial, the first days first."""
    rows = await session.execute(TAKEN_UP, {"barcode": barcode, "today": today})
    return [TakenUp(row.why, Days(row.from_on, row.until_on), row.client_ref) for row in rows]


def weeks_of(month: date) -> list[list[date]]:
    """The weeks that the month has days in, Monday to Sunday, with the days of its neighbours that fill them."""
    first = month - timedelta(days=month.weekday())
    after = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    weeks = []
    while first < after:
        weeks.append([first + timedelta(days=step) for step in range(7)])
        first += timedelta(days=7)
    return weeks
