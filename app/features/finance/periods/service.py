"""Closing a month, for good. There is no verb that opens one again: what was wrong is corrected in a later one."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.dates import uk_date
from app.domain.errors import Conflict
from app.domain.months import month_in_words, month_name
from app.domain.periods import Finding, check_closable, check_seen
from app.features.finance.freezing import FREEZE
from app.features.finance.periods import queries
from app.features.finance.periods.schemas import ClosedBody, NoticedBody
from app.features.finance.reconciling.service import Reconciled, in_a_line, reconcile_since_night

# Whoever posts a line holds it together with others, until their end; then they look which months are closed.
LOCK = text("SELECT pg_advisory_xact_lock(hashtext('finance_period'))")


async def close(
    session: AsyncSession, period: date, *, seen: Collection[Finding] | None = None, actor: str, at: datetime
) -> ClosedBody:
    """Close a month. `seen`: what somebody saw of it (None: not asked).

    The slow look comes before the lock, so that nobody's scan waits for it; what is counted is counted under the lock.
    Raises Conflict `period-closed`, `period-not-over`, `close-earlier-first`, `before-the-books`, `not-reconciled`,
    `not-acknowledged`.
    """
    await _check(session, period, at=at)
    found = await reconcile_since_night(session, period, at=at)
    if not found.is_ok:
        raise not_reconciled(found, period)
    await session.execute(LOCK)
    # Read again: whoever closed a month meanwhile has ended.
    await _check(session, period, at=at)
    noticed = await queries.read_noticed(session, period, today=uk_date(at))
    if seen is not None:
        check_seen(noticed, seen)
    values = {"period": period, "actor": actor, "at": at}
    frozen = (await session.execute(FREEZE, values)).one()
    written = month_name(period)
    facts: dict[str, audit.Detail] = {"lines": frozen.lines, "digest": frozen.digest, "asked": seen is not None}
    facts |= {one.code.value: one.count for one in noticed}
    await audit.record(session, "period_closed", f"period:{written}", actor=actor, at=at, **facts)
    closed = await queries.find_closed(session, period)
    assert closed is not None
    told = [NoticedBody(code=one.code, count=one.count, detail=one.detail) for one in noticed]
    return ClosedBody(**closed.model_dump(), noticed=told)


def not_reconciled(found: Reconciled, period: date) -> Conflict:
    """That a month does not add up, with the first of what differs."""
    count = len(found.differences)
    some = "one thing does" if count == 1 else f"{count:,} things do"
    first = in_a_line(found.differences[0])
    detail = (
        f"{month_in_words(period)} cannot be closed: {some} not add up. {first} See the reconciliation of the month."
    )
    refusal = Conflict("not-reconciled", detail, field="period")
    refusal.told = {"differences": [in_a_line(one) for one in found.differences[:20]]}
    return refusal


async def _check(session: AsyncSession, period: date, *, at: datetime) -> None:
    standing = await queries.read_standing(session)
    check_closable(period, today=uk_date(at), last_closed=standing.last_closed, oldest=standing.oldest)
