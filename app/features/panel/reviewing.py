"""Reviews of what a panel approved, and reminders of the days that its decisions set. The worker calls those."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, outbox
from app.domain.dates import in_words, uk_date
from app.domain.errors import Conflict
from app.domain.labels import display
from app.domain.panel import CaseState
from app.domain.panel_review import FollowUp, ReviewOutcome, check_review
from app.features.panel.records import read_case
from app.features.panel.releasing import read_issued
from app.models import PanelReminder, PanelReview
from app.panelling import ToFollow, list_to_remind_of

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('remind_of_panel_days'))")


async def review(
    session: AsyncSession,
    number: str,
    *,
    outcome: ReviewOutcome,
    findings: str,
    next_review_on: date | None,
    actor: str,
    at: datetime,
) -> None:
    """Keep what came of what the panel approved, or of what is out although it did not; its next meeting is shown it.

    Raises NotFound `unknown-case`, NotAllowed `not-your-case`, Conflict `nothing-to-review`, BadValue `day-is-past`.
    """
    case = await read_case(session, number, actor=actor, lock=True)
    case.check_brings()
    issued = await read_issued(session, case)
    is_decided = case.state is CaseState.DECIDED and (case.is_approved or issued)
    check_review(case.kind_in_force if is_decided else None, next_review_on, is_out=bool(issued), today=uk_date(at))
    if case.newest is None:
        raise Conflict("nothing-to-review", "The panel has not decided this case.")
    values = {"decision_id": case.newest["number"], "outcome": outcome, "findings": findings}
    await session.execute(
        upsert(PanelReview).values(next_on=next_review_on, reviewed_at=at, reviewed_by=actor, **values)
    )
    facts = {"outcome": outcome.value, "next_on": next_review_on.isoformat() if next_review_on else ""}
    await audit.record(session, "panel_approval_reviewed", case.subject, actor=actor, at=at, **facts)


async def remind_of_panel_days(session: AsyncSession, *, today: date, actor: str, at: datetime) -> int:
    """Tell who brings a case, once for each day, that a review is due, that an answer to a deferral has not come, or
    that something is out which the panel does not approve; returns how many cases."""
    await session.execute(ONE_AT_A_TIME)
    found = await list_to_remind_of(session, today=today)
    for one in found:
        details: dict[str, Any] = {"about": f"panel_case:{one.number}", "actor": actor, "at": at}
        subject, body = _in_words(one)
        for username in sorted({one.made_by, one.prescribed_by}):
            purpose = f"panel_{one.kind.value}"
            await outbox.post(session, purpose=purpose, to=username, subject=subject, body=body, **details)
        told = {"decision_id": one.decision_id, "due_on": one.due_on, "reminded_at": at}
        line = upsert(PanelReminder).values(**told)
        await session.execute(line.on_conflict_do_nothing(index_elements=[col(PanelReminder.decision_id), "due_on"]))
    return len(found)


def _in_words(one: ToFollow) -> tuple[str, str]:
    if one.kind is FollowUp.ANSWER_OVERDUE:
        body = "Answer it all the same: mend the case and submit it again, or withdraw it. The need is not lost by it."
        return f"Panel case {one.number}: the answer was wanted by {in_words(one.due_on)}", body
    if one.kind is FollowUp.REVIEW:
        body = "Look whether it meets the need, and record what you found on the case. Its panel hears of it."
        return f"Panel case {one.number}: a review is due on {in_words(one.due_on)}", body
    out = ", ".join(display(barcode) for barcode in one.barcodes)
    body = f"{out} is out. Ask for its collection, or review the case and say why it may stay."
    return f"Panel case {one.number}: equipment is out that the panel does not approve", body
