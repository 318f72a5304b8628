"""Where the items of a notice are: the list of homes, and the reply to the manufacturer, which names nobody."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.domain.notice_standing import ActionState, Place
from app.domain.notices import Result
from app.features.notices.match_sql import FORMER_SERIALS, MATCHES

# Who goes there anyway: what is to be fetched, brought or inspected at that home, and who ordered last for them.
HOMES = text(f"""
    SELECT match.barcode, product.name AS product_name, match.serial_number, match.result, match.action_state,
           client.id AS client_id, client.client_ref, client.name, client.address, client.postcode, client.phone,
           client.died_on, provider.name AS care_provider, provider.phone AS care_provider_phone, loan.started_at,
           fetched.number AS collection_number, fetched.scheduled_on AS collection_on,
           brought.number AS order_number, visit.id AS visit_id, visit.planned_on AS visit_on, visit.visitor,
           asked.prescriber, tried.tries
    FROM ({MATCHES}) AS match JOIN product ON product.id = match.product_id
    JOIN loan ON loan.item_id = match.item_id AND loan.ended_at IS NULL JOIN client ON client.id = loan.client_id
    LEFT JOIN care_provider AS provider ON provider.id = client.care_provider_id
    LEFT JOIN LATERAL (
        SELECT collection.number, collection.scheduled_on
        FROM collection JOIN collection_line AS line ON line.collection_id = collection.id
        WHERE collection.client_id = client.id AND line.collected_at IS NULL AND line.cancelled_at IS NULL
        ORDER BY (line.item_id = match.item_id) DESC, collection.scheduled_on NULLS LAST, collection.id LIMIT 1
    ) AS fetched ON true
    LEFT JOIN LATERAL (
        SELECT placed.number FROM equipment_order AS placed
        WHERE placed.client_id = client.id AND placed.decision = 'approved'
          AND EXISTS (SELECT FROM order_unit AS unit WHERE unit.order_id = placed.id
                      AND unit.loan_id IS NULL AND unit.cancelled_at IS NULL)
        ORDER BY placed.promised_on NULLS LAST, placed.id LIMIT 1
    ) AS brought ON true
    LEFT JOIN LATERAL (
        SELECT id, planned_on, visitor FROM inspection_visit WHERE client_id = client.id AND ended_at IS NULL
        ORDER BY planned_on, id LIMIT 1
    ) AS visit ON true
    LEFT JOIN LATERAL (
        SELECT placed.made_by AS prescriber FROM equipment_order AS placed
        WHERE placed.client_id = client.id AND placed.submitted_at IS NOT NULL ORDER BY placed.id DESC LIMIT 1
    ) AS asked ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS tries FROM notice_match_action AS act WHERE act.match_id = match.id AND action = 'no_access'
    ) AS tried ON true
    WHERE match.place = 'with_client' AND (:finished OR match.outcome IS NULL) AND match.barcode > :after
    ORDER BY match.barcode LIMIT :limit
""")  # noqa: S608 - the parts are constants
REPLY = text(f"""
    SELECT product.manufacturer, product.model, product.code, match.serial_number, match.lot_number, match.result,
           match.place, match.action_state, count(*) AS quantity, match.serial_before
    FROM (SELECT match.*, {FORMER_SERIALS} AS serial_before FROM ({MATCHES}) AS match) AS match
    JOIN product ON product.id = match.product_id
    WHERE match.result <> 'not_affected' OR match.outcome = 'cleared'
    GROUP BY product.manufacturer, product.model, product.code, match.serial_number, match.lot_number, match.result,
             match.place, match.action_state, match.serial_before
    ORDER BY product.manufacturer, product.model, product.code, match.serial_number, match.lot_number, match.place,
             match.action_state, match.result
""")  # noqa: S608 - the parts are constants
REPLY_HEAD = (
    "manufacturer",
    "model",
    "product_code",
    "serial_number",
    "lot_number",
    "result",
    "place",
    "action_state",
    "quantity",
    "serial_number_before",
)
NAMED = text("SELECT id, reference, title, state FROM safety_notice WHERE id = :notice_id")


@dataclass(frozen=True, slots=True)
class Named:
    """A notice by its names."""

    id: int
    reference: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class Home:
    """An item at somebody's home, and who goes there: open collection, delivery, planned visit, prescriber."""

    barcode: str
    product_name: str
    serial_number: str | None
    result: Result
    action_state: ActionState
    client_id: int
    client_ref: str
    name: str
    address: str
    postcode: str
    phone: str
    died_on: date | None
    care_provider: str | None
    care_provider_phone: str | None
    started_at: datetime
    collection_number: str | None
    collection_on: date | None
    order_number: str | None
    visit_id: int | None
    visit_on: date | None
    visitor: str | None
    prescriber: str | None
    tries: int


async def get_named(session: AsyncSession, notice_id: int) -> Named:
    """The notice by its names. Raises NotFound `unknown-notice`."""
    row = (await session.execute(NAMED, {"notice_id": notice_id})).one_or_none()
    if row is None:
        raise NotFound("unknown-notice", "There is no safety notice with this reference.")
    return Named(row.id, row.reference, row.title, row.state)


async def list_homes(
    session: AsyncSession, notice_id: int, *, finished: bool = False, after: str = "", limit: int = 50
) -> list[Home]:
    """Items at homes by barcode, those with nothing left to do only when asked for; `limit + 1` of them. One statement.

    The caller writes into the audit trail that it was read.
    """
    values = {"notice_id": notice_id, "finished": finished, "after": after, "limit": limit + 1}
    rows = (await session.execute(HOMES, values)).mappings()
    return [Home(**_enums(dict(row))) for row in rows]


async def list_for_reply(session: AsyncSession, notice_id: int) -> list[tuple[object, ...]]:
    """What the manufacturer is told: serial numbers, lots and counts, and nothing of people. One statement."""
    rows = await session.execute(REPLY, {"notice_id": notice_id})
    return [tuple(row) for row in rows]


def _enums(row: dict[str, Any]) -> dict[str, Any]:
    kinds: dict[str, Any] = {"result": Result, "place": Place, "action_state": ActionState}
    return row | {name: kind(row[name]) for name, kind in kinds.items() if name in row}
