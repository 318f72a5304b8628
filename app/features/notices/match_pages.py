"""The page of what a notice covers: where the items are, how far the work on them has come, and one act for many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.access import Permission
from app.domain.errors import BadValue, Incomplete, RuleError
from app.domain.labels import display
from app.domain.notice_standing import ActionState, Place
from app.domain.notice_work import MatchAction
from app.domain.notices import Result
from app.domain.safety_notices import NoticeState
from app.features.notices import match_queries, pictures, tracing
from app.features.notices.acting import MOST_AT_ONCE, record_actions
from app.features.notices.acting_api import NoAccessTries
from app.features.notices.acting_pages import CHANNELS, HINTS, VERDICTS, at_the_first_question, told_on, with_answers
from app.features.notices.acting_schemas import ManyForm
from app.features.notices.match_schemas import MatchRow, SumRow
from app.features.notices.reading import log_reading, may_see_homes
from app.features.notices.tracing import Named
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id
from app.web.flash import redirect
from app.web.forms import Form, ShowAgain, filled_or_again, read_form
from app.web.once import page_router
from app.web.paging import TAG, page_of, text_cursor
from app.web.tags import Prefix, check_tags
from app.web.templating import render

MATCHES = "notices/matches.html"
ITEMS_ON_A_PAGE = 50
MOST_FAULTS_SHOWN = 12

router = page_router()


@dataclass(frozen=True, slots=True)
class Asked:
    """Which items are looked at."""

    result: Result | None
    where: Place | None
    state: ActionState | None
    after: str | None

    def address(self, notice_id: int, **changes: str | None) -> str:
        """Where they are shown; `changes`: what is looked at instead."""
        asked = {"result": self.result, "where": self.where, "state": self.state, "after": self.after} | changes
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"/safety-notices/{notice_id}/matches{'?' if query else ''}{query}"


async def asked_for(
    result: Annotated[Result | None, Query()] = None,
    where: Annotated[Place | None, Query()] = None,
    state: Annotated[ActionState | None, Query()] = None,
    after: After = None,
) -> Asked:
    """What stands in the address."""
    return Asked(result, where, state, after)


AskedFor = Annotated[Asked, Depends(asked_for)]


@router.get("/safety-notices/{notice_id}/matches")
async def list_matches(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    notice_id: Id,
    asked: AskedFor,
    ticked: Literal["all"] | None = None,
) -> HTMLResponse:
    """What the notice covers. Who has an item is shown to those who visit or handle notices; that is logged."""
    context = await _shown(session, actor, now, notice_id, asked)
    form = Form({"tick": list(context["open_to_acts"])} if ticked else {})
    return render(request, MATCHES, {"form": form, **context})


@router.post("/safety-notices/{notice_id}/matches")
async def act_on_many(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    tries: NoAccessTries,
    prefix: Prefix,
    notice_id: Id,
    asked: AskedFor,
) -> Response:
    """Record the same of all that are ticked or typed, or of none."""
    form, body = await read_form(request, ManyForm)
    context = await _shown(session, actor, now, notice_id, asked)
    form = with_answers(form, context["questions"])
    with filled_or_again(MATCHES, form, body, **context) as said, at_the_first_question(context["questions"]):
        tags = _tags(said.tick, (said.tags or "").replace(",", " ").split(), prefix=prefix)
        told = told_on(form, said, context["questions"])
        may_handle = actor.may(Permission.HANDLE_SAFETY_NOTICES)
        who: dict[str, Any] = {"after_tries": tries, "may_handle": may_handle, "actor": actor.username, "at": now}
        try:
            found = await record_actions(session, notice_id, tags, told, **who)
        except RuleError as error:
            shown_there = {row.barcode for row in context["rows"]}
            _say_of_each(form, tags, error, shown_there)
            raise ShowAgain(MATCHES, {**context, "form": form}, error) from error
    held = sum(one.is_held for one in found)
    count = "It is recorded of 1 item" if len(found) == 1 else f"It is recorded of {len(found)} items"
    words = [f"{count}. {held} of them {'is' if held == 1 else 'are'} on hold."]
    if any(one.is_escalated for one in found):
        words.append("The manager is told where nobody opens.")
    return redirect(request, asked.address(notice_id), " ".join(words))


def _tags(ticked: Sequence[str], typed: Sequence[str], *, prefix: str) -> list[str]:
    """Asset tags as the house writes them, each once."""
    if not ticked and not typed:
        raise BadValue("nothing-chosen", "Tick the items, or scan or type their asset tags.", field="tags")
    try:
        tags = dict.fromkeys(check_tags([*ticked, *typed], prefix=prefix, field="tags"))
    except RuleError as error:
        place = (error.index or 0) - len(ticked)
        raise BadValue(error.code, f"{typed[place] if place >= 0 else ''}: {error.detail}", field="tags") from error
    if len(tags) > MOST_AT_ONCE:
        raise BadValue("too-many", f"Record it of at most {MOST_AT_ONCE} items at once.", field="tags")
    return list(tags)


def _say_of_each(form: Form, tags: Sequence[str], error: RuleError, shown: set[str]) -> None:
    """What cannot take it is said at its row, or by its tag where it is not on this page."""
    faults = [(tags[int(fault.name)], fault.detail) for fault in error.faults] if isinstance(error, Incomplete) else []
    if not faults and error.field is None and len(tags) == 1:
        faults = [(tags[0], error.detail)]
    if not faults:
        raise error
    if len(tags) > 1:
        form.refuse(error.detail)
    for tag, detail in faults[:MOST_FAULTS_SHOWN]:
        form.refuse(f"{display(tag)}: {detail}", f"tick-{tag}" if tag in shown else None)
    if len(faults) > MOST_FAULTS_SHOWN:
        form.refuse(f"And {len(faults) - MOST_FAULTS_SHOWN} more.")


async def _shown(session: AsyncSession, actor: Actor, now: Now, notice_id: int, asked: Asked) -> dict[str, Any]:
    notice = await tracing.get_named(session, notice_id)
    sees_homes = may_see_homes(actor)
    rows = await match_queries.list_matches(
        session,
        notice_id,
        result=asked.result,
        where=asked.where,
        action_state=asked.state,
        may_see_client=sees_homes,
        after=text_cursor(asked.after, TAG),
        limit=ITEMS_ON_A_PAGE,
    )
    page = page_of(rows, limit=ITEMS_ON_A_PAGE, cursor=lambda row: row.barcode)
    await log_reading(session, page.items, notice.reference, actor=actor, at=now)
    sums = await match_queries.sum_matches(session, notice_id)
    works = actor.may(Permission.WORK_ON_NOTICES)
    questions = await match_queries.read_questions(session, notice_id)
    return {
        "notice": notice,
        "rows": page.items,
        "open_to_acts": {row.barcode for row in page.items if works and _may_be_acted_on(notice, row)},
        "places": _by_place(sums),
        "states": [(one, sum(sum_.items for sum_ in sums if sum_.action_state is one)) for one in ActionState],
        "apart": sum(row.is_apart for row in page.items),
        "sees_homes": sees_homes,
        "asked": asked,
        "here": asked.address(notice_id),
        "all_ticked": asked.address(notice_id, ticked="all"),
        "next_href": asked.address(notice_id, after=page.next) if page.next else None,
        "questions": questions,
        "pictures": await pictures.list_pictures(session, notice_id) if questions else {},
        "actions": [(action.value, action.text, HINTS[action.value]) for action in MatchAction],
        "channels": CHANNELS,
        "verdicts": VERDICTS,
    }


def _may_be_acted_on(notice: Named, row: MatchRow) -> bool:
    """What a closing has counted and does not hold is looked at one by one, on its own page."""
    if notice.state == NoticeState.CLOSED:
        return row.is_apart or row.is_held
    return notice.state == NoticeState.ACTIVE


def _by_place(sums: list[SumRow]) -> list[tuple[Place, dict[Result, int], int, int]]:
    """A row for each place: how many of each result, of all, and of those with which there is something left to do."""
    rows = []
    for place in Place:
        there = [one for one in sums if one.where is place]
        results = {result: sum(one.items for one in there if one.result is result) for result in Result}
        left = sum(one.items for one in there if not one.action_state.is_finished)
        rows.append((place, results, sum(results.values()), left))
    return rows
