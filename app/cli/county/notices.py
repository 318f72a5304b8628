"""Safety notices of the county: entered, triaged, put into force and worked on by the service's own verbs, on the
evening before the register is opened."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.county.ground import Ground
from app.domain.notice_work import Handling, MatchAction
from app.domain.safety_notices import Deadlines, Decision
from app.features.notices import scopes, service
from app.features.notices.acting import Told, record_actions
from app.features.notices.service import NewNotice

TITLES: Final = {
    "Mobile hoist": "the pin of the spreader bar may wear through",
    "Bed lever": "the strap may come loose, and somebody may be trapped",
    "Dynamic mattress with pump": "the pump may run hot",
}
"""Of which sort of equipment, and what is wrong with it."""
WORKED_ON: Final = 12
HELD: Final = text("""
    SELECT item.barcode, item.state FROM hold JOIN item ON item.id = hold.item_id
    WHERE hold.notice_id = :notice AND hold.lifted_at IS NULL ORDER BY item.id LIMIT :count
""")
PHONED: Final = "Told not to use it any more; the store comes next week."
SET_APART: Final = "In the quarantine cage, with a red label."


async def put_into_force(session: AsyncSession, ground: Ground) -> None:
    """One for the most lent model of each of these sorts."""
    until = ground.size.until
    at = datetime.combine(until - timedelta(days=1), time(20), UTC)
    for number, (sort, what) in enumerate(TITLES.items(), start=1):
        product = next(one for one in ground.products if one.sort.name == sort)
        new = NewNotice(
            reference=f"FSN MA-{until.year}-{number:02}",
            kind="field-safety-notice",
            title=f"{product.name}: {what}",
            issuer=product.maker,
            issued_on=until - timedelta(days=4),
            body=f"Dear customer,\n\nOn {product.name} {what}. Take it out of use, and send us the reply form.",
            deadlines=Deadlines(underway_by=until + timedelta(days=3), complete_by=until + timedelta(days=28)),
        )
        notice = await service.enter(session, new, actor="safety", at=at)
        await _begin(session, notice, product.maker, product.model, at=at)
        await _work_on(session, notice, at=at + timedelta(minutes=20))


async def _begin(session: AsyncSession, notice: int, maker: str, model: str, *, at: datetime) -> None:
    await service.triage(
        session,
        notice,
        decision=Decision.RELEVANT,
        reason="We have lent this model for years.",
        search=[model],
        version=1,
        actor="safety",
        at=at + timedelta(minutes=1),
    )
    lines: list[Mapping[str, Any]] = [{"effect": "include", "manufacturers": [maker], "models": [model]}]
    at += timedelta(minutes=5)
    await scopes.draft_scope(session, notice, lines, handling=Handling.QUARANTINE, actor="safety", at=at)
    await scopes.activate(session, notice, actor="safety2", at=at + timedelta(minutes=5))


async def _work_on(session: AsyncSession, notice: int, *, at: datetime) -> None:
    """The first of them: those at home are rung, those on the shelf are set apart."""
    rows = (await session.execute(HELD, {"notice": notice, "count": WORKED_ON})).all()
    for row in rows:
        is_out = row.state in {"on_loan", "on_trial", "awaiting_collection"}
        told = Told(MatchAction.CONTACTED, PHONED, "phone") if is_out else Told(MatchAction.QUARANTINED, SET_APART)
        if is_out or row.state in {"in_stock", "returned", "awaiting_inspection"}:
            await record_actions(session, notice, [row.barcode], told, after_tries=3, actor="technician", at=at)
