"""Prescribers' work in the demonstration, told through the verbs: orders in every state, a reservation, a notice."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import uk_date
from app.domain.promises import WorkingTimes, working_days_after
from app.domain.stop_use import ItemFault
from app.features.clients import service as clients
from app.features.clients.care_providers import add_care_provider
from app.features.clients.schemas import ClientChange, NewCareProvider
from app.features.ordering import drafts, fulfilment, submission
from app.features.ordering.records import read_order
from app.features.ordering.schemas import NewOrder
from app.features.ordering.surroundings import read_surroundings
from app.features.reservations import service as reservations
from app.features.stop_use import service as stop_use
from app.web.answers import Answer
from app.web.bank_holidays import bank_holidays

UK: Final = ZoneInfo("Europe/London")
CARED_FOR: Final = {"C-1001": 74, "C-1005": 62, "C-1006": 96, "C-1007": 58}
"""Clients whose weight in kilograms is known, and who have a care provider."""
FOR_THE_PANEL: Final = (("C-1009", "BED-BARI"), ("C-1009", "CHAIR-RISER-XL"), ("C-1010", "HOIST-BARI"))
"""Highly specialist lines, so the panel decides them (`seed_panel.py`). Of clients who have nothing else: what counts
with an order stays within the limit of who makes it."""


@dataclass(frozen=True, slots=True)
class Prescribers:
    """A few weeks of ordering. `secret` encrypts access notes; `now` is when the demonstration was filled."""

    session: AsyncSession
    prefix: str
    secret: str
    now: datetime

    async def work(self) -> None:
        """Orders that wait for a signature, for the panel, for picking, and on the road; and what goes with them."""
        await self._care()
        await self.order("ot", "C-1002", ["TOILET-SEAT-10", "FRAME-WHEEL"], days_ago=9, until="delivered")
        await self.order("ot", "C-1004", ["STOOL-PERCH"], days_ago=3, until="dispatched")
        await self.order("ot", "C-1003", ["BATH-BOARD", "COMMODE"], days_ago=2, speed="next_day", until="submitted")
        await self.order("senior.ot", "C-1006", ["STANDER-175"], days_ago=1, until="allocated")
        await self.order("student.ot", "C-1004", ["FRAME-WHEEL"], days_ago=1, until="submitted")
        await self.order("ot", "C-1005", ["CHAIR-RISER"], days_ago=1, until="submitted")
        await self.order("senior.ot", "C-1007", ["CHAIR-TILT"], days_ago=2, until="submitted", trial_days=28)
        await self.order("ot", "C-1003", ["SHOWER-CHAIR"], days_ago=0, until="draft")
        await self.order("senior.ot", "C-1002", ["MATT-BARI"], days_ago=1, speed="three_day", until="submitted")
        await reservations.reserve(
            self.session,
            barcode=None,
            product_code="BED-PRO",
            client_ref="C-1003",
            from_on=None,
            until_on=working_days_after(uk_date(self.now), 3, frozenset()),
            actor="ot",
            at=self.now,
        )
        await stop_use.stop_use(
            self.session,
            await self._loan_of("C-1001", "SLING-M"),
            reason="The medium sling is too small since her weight has changed.",
            item_fault=ItemFault.NO,
            collect=False,
            actor="senior.ot",
            at=self.days_ago(2),
        )
        for client_ref, product in FOR_THE_PANEL:
            await self.order("senior.ot", client_ref, [product], days_ago=4, until="submitted")

    def days_ago(self, days: int) -> datetime:
        """Ten in the morning, UK time, so many days ago; never after now."""
        morning = datetime.combine(uk_date(self.now) - timedelta(days=days), time(10), tzinfo=UK)
        return min(morning.astimezone(self.now.tzinfo), self.now)

    async def order(
        self,
        who: str,
        client_ref: str,
        products: list[str],
        *,
        days_ago: int,
        until: str,
        speed: str = "five_day",
        trial_days: int | None = None,
    ) -> None:
        """An order, followed until it is a draft, submitted, allocated, dispatched or delivered."""
        at = self.days_ago(days_ago)
        kind = {"kind": "trial", "trial_days": trial_days, "trial_goals": "Sits safely through a meal."}
        line: dict[str, Any] = kind if trial_days else {}
        new = NewOrder.model_validate(
            {
                "client_ref": client_ref,
                "funder": "ASC",
                "speed": speed,
                "reason": "admission_avoidance",
                "clinical_reasoning": "Assessed at home; cannot manage safely without it.",
                "lines": [{"product_code": code, **line} for code in products],
            }
        )
        number = await drafts.make_order(self.session, new, prefix=self.prefix, actor=who, at=at)
        if until == "draft":
            return
        times = WorkingTimes(bank_holidays(uk_date(at)))
        answers = await self._answers(number, today=uk_date(at))
        await submission.submit(self.session, number, answers=answers, times=times, actor=who, at=at)
        steps = ("submitted", "allocated", "dispatched", "delivered").index(until)
        if steps >= 1:
            later = at + timedelta(hours=1)
            await fulfilment.allocate(self.session, number, times=times, actor="technician", at=later)
        if steps >= 2:
            await fulfilment.dispatch(
                self.session, number, barcodes=None, actor="technician", at=at + timedelta(hours=2)
            )
        if steps >= 3:
            await fulfilment.deliver(
                self.session,
                number,
                received_by="The client's daughter",
                delivered_at=None,
                note="Shown how to use it.",
                barcodes=None,
                actor="technician2",
                at=at + timedelta(hours=5),
            )

    async def _answers(self, number: str, *, today: date) -> list[Answer]:
        around = await read_surroundings(self.session, await read_order(self.session, number), today=today)
        answer = "Checked at the home visit; the family knows."
        return [Answer(code=one.code, subject=one.subject, answer=answer) for one in around.warnings]

    async def _care(self) -> None:
        at = self.days_ago(30)
        provider = await add_care_provider(
            self.session,
            NewCareProvider(name="Weald Home Care", email="duty@weald-home-care.example", phone="01632 960555"),
            actor="ot",
            at=at,
        )
        for client_ref, weight in CARED_FOR.items():
            change = ClientChange(weight_kg=weight, weighed_on=uk_date(at), care_provider_id=provider.id)
            await clients.change_client(
                self.session, client_ref, change, version=1, secret=self.secret, actor="ot", at=at
            )

    async def _loan_of(self, client_ref: str, product_code: str) -> int:
        found: int = await self.session.scalar(
            text("""
                SELECT loan.id FROM loan JOIN client ON client.id = loan.client_id JOIN item ON item.id = loan.item_id
                JOIN product ON product.id = item.product_id
                WHERE client.client_ref = :client_ref AND product.code = :product_code AND loan.ended_at IS NULL
            """),
            {"client_ref": client_ref, "product_code": product_code},
        )
        return found
