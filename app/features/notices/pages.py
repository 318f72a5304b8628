"""Pages of safety notices: the list, one notice, entering one by hand, importing a file."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Path, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import UploadFile

from app.db import Session
from app.domain.dates import uk_date
from app.domain.safety_notices import KINDS, NoticeState
from app.features.notices import match_queries, queries, service
from app.features.notices.queries import Show
from app.features.notices.receiving import Outcome, count, import_documents
from app.features.notices.reconciling import count_late
from app.features.notices.schemas import NewNoticeForm
from app.features.notices.service import NewNotice
from app.integrations.safe_html import shown
from app.models import NoticeSource
from app.settings import Settings
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import page_of
from app.web.templating import render

NOTICES_ON_A_PAGE = 25
NEW, IMPORT = "notices/new.html", "notices/import.html"
LARGEST_FILE = 1_000_000
ROOM_FOR_FIELDS = 10_000
KINDS_BY_HAND = (
    "field-safety-notice",
    "national-patient-safety",
    "device-safety-information",
    "devices",
    "product-recall",
    "product-safety-alert",
)
BY_HAND_KINDS = (*((kind, KINDS[kind]) for kind in KINDS_BY_HAND), ("other", "Another kind"))

Number = Annotated[int, Path(ge=1, le=1_000_000)]

router = page_router()


@router.get("/safety-notices")
async def list_notices(
    request: Request, session: Session, actor: Actor, now: Now, show: Show = Show.TRIAGE, after: After = None
) -> HTMLResponse:
    """What waits for triage, likely relevant first; what is in hand; or all."""
    rows = await queries.list_notices(session, today=uk_date(now), show=show, after=after, limit=NOTICES_ON_A_PAGE)
    page = page_of(rows, limit=NOTICES_ON_A_PAGE, cursor=queries.cursor_of)
    context = {
        "show": show,
        "notices": page.items,
        "poll": await queries.read_poll(session),
        "polls": _settings(request).polls_mhra,
        "next_href": f"/safety-notices?{urlencode({'show': show.value, 'after': page.next})}" if page.next else None,
    }
    return render(request, "notices/list.html", context)


@router.get("/safety-notices/new")
async def new_form(request: Request, actor: Actor, publication: str = "") -> HTMLResponse:
    """Enter a notice by hand; `publication`: another notice of the same document."""
    given = {"same_publication_as": publication, "issuer": "MHRA"} if publication else {}
    return render(request, NEW, {"form": Form().with_values(given), "kinds": BY_HAND_KINDS})


@router.post("/safety-notices/new")
async def enter(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Keep it, and go to its triage."""
    form, body = await read_form(request, NewNoticeForm)
    context: dict[str, Any] = {"kinds": BY_HAND_KINDS}
    if body is None:
        return render(request, NEW, {"form": form, **context}, 422)
    facts = body.model_dump(exclude={"underway_by", "complete_by", "own_target_on"})
    with or_again(NEW, form, **context):
        new = NewNotice(**facts, deadlines=body.deadlines)
        notice_id = await service.enter(session, new, actor=actor.username, at=now)
    return redirect(request, f"/safety-notices/{notice_id}", "The notice is kept. Decide now whether it is relevant.")


@router.get("/safety-notices/import")
async def choose_file(request: Request, actor: Actor) -> HTMLResponse:
    """Choose a file."""
    return render(request, IMPORT, {"form": Form(), "most": _most(request) // 1000})


@router.post("/safety-notices/import")
async def import_file(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Take in what the file holds, and say what became of each document."""
    form, most = Form(), _most(request)
    context: dict[str, Any] = {"most": most // 1000}
    content = await _uploaded(request, form, most)
    if form.errors:
        return render(request, IMPORT, {"form": form, **context}, 422)
    with or_again(IMPORT, Form({"file": [""]}), **context):
        received = await import_documents(session, content, source=NoticeSource.FILE, actor=actor.username, at=now)
    if len(received) == 1 and received[0].reference:
        notice_id = await service.find_id(session, received[0].reference)
        return redirect(request, f"/safety-notices/{notice_id}", OUTCOMES[received[0].outcome])
    counts = [(outcome, count(received, outcome)) for outcome in Outcome]
    return render(request, "notices/imported.html", {"received": received, "counts": counts, "said": OUTCOMES})


OUTCOMES = {
    Outcome.ADDED: "This notice is new. Decide now whether it is relevant.",
    Outcome.AMENDED: "This notice was here already, and has been amended. See what changed.",
    Outcome.UNCHANGED: "This notice is here already, and nothing in it has changed.",
    Outcome.OLDER: "A newer version of this notice is here already. Nothing was changed.",
    Outcome.REFUSED: "It could not be read.",
}


@router.get("/safety-notices/{notice_id}")
async def get_notice(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> HTMLResponse:
    """One notice: its text beside the facts, its decisions, actions and versions."""
    notice = await queries.get_notice(session, notice_id, today=uk_date(now))
    scopes = await match_queries.list_scopes(session, notice_id)
    late = await count_late(session, notice_id) if notice.state is NoticeState.CLOSED else None
    context = {"notice": notice, "scopes": scopes, "shown": shown(notice.body_html), "late": late}
    return render(request, "notices/notice.html", context)


@router.get("/safety-notices/{notice_id}/versions/{number}/received")
async def get_payload(session: Session, actor: Actor, notice_id: Id, number: Number) -> Response:
    """What was received, byte for byte: saved, never shown, since others wrote it."""
    content = await queries.get_payload(session, notice_id, number)
    headers = {"Content-Disposition": f'attachment; filename="notice-{notice_id}-version-{number}"'}
    return Response(content, headers=headers, media_type="application/octet-stream")


async def _uploaded(request: Request, form: Form, most: int) -> bytes:
    """The file; what is wrong with it as a file is told on the form."""
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        form.refuse("Choose a file.", "file")
        return b""
    content = await file.read(most + 1)
    await file.close()
    if len(content) > most:
        form.refuse(f"The file is larger than {most // 1000:,} kB. Ask GOV.UK for fewer notices at once.", "file")
    elif not content.strip():
        form.refuse("The file is empty. Save what https://www.gov.uk/api answers, and choose that.", "file")
    return content


def _most(request: Request) -> int:
    return min(LARGEST_FILE, _settings(request).max_body_bytes - ROOM_FOR_FIELDS)


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings
