"""A believable store to try the service on, made by walking the real verbs; only ever into an empty database.

People, makers and products are made up. NHS numbers are from the range 999, which is never issued.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.cli.seed_authority import add_authority
from app.cli.seed_budgets import set_budgets
from app.cli.seed_catalogue import CLIENTS, PRODUCTS
from app.cli.seed_examinations import CRACKED, SOUND, WORN, examine, visit_home
from app.cli.seed_journal import set_accounts
from app.cli.seed_notices import quarantine_hoists, receive_notices
from app.cli.seed_panel import hear_cases
from app.cli.seed_prescribing import Prescribers
from app.cli.seed_range import RECYCLED, STOCK
from app.cli.seed_rates import add_rates
from app.cli.seed_repairs import repair_and_scrap
from app.domain.access import Actor, Role, StoreRef
from app.domain.clearance import HoldKind
from app.domain.hygiene import Cleaned, InfectionRisk, Outcome, StrikeThrough
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.loans import CollectionSpeed, LoanKind
from app.features.accounts import people as accounts
from app.features.accounts.passwords import DEMONSTRATION_PASSWORD
from app.features.catalogue import service as catalogue
from app.features.catalogue.schemas import NewProduct
from app.features.clients import service as clients
from app.features.clients.schemas import NewClient
from app.features.collections import service as collections
from app.features.loans import service as loans
from app.features.loans.counter import Said, look
from app.features.returns import service as returns
from app.features.stock import service as stock
from app.features.stock.schemas import GoodsIn
from app.features.workshop import cleaning
from app.features.workshop import service as workshop
from app.features.workshop.inspections import service as inspections
from app.models import Account, Store
from app.web.answers import Answer
from app.web.scans import Scan

PASSWORD: Final = DEMONSTRATION_PASSWORD
SEEDER: Final = "demonstration"
STORES: Final = (("MAIN", "Main store"), ("COAST", "Coast satellite store"))
ANSWER: Final = "Checked at the home visit, and shown to the carers."


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to sign in as."""

    username: str
    name: str
    roles: tuple[Role, ...]
    stores: tuple[str, ...] = ()


_BOTH = ("MAIN", "COAST")
PEOPLE: Final = (
    Person("ot", "Olu Thompson", (Role.PRESCRIBER,)),
    Person("senior.ot", "Sarah Okafor", (Role.SENIOR_PRESCRIBER,)),
    Person("student.ot", "Sam Whitfield", (Role.PRESCRIBER,)),
    Person("technician", "Terry Nash", (Role.TECHNICIAN,), _BOTH),
    Person("technician2", "Tasha Bello", (Role.TECHNICIAN,), _BOTH),
    Person("safety", "Safia Rahman", (Role.SAFETY_OFFICER,)),
    Person("safety2", "Stephen Ward", (Role.SAFETY_OFFICER,)),
    Person("chair", "Christine Hale", (Role.PANEL_CHAIR,)),
    Person("panel1", "Peter Adeyemi", (Role.PANEL_MEMBER,)),
    Person("panel2", "Priya Nair", (Role.PANEL_MEMBER,)),
    Person("panel3", "Paula Marsh", (Role.PANEL_MEMBER,)),
    Person("finance", "Fiona Grant", (Role.FINANCE,)),
    Person("manager", "Martin Lowe", (Role.MANAGER,), _BOTH),
    Person("admin", "Ada Kerr", (Role.ADMIN,)),
    Person("auditor", "Amir Shah", (Role.AUDITOR,)),
)


async def is_empty(session: AsyncSession) -> bool:
    """Whether nobody has an account and there is no store: nothing of anybody's can be in the way."""
    accounts_there = await session.scalar(select(col(Account.id)).limit(1))
    stores_there = await session.scalar(select(col(Store.id)).limit(1))
    return accounts_there is None and stores_there is None


async def fill(session: AsyncSession, *, prefix: str, secret: str) -> None:
    """Fill the empty database, in the caller's transaction."""
    now = datetime.now(UTC).replace(microsecond=0)
    await session.execute(insert(Store), [{"code": code, "name": name} for code, name in STORES])
    await add_people(session, at=now - timedelta(days=200))
    await add_authority(session, today=now.date())
    await tell(session, prefix=prefix, secret=secret, now=now)


async def tell(session: AsyncSession, *, prefix: str, secret: str, now: datetime) -> None:
    """What happened in the stores, up to now, once their people are there."""
    start = now - timedelta(days=200)
    await add_rates(session, at=start)
    await set_accounts(session, at=start)
    for product in PRODUCTS:
        await catalogue.add_product(session, NewProduct.model_validate(product), actor="manager", at=start)
    for client in CLIENTS:
        await clients.add_client(session, NewClient.model_validate(client), secret=secret, actor="ot", at=start)
    keeper = Storekeeper(session, prefix, await _stores(session), now)
    await keeper.work()
    await Prescribers(session, prefix, secret, now).work()
    await hear_cases(session, now=now)
    await set_budgets(session, now=now)
    await receive_notices(session, now=now)
    hoists = await keeper.receive("HOIST-130", "MAIN", 90, serials=["MH130-1990", "MH130-1991", "MH130-1992"])
    await keeper.lend(hoists[0], "C-1007", days_ago=50, by="technician")
    await quarantine_hoists(session, at_home=hoists[0], on_shelf=hoists[1], mended=hoists[2], now=now)


async def add_people(session: AsyncSession, *, at: datetime) -> None:
    for person in PEOPLE:
        await accounts.add_account(
            session,
            person.username,
            name=person.name,
            password=PASSWORD,
            roles=person.roles,
            stores=person.stores,
            actor=SEEDER,
            at=at,
            # A domain that is reserved for examples; and the demonstration sends no mail anyway.
            email=f"{person.username}@stores.example",
            is_demonstration=True,
        )


async def _stores(session: AsyncSession) -> tuple[StoreRef, ...]:
    rows = (await session.execute(select(Store).order_by(col(Store.id)))).scalars()
    return tuple(StoreRef(store.id, store.code, store.name) for store in rows)


class Storekeeper:
    """Half a year of a small store's work, told through the verbs."""

    def __init__(self, session: AsyncSession, prefix: str, stores: tuple[StoreRef, ...], now: datetime) -> None:
        self.session, self.prefix, self.now = session, prefix, now
        self.stores = {store.code: store for store in stores}
        self.technician = Actor(0, "technician", "", frozenset({Role.TECHNICIAN}), stores)
        self.scans = 0
        self.covered: set[str] = set()

    async def work(self) -> None:
        """Receive, lend, take back, clean and hold, so that every state and every queue has something in it."""
        hoists = await self.receive("HOIST-150", "MAIN", 150, serials=[f"MH150-{n:04}" for n in range(2101, 2109)])
        slings = await self.receive("SLING-M", "MAIN", 150, quantity=10, lot="SL2604")
        # Two whose thorough examination has fallen due on the shelf.
        await self.receive("HOIST-150", "MAIN", 190, serials=["MH150-2044", "MH150-2045"])
        beds = await self.receive("BED-PRO", "MAIN", 180, serials=[f"PB{n}" for n in range(77120, 77130)])
        mattresses = await self.receive("MATT-DYN", "MAIN", 170, serials=[f"DA-{n:05}" for n in range(310, 320)])
        chairs = await self.receive("CHAIR-TILT", "COAST", 160, serials=["TS-1041", "TS-1042", "TS-1043", "TS-1044"])
        commodes = await self.receive("COMMODE", "COAST", 160, quantity=8)
        await self.receive("FRAME-WHEEL", "MAIN", 150, quantity=12)
        await self.receive("RAIL-BED", "MAIN", 150, quantity=6)
        await self.receive("SLING-SPU", "MAIN", 140, quantity=6)
        cushions = await self.receive("CUSHION-AIR", "MAIN", 140, serials=["AC-5501", "AC-5502", "AC-5503"])

        # Out and back, clean and checked: recycled stock on the shelf.
        for barcode, client in ((hoists[0], "C-1001"), (beds[0], "C-1002"), (beds[1], "C-1003"), (chairs[0], "C-1004")):
            await self.lend(barcode, client, days_ago=120, trial_days=90)
            await self.take_back(barcode, days_ago=60)
            await self.recycle(barcode, days_ago=58)
        # With clients now.
        for barcode, client, days, by in (
            (hoists[1], "C-1001", 45, "senior.ot"),
            (slings[0], "C-1001", 45, "senior.ot"),
            (beds[2], "C-1001", 45, "technician"),
            (mattresses[0], "C-1001", 45, "technician"),
            (commodes[0], "C-1002", 30, "senior.ot"),
            (beds[3], "C-1005", 20, "senior.ot"),
            (mattresses[1], "C-1005", 20, "senior.ot"),
            (hoists[2], "C-1006", 9, "senior.ot"),
        ):
            await self.lend(barcode, client, days_ago=days, by=by)
        # On trial: one running, one about to end.
        await self.lend(chairs[1], "C-1006", days_ago=30, trial_days=41)
        await self.lend(cushions[0], "C-1007", days_ago=12, trial_days=14, by="ot")
        # Waiting to be collected.
        await self.lend(commodes[1], "C-1003", days_ago=40)
        await self.ask_back("C-1003", [commodes[1]], days_ago=2)
        # Back, in every stage of the workshop.
        returned = (mattresses[2], commodes[2], beds[4], beds[5], hoists[3], slings[1])
        for place, barcode in enumerate(returned):
            await self.lend(barcode, "C-1008" if place < 3 else "C-1004", days_ago=30)
        for barcode in (mattresses[2], commodes[2]):
            await self.take_back(barcode, days_ago=1)
        await self.take_back(beds[4], days_ago=3)
        await cleaning.start_decontaminations(
            self.session, [beds[4]], route=None, actor="technician", at=self.days_ago(2)
        )
        for barcode in (beds[5], hoists[3], slings[1]):
            await self.take_back(barcode, days_ago=6)
            await self.clean(barcode, days_ago=5)
        await self.check(hoists[3], days_ago=4, outcome=InspectionOutcome.FAILED, notes="Castor brake does not hold.")
        # Thoroughly examined: one sound, one that wears, and one that is a danger where a client has it.
        await examine(self.session, hoists[0], WORN, on=self.day(40), at=self.days_ago(40))
        await examine(self.session, hoists[5], SOUND, on=self.day(8), at=self.days_ago(7))
        await examine(self.session, hoists[2], CRACKED, on=self.day(1), at=self.days_ago(1))
        # To be inspected at home; nobody was in yesterday.
        await visit_home(self.session, "C-1001", hoists[1], now=self.now)
        # On the shelf, but not to go out.
        await stock.place_hold(
            self.session,
            hoists[4],
            kind=HoldKind.FAULT,
            reason="Handset cable worn through near the plug.",
            actor="technician2",
            at=self.days_ago(3),
        )
        await stock.mark_missing(
            self.session, commodes[3], reason="Not found at stocktake.", actor="manager", at=self.days_ago(14)
        )
        await repair_and_scrap(self.session, mended=hoists[3], punctured=cushions[1], pump=mattresses[9], now=self.now)
        for code, store, quantity in STOCK:
            shelf = await self.receive(code, store, 100, quantity=quantity)
            self.covered.update(shelf if code.startswith(("MATT", "CUSHION")) else ())
            for used in shelf[:2] if code in RECYCLED else ():
                await self.lend(used, "C-1008", days_ago=70, trial_days=28)
                await self.take_back(used, days_ago=20)
                await self.recycle(used, days_ago=19)
        # Back and dirty, and a prescriber waits for it.
        [wide] = await self.receive("MATT-BARI", "MAIN", 90, quantity=1)
        await self.lend(wide, "C-1003", days_ago=60)
        await self.take_back(wide, days_ago=0)
        # What the returns desk could not make sense of.
        await self.scan(["XX000123469", commodes[4], "05012345678900"], days_ago=1)

    def days_ago(self, days: int) -> datetime:
        """The instant so many days ago."""
        return self.now - timedelta(days=days)

    def day(self, days: int) -> date:
        """The day so many days ago."""
        return self.days_ago(days).date()

    async def receive(
        self,
        code: str,
        store: str,
        days_ago: int,
        *,
        serials: Sequence[str] = (),
        quantity: int | None = None,
        lot: str = "",
    ) -> list[str]:
        """Goods in; returns the barcodes."""
        goods = GoodsIn(
            product_code=code,
            store=store,
            bay="A1",
            quantity=quantity,
            serial_numbers=list(serials),
            lot_number=lot,
            received_on=self.day(days_ago),
        )
        taken = await stock.receive_items(
            self.session, goods, prefix=self.prefix, actor=self.technician, at=self.days_ago(days_ago)
        )
        return taken.barcodes

    async def lend(
        self, barcode: str, client_ref: str, *, days_ago: int, trial_days: int | None = None, by: str = "senior.ot"
    ) -> None:
        """Over the counter, on loan or on trial."""
        ends_on = self.day(days_ago) + timedelta(days=trial_days) if trial_days else None
        kind = LoanKind.TRIAL if trial_days else LoanKind.LOAN
        there = await look(self.session, barcode, client_ref=client_ref, today=self.day(days_ago))
        said = [Answer(code=one.code, subject=one.subject, answer=ANSWER) for one in there.warnings]
        await loans.issue(
            self.session,
            barcode,
            client_ref=client_ref,
            kind=kind,
            trial_ends_on=ends_on,
            said=Said(answers=said),
            actor=by,
            at=self.days_ago(days_ago),
        )

    async def ask_back(self, client_ref: str, barcodes: list[str], *, days_ago: int) -> None:
        """A collection."""
        await collections.request_collection(
            self.session,
            client_ref,
            barcodes,
            reason="No longer needed.",
            speed=CollectionSpeed.STANDARD,
            actor="ot",
            at=self.days_ago(days_ago),
        )

    async def scan(self, barcodes: Sequence[str], *, days_ago: int) -> None:
        """Scans at the returns desk."""
        scans = []
        for barcode in barcodes:
            self.scans += 1
            scan_id = uuid5(NAMESPACE_URL, f"demonstration scan {self.scans}")
            scans.append(Scan(scan_id, barcode, self.days_ago(days_ago)))
        await returns.scan_returns(
            self.session,
            scans,
            store=self.stores["MAIN"],
            prefix=self.prefix,
            actor="technician",
            at=self.days_ago(days_ago),
        )

    async def take_back(self, barcode: str, *, days_ago: int) -> None:
        """One return."""
        await self.scan([barcode], days_ago=days_ago)

    async def clean(self, barcode: str, *, days_ago: int) -> None:
        """Decontaminated and passed, by the first technician."""
        at = self.days_ago(days_ago)
        terms = cleaning.Terms(infection_risk=InfectionRisk.LOW)
        await cleaning.start_decontaminations(
            self.session, [barcode], route=None, terms=terms, actor="technician", at=at
        )
        done = at + timedelta(hours=1)
        said = Cleaned(
            barcode,
            Outcome.PASSED,
            method="Washed by hand, rinsed and dried",
            product_used="Neutral detergent, then chlorine 1,000 ppm",
            strike_through=StrikeThrough.PASSED if barcode in self.covered else None,
        )
        await cleaning.finish_decontaminations(self.session, [said], actor="technician", at=done)

    async def check(
        self, barcode: str, *, days_ago: int, outcome: InspectionOutcome = InspectionOutcome.PASSED, notes: str = ""
    ) -> None:
        """A functional check by the second technician."""
        await inspections.inspect(
            self.session,
            barcode,
            kind=InspectionKind.FUNCTIONAL,
            outcome=outcome,
            next_due_on=None,
            notes=notes,
            actor="technician2",
            at=self.days_ago(days_ago),
        )

    async def recycle(self, barcode: str, *, days_ago: int) -> None:
        """From the returns cage to the shelf."""
        await self.clean(barcode, days_ago=days_ago)
        await self.check(barcode, days_ago=days_ago - 1)
        await workshop.release(
            self.session, barcode, bay="B2", actor="technician2", at=self.days_ago(days_ago - 1) + timedelta(minutes=5)
        )
