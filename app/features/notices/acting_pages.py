"""Pages for those who work on the items of a notice: one item, and the homes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from app import audit
from app.db import Session
from app.domain.access import Permission
from app.domain.errors import BadValue, RuleError
from app.domain.notice_acts import check_notice, choices
from app.domain.notice_standing import Channel
from app.domain.notice_work import MatchAction
from app.domain.safety_notices import NoticeState
from app.features.notices import item_queries, pictures, tracing
from app.features.notices.acting import Told, record_actions
from app.features.notices.acting_api import NoAccessTries
from app.features.notices.acting_schemas import MatchActionForm, Verdict
from app.features.notices.evidence_csv import file_name
from app.features.notices.item_queries import Matched
from app.features.notices.tracing import Named
from app.web.auth import Actor
from app.web.clock import Now
from app.web.csv_files import csv_answer
from app.web.fields import After, Id
from app.web.flash import redirect
from app.web.forms import Form, filled_or_again, read_form
from app.web.once import page_router
from app.web.paging import TAG, page_of, text_cursor
from app.web.tags import Tag
from app.web.templating import render

ITEMS_ON_A_PAGE = 50
MATCH = "notices/match.html"
VERDICTS = [(verdict.value, verdict.text) for verdict in Verdict]
CHANNELS = [(channel.value, channel.text) for channel in Channel]

router = page_router()


@router.get("/safety-notices/{notice_id}/matches/{barcode}")
async def get_match(request: Request, session: Session, actor: Actor, notice_id: Id, tag: Tag) -> HTMLResponse:
    """One item: why the notice covers it, what was done, and what may be done next."""
    notice = await tracing.get_named(session, notice_id)
    works_on_it = actor.may(Permission.WORK_ON_NOTICES)
    match = await item_queries.get_match(session, notice_id, tag, works_on_it=works_on_it)
    context = _of_match(notice, match, actor.username) | await _pictures(session, notice_id, match)
    return render(request, MATCH, {"form": Form(), **context})


@router.post("/safety-notices/{notice_id}/matches/{barcode}")
async def act(
    request: Request, session: Session, actor: Actor, now: Now, tries: NoAccessTries, notice_id: Id, tag: Tag
) -> Response:
    """Record what was done."""
    form, body = await read_form(request, MatchActionForm)
    notice = await tracing.get_named(session, notice_id)
    match = await item_queries.get_match(session, notice_id, tag)
    context = _of_match(notice, match, actor.username) | await _pictures(session, notice_id, match)
    form, questions = with_answers(form, match.body.questions), match.body.questions
    may_handle = actor.may(Permission.HANDLE_SAFETY_NOTICES)
    who: dict[str, Any] = {"after_tries": tries, "may_handle": may_handle, "actor": actor.username, "at": now}
    with filled_or_again(MATCH, form, body, **context) as said, at_the_first_question(questions):
        told = told_on(form, said, questions)
        [found] = await record_actions(session, notice_id, [tag], told, **who)
    words = ["It is recorded.", "It is on hold." if found.is_held else "The notice does not hold it."]
    if found.is_escalated:
        words.append("The manager is told that nobody opens there.")
    return redirect(request, f"/safety-notices/{notice_id}/matches/{tag}", " ".join(words))


@router.get("/safety-notices/{notice_id}/homes")
async def list_homes(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    notice_id: Id,
    finished: bool = False,
    after: After = None,
) -> HTMLResponse:
    """Items at homes, and who goes there anyway. That it was read stands in the audit trail."""
    notice = await tracing.get_named(session, notice_id)
    last = text_cursor(after, TAG)
    rows = await tracing.list_homes(session, notice_id, finished=finished, after=last, limit=ITEMS_ON_A_PAGE)
    page = page_of(rows, limit=ITEMS_ON_A_PAGE, cursor=lambda row: row.barcode)
    subject, found = f"safety_notice:{notice.reference}", len(page.items)
    await audit.record(session, "notice_homes_listed", subject, actor=actor.username, at=now, found=found)
    shown = {"finished": "true" if finished else None, "after": page.next}
    here = f"/safety-notices/{notice_id}/homes"
    context = {
        "notice": notice,
        "homes": page.items,
        "finished": finished,
        "next_href": f"{here}?{urlencode({k: v for k, v in shown.items() if v})}" if page.next else None,
    }
    return render(request, "notices/homes.html", context)


@router.get("/safety-notices/{notice_id}/reply.csv")
async def reply(session: Session, actor: Actor, notice_id: Id) -> Response:
    """What the manufacturer is told: serial numbers, lots and counts, and nothing of people."""
    notice = await tracing.get_named(session, notice_id)
    rows = await tracing.list_for_reply(session, notice_id)
    return csv_answer(f"{file_name(notice.reference)}-reply.csv", tracing.REPLY_HEAD, rows)


def told_on(form: Form, body: MatchActionForm, questions: Sequence[str]) -> Told:
    """What was said on a page, with the answers that were given there."""
    said = {question: form.value(f"answer_{place}") for place, question in enumerate(questions)}
    answers = {question: answer == "yes" for question, answer in said.items() if answer in {"yes", "no"}}
    if body.done is MatchAction.INSPECTED and not (body.sound or answers or body.serial_read or questions):
        raise BadValue("verdict-needed", "Say whether it is sound, or that you cannot tell.", field="sound")
    return Told(
        body.done,
        body.notes,
        body.channel.value if body.channel else "",
        answers,
        serial_read=body.serial_read or "",
        client_gone=body.client_gone,
        sound=body.sound.is_sound if body.sound else None,
    )


def with_answers(form: Form, questions: Sequence[str]) -> Form:
    """The form with a field for each question: a browser does not send what was left out."""
    if form.errors:
        return form
    return form.with_values({name: form.value(name) for name in (f"answer_{at}" for at in range(len(questions)))})


@contextmanager
def at_the_first_question(questions: Sequence[str]) -> Iterator[None]:
    """What is wrong with the answers stands at the first of them: on the page each has a field of its own."""
    try:
        yield
    except BadValue as error:
        if error.field == "answers":
            error.field = "answer_0" if questions else None
        raise


async def _pictures(session: Session, notice_id: int, match: Matched) -> dict[str, Any]:
    """What stands beside the questions. No statement where nothing is asked."""
    return {"pictures": await pictures.list_pictures(session, notice_id) if match.body.questions else {}}


def _of_match(notice: Named, match: Matched, actor: str) -> dict[str, Any]:
    """What the page of one item shows; `closed`: why nothing can be recorded any more."""
    try:
        check_notice(NoticeState(notice.state))
        closed = None
    except RuleError as error:
        closed = error.detail
    found = choices(match.standing, actor=actor)
    return {
        "notice": notice,
        "match": match.body,
        "closed": closed,
        "may": [(action.value, action.text, HINTS[action.value]) for action, why in found.items() if why is None],
        "may_not": _by_reason(found),
        "channels": CHANNELS,
        "verdicts": VERDICTS,
    }


def _by_reason(found: Mapping[MatchAction, str | None]) -> list[tuple[str, str]]:
    """What cannot be recorded, with each reason once."""
    reasons: dict[str, list[str]] = {}
    for action, why in found.items():
        if why:
            reasons.setdefault(why, []).append(action.text)
    return [(", ".join(names), why) for why, names in reasons.items()]


HINTS = {
    "contacted": "Somebody was told, and what they said. This alone finishes nothing",
    "no_access": "Nobody opened, or nobody answered",
    "quarantined": "It is set apart and labelled",
    "inspected": "Somebody has seen it with their own eyes, and answers what the notice asks",
    "corrected": "What the notice wants was done to it. Another person then checks that, and clears it",
    "replaced": "Its client has another one. This one stays on hold",
    "disposed": "It is scrapped",
    "untraceable": "Nobody can find it. It stays on hold. Where a client has it by its record, two people say so",
    "cleared": "It is not affected, or its correction was checked. Its hold ends",
}
