"""An order as its verbs read it: the order, its lines and its pieces, locked or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.authority import Asked, Other, Tier
from app.domain.combinations import Weight
from app.domain.errors import NotFound
from app.domain.lifecycle import State
from app.domain.loans import LoanKind
from app.domain.ordering import Act, OrderDecision, OrderState, Speed, UnitState, check_act, order_state, unit_state
from app.domain.panel import ConditionKind
from app.signing import read_others, read_route

LOCK_CLIENT = text("""
    SELECT client.id FROM client JOIN equipment_order AS asked ON asked.client_id = client.id
    WHERE asked.number = upper(:number) FOR NO KEY UPDATE OF client
""")


@dataclass(frozen=True, slots=True)
class LineRecord:
    """A line and its product. `price_now`: the catalogue's, where `unit_price_pence` is the order's."""

    id: int
    position: int
    product_id: int
    product_code: str
    product_name: str
    category: str
    tier: Tier
    non_catalogue: bool
    safe_working_load_kg: int | None
    price_now: int
    quantity: int
    kind: LoanKind
    trial_days: int | None
    trial_goals: str | None
    accept_equivalent: bool
    prefer_new: bool
    reason_for_new: str | None
    unit_price_pence: int
    explanation: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """A wanted piece with its reservation and the item reserved. `moved_at`: when the item last moved.
    `safe_working_load_kg`: of that item, which may be less than its product's."""

    id: int
    line_id: int
    position: int
    kind: LoanKind
    trial_days: int | None
    trial_goals: str | None
    reservation_id: int | None
    is_reserved: bool
    loan_id: int | None
    is_cancelled: bool
    item_id: int | None
    barcode: str | None
    product_code: str | None
    safe_working_load_kg: int | None
    is_recycled: bool
    item_state: State | None
    store: str | None
    bay: str | None
    moved_at: datetime | None

    @property
    def state(self) -> UnitState:
        """Where it stands."""
        return unit_state(
            is_cancelled=self.is_cancelled,
            has_loan=self.loan_id is not None,
            is_reserved=self.is_reserved,
            item_state=self.item_state,
        )


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order with its client, its lines and its pieces. `is_disputed`: it is not agreed who pays for it."""

    id: int
    number: str
    client_id: int
    client_ref: str
    client_name: str
    weight_kg: int | None
    weighed_on: date | None
    died_on: date | None
    team_id: int
    team: str
    store: str
    funder: str
    speed: Speed
    clinical_reasoning: str
    decision: OrderDecision
    authority: dict[str, Any]
    made_by: str
    made_by_name: str
    submitted_at: datetime | None
    promised_on: date | None
    is_allocated: bool
    is_disputed: bool
    version: int
    lines: tuple[LineRecord, ...]
    units: tuple[UnitRecord, ...]

    @property
    def subject(self) -> str:
        """What the audit trail and messages call it."""
        return f"order:{self.number}"

    @property
    def reference(self) -> str:
        """What an item's history calls it."""
        return f"order {self.number}"

    @property
    def recycled_only(self) -> bool:
        """Whether a panel approved nothing that was never issued before."""
        return ConditionKind.RECYCLED_ONLY in self.authority.get("panel_condition_kinds", [])

    @property
    def panel_stopped(self) -> str | None:
        """Why a panel lets nothing of it be handed over any more, in words; None while it does."""
        because: str | None = self.authority.get("panel_stopped")
        return because

    @property
    def is_settled(self) -> bool:
        """Whether the store has committed itself to it, and to a day: until then it can be allocated."""
        return self.is_allocated and self.promised_on is not None

    @property
    def weight(self) -> Weight | None:
        """What the client weighed, and when."""
        return Weight(self.weight_kg, self.weighed_on) if self.weight_kg and self.weighed_on else None

    @property
    def unit_states(self) -> list[UnitState]:
        """Where its pieces stand."""
        return [unit.state for unit in self.units]

    @property
    def state(self) -> OrderState:
        """Where it stands."""
        return order_state(self.decision, self.unit_states, is_allocated=self.is_allocated)

    def asked(self, others: Sequence[Other]) -> Asked:
        """What it asks of an authority: its value does not depend on what is on the shelf. `others` count with it."""
        tier = max((line.tier for line in self.lines), key=list(Tier).index, default=Tier.STANDARD)
        value = sum(line.unit_price_pence * line.quantity for line in self.lines)
        return Asked(
            self.made_by,
            self.team_id,
            tier,
            value,
            tuple(others),
            tiers=frozenset(line.tier for line in self.lines),
            funder=self.funder,
            is_non_catalogue=any(line.non_catalogue for line in self.lines),
            routed=read_route(self.authority),
        )

    def check(self, act: Act) -> None:
        """Raises WrongState when this cannot be done now."""
        check_act(act, self.decision, self.unit_states, is_allocated=self.is_allocated)

    def units_in(self, *states: UnitState) -> list[UnitRecord]:
        """Its pieces that stand there."""
        return [unit for unit in self.units if unit.state in states]


# Not its key: whoever takes back a thing of it charges it meanwhile, with the item locked that comes after it here.
LOCK = text("SELECT id FROM equipment_order WHERE number = upper(:number) FOR NO KEY UPDATE")
ORDER = text("""
    SELECT asked.id, asked.number, client.id AS client_id, client.client_ref, client.name AS client_name,
           client.weight_kg, client.weighed_on, client.died_on, team.id AS team_id, team.code AS team,
           store.code AS store, funder.code AS funder, asked.speed, asked.clinical_reasoning, asked.decision,
           asked.authority, asked.made_by, COALESCE(maker.name, asked.made_by) AS made_by_name,
           asked.submitted_at, asked.promised_on, asked.allocated_at IS NOT NULL AS is_allocated, asked.version,
           EXISTS (SELECT FROM funding_dispute WHERE order_id = asked.id AND settled_at IS NULL) AS is_disputed
    FROM equipment_order AS asked JOIN client ON client.id = asked.client_id JOIN team ON team.id = asked.team_id
    JOIN store ON store.id = asked.store_id JOIN funder ON funder.id = asked.funder_id
    LEFT JOIN account AS maker ON maker.username = asked.made_by WHERE asked.number = upper(:number)
""")
LINES = text("""
    SELECT line.id, line.position, product.id AS product_id, product.code AS product_code,
           product.name AS product_name, product.category, product.tier, product.non_catalogue,
           product.safe_working_load_kg, product.purchase_price_pence AS price_now, line.quantity, line.kind,
           line.trial_days, line.trial_goals, line.accept_equivalent, line.prefer_new, line.reason_for_new,
           line.unit_price_pence, line.explanation
    FROM order_line AS line JOIN product ON product.id = line.product_id
    WHERE line.order_id = :order_id ORDER BY line.position
""")
UNITS = text("""
    SELECT unit.id, line.id AS line_id, line.position, line.kind, line.trial_days, line.trial_goals,
           unit.reservation_id, COALESCE(kept.ended_at IS NULL AND kept.id IS NOT NULL, false) AS is_reserved,
           unit.loan_id, unit.cancelled_at IS NOT NULL AS is_cancelled, item.id AS item_id, item.barcode,
           product.code AS product_code, item.state AS item_state, store.code AS store, item.bay,
           item.last_moved_at AS moved_at,
           COALESCE(item.times_issued > 0, false) AS is_recycled,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS safe_working_load_kg
    FROM order_line AS line JOIN order_unit AS unit ON unit.order_line_id = line.id
    LEFT JOIN reservation AS kept ON kept.id = unit.reservation_id
    LEFT JOIN item ON item.id = kept.item_id LEFT JOIN product ON product.id = item.product_id
    LEFT JOIN store ON store.id = item.store_id
    WHERE line.order_id = :order_id ORDER BY line.position, unit.id
""")
# What is held for it and what it takes away, in one go: in the order of barcodes, as everywhere. Which these are is
# found first: with OR between the two, PostgreSQL asks it of every item there is.
LOCK_ITEMS = text("""
    SELECT id FROM item
    WHERE id = ANY(ARRAY(
        SELECT kept.item_id FROM order_line AS line JOIN order_unit AS unit ON unit.order_line_id = line.id
        JOIN reservation AS kept ON kept.id = unit.reservation_id AND kept.ended_at IS NULL
        WHERE line.order_id = :order_id
        UNION ALL
        SELECT loan.item_id FROM order_supersedes AS old JOIN loan ON loan.id = old.loan_id
        WHERE old.order_id = :order_id AND old.action = 'collect' AND loan.ended_at IS NULL))
    ORDER BY barcode FOR UPDATE
""")


async def lock_client(session: AsyncSession, number: str) -> None:
    """Lock the client of an order, before the order itself: whoever writes down a weight or a death of theirs locks
    them too, so that one of the two sees the other."""
    await session.execute(LOCK_CLIENT, {"number": number})


async def read_order(session: AsyncSession, number: str, *, lock: bool = False) -> OrderRecord:
    """An order. `lock` keeps others from changing it, and its items from moving, until the end.

    Whoever changes an order locks it first and its items after, in the order of their barcodes, and reads where its
    pieces stand only then. Raises NotFound `unknown-order`.
    """
    if lock:
        await session.execute(LOCK, {"number": number})
    found = (await session.execute(ORDER, {"number": number})).mappings().one_or_none()
    if found is None:
        raise NotFound("unknown-order", "There is no order with this number.", field="number")
    of_order = {"order_id": found["id"]}
    lines = [dict(row) for row in (await session.execute(LINES, of_order)).mappings()]
    if lock:
        await session.execute(LOCK_ITEMS, of_order)
    units = await read_units(session, found["id"])
    typed = {"speed": Speed(found["speed"]), "decision": OrderDecision(found["decision"])}
    return OrderRecord(
        **dict(found) | typed,
        lines=tuple(LineRecord(**_typed_line(line)) for line in lines),
        units=tuple(units),
    )


async def read_asked(session: AsyncSession, order: OrderRecord, *, today: date) -> Asked:
    """What the order asks of an authority, with all that counts with it. One statement."""
    return order.asked((await read_others(session, [order.id], today=today))[order.id])


async def read_units(session: AsyncSession, order_id: int) -> list[UnitRecord]:
    """The pieces of an order as they stand now."""
    rows = (await session.execute(UNITS, {"order_id": order_id})).mappings()
    return [
        UnitRecord(
            **dict(row) | {"kind": LoanKind(row["kind"]), "item_state": row["item_state"] and State(row["item_state"])}
        )
        for row in rows
    ]


def _typed_line(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"tier": Tier(row["tier"]), "kind": LoanKind(row["kind"])}
