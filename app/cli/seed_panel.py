"""A panel at work in the demonstration: a case that is drawn up, one to screen, one before a meeting, one decided."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import uk_date
from app.domain.panel import DecisionKind, Proposal, Screening
from app.features.panel import cases, deciding, meetings
from app.features.panel.schemas import NewCase

WAITING: Final = text("SELECT number FROM equipment_order WHERE decision = 'awaiting_panel' ORDER BY id")
PRESENTER: Final = "senior.ot"
MEMBERS: Final = ("chair", "panel1", "panel2")
SAID: Final[dict[str, Any]] = {
    "need": "Sits upright for meals and to breathe; slides out of every standard chair within minutes.",
    "outcomes": "Sits safely for two hours, and eats at the table.",
    "clinical_reasoning": "A fixed pelvic tilt wants lateral support and tilt in space, which no standard chair has.",
    "risk_assessment": "Falls forward when tired. With the chair: brakes and belt, and the carers are shown both.",
    "risk_of_not_providing": "Bed-bound within weeks, with pressure damage and chest infections.",
    "moving_and_handling": "Two carers and a hoist; the sling fits this chair.",
    "consent_and_capacity": "Has capacity, was shown two chairs, and chose this one.",
    "why_not_equivalents": "Their seats are 40 mm too wide to hold the pelvis.",
    "options": [
        {"option": "standard_stock", "cost_pence": 38_000, "why_not": "Tried for a week; slid out of it twice."},
        {"option": "recycled_special", "cost_pence": 0, "why_not": ""},
        {"option": "adapt_existing", "cost_pence": 22_000, "why_not": "The frame does not take lateral supports."},
        {"option": "no_equipment", "cost_pence": 0, "why_not": "Leaves the need unmet."},
        {"option": "care_package", "cost_pence": 960_000, "why_not": "No carer can hold a person upright all day."},
    ],
    "quotes": [{"supplier": "Weald Seating (made up)", "reference": "Q-2041", "price_pence": 310_000}],
    "proposed_funding": [{"funder": "ASC", "percent": 60}, {"funder": "ICB", "percent": 40}],
}


async def hear_cases(session: AsyncSession, *, now: datetime) -> None:
    """Bring the orders that wait for the panel before it, each a step further than the last."""
    orders = list(await session.scalars(WAITING))
    steps = ("draft", "submitted", "listed")
    for number, until in zip(orders, steps, strict=False):
        await _bring(session, number, until, now=now)
    if len(orders) > len(steps):
        await _decide(session, await _bring(session, orders[len(steps)], "screened", now=now), now=now)


async def _bring(session: AsyncSession, order: str, until: str, *, now: datetime) -> str:
    said = {} if until == "draft" else SAID
    new = NewCase.model_validate({"order_number": order, "urgent": until == "submitted", **said})
    number = await cases.make_case(session, new, actor=PRESENTER, at=now)
    if until == "draft":
        return number
    await cases.submit_case(session, number, actor=PRESENTER, at=now)
    if until == "submitted":
        return number
    await cases.screen_case(session, number, outcome=Screening.COMPLETE, actor="panel2", at=now)
    if until == "listed":
        await _meet(session, number, days=6, now=now)
    return number


async def _meet(session: AsyncSession, number: str, *, days: int, now: datetime) -> int:
    held_on = uk_date(now) + timedelta(days=days)
    meeting = await meetings.make_meeting(session, "JSEP", held_on=held_on, members=[], actor="chair", at=now)
    await meetings.list_case_in(session, meeting, number, actor="chair", at=now)
    return meeting


async def _decide(session: AsyncSession, number: str, *, now: datetime) -> None:
    meeting = await _meet(session, number, days=0, now=now)
    await meetings.record_attendance(session, meeting, MEMBERS, actor="chair", at=now)
    reasons = "The need is plain, the trial showed it, and a recycled chair is on the shelf."
    await deciding.decide(session, number, Proposal(DecisionKind.APPROVE, reasons), None, actor="chair", at=now)
