"""Any walk of many orders: the API, the view and the rules name the same state, and all records agree."""

import asyncio
from typing import Any, ClassVar
from uuid import uuid4

from httpx import Response
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app import audit, ledger
from app.domain.lifecycle import State
from app.domain.ordering import OrderDecision, order_state, unit_state
from app.features.reservations import worker
from app.settings import Settings
from tests.features import walk

MAKERS = ("ot", "student.ot", "senior.ot")
VERBS = ("submit", "authorise", "decline", "cancel", "allocate", "dispatch", "deliver", "failed-visit")
WHO = {"submit": MAKERS, "authorise": MAKERS, "decline": MAKERS, "cancel": (*MAKERS, "technician", "manager")}
BODY: dict[str, dict[str, Any]] = {
    "decline": {"reason": "It is not what she needs."},
    "cancel": {"reason": "Called off."},
    "deliver": {"received_by": "Mo"},
    "failed-visit": {"reason": "Nobody in."},
}

STATES = text("""
    SELECT asked.id, asked.number, asked.decision, asked.allocated_at IS NOT NULL AS is_allocated, stands.state,
           COALESCE(jsonb_agg(jsonb_build_object(
               'cancelled', unit.cancelled_at IS NOT NULL, 'loan', unit.loan_id IS NOT NULL,
               'reserved', kept.id IS NOT NULL AND kept.ended_at IS NULL, 'item', item.state)
               ) FILTER (WHERE unit.id IS NOT NULL), '[]') AS units
    FROM equipment_order AS asked JOIN equipment_order_state AS stands ON stands.order_id = asked.id
    JOIN order_line AS line ON line.order_id = asked.id LEFT JOIN order_unit AS unit ON unit.order_line_id = line.id
    LEFT JOIN reservation AS kept ON kept.id = unit.reservation_id LEFT JOIN item ON item.id = kept.item_id
    GROUP BY asked.id, stands.state ORDER BY asked.id
""")
OPEN_HOLDS = text("""
    SELECT hold.id FROM hold JOIN item ON item.id = hold.item_id WHERE barcode = :barcode AND lifted_at IS NULL
""")
# An item that is promised to two pieces; a piece whose reservation, item and order contradict each other; a delivered
# piece without the loan of its item; an item that is kept for nobody, or out without anybody's loan.
CONTRADICTIONS = text("""
    SELECT 'two live pieces for one item' AS what, kept.item_id FROM order_unit AS unit
    JOIN reservation AS kept ON kept.id = unit.reservation_id
    WHERE kept.ended_at IS NULL AND unit.cancelled_at IS NULL AND unit.loan_id IS NULL
    GROUP BY kept.item_id HAVING count(*) > 1
    UNION ALL
    SELECT 'an ended piece that keeps its item', kept.item_id FROM order_unit AS unit
    JOIN reservation AS kept ON kept.id = unit.reservation_id
    WHERE kept.ended_at IS NULL AND (unit.cancelled_at IS NOT NULL OR unit.loan_id IS NOT NULL)
    UNION ALL
    SELECT 'a live reservation of an item that is neither here nor on its way', item.id FROM order_unit AS unit
    JOIN reservation AS kept ON kept.id = unit.reservation_id JOIN item ON item.id = kept.item_id
    WHERE kept.ended_at IS NULL AND item.state NOT IN ('reserved', 'dispatched')
    UNION ALL
    SELECT 'a delivery that is the loan of another item or client', kept.item_id FROM order_unit AS unit
    JOIN reservation AS kept ON kept.id = unit.reservation_id JOIN loan ON loan.id = unit.loan_id
    JOIN order_line AS line ON line.id = unit.order_line_id JOIN equipment_order AS asked ON asked.id = line.order_id
    WHERE loan.item_id <> kept.item_id OR loan.client_id <> asked.client_id OR kept.client_id <> asked.client_id
       OR kept.ended_because IS DISTINCT FROM 'taken'
    UNION ALL
    SELECT 'out without a loan', item.id FROM item WHERE state IN ('on_loan', 'on_trial', 'awaiting_collection')
      AND NOT EXISTS (SELECT FROM loan WHERE loan.item_id = item.id AND ended_at IS NULL)
    UNION ALL
    SELECT 'reserved for nobody', item.id FROM item WHERE state = 'reserved'
      AND NOT EXISTS (SELECT FROM reservation WHERE reservation.item_id = item.id AND ended_at IS NULL)
    UNION ALL
    SELECT 'sent out before somebody decided', item.id FROM equipment_order AS asked
    JOIN order_line AS line ON line.order_id = asked.id JOIN order_unit AS unit ON unit.order_line_id = line.id
    JOIN reservation AS kept ON kept.id = unit.reservation_id JOIN item ON item.id = kept.item_id
    WHERE asked.decision <> 'approved' AND kept.ended_at IS NULL AND item.state = 'dispatched'
""")


class AnyOrders(RuleBasedStateMachine):
    """Random acts of prescribers, the store and fate on a few items and clients."""

    runner: ClassVar[asyncio.Runner]
    world: ClassVar[walk.World]

    @initialize()
    def open(self) -> None:
        self.runner.run(self._open())

    async def _open(self) -> None:
        await self.world.open()
        given = self.world.given
        self.dear = await given.product(purchase_price_pence=60_000, category="18 09 21")
        self.plain = await given.product()
        self.items = [
            await given.recycled(product=self.plain),
            *await given.items(3, product=self.plain),
            *await given.items(3, product=self.dear),
        ]
        self.clients = [await given.client(weight_kg=70, weighed_on="2026-02-01") for _ in range(2)]
        self.orders: list[str] = []

    def teardown(self) -> None:
        self.runner.run(self._teardown())

    async def _teardown(self) -> None:
        if hasattr(self, "orders"):
            async with self.world.sessions() as session:
                assert (await ledger.verify(session))[1] is None
                assert (await audit.verify(session))[1] is None
            await self.world.connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        await self.world.close()

    @rule(
        who=st.sampled_from(MAKERS),
        client=st.integers(0, 1),
        dear=st.booleans(),
        pieces=st.integers(1, 3),
        steps=st.integers(0, 4),
    )
    def order(self, who: str, client: int, dear: bool, pieces: int, steps: int) -> None:
        """Somebody orders, and the order goes on as far as `steps`."""
        line = {"product_code": self.dear if dear else self.plain, "quantity": pieces}
        trial = {"product_code": self.plain, "kind": "trial", "trial_days": 7}
        body = {
            "client_ref": self.clients[client],
            "funder": "ASC",
            "speed": "next_day",
            "reason": "prevention",
            "clinical_reasoning": "Falls often.",
            "lines": [line, trial] if dear else [line],
        }
        made = self.post(who, "/orders", body)
        assert made.status_code == 201, made.text
        draft = made.json()
        number = draft["number"]
        self.orders.append(number)
        old = [{"barcode": o["barcode"], "action": "collect", "reason": "Worn through."} for o in draft["supersedes"]]
        if old:
            url = f"/api/v1/orders/{number}"
            changed = self.world.people[who].patch(url, json={"supersedes": old}, headers={"If-Match": '"1"'})
            draft = self.runner.run(changed).json()
        said = [
            {"code": w["code"], "subject": w["subject"], "answer": "Seen with her at home."} for w in draft["warnings"]
        ]
        self.post(who, f"/orders/{number}/submit", {"answers": said})
        for _ in range(steps):
            self.next_step(number)

    @rule(n=st.integers(0, 9), verb=st.sampled_from(VERBS), who=st.integers(0, 9))
    def act(self, n: int, verb: str, who: int) -> None:
        """Any step on any order by anybody who may ask for it: done, or refused with a reason."""
        if not self.orders:
            return
        people = WHO.get(verb, ("technician", "manager"))
        number = self.orders[n % len(self.orders)]
        before = self.state_of(number)
        answer = self.post(people[who % len(people)], f"/orders/{number}/{verb}", BODY.get(verb, {}))
        assert answer.status_code in {200, 403, 409, 422}, answer.text
        if answer.status_code == 200:
            assert answer.json()["state"] == self.state_of(number)
        else:
            assert self.state_of(number) == before

    @rule(n=st.integers(0, 9), steps=st.integers(1, 4))
    def go_on(self, n: int, steps: int) -> None:
        """An order is taken further."""
        for _ in range(steps if self.orders else 0):
            self.next_step(self.orders[n % len(self.orders)])

    def next_step(self, number: str) -> None:
        """The next step that the order itself offers, so that walks come far."""
        for verb in ("authorise", "allocate", "deliver", "dispatch"):
            who = "senior.ot" if verb == "authorise" else "technician"
            if (
                verb in self.get(number, who)["acts"]
                and self.post(who, f"/orders/{number}/{verb}", BODY.get(verb, {})).is_success
            ):
                break

    @rule(n=st.integers(0, 6), what=st.sampled_from(["scan", "clean", "missing", "clean", "hold", "clean", "fail"]))
    def fate(self, n: int, what: str) -> None:
        """An item comes back, gets lost, is held, fails its check, or makes its way back to the shelf."""
        barcode = self.items[n]
        if what == "scan":
            self.post("technician", "/returns/scans", {"store": "MAIN", "scans": [scan(barcode)]})
        elif what == "missing":
            self.post("manager", f"/items/{barcode}/missing", {"reason": "Not there."})
        elif what == "hold":
            self.post("safety", f"/items/{barcode}/holds", {"kind": "fault", "reason": "The castor is loose."})
        elif what == "fail":
            self.post("technician", "/inspections", {"barcode": barcode, "outcome": "failed"})
        else:
            self.runner.run(self._back_to_the_shelf(barcode))

    async def _back_to_the_shelf(self, barcode: str) -> None:
        given, safety = self.world.given, self.world.people["safety"]
        for row in await self._rows(OPEN_HOLDS.bindparams(barcode=barcode)):
            await safety.delete(f"/api/v1/items/{barcode}/holds/{row['id']}", params={"reason": "It was mended."})
        if (await given.record(barcode)).state is State.MISSING:
            await given.found(barcode)
        if (await given.record(barcode)).state is State.RETURNED:
            await given.cleaning(barcode)
            await given.cleaned(barcode)
        if (await given.record(barcode)).state is State.IN_REPAIR:
            await given.repaired(barcode)
        if (await given.record(barcode)).state is State.AWAITING_INSPECTION:
            await given.inspected(barcode)
            await given.released(barcode)

    @rule(
        n=st.sampled_from([0, 5]), client=st.integers(0, 1), days=st.integers(1, 9), from_day=st.sampled_from([0, 0, 5])
    )
    def reserve(self, n: int, client: int, days: int, from_day: int) -> None:
        """Somebody reserves an item apart from any order."""
        first, last = self.world.clock.day(from_day), self.world.clock.day(from_day + days)
        body = {"barcode": self.items[n], "client_ref": self.clients[client], "from": first, "until": last}
        answer = self.post("ot", "/reservations", body)
        assert answer.status_code in {201, 409}, answer.text

    @rule(days=st.sampled_from([1, 2, 9]))
    def time_passes(self, days: int) -> None:
        """Other reservations begin and expire; those of orders do not."""
        self.world.clock.move(days=days)
        self.runner.run(self._nightly())

    async def _nightly(self) -> None:
        for job in (worker.expire_reservations, worker.begin_reservations):
            async with self.world.sessions.begin() as session:
                await job(session, today=self.world.clock.today, actor="worker", at=self.world.clock.now)

    @invariant()
    def the_api_the_view_and_the_rules_agree(self) -> None:
        for row in self.rows(STATES):
            units = [
                unit_state(
                    is_cancelled=unit["cancelled"],
                    has_loan=unit["loan"],
                    is_reserved=unit["reserved"],
                    item_state=unit["item"] and State(unit["item"]),
                )
                for unit in row["units"]
            ]
            ruled = order_state(OrderDecision(row["decision"]), units, is_allocated=row["is_allocated"])
            assert row["state"] == ruled, row

    @invariant()
    def nothing_contradicts_anything(self) -> None:
        assert self.rows(CONTRADICTIONS) == []

    def post(self, who: str, path: str, body: dict[str, Any]) -> Response:
        answer = self.runner.run(self.world.people[who].post(f"/api/v1{path}", json=body))
        assert answer.status_code < 500, answer.text
        return answer

    def get(self, number: str, who: str = "technician") -> dict[str, Any]:
        answer = self.runner.run(self.world.people[who].get(f"/api/v1/orders/{number}"))
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def state_of(self, number: str) -> str:
        """The state that the view names, after the API was seen to name the same."""
        viewed = next(row["state"] for row in self.rows(STATES) if row["number"] == number)
        assert self.get(number)["state"] == viewed
        return str(viewed)

    def rows(self, wanted: Any) -> list[dict[str, Any]]:
        return self.runner.run(self._rows(wanted)) if hasattr(self, "orders") else []

    async def _rows(self, wanted: Any) -> list[dict[str, Any]]:
        async with self.world.sessions() as session:
            return [dict(row) for row in (await session.execute(wanted)).mappings()]


def scan(barcode: str) -> dict[str, str]:
    """One scan at the returns desk."""
    return {"scan_id": str(uuid4()), "barcode": barcode}


def test_any_walk_of_orders_keeps_all_records_in_agreement(engine: AsyncEngine, settings: Settings) -> None:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        AnyOrders.runner, AnyOrders.world = runner, walk.World(engine, settings)
        run_state_machine_as_test(AnyOrders, settings=MANY_STEPS)
        runner.run(AnyOrders.world.app.state.database.dispose())


MANY_STEPS = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    # A walk that fails is short enough to read. Finding the shortest one (Phase.shrink) takes minutes.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
