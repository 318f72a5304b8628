"""Reaches any state by walking the real verbs, so that an impossible fixture cannot exist. Nothing here writes a table.

Each call is a transaction of its own, at the clock's time. The return is what a test names things by: a barcode, a
product's code, a client's reference, a number.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, Protocol
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app import ledger
from app.domain.access import Actor, Role, StoreRef
from app.domain.clearance import HoldKind
from app.domain.dates import uk_date
from app.domain.disposal import Disposal, WasteStream
from app.domain.hygiene import Cleaned, InfectionRisk, Outcome
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.lifecycle import Move, State
from app.domain.loans import CollectionSpeed, LoanKind
from app.domain.ordering import SupersedeAction
from app.domain.stocktakes import Correction
from app.domain.thorough_examinations import Defect, DefectKind, Occasion, Report
from app.features.catalogue import service as catalogue
from app.features.catalogue.schemas import NewProduct
from app.features.clients import care_providers
from app.features.clients import service as clients
from app.features.clients.schemas import NewCareProvider, NewClient
from app.features.collections import service as collections
from app.features.labels.service import Target, find_stock, mark_printed
from app.features.labels.stocks import STOCKS
from app.features.loans import service as loans
from app.features.loans.counter import Said, look
from app.features.reservations import service as reservations
from app.features.returns import found
from app.features.returns import service as returns
from app.features.stock import service as stock
from app.features.stock.schemas import GoodsIn
from app.features.stocktakes import finishing
from app.features.stocktakes import service as stocktakes
from app.features.stocktakes.differences import list_differing
from app.features.stocktakes.queries import find_row
from app.features.stocktakes.schemas import NewStocktake
from app.features.workshop import cleaning
from app.features.workshop import service as workshop
from app.features.workshop.inspections import service as inspections
from app.features.workshop.repairs import service as repairs
from app.settings import Settings
from app.web import disposing
from app.web.answers import Answer
from app.web.old_equipment import NewSupersedes
from app.web.scans import Scan, ScanResult

PREFIX = "ES"
SECRET = "a secret that only the tests know"
TRIED = {
    "tried_what": "Transfers from bed to chair.",
    "tried_where": "At home",
    "who_was_there": "The client and two carers",
    "result": "Safe with both carers.",
}
"""How a trial went, as its page and the API want it said."""
ANSWER = "Looked at on the spot with the carers."
"""What is answered to a warning."""
TIER = text("SELECT product.tier FROM item JOIN product ON product.id = item.product_id WHERE item.barcode = :barcode")


def examination_report(outcome: InspectionOutcome = InspectionOutcome.PASSED, *, on: date, **changes: Any) -> Report:
    """A complete report of a thorough examination that ended so; `changes` are fields of Report."""
    danger = outcome is InspectionOutcome.DANGER
    cracked = Defect("Spreader bar", "Cracked at the weld.", DefectKind.DANGER, None, "Replace the spreader bar.")
    report = Report(
        examined_on=on,
        employer_name="Seaham Council",
        employer_address="County Hall, Durham DH1 5UL",
        premises_address="Main store, Seaham",
        last_examined_on=on - timedelta(days=180),
        safe_working_load_kg=150,
        occasion=Occasion.WITHIN_6_MONTHS,
        safe_to_operate=outcome is InspectionOutcome.PASSED,
        no_defects=not danger,
        defects=(cracked,) if danger else (),
        tested=False,
        examiner_name="Erin Wells",
        examiner_address="2 Dock Road, Hartlepool",
        examiner_qualifications="Level 3, inspection of lifting equipment",
        self_employed=True,
        reported_on=on,
    )
    return replace(report, **changes)


class HasNow(Protocol):
    """A clock."""

    @property
    def now(self) -> datetime:
        """This instant."""


@dataclass(frozen=True, slots=True)
class Lent:
    """A loan or a trial that is open."""

    id: int
    barcode: str
    client_ref: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A live reservation."""

    id: int
    barcode: str
    client_ref: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """An open collection."""

    number: str
    barcode: str
    client_ref: str


class Given:
    """Makes things by the verbs of the business, each in a transaction of its own."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], clock: HasNow) -> None:
        self._sessions, self._clock = sessions, clock
        self._numbers = count(1)
        self._stores: dict[str, StoreRef] = {}
        self._usual: str | None = None

    @property
    def today(self) -> date:
        """The day in the UK."""
        return uk_date(self._clock.now)

    async def product(self, code: str | None = None, **details: Any) -> str:
        """A catalogue line; `details` are fields of NewProduct (`high_risk=True`, `inspections=[…]`)."""
        number = next(self._numbers)
        code = code or f"P-{number:04}"
        facts = {"code": code, "name": f"Commode {number}", "category": "09 12 03", "purchase_price_pence": 4500}
        new = NewProduct.model_validate(facts | details)
        await self._do(catalogue.add_product, new, actor="manager")
        return code

    async def client(self, client_ref: str | None = None, **details: Any) -> str:
        """A client; `details` are fields of NewClient (`nhs_number="9990000018"`, `access_notes="…"`)."""
        number = next(self._numbers)
        client_ref = client_ref or f"C-{number:04}"
        facts = {"client_ref": client_ref, "name": f"Alex Moor {number}", "address": "1 High Street, Seaham"}
        new = NewClient.model_validate(facts | {"postcode": "SR7 7AA"} | details)
        await self._do(clients.add_client, new, secret=SECRET, actor="ot")
        return client_ref

    async def items(
        self, quantity: int, *, product: str | None = None, store: str = "MAIN", **details: Any
    ) -> list[str]:
        """New items on the shelf; `details` are fields of GoodsIn (`serial_numbers=[…]`, `bay="A1"`)."""
        facts: dict[str, Any] = {"product_code": product or await self._usual_product(), "store": store}
        if "serial_numbers" not in details:
            facts["quantity"] = quantity
        goods = GoodsIn.model_validate(facts | {"received_on": self.today} | details)
        received = await self._do(stock.receive_items, goods, prefix=PREFIX, actor=await self.storekeeper())
        return list(received.barcodes)

    async def item(self, state: State = State.IN_STOCK, *, client: str | None = None, **details: Any) -> str:
        """One item in that state. `details` are those of `items`; `client`: who has it, or had it last."""
        [barcode] = await self.items(1, **details)
        await self.on(barcode, state, client=client)
        return barcode

    async def on(self, barcode: str, state: State, *, client: str | None = None) -> None:
        """An item of the shelf, taken to that state."""
        for step in self._way_to(state):
            await step(barcode, client)

    async def recycled(self, *, client: str | None = None, **details: Any) -> str:
        """An item on the shelf that was out, came back, and was cleaned, checked and released."""
        barcode = await self.item(State.AWAITING_INSPECTION, client=client, **details)
        await self.inspected(barcode)
        await self.released(barcode)
        return barcode

    async def loan(self, barcode: str | None = None, *, client: str | None = None) -> Lent:
        """An item that a client has on loan."""
        barcode, client = barcode or await self.item(), client or await self.client()
        loan_id: int = await self._issue(barcode, client, LoanKind.LOAN, None)
        return Lent(loan_id, barcode, client)

    async def trial(self, barcode: str | None = None, *, client: str | None = None, days: int = 14) -> Lent:
        """An item that a client has on trial, for so many days from today."""
        barcode, client = barcode or await self.item(), client or await self.client()
        loan_id: int = await self._issue(barcode, client, LoanKind.TRIAL, self.today + timedelta(days=days))
        return Lent(loan_id, barcode, client)

    async def reservation(self, barcode: str | None = None, *, client: str | None = None, days: int = 7) -> Kept:
        """An item on the shelf that is kept for a client, until so many days from today."""
        barcode, client = barcode or await self.item(), client or await self.client()
        number, _ = await self._do(
            reservations.reserve,
            barcode=barcode,
            product_code=None,
            client_ref=client,
            from_on=None,
            until_on=self.today + timedelta(days=days),
            actor="ot",
        )
        return Kept(number, barcode, client)

    async def collection(self, barcode: str | None = None, *, client: str | None = None) -> Fetched:
        """A request to fetch an item from a client; a barcode must be with that client already."""
        if barcode is None or client is None:
            lent = await self.loan(barcode, client=client)
            barcode, client = lent.barcode, lent.client_ref
        number = await self._do(
            collections.request_collection,
            client,
            [barcode],
            reason="No longer needed.",
            speed=CollectionSpeed.STANDARD,
            actor="ot",
        )
        return Fetched(number, barcode, client)

    async def hold(self, barcode: str, kind: HoldKind = HoldKind.FAULT, reason: str = "The castor is loose.") -> int:
        """An open hold on the item; returns its number."""
        number: int = await self._do(stock.place_hold, barcode, kind=kind, reason=reason, actor="safety")
        return number

    async def scan(self, *barcodes: str, store: str = "MAIN", scan_id: UUID | None = None) -> list[ScanResult]:
        """Scans at the returns desk by `technician`, in one batch."""
        scans = [Scan(scan_id or uuid4(), barcode, self._clock.now) for barcode in barcodes]
        place = (await self.stores())[store]
        results: list[ScanResult] = await self._do(
            returns.scan_returns, scans, store=place, prefix=PREFIX, actor="technician"
        )
        return results

    async def cleaning(self, barcode: str, *, by: str = "technician", **terms: Any) -> None:
        """A returned item whose decontamination has begun; `terms` are those of `Terms`."""
        about = cleaning.Terms(**terms)
        _, refused = await self._do(
            cleaning.start_decontaminations, [barcode], route=about.route, terms=about, actor=by
        )
        assert not refused, refused

    async def cleaned(
        self, barcode: str, outcome: Outcome = Outcome.PASSED, *, by: str = "technician", **details: Any
    ) -> None:
        """How a decontamination that was begun ended; `details` are those of `Cleaned`. Its infection risk was low."""
        said = [Cleaned(barcode, outcome, **{"infection_risk": InfectionRisk.LOW, **details})]
        _, refused = await self._do(cleaning.finish_decontaminations, said, actor=by)
        assert not refused, refused

    async def inspected(
        self,
        barcode: str,
        outcome: InspectionOutcome = InspectionOutcome.PASSED,
        kind: InspectionKind = InspectionKind.FUNCTIONAL,
        *,
        by: str = "technician2",
        **changes: Any,
    ) -> None:
        """An inspection of the item; `changes` are fields of its report."""
        details: dict[str, Any] = {"kind": kind, "outcome": outcome, "next_due_on": None, "actor": by}
        details["notes"] = "A wire is bare." if outcome is InspectionOutcome.DANGER else ""
        if kind is InspectionKind.LOLER:
            details["report"] = examination_report(outcome, on=self.today, **changes)
        await self._do(inspections.inspect, barcode, **details)

    async def labelled(self, barcode: str) -> None:
        """A new label of the item is printed."""
        sheet = Target(find_stock(next(iter(STOCKS))))
        await self._do(mark_printed, [barcode], sheet, settings=Settings(), actor="technician")

    async def released(self, barcode: str, *, by: str = "technician2") -> None:
        """The item goes to the shelf."""
        await self._do(workshop.release, barcode, bay=None, actor=by)

    async def repaired(self, barcode: str) -> None:
        """The item in repair goes back to the inspection bench."""
        await self._do(repairs.complete_repair, barcode, notes="New castor.", actor="technician")

    async def missing(self, barcode: str) -> None:
        """Nobody knows where the item is."""
        await self._do(stock.mark_missing, barcode, reason="Not found at stocktake.", actor="manager")

    async def counted_as_missing(self, barcode: str) -> None:
        """A stocktake of the main store does not find it; nothing is done about the rest, which nobody scans."""
        keeper = await self.storekeeper()
        number = await self._do(stocktakes.start_stocktake, NewStocktake(store="MAIN"), actor=keeper)
        async with self._sessions.begin() as session:
            rest = await list_differing(session, await find_row(session, number))
        decided = dict.fromkeys(rest, Correction.NONE) | {barcode: Correction.MARK_MISSING}
        await self._do(finishing.finish_stocktake, number, decided, actor=keeper)

    async def found(self, barcode: str, *, store: str = "MAIN") -> None:
        """A missing item turned up."""
        place = (await self.stores())[store]
        await self._do(found.find_item, barcode, store=place, reason="Behind the beds.", actor="manager")

    async def scrapped(self, barcode: str) -> None:
        """The item is out of use for good."""
        stream = WasteStream.METAL
        if (await self.record(barcode)).state is State.MISSING:
            stream = WasteStream.NOWHERE
        said = Disposal("Frame cracked.", stream, reference_follows=True)
        await self._do(disposing.scrap, barcode, said, actor="manager")

    async def asked_to_scrap(self, barcode: str) -> int:
        """A dear item whose scrap `manager` asks for; returns the number of the request."""
        said = Disposal("Frame cracked.", WasteStream.METAL, reference_follows=True)
        asked = await self._do(disposing.scrap, barcode, said, actor="manager")
        return int(asked.request_id)

    async def record(self, barcode: str) -> ledger.ItemRecord:
        """The item as the ledger knows it now."""
        async with self._sessions() as session:
            return (await ledger.read_items(session, [barcode]))[barcode]

    async def stores(self) -> dict[str, StoreRef]:
        """The stores by their codes."""
        if not self._stores:
            async with self._sessions() as session:
                rows = await session.execute(text("SELECT id, code, name FROM store ORDER BY id"))
                self._stores = {row.code: StoreRef(row.id, row.code, row.name) for row in rows}
        return self._stores

    async def storekeeper(self) -> Actor:
        """`technician`, who works in both stores, as the verbs want an actor."""
        places = tuple((await self.stores()).values())
        return Actor(4, "technician", "Terry Nash", frozenset({Role.TECHNICIAN}), places)

    async def care_provider(self, name: str = "Harbour Care", **details: Any) -> int:
        """A care provider; `details` are fields of NewCareProvider (`email="…"`); returns its number."""
        new = NewCareProvider.model_validate({"name": name} | details)
        made = await self._do(care_providers.add_care_provider, new, actor="ot")
        return int(made.id)

    async def _usual_product(self) -> str:
        """The product of items of which no test says what they are: a plain commode that is washed down."""
        if self._usual is None:
            self._usual = await self.product()
        return self._usual

    def _way_to(self, state: State) -> Sequence[Callable[[str, str | None], Awaitable[object]]]:
        """The steps that lead from the shelf to a state."""

        async def dispatch(barcode: str, _: str | None) -> object:
            # No verb sends a van yet; the ledger is the door that it will use.
            return await self._do(ledger.move_one, barcode, Move.DISPATCH, actor="technician")

        async def lend(barcode: str, client: str | None) -> object:
            return await self.loan(barcode, client=client)

        async def lend_on_trial(barcode: str, client: str | None) -> object:
            return await self.trial(barcode, client=client)

        async def reserve(barcode: str, client: str | None) -> object:
            return await self.reservation(barcode, client=client)

        async def lend_and_ask_back(barcode: str, client: str | None) -> object:
            lent = await self.loan(barcode, client=client)
            return await self.collection(barcode, client=lent.client_ref)

        async def fail(barcode: str, _: str | None) -> None:
            await self.inspected(barcode, InspectionOutcome.FAILED)

        def plain(verb: Callable[[str], Awaitable[object]]) -> Callable[[str, str | None], Awaitable[object]]:
            return lambda barcode, _: verb(barcode)

        back = [lend, plain(self.scan)]
        dirty = [*back, plain(self.cleaning)]
        clean = [*dirty, plain(self.cleaned)]
        ways: dict[State, Sequence[Callable[[str, str | None], Awaitable[object]]]] = {
            State.IN_STOCK: [],
            State.RESERVED: [reserve],
            State.DISPATCHED: [dispatch],
            State.ON_LOAN: [lend],
            State.ON_TRIAL: [lend_on_trial],
            State.AWAITING_COLLECTION: [lend_and_ask_back],
            State.RETURNED: back,
            State.DECONTAMINATING: dirty,
            State.AWAITING_INSPECTION: clean,
            State.IN_REPAIR: [*clean, fail],
            State.SCRAPPED: [plain(self.scrapped)],
            State.MISSING: [plain(self.missing)],
        }
        return ways[state]

    async def _issue(self, barcode: str, client_ref: str, kind: LoanKind, ends_on: date | None) -> Any:
        # What is beyond the tier of `ot` is lent by somebody of that tier.
        async with self._sessions() as session:
            tier = await session.scalar(TIER, {"barcode": barcode})
        actor = "ot" if tier == "standard" else "senior.ot"
        # Whatever they have of that kind they keep, and whatever is warned of is answered.
        async with self._sessions() as session:
            there = await look(session, barcode, client_ref=client_ref, today=self.today)
        keep: dict[str, Any] = {"action": SupersedeAction.KEEP, "reason": "It is for the bathroom upstairs."}
        kept = [(one.barcode, NewSupersedes(barcode=one.barcode, **keep)) for one in there.of_this_kind]
        said = [Answer(code=one.code, subject=one.subject, answer=ANSWER) for one in there.warnings]
        details = {"client_ref": client_ref, "kind": kind, "trial_ends_on": ends_on, "actor": actor}
        return await self._do(loans.issue, barcode, said=Said(kept, said), **details)

    async def _do(self, verb: Callable[..., Awaitable[Any]], *subject: Any, **details: Any) -> Any:
        """Call a verb in a transaction of its own, at the clock's time."""
        async with self._sessions.begin() as session:
            return await verb(session, *subject, **details, at=self._clock.now)
