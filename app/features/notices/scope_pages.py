"""Pages of what a notice covers: its scope beside its text, what that would hit, the activation."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from app.db import Session
from app.domain.dates import uk_date
from app.domain.errors import Incomplete
from app.domain.notice_parsing import read_scope
from app.domain.notice_work import Handling
from app.domain.notices import Result
from app.domain.safety_notices import Seen
from app.features.notices import match_queries, pictures, queries, scopes
from app.features.notices.schemas import NoticeBody
from app.features.notices.scope_form import ENDS, KINDS, changed, fields_of, lines_of, lines_on_page, place_of
from app.integrations.safe_html import shown
from app.web.asked import asked, needed
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id
from app.web.flash import redirect
from app.web.forms import Form, ShowAgain, or_again, read_form
from app.web.once import page_router
from app.web.paging import TAG, page_of, text_cursor
from app.web.shapes import Shape
from app.web.templating import render

SCOPE, PREVIEW = "notices/scope.html", "notices/preview.html"
ITEMS_ON_A_PAGE = 50

router = page_router()


class ScopeForm(Shape):
    """What is done with the items; the lines are read by `scope_form`."""

    handling: Annotated[Handling, asked("Choose what the notice wants.")] = needed()
    version: int = Field(default=1, ge=1, le=1_000_000)


class ActivateForm(Shape):
    """The scope that was checked, and the version with which it was looked at again."""

    scope: int = Field(default=0, ge=0, le=1_000_000)
    version: int | None = Field(default=None, ge=1, le=1_000_000)


@router.get("/safety-notices/{notice_id}/scope")
async def scope_form(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> HTMLResponse:
    """The notice's own text beside the scope that stands, or an empty one."""
    notice = await queries.get_notice(session, notice_id, today=uk_date(now))
    known = await match_queries.list_scopes(session, notice_id)
    typed = fields_of(known[0].lines) if known else {"l0-effect": ["include"], "l0c0-kind": [""]}
    handling = known[0].handling.value if known else ""
    form = Form(typed | {"handling": [handling], "version": [str(notice.version)]})
    return render(request, SCOPE, _context(notice, form))


@router.post("/safety-notices/{notice_id}/scope")
async def draft(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> Response:
    """Keep it as a draft, and go to what it would hit; or add a line or a condition."""
    form, body = await read_form(request, ScopeForm)
    notice = await queries.get_notice(session, notice_id, today=uk_date(now))
    do = form.value("do")
    if do and do != "keep":
        raise ShowAgain(SCOPE, _context(notice, changed(form, do)), is_wrong=False)
    context = _context(notice, form)
    if body is None:
        return render(request, SCOPE, context, 422)
    others = {name: value for name, value in context.items() if name != "form"}
    with or_again(SCOPE, form.against({"version": [str(notice.version)]}), **others):
        try:
            number = await scopes.draft_scope(
                session,
                notice_id,
                lines_of(form),
                handling=body.handling,
                version=body.version,
                actor=actor.username,
                at=now,
            )
        except Incomplete as error:
            for fault in error.faults:
                place = place_of(form, fault)
                form.refuse(fault.detail, place)
            raise ShowAgain(SCOPE, context, error) from error
    said = f"Scope {number} is kept as a draft. See what it would hit."
    return redirect(request, f"/safety-notices/{notice_id}/preview", said)


@router.get("/safety-notices/{notice_id}/preview")
async def preview(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    notice_id: Id,
    result: Result | None = None,
    after: After = None,
) -> HTMLResponse:
    """Which items the newest scope would hit, and why."""
    context = await _preview(session, now, notice_id, result=result, after=after)
    found = context["found"]
    seen = Seen(found.scope.number, found.affected, found.possible)
    await scopes.keep_seen(session, notice_id, seen, actor=actor.username, at=now)
    return render(request, PREVIEW, context)


@router.post("/safety-notices/{notice_id}/activate")
async def activate(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> Response:
    """Put it into force."""
    form, body = await read_form(request, ActivateForm)
    context = await _preview(session, now, notice_id)
    if body is None:
        return render(request, PREVIEW, {**context, "form": form}, 422)
    with or_again(PREVIEW, form, **context):
        who: dict[str, Any] = {"actor": actor.username, "at": now}
        done = await scopes.activate(session, notice_id, number=body.scope, looked_at=body.version, **who)
    counts = done.counts
    held = "are held now" if done.handling is Handling.QUARANTINE else "are listed; none is held"
    said = (
        f"Scope {done.number} is in force. {counts.affected:,} affected and {counts.possible:,} possible items {held}."
    )
    return redirect(request, f"/safety-notices/{notice_id}/matches", said)


async def _preview(
    session: Session, now: Now, notice_id: int, *, result: Result | None = None, after: str | None = None
) -> dict[str, Any]:
    notice = await queries.get_notice(session, notice_id, today=uk_date(now))
    found = await match_queries.preview(
        session,
        notice_id,
        today=uk_date(now),
        result=result,
        after=text_cursor(after, TAG),
        limit=ITEMS_ON_A_PAGE,
    )
    page = page_of(found.rows, limit=ITEMS_ON_A_PAGE, cursor=lambda row: row.barcode)
    asked_for = {"result": result.value if result else None}
    questions = read_scope(found.scope.lines).questions
    return {
        "notice": notice,
        "questions": questions,
        "pictures": await pictures.list_pictures(session, notice_id) if questions else {},
        "found": found,
        "rows": page.items,
        "result": result,
        "next_href": _next(f"/safety-notices/{notice_id}/preview", page.next, asked_for),
    }


def _context(notice: NoticeBody, form: Form) -> dict[str, Any]:
    lines = lines_on_page(form)
    return {
        "notice": notice,
        "shown": shown(notice.body_html),
        "form": form,
        "lines": lines,
        "kinds": KINDS,
        "ends": ENDS,
    }


def _next(address: str, after: str | None, asked_for: dict[str, str | None]) -> str | None:
    if after is None:
        return None
    return f"{address}?{urlencode({name: value for name, value in {**asked_for, 'after': after}.items() if value})}"
