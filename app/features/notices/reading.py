"""Who may read which clients have what a notice covers, and that they did."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.access import Actor, Permission
from app.features.notices.match_schemas import MatchRow


def may_see_homes(actor: Actor) -> bool:
    """Those who handle notices, and those who do the visits."""
    return actor.may(Permission.HANDLE_SAFETY_NOTICES) or actor.may(Permission.VISIT_HOMES)


async def log_reading(
    session: AsyncSession, rows: Sequence[MatchRow], reference: str, *, actor: Actor, at: datetime
) -> None:
    """Write whose homes were read. No statement where it was nobody's."""
    read = [(f"client:{one.client_ref}", {"notice": reference, "item": one.barcode}) for one in rows if one.client_ref]
    if read:
        await audit.record_each(session, "notice_home_read", read, actor=actor.username, at=at)
