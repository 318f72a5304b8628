"""The start page of everybody who is signed in; which parts it has follows from what the person may do."""

from datetime import date
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.features.home import money, my_work, queries, safety_notices, signing
from app.panelling import list_follow_up
from app.web.auth import Actor
from app.web.clock import Now
from app.web.once import page_router
from app.web.templating import render

router = page_router()


@router.get("/")
async def home(request: Request, session: Session, actor: Actor, now: Now) -> HTMLResponse:
    """What waits for this person, then where they can go."""
    today = uk_date(now)
    context: dict[str, Any] = {"today": today, "now": now, "soon": today + my_work.ENDS_SOON}
    context |= {"MOST": my_work.MOST, "MOST_HELD_OUT": queries.MOST_HELD_OUT, "FIRST_FEW": my_work.FIRST_FEW}
    context |= {"MOST_OF_ONES_OWN": queries.MOST_OF_ONES_OWN}
    context |= {"MOST_TO_PICK": my_work.MOST_TO_PICK, "MOST_OPEN": safety_notices.MOST_OPEN}
    context["unread"] = await my_work.count_unread(session, actor.id)
    context |= await _store(session, actor, today) | await _prescribing(session, actor, today)
    if actor.may(Permission.LIFT_HOLDS):
        context["held"] = await queries.count_held(session)
    if actor.may(Permission.LIFT_HOLDS) or actor.may(Permission.WORK_ON_ITEMS):
        see = actor.may(Permission.SEE_CLIENTS)
        context["held_out"] = await queries.list_held_out(session, may_see_client=see, limit=my_work.FIRST_FEW)
    if actor.may(Permission.KEEP_STOP_USE_NOTICES):
        whose = actor.username if actor.may(Permission.PLACE_ORDERS) else None
        context["notices"] = await my_work.list_notices(session, whose=whose)
    if actor.may(Permission.SEE_PANEL_CASES):
        context["follow_up"] = await list_follow_up(session, actor.username, today=today, limit=my_work.FIRST_FEW)
    if actor.may(Permission.SIT_ON_PANEL):
        context["panel_cases"] = await my_work.count_panel_cases(session, actor.id)
    context |= await _office(session, actor, today)
    shown = _clients_shown(context)
    if shown:
        await audit.record(session, "clients_listed", "clients", actor=actor.username, at=now, found=shown)
    return render(request, "home/home.html", context)


async def _office(session: AsyncSession, actor: Person, today: date) -> dict[str, Any]:
    context: dict[str, Any] = {}
    if actor.may(Permission.HANDLE_SAFETY_NOTICES):
        context["safety"] = await safety_notices.read_notice_work(session, today=today)
    if actor.may(Permission.CLOSE_PERIODS):
        context["money"] = await money.count_money_waiting(session, today=today)
    return context


async def _store(session: AsyncSession, actor: Person, today: date) -> dict[str, Any]:
    context: dict[str, Any] = {}
    if actor.may(Permission.WORK_ON_ITEMS):
        context["benches"] = await queries.count_benches(session)
        context["waiting"] = await queries.count_waiting(
            session, today=today, stores=[store.id for store in actor.stores]
        )
    if actor.may(Permission.FULFIL_ORDERS):
        context["store_orders"] = await my_work.count_store_orders(session, today=today)
    return context


async def _prescribing(session: AsyncSession, actor: Person, today: date) -> dict[str, Any]:
    context: dict[str, Any] = {}
    who = actor.username
    if actor.may(Permission.PLACE_ORDERS):
        mine = await my_work.read_my_orders(session, who, today=today)
        context |= {"mine": mine, "orders": mine.parts}
        context["unweighed"] = await queries.list_unweighed(session, who)
    if actor.may(Permission.ISSUE_ITEMS) or actor.may(Permission.PLACE_ORDERS):
        context["to_answer"] = await my_work.list_to_answer(session, who)
    if actor.may(Permission.SIGN_ORDERS):
        context["to_sign"] = await signing.list_to_sign(session, who, today=today)
    if actor.may(Permission.REVIEW_TRIALS):
        context["trials"] = await queries.list_trials(session, who, today=today)
    if actor.may(Permission.REQUEST_COLLECTIONS):
        context["collections"] = await queries.list_collections(session, who)
    if actor.may(Permission.RESERVE_ITEMS):
        context["reservations"] = await queries.list_reservations(session, who, today=today)
    return context


def _clients_shown(context: dict[str, Any]) -> int:
    """In how many lines a client is named."""
    begun = ("trials", "collections", "to_sign", "reservations")
    shown = sum(min(len(context.get(name, [])), my_work.FIRST_FEW) for name in begun)
    shown += sum(len(context.get(name, [])) for name in ("to_answer", "notices", "unweighed", "follow_up"))
    shown += context["mine"].shown if "mine" in context else 0
    return shown + sum(line.client_ref is not None for line in context.get("held_out", []))
