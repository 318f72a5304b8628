"""Any life of equipment, by the real verbs on PostgreSQL, against a model that says what each step costs whom.

Hypothesis chooses what happens; the model knows no rule of the service's code: it counts pence by rates of its own.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from httpx import AsyncClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.disposal import Disposal, WasteStream
from app.domain.hygiene import Outcome, Route
from app.domain.inspections import InspectionOutcome
from app.domain.lifecycle import State
from app.domain.loans import LoanKind
from app.features.collections import service as collections
from app.features.loans import service as loans
from app.features.loans.counter import Said
from app.features.workshop import cleaning
from app.features.workshop.repairs import service as repairs
from app.settings import Settings
from tests.conftest import query_on
from tests.features.finance.billing import ALL, RECYCLED_PERCENT, USUAL, usual_rates
from tests.features.ordering.conftest import Orders, barcodes
from tests.features.walk import World
from tests.given import Given

Line = tuple[str, str, int]
SPLIT = {"ASC": 6_001, "ICB": 3_999}
"""Who pays for an order, in hundredths of a percent."""
TAPER = {0: 90, 1: 60, 3: 0}
"""After so many months, so many percent are credited."""
SHARE = text("""
    INSERT INTO order_share (order_id, funder_id, position, percent)
    SELECT asked.id, funder.id, row_number() OVER (ORDER BY funder.code), CAST(:percent AS numeric)
    FROM equipment_order AS asked JOIN funder ON funder.code = :funder WHERE asked.number = :number
""")
WRONG = {
    "a charge that is no whole": "SELECT posting_id FROM charge GROUP BY posting_id HAVING sum(percent) <> 100",
    "a line without its movement or visit": """
        SELECT charge.id FROM charge LEFT JOIN movement
            ON movement.item_id = charge.item_id AND movement.seq = charge.movement_seq
        WHERE movement.id IS NULL AND NOT (charge.kind = 'failed_visit'
                                           AND num_nonnulls(charge.order_id, charge.collection_id) > 0)
    """,
    "what is taken back does not come to nothing": """
        SELECT undone.id FROM charge AS undone JOIN charge AS line ON line.id = undone.reversal_of
        WHERE undone.amount_pence + line.amount_pence <> 0 OR undone.funder_id IS DISTINCT FROM line.funder_id
    """,
    "a visit that was charged twice": """
        SELECT order_id FROM charge WHERE kind IN ('delivery', 'collection')
        GROUP BY kind, order_id, collection_id, happened_on HAVING count(DISTINCT posting_id) > 1
    """,
    "a month of another day": """
        SELECT id FROM charge WHERE period <> date_trunc('month', happened_on)
    """,
}


@dataclass
class Thing:
    """What the model knows of one item. `paid`: who was charged what for its newest issue."""

    barcode: str
    product: str
    pence: int
    reusable: bool
    received_on: date
    state: State = State.IN_STOCK
    issued: int = 0
    paid: tuple[Line, ...] = ()
    parts: tuple[int, int] = (10_000, 0)
    whose: Any = None
    is_credited: bool = False
    lost_pence: int = 0
    client: str = ""
    collection: str = ""
    is_trial: bool = False
    is_checked: bool = False
    cleaned: str = ""


class Life:
    """One life, and what it should cost."""

    def __init__(self, world: World, run: Callable[[Any], Any]) -> None:
        self.world, self.run = world, run
        self.given: Given = world.given
        self.query = query_on(world.sessions)
        self.sums: Counter[str] = Counter()
        self.visits: set[tuple[str, str, date]] = set()
        self.newest = 0
        self.run(self._open())

    async def _open(self) -> None:
        await usual_rates(self.world.connection)
        await self.world.connection.execute(text("UPDATE tariff SET ends_on = '2020-01-02' WHERE kind = 'credit'"))
        taper = ",".join(f'{{"from_months": {months}, "percent": {percent}}}' for months, percent in TAPER.items())
        await self.world.connection.execute(
            text("INSERT INTO tariff (kind, starts_on, taper, made_at, made_by) VALUES "
                 "('credit', '2020-01-03', CAST(:taper AS jsonb), now(), 'x')"),
            {"taper": f"[{taper}]"},
        )  # fmt: skip
        self.things = []
        for pence, single in ((10_001, False), (4_999, False), (777, True)):
            code = await self.given.product(purchase_price_pence=pence, single_patient_use=single)
            for barcode in await self.given.items(1, product=code):
                self.things.append(Thing(barcode, code, pence, not single, self.given.today))

    # What happens, and what it costs.

    def step(self, thing: Thing, pick: int) -> None:
        """Something that makes sense, and the lines that must come of it."""
        choices = self.sensible(thing)
        self.check(thing, choices[pick % len(choices)](thing))

    def sensible(self, thing: Thing) -> list[Callable[[Thing], list[Line]]]:
        """What people do with it where it stands."""
        scan = self.scan
        ways: dict[State, list[Callable[[Thing], list[Line]]]] = {
            State.IN_STOCK: [self.lend, partial(self.lend, funder="ICB"), partial(self.lend, trial=True), self.order,
                             self.order, self.inspect, self.lose],
            State.ON_LOAN: [scan, self.ask_back, self.ask_back, self.ask_back, self.inspect, self.lose],
            State.ON_TRIAL: [scan, self.ask_back],
            State.AWAITING_COLLECTION: [scan, scan, self.call_off, self.visit_in_vain, self.lose],
            State.RETURNED: [self.clean, self.clean, self.clean, self.lose] if thing.reusable
                            else [self.scrap, self.lose],
            State.AWAITING_INSPECTION: [self.release, self.release, self.fail, self.soiled] if thing.is_checked
                                       else [self.inspect, self.inspect, self.fail, self.fail, self.soiled, self.lose],
            State.IN_REPAIR: [self.mend, partial(self.mend, late=True), self.mend, self.give_up, self.lose],
            State.MISSING: [self.find, self.find, scan, self.scrap],
        }  # fmt: skip
        return ways.get(thing.state, [])

    def issue(self, thing: Thing, who: dict[str, int]) -> list[Line]:
        """The lines of an issue."""
        kind = "recycled_issue" if thing.issued else "new_purchase"
        pence = rounded(thing.pence * RECYCLED_PERCENT) if thing.issued else thing.pence
        thing.whose, thing.paid = who, tuple(among(kind, pence, who))
        thing.issued, thing.is_credited = thing.issued + 1, False
        return list(thing.paid)

    def lend(self, thing: Thing, funder: str = "", *, trial: bool = False) -> list[Line]:
        thing.client, thing.is_trial = self.run(self.given.client()), trial
        thing.state = State.ON_TRIAL if trial else State.ON_LOAN
        if trial:
            self.run(self.given.trial(thing.barcode, client=thing.client))
        elif not funder:
            self.run(self.given.loan(thing.barcode, client=thing.client))
        else:
            details: dict[str, Any] = {"client_ref": thing.client, "kind": LoanKind.LOAN, "trial_ends_on": None}
            said = Said(answers=None, funder=funder)
            self.do(loans.issue, thing.barcode, said=said, actor="ot", **details)
        return self.issue(thing, {funder or "ASC": 10_000})

    def order(self, thing: Thing) -> list[Line]:
        """An order that two pay for: it comes back undelivered first, or it does not."""
        self.run(self._deliver(thing))
        thing.state, thing.is_trial = State.ON_LOAN, False
        return [*self.issue(thing, SPLIT), *among("delivery", USUAL["delivery", "five_day"], SPLIT)]

    async def _deliver(self, thing: Thing) -> None:
        async def sign_in(username: str, **_: Any) -> AsyncClient:
            return self.world.people[username]

        orders = Orders(self.given, sign_in)
        order = await orders.dispatched(thing.product)
        assert barcodes(order) == [thing.barcode]
        for funder, part in SPLIT.items():
            values = {"funder": funder, "percent": part / 100, "number": order["number"]}
            await self.world.connection.execute(SHARE, values)
        await orders.step(order["number"], "deliver", received_by="Mo")
        thing.client = order["client_ref"]

    def ask_back(self, thing: Thing) -> list[Line]:
        thing.collection = self.run(self.given.collection(thing.barcode, client=thing.client)).number
        thing.state = State.AWAITING_COLLECTION
        return []

    def call_off(self, thing: Thing) -> list[Line]:
        self.do(collections.cancel_collection, thing.collection, reason="They need it still.", actor="ot")
        thing.state = State.ON_TRIAL if thing.is_trial else State.ON_LOAN
        return []

    def visit_in_vain(self, thing: Thing) -> list[Line]:
        self.do(
            collections.fail, thing.collection, reason="Nobody opened the door.", visited_at=None, actor="technician"
        )
        visit = ("failed", thing.collection, self.given.today)
        if visit in self.visits:
            return []
        self.visits.add(visit)
        return among("failed_visit", USUAL["failed_visit", "collection"], thing.whose)

    def scan(self, thing: Thing) -> list[Line]:
        [result] = self.run(self.given.scan(thing.barcode))
        assert result.outcome == "accepted", result
        fetched = thing.state is State.AWAITING_COLLECTION
        drive = among("collection", USUAL["collection", "standard"], thing.whose) if fetched else []
        return [*drive, *self.comes_back(thing)]

    def find(self, thing: Thing) -> list[Line]:
        self.run(self.given.found(thing.barcode))
        return self.comes_back(thing)

    def comes_back(self, thing: Thing) -> list[Line]:
        thing.state, thing.is_checked, thing.cleaned = State.RETURNED, False, ""
        lines: list[Line] = [("write_off", "", -thing.lost_pence)] if thing.lost_pence else []
        thing.lost_pence = 0
        if thing.paid and not thing.is_credited and thing.reusable:
            pence = rounded(sum(pence for _, _, pence in thing.paid) * self.percent(thing))
            lines += [("credit", who, -part) for _, who, part in among("", pence, thing.whose)]
            thing.is_credited = True
        return lines

    def clean(self, thing: Thing) -> list[Line]:
        """Once without success, by another way then."""
        route = Route.THERMAL if thing.issued % 2 else Route.WASH_DOWN
        self.run(self.given.cleaning(thing.barcode))
        self.run(self.given.cleaned(thing.barcode, Outcome.FAILED))
        self.run(self.given.cleaning(thing.barcode, route=route))
        self.run(self.given.cleaned(thing.barcode))
        thing.state, thing.cleaned = State.AWAITING_INSPECTION, route.value
        return self.whoever(thing, "decontamination", USUAL["decontamination", route.value])

    def soiled(self, thing: Thing) -> list[Line]:
        """Its cleaning was none."""
        if not thing.cleaned:
            return []
        wanted = (
            "SELECT max(done.id) AS id FROM decontamination AS done JOIN item ON item.id = done.item_id "
            "WHERE barcode = :barcode AND outcome = 'passed'"
        )
        [row] = self.run(self.query(wanted, barcode=thing.barcode))
        details: dict[str, Any] = {"outcome": Outcome.FAILED, "reason": "It is soiled.", "actor": "technician"}
        self.do(cleaning.correct_decontamination, row["id"], **details)
        undone = self.whoever(thing, "decontamination", -USUAL["decontamination", thing.cleaned])
        thing.state, thing.cleaned, thing.is_checked = State.RETURNED, "", False
        return undone

    def inspect(self, thing: Thing) -> list[Line]:
        self.run(self.given.inspected(thing.barcode))
        thing.is_checked = True
        return self.inspected(thing)

    def fail(self, thing: Thing) -> list[Line]:
        self.run(self.given.inspected(thing.barcode, InspectionOutcome.FAILED))
        lines = self.inspected(thing)
        thing.state, thing.is_checked = State.IN_REPAIR, False
        return lines

    def inspected(self, thing: Thing) -> list[Line]:
        pence = USUAL["inspection", "functional"]
        if thing.state is State.IN_STOCK:
            return [("inspection", "", pence)]
        return self.whoever(thing, "inspection", pence)

    def release(self, thing: Thing) -> list[Line]:
        self.run(self.given.released(thing.barcode))
        thing.state = State.IN_STOCK
        return []

    def mend(self, thing: Thing, *, late: bool = False) -> list[Line]:
        """With a part, that is written down later or withdrawn."""
        part = repairs.NewPart(self.given.today, "Castor", cost_pence=333, quantity=2)
        self.do(repairs.complete_repair, thing.barcode, notes="", parts=[part], actor="technician")
        lines = [
            *self.whoever(thing, "repair", USUAL["repair", ""]),
            *self.whoever(thing, "parts", 666),
        ]
        thing.state = State.AWAITING_INSPECTION
        if late:
            another = repairs.NewPart(self.given.today, "Brake", cost_pence=501)
            self.do(repairs.fit_parts, thing.barcode, [another], actor="technician")
            lines += [*self.whoever(thing, "parts", -666), *self.whoever(thing, "parts", 1_167)]
        return lines

    def give_up(self, thing: Thing) -> list[Line]:
        part = repairs.NewPart(self.given.today, "Castor", cost_pence=101)
        said = Disposal("The frame is bent.", WasteStream.METAL, reference_follows=True)
        self.do(repairs.give_up_repair, thing.barcode, said=said, parts=[part], actor="technician")
        lines = [*self.whoever(thing, "parts", 101), *self.whoever(thing, "scrap", USUAL["scrap", ""])]
        thing.state = State.SCRAPPED
        return [*lines, *self.loss(thing)]

    def lose(self, thing: Thing) -> list[Line]:
        self.run(self.given.missing(thing.barcode))
        lent = thing.state in {State.ON_LOAN, State.ON_TRIAL, State.AWAITING_COLLECTION}
        thing.state = State.MISSING
        return self.loss(thing, lent=lent)

    def scrap(self, thing: Thing) -> list[Line]:
        self.run(self.given.scrapped(thing.barcode))
        thing.state = State.SCRAPPED
        return [*self.whoever(thing, "scrap", USUAL["scrap", ""]), *self.loss(thing)]

    def loss(self, thing: Thing, *, lent: bool = False) -> list[Line]:
        """What the service loses of it: nothing that somebody else has paid for. Of what it lent again, all but what it
        would have credited."""
        if thing.lost_pence:
            return []
        worth = rounded(thing.pence * self.percent(thing)) if thing.issued else thing.pence
        if thing.paid and not thing.is_credited:
            paid = sum(pence for _, _, pence in thing.paid)
            is_ours = lent and thing.reusable and thing.issued > 1
            worth = max(worth - rounded(paid * self.percent(thing)), 0) if is_ours else 0
        thing.lost_pence = worth
        return [("write_off", "", worth)] if worth else []

    # How it is counted.

    def whoever(self, thing: Thing, kind: str, pence: int) -> list[Line]:
        return among(kind, pence, thing.whose or {"": 10_000})

    def percent(self, thing: Thing) -> int:
        since, today = thing.received_on, self.given.today
        months = (today.year - since.year) * 12 + today.month - since.month - (today.day < since.day)
        return [percent for begins, percent in TAPER.items() if begins <= months][-1]

    def do(self, verb: Callable[..., Any], *subject: Any, **details: Any) -> Any:
        return self.run(self._do(verb, *subject, **details))

    async def _do(self, verb: Callable[..., Any], *subject: Any, **details: Any) -> Any:
        async with self.world.sessions.begin() as session:
            return await verb(session, *subject, **details, at=self.world.clock.now)

    def check(self, thing: Thing, expected: list[Line]) -> None:
        """The step made these lines and no others."""
        rows = [row for row in self.run(self.query(ALL)) if row["id"] > self.newest]
        made = [(row["kind"], row["funder"], row["amount_pence"]) for row in rows]
        assert sorted(made) == sorted(expected), thing
        assert {row["barcode"] for row in rows} <= {thing.barcode, None}
        self.newest = max((row["id"] for row in rows), default=self.newest)
        for _, who, pence in expected:
            self.sums[who] += pence

    async def close(self) -> None:
        """Everything agrees to the penny."""
        wanted = (
            "SELECT COALESCE(funder.code, '') AS who, sum(amount_pence) AS pence FROM charge "
            "LEFT JOIN funder ON funder.id = charge.funder_id GROUP BY 1"
        )
        sums = {row["who"]: int(row["pence"]) for row in await self.query(wanted)}
        assert {who: pence for who, pence in sums.items() if pence} == {
            who: pence for who, pence in self.sums.items() if pence
        }
        for what, rows in WRONG.items():
            assert await self.query(rows) == [], what
        await self.world.connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


def among(kind: str, pence: int, who: dict[str, int]) -> list[Line]:
    """So many pence by hundredths of a percent; of two the one with the larger rest gets the penny that is left."""
    sign, rests = (-1 if pence < 0 else 1), sorted(who, key=lambda code: -(abs(pence) * who[code] % 10_000))
    parts = {code: abs(pence) * part // 10_000 for code, part in who.items()}
    for code in rests[: abs(pence) - sum(parts.values())]:
        parts[code] += 1
    return [(kind, code, sign * part) for code, part in parts.items()]


def rounded(hundredths: int) -> int:
    """Whole pence, half a penny up."""
    return (hundredths + 50) // 100


picks = st.tuples(st.integers(0, 2), st.integers(0, 59), st.sampled_from([0, 0, 0, 1, 13, 40]))


@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(steps=st.lists(picks, min_size=25, max_size=40))
def lives(steps: list[tuple[int, int, int]]) -> None:
    """Any life."""
    run, world = lives.run, lives.world  # type: ignore[attr-defined]
    run(world.open())
    try:
        life = Life(world, run)
        for n, pick, days in steps:
            if all(thing.state is State.SCRAPPED for thing in life.things):
                break
            world.clock.now += timedelta(days=days, minutes=1)
            going_on = [thing for thing in life.things if life.sensible(thing)]
            life.step(going_on[n % len(going_on)], pick)
        run(life.close())
    finally:
        run(world.close())


def test_movements_charges_and_funders_agree_to_the_penny_after_any_life(
    engine: AsyncEngine, settings: Settings
) -> None:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        lives.run, lives.world = runner.run, World(engine, settings)  # type: ignore[attr-defined]
        lives()
        runner.run(lives.world.app.state.database.dispose())  # type: ignore[attr-defined]
