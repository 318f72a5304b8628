"""JSON routes of reported faults."""

from typing import Any

from app import audit
from app.db import Session
from app.domain.access import Permission
from app.features.faults import queries, service
from app.features.faults.schemas import DoneBody, FaultBody
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, Limit
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of

router = api_router("faults")


@router.get("/fault-reports")
async def list_faults(
    session: Session,
    actor: Actor,
    now: Now,
    open: bool | None = None,
    dangerous: bool | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[FaultBody]:
    """Faults that people reported from labels, those reported longest ago first; the reading is logged."""
    rows = await queries.list_faults(
        session, is_open=open, dangerous=dangerous, after=number_cursor(after), limit=limit
    )
    page = page_of(rows, limit=limit, cursor=lambda row: row.id)
    found = len(page.items)
    await audit.record(session, "faults_listed", "fault_reports", actor=actor.username, at=now, found=found)
    return page


@router.post("/fault-reports/{report_id}/close")
async def close_fault(session: Session, actor: Actor, now: Now, report_id: Id, body: DoneBody) -> FaultBody:
    """Somebody has looked at it, and something was done. A hold that it placed stays until it is lifted.

    Of what was reported as dangerous and a client has, say whether its use there is stopped (`stop_use`); else 422
    `say-whether-it-is-used`. That it is used on is said by who may lift its hold; else 403 `not-yours-to-decide`.
    """
    may_lift = actor.may(Permission.LIFT_HOLDS)
    said: dict[str, Any] = {"done": body.done, "stop_use": body.stop_use, "may_lift": may_lift}
    await service.close_fault(session, report_id, **said, actor=actor.username, at=now)
    return await queries.get_fault(session, report_id)
