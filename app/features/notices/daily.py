"""Once a day the register is asked about again: ages roll, and what was missed is found."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.domain.notice_work import Cause
from app.notice_matches import InForce, read_scopes
from app.rematching import ask_register, be_alone, read_in_force


async def ask_again(sessions: async_sessionmaker[AsyncSession], *, actor: str, at: datetime) -> int:
    """Ask for each notice that is active, and for closed ones whose answer changes by the day; returns how many items
    were caught. A transaction for each, so that nobody waits for long."""
    async with sessions() as session:
        notices = await read_in_force(session, waits=False)
        scopes = await read_scopes(session, {notice.digest for notice in notices})
    wanted = [one for one in notices if not one.is_closed or scopes[one.digest].is_rolling]
    return sum([await _ask(sessions, one, actor=actor, at=at) for one in wanted])


async def _ask(sessions: async_sessionmaker[AsyncSession], notice: InForce, *, actor: str, at: datetime) -> int:
    async with sessions.begin() as session:
        await be_alone(session)
        now = [one for one in await read_in_force(session, waits=False) if one.notice_id == notice.notice_id]
        asked = [await ask_register(session, one, cause=Cause.DAILY, actor=actor, at=at) for one in now]
        return sum(len(one.caught) for one in asked)
