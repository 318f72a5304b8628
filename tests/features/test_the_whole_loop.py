"""Any walk through the whole loop, by the API on PostgreSQL, against a model of a dozen lines of rules.

Hypothesis chooses what people do, in any order and also when it makes no sense; the model says what must come of it.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from httpx import Response
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app import audit, ledger
from app.domain.lifecycle import Move, State
from app.domain.whereabouts import PAST_RETURN
from app.settings import Settings
from tests.features.walk import Thing, World
from tests.given import TRIED

WASTE = {"waste_stream": "metal", "reference": "WTN-1"}
OUT_WITH_LOAN = {State.ON_LOAN, State.ON_TRIAL, State.AWAITING_COLLECTION}
SEEN = text("""
    SELECT item.barcode, item.state, movement.to_state, item.times_issued,
           (SELECT count(*) FROM loan WHERE item_id = item.id AND ended_at IS NULL) AS open_loans,
           (SELECT count(*) FROM reservation WHERE item_id = item.id AND ended_at IS NULL) AS live_reservations,
           (SELECT count(*) FROM collection_line WHERE item_id = item.id AND collected_at IS NULL
            AND cancelled_at IS NULL) AS open_lines,
           (SELECT count(*) FROM hold WHERE item_id = item.id AND lifted_at IS NULL) AS open_holds
    FROM item JOIN movement ON movement.item_id = item.id AND movement.seq = item.last_seq
""")
# Each row would be an item on the shelf, or handed out, that should not be there.
UNSAFE = text("""
    SELECT gate.item_id, gate.seq FROM movement AS gate
    JOIN item ON item.id = gate.item_id JOIN product ON product.id = item.product_id
    CROSS JOIN LATERAL (SELECT max(seq) AS seq FROM movement WHERE item_id = item.id AND seq < gate.seq
                        AND move IN ('return', 'find')) AS back
    WHERE ((gate.move = 'release' AND gate.from_state = 'awaiting_inspection') OR gate.move = 'issue'
           OR (gate.move = 'start_trial' AND gate.from_state <> 'awaiting_collection'))
      AND back.seq IS NOT NULL
      AND (product.single_patient_use
           OR NOT EXISTS (SELECT FROM decontamination WHERE item_id = item.id AND outcome = 'passed'
                          AND finished_seq > back.seq AND finished_seq < gate.seq)
           OR NOT EXISTS (SELECT FROM inspection WHERE item_id = item.id AND kind = 'functional' AND outcome = 'passed'
                          AND seq > back.seq AND seq < gate.seq))
""")


class AnyWalk(RuleBasedStateMachine):
    """One walk."""

    runner: asyncio.Runner
    world: World

    def __init__(self) -> None:
        super().__init__()
        self.things: list[Thing] = []
        self.runner.run(self.world.open())

    def teardown(self) -> None:
        """At the end of each walk every chain holds."""
        try:
            self.runner.run(self._check_chains())
        finally:
            self.runner.run(self.world.close())

    @initialize()
    def a_store_with_something_in_it(self) -> None:
        given, run = self.world.given, self.runner.run
        self.products = [
            (run(given.product(single_patient_use=single, high_risk=risky, purchase_price_pence=100)), single, risky)
            for single, risky in ((False, False), (False, True), (True, False))
        ]
        self.clients = [run(given.client()) for _ in range(2)]
        self.receive(0)
        self.receive(1)

    # What people do: `n` chooses the item, `picks` what is done with it. Mostly it makes sense: walks get somewhere.

    @rule(n=st.integers(0, 2), picks=st.lists(st.integers(0, 59), min_size=1, max_size=8))
    def do_what_makes_sense(self, n: int, picks: list[int]) -> None:
        for pick in picks:
            sensible = self.sensible(n)
            if sensible:
                sensible[pick % len(sensible)]()
                self.the_record_is_what_the_model_says()

    @rule(n=st.integers(0, 2), picks=st.lists(st.integers(0, 59), min_size=1, max_size=3))
    def do_anything(self, n: int, picks: list[int]) -> None:
        for pick in picks:
            anything = self.anything(n)
            anything[pick % len(anything)]()
            self.the_record_is_what_the_model_says()

    def sensible(self, n: int) -> list[Callable[[], object]]:
        """What people would do with an item that stands where it stands."""
        thing = self.thing(n)
        who = self.clients.index(thing.reservation[1] if thing.reservation else thing.client or self.clients[0])
        lend, trial = partial(self.hand_over, n, who, False), partial(self.hand_over, n, who, True)
        clean = [
            partial(self.finish_decontamination, n, how, False) for how in ("passed", "passed", "failed", "cannot")
        ]
        check = partial(self.inspect, n, "passed")
        release = [partial(self.release, n, second) for second in (True, True, False)]
        ways: dict[State, list[Callable[[], object]]] = {
            State.IN_STOCK: [
                lend,
                trial,
                partial(self.reserve, n, who),
                partial(self.transfer, n),
                partial(self.settle, n, True),
            ],
            State.RESERVED: [lend, trial, partial(self.give_up_reservation, n), partial(self.inspect, n, "failed")],
            State.ON_LOAN: [partial(self.scan, n, True), partial(self.request_collection, n, who), check],
            State.ON_TRIAL: [partial(self.decide_trial, n, how) for how in ("keep", "collect", "extend")],
            State.AWAITING_COLLECTION: [partial(self.scan, n, False), partial(self.cancel_collection, n)],
            State.RETURNED: [partial(self.start_decontamination, n), partial(self.start_decontamination, n, True)],
            State.DECONTAMINATING: [*clean],
            State.AWAITING_INSPECTION: [check, *release, partial(self.lift, n)],
            State.IN_REPAIR: [partial(self.repair, n, "repaired")],
            State.MISSING: [partial(self.find, n), partial(self.scan, n, False)],
        }
        return ways.get(thing.state, [])

    def anything(self, n: int) -> list[Callable[[], object]]:
        """Everything, whether it makes sense or not."""
        outcomes = ("passed", "failed", "danger")
        return [
            *(partial(self.hand_over, n, who, trial) for who in (0, 1) for trial in (False, True)),
            *(partial(self.decide_trial, n, how) for how in ("keep", "collect", "extend")),
            *(partial(self.request_collection, n, who) for who in (0, 1)),
            *(partial(self.finish_decontamination, n, how, True) for how in ("passed", "failed", "cannot")),
            *(partial(self.inspect, n, how) for how in outcomes),
            *(partial(self.release, n, second) for second in (False, True)),
            *(partial(self.reserve, n, who) for who in (0, 1)),
            partial(self.cancel_collection, n),
            partial(self.scan, n, True),
            partial(self.start_decontamination, n),
            partial(self.start_decontamination, n, True),
            partial(self.repair, n, "repaired"),
            partial(self.repair, n, "beyond_repair"),
            partial(self.hold, n),
            partial(self.lift, n),
            partial(self.mark_missing, n),
            partial(self.find, n),
            partial(self.scrap, n),
            partial(self.give_up_reservation, n),
            partial(self.transfer, n),
            partial(self.count, n),
            partial(self.consign, n),
            *(partial(self.settle, n, was_used) for was_used in (False, True)),
        ]

    @precondition(lambda self: len(self.things) < 3 or all(thing.state is State.SCRAPPED for thing in self.things))
    @rule(product=st.integers(0, 2))
    def receive(self, product: int) -> None:
        code, single, risky = self.products[product]
        body = {"product_code": code, "store": "MAIN", "quantity": 1, "received_on": self.world.clock.day(0)}
        made = self.post("technician", "/items", body)
        self.things.append(Thing(made.json()["items"][0]["barcode"], single, risky))

    def hand_over(self, n: int, client: int, trial: bool) -> None:
        thing, who = self.thing(n), self.clients[client]
        move = Move.START_TRIAL if trial else Move.ISSUE
        kept_for_other = thing.reservation is not None and thing.reservation[1] != who
        shelf = thing.state in {State.IN_STOCK, State.RESERVED}
        ends = {"kind": "trial", "trial_ends_on": self.world.clock.day(14)} if trial else {}
        old = [one for one in self.things if one.loan is not None and one.client == who and one is not thing]
        kept = [{"barcode": one.barcode, "action": "keep", "reason": "For upstairs."} for one in old]
        body = {"barcode": thing.barcode, "client_ref": who, "supersedes": kept}
        answer = self.post("ot", "/loans", body | ends)
        # What must not be used any more is not kept either.
        may_keep = not any(one.is_stopped for one in old)
        if self.happened(answer, shelf and may_keep and not thing.is_blocked() and not kept_for_other):
            thing.moves(move)
            thing.issued += 1
            thing.loan, thing.is_trial, thing.client, thing.reservation = answer.json()["id"], trial, who, None

    def decide_trial(self, n: int, outcome: str) -> None:
        thing = self.thing(n)
        if thing.loan is None:
            return
        body = {"outcome": outcome, **TRIED}
        if outcome == "extend":
            self.world.clock.move(days=1)
            body["until"] = self.world.clock.day(300)
        answer = self.post("ot", f"/loans/{thing.loan}/trial-outcome", body)
        possible = thing.state is State.ON_TRIAL and thing.is_trial and (outcome == "collect" or not thing.is_stopped)
        if outcome == "extend" and possible and answer.status_code == 422:
            assert answer.json()["code"] == "extension-too-short"
            return
        if not self.happened(answer, possible):
            return
        if outcome == "keep":
            thing.moves(Move.KEEP_AFTER_TRIAL)
            thing.is_trial = False
        elif outcome == "collect":
            thing.moves(Move.REQUEST_COLLECTION)
            [row] = self.runner.run(self._rows(text("SELECT max(number) AS number FROM collection")))
            thing.collection = row["number"]

    def request_collection(self, n: int, client: int) -> None:
        thing, who = self.thing(n), self.clients[client]
        body = {"client_ref": who, "barcodes": [thing.barcode], "reason": "Moved."}
        answer = self.post("ot", "/collections", body)
        if self.happened(answer, thing.client == who and thing.can(Move.REQUEST_COLLECTION)):
            thing.moves(Move.REQUEST_COLLECTION)
            thing.collection = answer.json()["number"]

    def cancel_collection(self, n: int) -> None:
        thing = self.thing(n)
        if thing.collection is None:
            return
        answer = self.post("ot", f"/collections/{thing.collection}/cancel", {"reason": "Stays."})
        if self.happened(answer, thing.state is State.AWAITING_COLLECTION):
            thing.moves(Move.START_TRIAL if thing.is_trial else Move.CANCEL_COLLECTION)
            thing.collection = None

    def scan(self, n: int, again: bool) -> None:
        thing = self.thing(n)
        body = {"store": "MAIN", "scans": [{"scan_id": str(uuid4()), "barcode": thing.barcode}]}
        answer = self.post("technician", "/returns/scans", body)
        [result] = answer.json()["results"]
        assert (result["outcome"] == "accepted") == thing.can(Move.RETURN), result
        if thing.can(Move.RETURN):
            thing.moves(Move.RETURN)
            thing.comes_back()
            if again:
                [replay] = self.post("technician", "/returns/scans", body).json()["results"]
                assert replay["outcome"] == "duplicate"
        elif thing.question is None and (
            thing.state in {State.IN_STOCK, State.RESERVED}
            # Of what is being made fit it depends on where, and on when its cleaning began: `domain.whereabouts` knows.
            or (thing.state in PAST_RETURN and result["code"] == "not-out")
        ):
            # By the record it never left: held until somebody says where it was.
            thing.question = self.newest_hold()
            thing.holds.append(thing.question)
        assert result["state"] == thing.state

    def settle(self, n: int, was_used: bool) -> None:
        thing = self.thing(n)
        body = {"decision": "used" if was_used else "never_left", "reason": "It was looked at."}
        answer = self.post("technician", f"/items/{thing.barcode}/whereabouts", body)
        possible = thing.question is not None and not (was_used and thing.single_patient)
        if not self.happened(answer, possible) or thing.question is None:
            return
        thing.holds.remove(thing.question)
        thing.question = None
        clean = {State.IN_STOCK, State.RESERVED} | PAST_RETURN
        if was_used and thing.state in clean | {State.MISSING}:
            if thing.state is not State.MISSING:
                thing.moves(Move.MARK_MISSING)
            thing.reservation = thing.collection = None
            thing.moves(Move.FIND)
            thing.issued = thing.issued or 1
            thing.comes_back()

    def start_decontamination(self, n: int, by_order: bool = False) -> None:
        thing, who = self.thing(n), "manager" if by_order else "technician"
        body = {"barcodes": [thing.barcode]} | ({"route": "thermal"} if by_order else {})
        answer = self.post(who, "/decontaminations", body)
        allowed = not thing.is_spent and (by_order or not thing.cannot_be_cleaned)
        if self.was_accepted(answer, allowed and thing.can(Move.START_DECONTAMINATION)):
            thing.moves(Move.START_DECONTAMINATION)
            thing.starter = who

    def finish_decontamination(self, n: int, outcome: str, second: bool) -> None:
        thing, who = self.thing(n), "technician2" if second else "technician"
        body = {"results": [{"barcode": thing.barcode, "outcome": outcome, "infection_risk": "low"}]}
        answer = self.post(who, "/decontaminations/results", body)
        if self.was_accepted(answer, thing.state is State.DECONTAMINATING):
            thing.moves(Move.PASS_DECONTAMINATION if outcome == "passed" else Move.FAIL_DECONTAMINATION)
            thing.cleaned, thing.cannot_be_cleaned = outcome == "passed", outcome == "cannot"
            thing.cleaners = (thing.starter, who)

    def inspect(self, n: int, outcome: str) -> None:
        thing, passed = self.thing(n), outcome == "passed"
        move = Move.PASS_INSPECTION if passed else Move.FAIL_INSPECTION
        words = {"notes": "A wire is bare."} if outcome == "danger" else {}
        answer = self.post("technician2", "/inspections", {"barcode": thing.barcode, "outcome": outcome} | words)
        # A danger is taken down wherever the item is; where no inspection moves it, it stays there.
        if passed and thing.is_dangerous:
            # Who found it says alone that it is none only after a repair.
            assert answer.status_code in {403, 409}, answer.text
            return
        if not self.happened(answer, thing.can(move) or outcome == "danger"):
            return
        if not passed:
            thing.is_stopped = thing.is_stopped or thing.loan is not None
            thing.is_dangerous = thing.is_dangerous or outcome == "danger"
        if not thing.can(move):
            if thing.state is not State.SCRAPPED:
                thing.holds.append(self.newest_hold())
            return
        if not passed and (outcome == "danger" or thing.state in OUT_WITH_LOAN):
            thing.holds.append(self.newest_hold())
        if not passed and thing.state is State.RESERVED:
            thing.reservation = None
        thing.moves(move)
        thing.checked = passed

    def repair(self, n: int, outcome: str) -> None:
        thing = self.thing(n)
        answer = self.post(
            "technician", f"/items/{thing.barcode}/repair", {"outcome": outcome, **WASTE, "notes": "The frame is bent."}
        )
        if self.happened(answer, thing.state is State.IN_REPAIR):
            thing.moves(Move.COMPLETE_REPAIR if outcome == "repaired" else Move.SCRAP)
            thing.is_dangerous = False

    def release(self, n: int, second: bool) -> None:
        thing, who = self.thing(n), "technician2" if second else "technician"
        answer = self.post(who, f"/items/{thing.barcode}/release", {})
        possible = thing.state is State.AWAITING_INSPECTION and not thing.is_blocked(who)
        if self.happened(answer, possible):
            thing.moves(Move.RELEASE)
        elif thing.state is State.AWAITING_INSPECTION:
            assert answer.json()["blockers"]

    def hold(self, n: int) -> None:
        thing = self.thing(n)
        answer = self.post(
            "safety", f"/items/{thing.barcode}/holds", {"kind": "fault", "reason": "The castor is loose."}
        )
        assert answer.status_code == 201
        thing.holds.append(answer.json()["id"])
        thing.is_stopped = thing.is_stopped or thing.loan is not None

    def lift(self, n: int) -> None:
        thing = self.thing(n)
        if thing.holds:
            lifted = thing.holds[-1]
            url = f"/api/v1/items/{thing.barcode}/holds/{lifted}"
            answer = self.runner.run(self.world.people["safety"].delete(url, params={"reason": "It was mended."}))
            # What holds it until somebody says where it was is ended by that alone.
            assert answer.status_code == (409 if lifted == thing.question else 204), answer.text
            if lifted != thing.question:
                thing.holds.pop()

    def mark_missing(self, n: int) -> None:
        thing = self.thing(n)
        answer = self.post("manager", f"/items/{thing.barcode}/missing", {"reason": "Not there."})
        if self.happened(answer, thing.can(Move.MARK_MISSING)):
            thing.moves(Move.MARK_MISSING)
            thing.reservation = thing.collection = None

    def find(self, n: int) -> None:
        thing = self.thing(n)
        answer = self.post("manager", f"/items/{thing.barcode}/find", {"store": "COAST", "reason": "In a shed."})
        if self.happened(answer, thing.can(Move.FIND)):
            thing.moves(Move.FIND)
            thing.comes_back()

    def scrap(self, n: int) -> None:
        thing = self.thing(n)
        stream = "nowhere" if thing.state is State.MISSING else "metal"
        said = {**WASTE, "reason": "The frame is bent.", "waste_stream": stream}
        answer = self.post("manager", f"/items/{thing.barcode}/scrap", said)
        if self.happened(answer, thing.can(Move.SCRAP) and not thing.is_stopped):
            thing.moves(Move.SCRAP)
            thing.loan = thing.client = None

    def reserve(self, n: int, client: int) -> None:
        thing, who = self.thing(n), self.clients[client]
        body = {"barcode": thing.barcode, "client_ref": who, "until": self.world.clock.day(7)}
        answer = self.post("ot", "/reservations", body)
        if self.happened(answer, thing.state is State.IN_STOCK and not thing.is_blocked()):
            thing.moves(Move.RESERVE)
            thing.reservation = (answer.json()["id"], who)

    def give_up_reservation(self, n: int) -> None:
        thing = self.thing(n)
        if thing.reservation:
            url = f"/api/v1/reservations/{thing.reservation[0]}"
            answer = self.runner.run(self.world.people["ot"].delete(url))
            assert answer.status_code == 204, answer.text
            thing.moves(Move.RELEASE)
            thing.reservation = None

    def transfer(self, n: int) -> None:
        thing = self.thing(n)
        body = {"store": "COAST", "reason": "More room there."}
        self.happened(self.post("manager", f"/items/{thing.barcode}/transfer", body), thing.can(Move.TRANSFER))

    def count(self, n: int) -> None:
        """It is counted in a bay where nothing is expected, and all is done about it that may be done."""
        thing = self.thing(n)
        # What an earlier count found in its bay would be expected there.
        place = {"store": "MAIN", "bay": f"Nowhere {uuid4()}", "is_empty_bay": True}
        number = self.post("technician", "/stocktakes", place).json()["number"]
        scans = {"scans": [{"scan_id": str(uuid4()), "barcode": thing.barcode}]}
        self.was_accepted(self.post("technician", f"/stocktakes/{number}/scans", scans), True)
        url = f"/api/v1/stocktakes/{number}"
        count = self.runner.run(self.world.people["manager"].get(url)).json()
        decided = [
            {"barcode": one["barcode"], "correction": max(one["corrections"], key=lambda name: name != "none")}
            for one in count["differences"]
        ]
        answer = self.post("manager", f"/stocktakes/{number}/finish", {"corrections": decided})
        assert answer.status_code == 200, answer.text
        if thing.can(Move.RETURN):
            thing.moves(Move.RETURN)
            thing.comes_back()

    def consign(self, n: int) -> None:
        """It goes to the other store with a consignment; on the way nobody is given it."""
        thing = self.thing(n)
        here = self.runner.run(self.world.people["manager"].get(f"/api/v1/items/{thing.barcode}")).json()["store"]
        other = {"MAIN": "COAST", "COAST": "MAIN"}[here]
        made = self.post("technician", "/transfers", {"from_store": here, "to_store": other}).json()["number"]
        out, into = ({"scans": [{"scan_id": str(uuid4()), "barcode": thing.barcode}]} for _ in range(2))
        may_go = thing.can(Move.TRANSFER) and thing.state is not State.RESERVED
        if self.was_accepted(self.post("technician", f"/transfers/{made}/sent", out), may_go):
            thing.holds.append(self.newest_hold())
            self.hand_over(n, 0, False)
            self.transfer_is_refused(thing)
            thing.holds.pop()
            self.was_accepted(self.post("technician", f"/transfers/{made}/received", into), True)

    def transfer_is_refused(self, thing: Thing) -> None:
        body = {"store": "COAST", "reason": "Room for more beds."}
        self.happened(self.post("manager", f"/items/{thing.barcode}/transfer", body), False)

    @rule(hours=st.integers(1, 40))
    def time_passes(self, hours: int) -> None:
        self.world.clock.now += timedelta(hours=hours)

    # What must hold after every step.

    @invariant()
    def the_record_is_what_the_model_says(self) -> None:
        rows = {row["barcode"]: row for row in self.runner.run(self._rows(SEEN))}
        assert set(rows) == {thing.barcode for thing in self.things}
        for thing in self.things:
            row = rows[thing.barcode]
            assert row["state"] == row["to_state"] == thing.state
            assert row["times_issued"] == thing.issued
            assert row["open_loans"] == (thing.loan is not None)
            assert (thing.loan is not None) == (
                thing.state in OUT_WITH_LOAN or (thing.state is State.MISSING and thing.loan is not None)
            )
            assert row["live_reservations"] == (thing.state is State.RESERVED)
            assert row["open_lines"] == (thing.state is State.AWAITING_COLLECTION)
            assert row["open_holds"] == len(thing.holds)

    @invariant()
    def nothing_went_to_the_shelf_or_out_that_should_not(self) -> None:
        assert self.runner.run(self._rows(UNSAFE)) == []

    # How it is asked.

    def thing(self, n: int) -> Thing:
        return self.things[n % len(self.things)]

    def post(self, who: str, path: str, body: dict[str, Any]) -> Response:
        answer = self.runner.run(self.world.people[who].post(f"/api/v1{path}", json=body))
        assert answer.status_code < 500, answer.text
        return answer

    def happened(self, answer: Response, wanted: bool) -> bool:
        """It was done, or refused by the rules, as the model says."""
        assert answer.status_code in ({200, 201} if wanted else {409}), answer.text
        return wanted

    def was_accepted(self, answer: Response, wanted: bool) -> bool:
        [result] = answer.json()["results"]
        assert (result["outcome"] == "accepted") == wanted, result
        return wanted

    def newest_hold(self) -> int:
        [row] = self.runner.run(self._rows(text("SELECT max(id) AS id FROM hold")))
        return int(row["id"])

    async def _rows(self, wanted: Any) -> list[Any]:
        async with self.world.sessions() as session:
            return list((await session.execute(wanted)).mappings())

    async def _check_chains(self) -> None:
        async with self.world.sessions() as session:
            assert (await ledger.verify(session))[1] is None
            assert (await audit.verify(session))[1] is None
        await self.world.connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


def test_any_walk_through_the_loop_keeps_the_rules(engine: AsyncEngine, settings: Settings) -> None:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        AnyWalk.runner, AnyWalk.world = runner, World(engine, settings)
        run_state_machine_as_test(AnyWalk, settings=MANY_STEPS)
        runner.run(AnyWalk.world.app.state.database.dispose())


MANY_STEPS = settings(
    max_examples=30,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    # A walk that fails is short enough to read. Finding the shortest one (Phase.shrink) takes five minutes.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
