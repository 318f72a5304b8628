"""The model of what happens to equipment and what each step of it costs whom: it knows no rule of the service's code,
and counts pence by rates of its own. `test_any_lifecycle.py` holds the service against it.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from httpx import AsyncClient
from sqlalchemy import text

from app.domain.disposal import Disposal, WasteStream
from app.domain.hygiene import Outcome, Route
from app.domain.inspections import InspectionOutcome
from app.domain.lifecycle import State
from app.domain.loans import CollectionSpeed, LoanKind
from app.features.collections import service as collections
from app.features.finance.periods import service as periods
from app.features.loans import service as loans
from app.features.loans.counter import Said
from app.features.workshop import cleaning
from app.features.workshop.repairs import service as repairs
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
OTHERS = ({"ICB": 6_667, "CHC": 3_333}, {"CHC": 10_000}, {"ASC": 3_334, "ICB": 3_333, "CHC": 3_333})
"""How a dispute is settled."""
STANDING = """
    SELECT charge.posting_id::text AS posting, charge.id, charge.kind, COALESCE(funder.code, '') AS funder,
           charge.percent, charge.amount_pence AS pence, charge.happened_on AS on, charge.is_issue, item.barcode,
           asked.number AS order_number, charge.is_provisional
    FROM charge LEFT JOIN funder ON funder.id = charge.funder_id LEFT JOIN item ON item.id = charge.item_id
    LEFT JOIN equipment_order AS asked ON asked.id = charge.order_id
    WHERE reversal_of IS NULL AND NOT EXISTS (SELECT FROM charge AS undone WHERE undone.reversal_of = charge.id)
    ORDER BY charge.id
"""
API = "/api/v1/finance"
VISITS = {"delivery", "collection", "failed_visit"}


@dataclass(frozen=True, slots=True)
class Counted:
    """A line as the model has it in its books."""

    kind: str
    funder: str
    pence: int
    period: str
    product: str
    barcode: str


@dataclass
class Thing:
    """What the model knows of one item. `paid`: who was charged what for its newest issue. `stands_paid`: what all have
    paid for it so far, less what they were credited. `was_credited`: for its newest issue, also if that was none."""

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
    stands_paid: int = 0
    was_credited: bool = False
    lost_on: date | None = None
    has_loss: bool = False
    client: str = ""
    collection: str = ""
    is_trial: bool = False
    is_checked: bool = False
    cleaned: str = ""
    order: str = ""


class Life:
    """One life, and what it should cost."""

    def __init__(self, world: World, run: Callable[[Any], Any]) -> None:
        self.world, self.run = world, run
        self.given: Given = world.given
        self.query = query_on(world.sessions)
        self.book: list[Counted] = []
        self.closed: date | None = None
        self.did: Counter[str] = Counter()
        self.visits: set[tuple[str, str, date]] = set()
        self.disputes: dict[str, int] = {}
        self.newest = 0
        self.run(self._open())

    async def _open(self) -> None:
        await usual_rates(self.world.connection)
        renewed = "UPDATE prescriber SET registration_expires_on = '2040-01-01' WHERE registration_number IS NOT NULL"
        await self.world.connection.execute(text(renewed))
        await self.world.connection.execute(text("UPDATE tariff SET ends_on = '2020-01-02' WHERE kind = 'credit'"))
        taper = ",".join(f'{{"from_months": {months}, "percent": {percent}}}' for months, percent in TAPER.items())
        await self.world.connection.execute(
            text("INSERT INTO tariff (kind, starts_on, taper, made_at, made_by) VALUES "
                 "('credit', '2020-01-03', CAST(:taper AS jsonb), '2020-01-03', 'x')"),
            {"taper": f"[{taper}]"},
        )  # fmt: skip
        self.things = []
        # All that is lent goes to one home, so that one drive fetches what several pay for.
        self.home = await self.given.client()
        for pence, single, category in (
            (10_001, False, "09 12 03"),
            (4_999, False, "12 22 03"),
            (777, True, "18 12 10"),
        ):
            code = await self.given.product(purchase_price_pence=pence, single_patient_use=single, category=category)
            for barcode in await self.given.items(1, product=code):
                self.things.append(Thing(barcode, code, pence, not single, self.given.today))

    # What happens, and what it costs.

    def step(self, thing: Thing, pick: int) -> None:
        """Something that makes sense, and the lines that must come of it."""
        choices = self.sensible(thing)
        way = choices[pick % len(choices)]
        self.days: list[date] | None = None
        self.tags: list[str] | None = None
        lines = way(thing)
        self.check(thing, lines)
        self.did[getattr(way, "func", way).__name__] += bool(lines)

    def sensible(self, thing: Thing) -> list[Callable[[Thing], list[Line]]]:
        """What people do with it where it stands."""
        scan = self.scan
        ways: dict[State, list[Callable[[Thing], list[Line]]]] = {
            State.IN_STOCK: [self.lend, partial(self.lend, funder="ICB"), partial(self.lend, trial=True), self.order,
                             self.order, self.order, self.order, self.order, self.inspect, self.lose],
            State.ON_LOAN: [scan, self.ask_back, self.ask_back, self.ask_back, self.inspect, self.lose, self.settle,
                            self.disagree, self.correct, self.correct],
            State.ON_TRIAL: [scan, self.ask_back, self.correct],
            State.AWAITING_COLLECTION: [scan, scan, self.call_off, self.visit_in_vain, self.lose, self.settle],
            State.RETURNED: [self.clean, self.clean, self.clean, self.uncredit, self.settle, self.uncredit,
                             self.disown, self.lose]
                            if thing.reusable
                            else [self.scrap, self.lose],
            State.AWAITING_INSPECTION: [self.release, self.release, self.fail, self.soiled] if thing.is_checked
                                       else [self.inspect, self.inspect, self.fail, self.fail, self.soiled, self.lose,
                                             self.settle, self.take_back, self.take_back, self.take_back],
            State.IN_REPAIR: [self.mend, partial(self.mend, late=True), self.mend, self.give_up, self.lose],
            State.MISSING: [self.find, self.uncredit, self.disown, self.find, scan, self.disown, self.scrap],
        }  # fmt: skip
        return ways.get(thing.state, [])

    def issue(self, thing: Thing, who: dict[str, int]) -> list[Line]:
        """The lines of an issue."""
        kind = "recycled_issue" if thing.issued else "new_purchase"
        pence = rounded(thing.pence * RECYCLED_PERCENT) if thing.issued else thing.pence
        thing.whose, thing.paid = who, tuple(among(kind, pence, who))
        thing.stands_paid += pence
        thing.issued, thing.is_credited, thing.was_credited = thing.issued + 1, False, False
        return list(thing.paid)

    def lend(self, thing: Thing, funder: str = "", *, trial: bool = False) -> list[Line]:
        thing.client, thing.is_trial, thing.order = self.home, trial, ""
        thing.state = State.ON_TRIAL if trial else State.ON_LOAN
        if trial:
            self.run(self.given.trial(thing.barcode, client=thing.client))
        elif not funder:
            self.run(self.given.loan(thing.barcode, client=thing.client))
        else:
            details: dict[str, Any] = {"client_ref": thing.client, "kind": LoanKind.LOAN, "trial_ends_on": None}
            told = Said(answers=None, funder=funder)
            self.do(loans.issue, thing.barcode, said=told, actor="ot", **details)
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
        order = await orders.dispatched(thing.product, funding=said(SPLIT), client_ref=self.home)
        assert barcodes(order) == [thing.barcode]
        thing.order = order["number"]
        await orders.step(order["number"], "deliver", received_by="Mo")
        thing.client = order["client_ref"]

    def ask_back(self, thing: Thing) -> list[Line]:
        """All that they have."""
        theirs = [one for one in self.things
                  if one.client == thing.client and one.state in {State.ON_LOAN, State.ON_TRIAL}]  # fmt: skip
        said: dict[str, Any] = {"reason": "No longer needed.", "speed": CollectionSpeed.STANDARD, "actor": "ot"}
        number = self.do(collections.request_collection, thing.client, [one.barcode for one in theirs], **said)
        for one in theirs:
            one.collection, one.state = number, State.AWAITING_COLLECTION
        self.did["together"] += len({str(one.whose) for one in theirs}) > 1
        return []

    def planned(self, thing: Thing) -> list[Thing]:
        """What is still to be fetched together with it, itself among it."""
        return [one for one in self.things
                if one.state is State.AWAITING_COLLECTION and one.collection == thing.collection]  # fmt: skip

    def drive(self, thing: Thing, kind: str, pence: int) -> list[Line]:
        """Once a day; each thing that is planned counts the same."""
        visit = (kind, thing.collection, self.given.today)
        if visit in self.visits:
            return []
        self.visits.add(visit)
        things: Counter[str] = Counter()
        weights: dict[str, Counter[str]] = {}
        for one in sorted(self.planned(thing), key=lambda one: one.barcode):
            things[one.order] += 1
            weights.setdefault(one.order, Counter()).update(one.whose)
        # What is of one order is split as the order is.
        parts = {(order, code): share for _, order, part in among("", 10_000, things)
                 for _, code, share in among("", part, weights[order])}  # fmt: skip
        return [(kind, code, part) for _, (_, code), part in among(kind, pence, parts)]

    def call_off(self, thing: Thing) -> list[Line]:
        self.do(collections.cancel_collection, thing.collection, reason="They need it still.", actor="ot")
        for one in self.planned(thing):
            one.state = State.ON_TRIAL if one.is_trial else State.ON_LOAN
        return []

    def visit_in_vain(self, thing: Thing) -> list[Line]:
        self.do(
            collections.fail, thing.collection, reason="Nobody opened the door.", visited_at=None, actor="technician"
        )
        return self.drive(thing, "failed_visit", USUAL["failed_visit", "collection"])

    def scan(self, thing: Thing) -> list[Line]:
        [result] = self.run(self.given.scan(thing.barcode))
        assert result.outcome == "accepted", result
        fetched = thing.state is State.AWAITING_COLLECTION
        drive = self.drive(thing, "collection", USUAL["collection", "standard"]) if fetched else []
        return [*drive, *self.comes_back(thing)]

    def find(self, thing: Thing) -> list[Line]:
        self.run(self.given.found(thing.barcode))
        return self.comes_back(thing)

    def comes_back(self, thing: Thing) -> list[Line]:
        thing.state, thing.is_checked, thing.cleaned = State.RETURNED, False, ""
        lines: list[Line] = [("write_off", "", -thing.lost_pence)] if thing.lost_pence else []
        thing.lost_pence, thing.lost_on, thing.has_loss = 0, None, False
        if thing.paid and not thing.was_credited and thing.reusable:
            pence = rounded(sum(pence for _, _, pence in thing.paid) * self.percent(thing))
            lines += [("credit", who, -part) for _, who, part in among("", pence, thing.whose)]
            thing.is_credited = thing.was_credited = True
            thing.stands_paid -= pence
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
        days = [row["on"] for row in self.standing(thing) if row["kind"] == "decontamination"]
        details: dict[str, Any] = {"outcome": Outcome.FAILED, "reason": "It is soiled.", "actor": "technician"}
        self.do(cleaning.correct_decontamination, row["id"], **details)
        # Where somebody took the charge back before, nothing is left to take back.
        undone = self.whoever(thing, "decontamination", -USUAL["decontamination", thing.cleaned]) if days else []
        # It comes off the day on which it was charged.
        self.days = days[-1:] * len(undone)
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
        bent = Disposal("The frame is bent.", WasteStream.METAL, reference_follows=True)
        self.do(repairs.give_up_repair, thing.barcode, said=bent, parts=[part], actor="technician")
        lines = [*self.whoever(thing, "parts", 101), *self.whoever(thing, "scrap", USUAL["scrap", ""])]
        thing.state = State.SCRAPPED
        return [*lines, *self.loss(thing)]

    def lose(self, thing: Thing) -> list[Line]:
        self.run(self.given.missing(thing.barcode))
        thing.state = State.MISSING
        return self.loss(thing)

    def scrap(self, thing: Thing) -> list[Line]:
        self.run(self.given.scrapped(thing.barcode))
        thing.state = State.SCRAPPED
        return [*self.whoever(thing, "scrap", USUAL["scrap", ""]), *self.loss(thing)]

    def loss(self, thing: Thing) -> list[Line]:
        """What the service loses of it: what nobody has paid of what it cost."""
        if thing.lost_pence:
            return []
        thing.lost_pence = max(thing.pence - thing.stands_paid, 0)
        thing.lost_on, thing.has_loss = thing.lost_on or self.given.today, bool(thing.lost_pence)
        return [("write_off", "", thing.lost_pence)] if thing.lost_pence else []

    # What is put right.

    def correct(self, thing: Thing) -> list[Line]:
        """It was cheaper than it was charged."""
        return self.reverse(thing, [row for row in self.standing(thing) if row["is_issue"]], thing.pence // 3)

    def take_back(self, thing: Thing) -> list[Line]:
        """The newest inspection, and nothing instead."""
        return self.reverse(thing, [row for row in self.standing(thing) if row["kind"] == "inspection"], None)

    def uncredit(self, thing: Thing) -> list[Line]:
        """Its credit was none. What the service bears of what is lost is what it would have been after that."""
        rows = self.standing(thing)
        made = self.reverse(thing, [row for row in rows if row["kind"] == "credit"] if thing.is_credited else [], None)
        if not made:
            return []
        thing.is_credited = False
        return self.borne_anew(thing, made)

    def disown(self, thing: Thing) -> list[Line]:
        """Its newest issue was none, and so is its credit."""
        rows = self.standing(thing)
        made = self.reverse(thing, [row for row in rows if row["is_issue"]], None) if thing.paid else []
        if not made:
            return []
        credited = [row for row in rows if row["kind"] == "credit"] if thing.is_credited else []
        credited = [row for row in credited if row["posting"] == credited[-1]["posting"]]
        made += [(row["kind"], row["funder"], -row["pence"]) for row in credited]
        self.days = [*(self.days or []), *(row["on"] for row in credited)]
        thing.paid, thing.whose, thing.is_credited = (), None, False
        return self.borne_anew(thing, made)

    def borne_anew(self, thing: Thing, made: list[Line]) -> list[Line]:
        """What stands paid has changed by these lines: so has what the service bears, where it is lost."""
        before = thing.lost_pence
        thing.stands_paid += sum(pence for _, _, pence in made)
        if thing.state is State.MISSING:
            thing.lost_pence = max(thing.pence - thing.stands_paid, 0)
            anew: list[Line] = []
            if thing.lost_pence != before:
                anew = [("write_off", "", -before)] if thing.has_loss else []
                anew.append(("write_off", "", thing.lost_pence))
                thing.has_loss = True
            lost_on = thing.lost_on or self.given.today
            made, self.days = made + anew, [*(self.days or []), *(lost_on for _ in anew)]
        return made

    def standing(self, thing: Thing) -> list[dict[str, Any]]:
        """The lines of an item that stand."""
        return [row for row in self.run(self.query(STANDING)) if row["barcode"] == thing.barcode]

    def reverse(self, thing: Thing, rows: list[dict[str, Any]], pence: int | None) -> list[Line]:
        """Take the newest of these charges back."""
        lines = [row for row in rows if row["posting"] == rows[-1]["posting"]]
        if not lines or (pence is not None and not thing.paid):
            return []
        body = {"reason": "Charged in error."} | ({} if pence is None else {"instead": {"pence": pence}})
        self.post(f"/charges/{lines[0]['id']}/reverse", 201, **body)
        made = [(row["kind"], row["funder"], -row["pence"]) for row in lines]
        if pence is not None:
            thing.stands_paid += pence - sum(row["pence"] for row in lines)
            thing.paid = tuple(among(lines[0]["kind"], pence, thing.whose))
            made += thing.paid
        self.days = [lines[0]["on"]] * len(made)
        return made

    def disagree(self, thing: Thing) -> list[Line]:
        """It is not agreed who pays for its order."""
        if thing.order and thing.order not in self.disputes:
            body = {"order_number": thing.order, "reason": "The board says that the council pays."}
            self.disputes[thing.order] = self.post("/disputes", 201, **body)["id"]
            self.did["disagree"] += 1
        return []

    def settle(self, thing: Thing) -> list[Line]:
        """Others pay for the order than did so far."""
        if not thing.order:
            return []
        who = OTHERS[len(self.book) % len(OTHERS)]
        whole: dict[str, list[dict[str, Any]]] = {}
        for row in self.run(self.query(STANDING)):
            whole.setdefault(row["posting"], []).append(row)
        self.disagree(thing)
        dispute = self.disputes.pop(thing.order)
        self.post(f"/disputes/{dispute}/settle", 200, funding=said(who), settlement="Agreed by both boards.")
        made: list[Line] = []
        # A drive that others share may have been charged with a thing of theirs.
        self.days, self.tags = [], []
        for rows in whole.values():
            ours = [row for row in rows if row["order_number"] == thing.order]
            before = [(row["funder"], int(row["percent"] * 100)) for row in ours]
            after = [(code, part) for _, code, part in among("", sum(part for _, part in before), who) if part]
            is_so = before == after and not any(row["is_provisional"] for row in ours)
            if is_so or {code for code, _ in before} <= {""}:
                continue
            made += [(row["kind"], row["funder"], -row["pence"]) for row in rows]
            # Of a drive that others share, what is theirs stays what it was.
            made += [(row["kind"], row["funder"], row["pence"]) for row in rows if row not in ours]
            made += among(rows[0]["kind"], sum(row["pence"] for row in ours), dict(after))
            self.days += [rows[0]["on"]] * (len(made) - len(self.days))
            self.tags += [rows[0]["barcode"] or ""] * (len(made) - len(self.tags))
            self.did["part"] += len(ours) < len(rows)
        if thing.paid:
            thing.whose = who
            thing.paid = tuple(among(thing.paid[0][0], sum(pence for _, _, pence in thing.paid), who))
        return made

    def close_months(self) -> None:
        """Close every month that is over, the oldest first."""
        this = self.given.today.replace(day=1)
        month = self.closed or min(date.fromisoformat(f"{one.period}-01") for one in self.book)
        month = following(month) if self.closed else month
        while month < this:
            self.do(periods.close, month, actor="finance")
            self.did["close"] += 1
            self.closed, month = month, following(month)

    def post(self, path: str, status: int, **body: Any) -> Any:
        """As finance, by the API."""
        answer = self.run(self.world.people["finance"].post(f"{API}{path}", json=body))
        assert answer.status_code == status, answer.text
        return answer.json()

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
        assert {row["barcode"] for row in rows} <= {thing.barcode, None, *(self.tags or ())}
        self.newest = max((row["id"] for row in rows), default=self.newest)
        days = self.days or [self.given.today] * len(expected)
        tags = self.tags or ["" if kind == "failed_visit" else thing.barcode for kind, _, _ in expected]
        for (kind, who, pence), day, barcode in zip(expected, days, tags, strict=True):
            product = "" if kind in VISITS else thing.product
            self.book.append(Counted(kind, who, pence, self.month(day), product, barcode))

    def month(self, day: date) -> str:
        """Where what happened on this day is booked: the first month from then on that is open."""
        first = day.replace(day=1)
        return f"{max(first, following(self.closed)) if self.closed else first:%Y-%m}"


def among(kind: str, pence: int, who: dict[Any, int]) -> list[tuple[str, Any, int]]:
    """So many pence by hundredths of a percent, or by their parts; of two the one with the larger rest gets the penny
    that is left."""
    whole = sum(who.values())
    sign, rests = (-1 if pence < 0 else 1), sorted(who, key=lambda code: -(abs(pence) * who[code] % whole))
    parts = {code: abs(pence) * part // whole for code, part in who.items()}
    for code in rests[: abs(pence) - sum(parts.values())]:
        parts[code] += 1
    return [(kind, code, sign * part) for code, part in parts.items()]


def rounded(hundredths: int) -> int:
    """Whole pence, half a penny up."""
    return (hundredths + 50) // 100


def said(who: dict[str, int]) -> list[dict[str, Any]]:
    """Who pays, as the API takes it."""
    return [{"funder": funder, "percent": part / 100} for funder, part in who.items()]


def following(month: date) -> date:
    """The month after it."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
