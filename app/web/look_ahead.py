"""Items whose thorough examination falls due soon: asked about before they go out, and the decision kept with them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Request
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import LOOK_AHEAD_DAYS
from app.domain.access import Actor as Person
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.domain.errors import Conflict, NotAllowed
from app.domain.look_ahead import HandingOut, check_decision, examination_due_soon
from app.ledger import ItemRecord
from app.models import ExaminationDecision
from app.settings import Settings
from app.web.forms import Form, ShowAgain

USUAL_DAYS: Final = 28
REASON: Final = "due_soon_reason"
NOT_SENT_AGAIN: Final = {"csrf_token", "once", REASON}


@dataclass(frozen=True, slots=True)
class LookAhead:
    """How far ahead is looked, and what the one who acts says about an examination that falls due before."""

    soon_days: int = USUAL_DAYS
    reason: str = ""
    may_decide: bool = False

    def said(self, reason: str, actor: Person) -> "LookAhead":
        """The same with somebody's reason to let it go all the same."""
        return LookAhead(self.soon_days, reason, actor.may(Permission.DECIDE_ON_DUE_ITEMS))


NOTHING_DECIDED: Final = LookAhead()


async def soon_days(request: Request) -> LookAhead:
    """As the settings say, with nothing decided."""
    settings: Settings = request.app.state.settings
    return LookAhead(settings.examination_look_ahead_days)


def days_ahead(session: AsyncSession) -> int:
    """The same number of days, where nobody decides anything and it is only told."""
    days: int = session.info.get(LOOK_AHEAD_DAYS, USUAL_DAYS)
    return days


Ahead = Annotated[LookAhead, Depends(soon_days)]


@contextmanager
def or_decide(request: Request, form: Form, *, back: str) -> Iterator[None]:
    """Where somebody has to decide inside, they are asked on a page of its own, which sends the same form again."""
    try:
        yield
    except (Conflict, NotAllowed) as error:
        if error.code not in {"examination-due-soon", "not-yours-to-decide"}:
            raise
        kept = [(name, value) for name in sorted(form.names - NOT_SENT_AGAIN) for value in form.values(name)]
        if REASON in form.names and error.code == "examination-due-soon":
            form.refuse("Say why it goes all the same.", REASON)
        context = {"form": form, "kept": kept, "why": error.detail, "action": request.url.path, "back": back}
        raise ShowAgain("inspections/due_soon.html", context, error) from error


async def check_ahead(
    session: AsyncSession,
    items: Iterable[ItemRecord],
    handing_out: HandingOut,
    ahead: LookAhead,
    *,
    actor: str,
    at: datetime,
) -> None:
    """Ask about each item whose thorough examination falls due soon; what is decided is kept with it.

    Raises Conflict `examination-due-soon`, NotAllowed `not-yours-to-decide`. No statement where nothing is due.
    """
    decided = []
    for item in items:
        due_on = examination_due_soon(item.evidence.due, on=uk_date(at), soon_days=ahead.soon_days)
        if due_on:
            check_decision(due_on, item.barcode, ahead.reason, may_decide=ahead.may_decide)
            about = {"item_id": item.id, "handing_out": handing_out, "due_on": due_on, "reason": ahead.reason}
            decided.append(about | {"decided_at": at, "decided_by": actor})
    if decided:
        await session.execute(insert(ExaminationDecision), decided)
