"""Pages of who pays for an order: disputes and their settling, the split, and what a person adds."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.domain.dates import uk_date
from app.domain.errors import RuleError
from app.domain.scanning import check_tag
from app.features.finance.funding import disputes, queries, top_ups
from app.features.finance.funding.schemas import (
    DisputeForm,
    DisputeState,
    NewTopUp,
    OrderPayer,
    ReasonBody,
    SettleForm,
    SplitForm,
    TopUpForm,
    journal_body,
)
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id
from app.web.flash import redirect
from app.web.forms import Form, filled_or_again, or_again, read_form
from app.web.funding import FunderShare, ShareOfOrder, as_shares, read_shares, typed_shares
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.tags import Prefix
from app.web.templating import render

ON_A_PAGE = 50
DISPUTE = "finance/dispute.html"
FIND = "finance/find_order.html"
ORDER = "finance/order_funding.html"
TOP_UP = "finance/top_up.html"
WITHDRAW = "finance/withdraw_top_up.html"

router = page_router()

Number = Annotated[str, Path(max_length=20)]
Asked = Annotated[str, Query(max_length=20)]


@router.get("/finance/disputes")
async def list_disputes(
    request: Request, session: Session, actor: Actor, now: Now, show: Asked = "open", after: After = None
) -> HTMLResponse:
    """Disputes: open ones, those that are late, or settled ones."""
    state = next((one for one in DisputeState if one.value == show), DisputeState.OPEN)
    details: dict[str, Any] = {"actor": actor, "state": state, "today": uk_date(now), "limit": ON_A_PAGE}
    rows = await queries.list_disputes(session, **details, after=number_cursor(after))
    page = page_of(rows, limit=ON_A_PAGE, cursor=lambda row: row.id)
    following = urlencode({"show": state.value, "after": page.next}) if page.next else ""
    context = {
        "show": state,
        "states": list(DisputeState),
        "disputes": page.items,
        "next_href": f"/finance/disputes?{following}" if following else None,
    }
    return render(request, "finance/disputes.html", context)


@router.get("/finance/disputes/{dispute_id}")
async def get_dispute(request: Request, session: Session, actor: Actor, now: Now, dispute_id: Id) -> HTMLResponse:
    """One dispute; who may settles it here."""
    context = await _dispute(session, dispute_id, actor, now)
    shares = _as_they_are(context["dispute"].funding)
    form = Form({name: [value] for name, value in typed_shares(shares).items()})
    return render(request, DISPUTE, {"form": form, **context})


@router.post("/finance/disputes/{dispute_id}/settle")
async def settle(request: Request, session: Session, actor: Actor, now: Now, dispute_id: Id) -> Response:
    """Settle it, or show first what each funder would pay and get back."""
    form, body = await read_form(request, SettleForm)
    context = await _dispute(session, dispute_id, actor, now)
    only_look = bool(form.value("look"))
    if only_look:
        form = Form(form.typed)
    shares = _shares(form, context)
    if form.errors or (body is None and not only_look):
        return render(request, DISPUTE, {"form": form, **context}, 422)
    with or_again(DISPUTE, form, **context):
        if body is None or only_look:
            journal = await disputes.preview(session, dispute_id, as_shares(shares))
            return render(request, DISPUTE, {"form": form, **context, "journal": journal_body(journal)})
        who = actor.username
        journal = await disputes.settle(
            session, dispute_id, as_shares(shares), settlement=body.settlement, actor=who, at=now
        )
    lines = len(journal.reversed)
    said = f"{lines} {'line is' if lines == 1 else 'lines are'} taken back, and {journal.posted} posted instead."
    return redirect(request, f"/finance/disputes/{dispute_id}", f"Settled. {said if lines else 'Nothing was charged.'}")


@router.get("/finance/funding")
async def find_order(request: Request, session: Session, actor: Actor, order: Asked = "") -> Response:
    """Which order?"""
    number = order.strip()
    form = Form({"order": [number]} if number else {})
    if number:
        try:
            found = await queries.get_order(session, number)
            return redirect(request, f"/finance/funding/{quote(found.order_number)}")
        except RuleError as error:
            form.refuse(error.detail, "order")
    return render(request, FIND, {"form": form}, 422 if form.errors else 200)


@router.get("/finance/funding/{number}")
async def get_order(request: Request, session: Session, actor: Actor, number: Number) -> HTMLResponse:
    """Who pays for an order, and what can be done about it."""
    context = await _order(session, number)
    shares = _as_they_are(context["order"].funding)
    form = Form({name: [value] for name, value in typed_shares(shares).items()})
    return render(request, ORDER, {"form": form, "dispute_form": Form(), **context})


@router.post("/finance/funding/{number}/split")
async def change_split(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Another split, while nothing is charged."""
    form, body = await read_form(request, SplitForm)
    context = {"dispute_form": Form(), **await _order(session, number)}
    shares = _shares(form, context)
    with filled_or_again(ORDER, form, None if form.errors else body, **context) as said:
        who = actor.username
        await disputes.change_split(session, number, as_shares(shares), reason=said.reason, actor=who, at=now)
    return redirect(request, f"/finance/funding/{quote(number)}", "The order is paid for so from now on.")


@router.post("/finance/funding/{number}/dispute")
async def open_dispute(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """It is not agreed who pays."""
    form, body = await read_form(request, DisputeForm)
    context = {"dispute_form": form, **await _order(session, number)}
    with filled_or_again(ORDER, form, body, **context) as said:
        why, until, who = said.not_agreed, said.settle_by, actor.username
        dispute_id = await disputes.open_dispute(session, number, reason=why, until=until, actor=who, at=now)
    said_so = "The order goes on, and all that it is charged is in dispute until this is settled."
    return redirect(request, f"/finance/disputes/{dispute_id}", said_so)


@router.get("/finance/funding/{number}/top-up")
async def top_up_form(request: Request, session: Session, actor: Actor, number: Number) -> HTMLResponse:
    """What a person adds."""
    context = {**await _order(session, number), "persons": await queries.list_choices(session, persons=True)}
    return render(request, TOP_UP, {"form": Form(), **context})


@router.post("/finance/funding/{number}/top-up")
async def add_top_up(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: Number
) -> Response:
    """Charge them with it."""
    form, body = await read_form(request, TopUpForm)
    context = {**await _order(session, number), "persons": await queries.list_choices(session, persons=True)}
    with filled_or_again(TOP_UP, form, body, **context) as said:
        barcode = check_tag(said.barcode, prefix=prefix)
        facts = said.model_dump(exclude={"amount"}) | {"pence": said.amount, "order_number": number}
        new = NewTopUp.model_validate(facts)
        await top_ups.add_top_up(session, new, barcode=barcode, actor=actor.username, at=now)
    return redirect(request, f"/finance/funding/{quote(number)}", "The top-up is charged, and the funders pay less.")


@router.get("/finance/top-ups/{top_up_id}/withdraw")
async def withdraw_form(request: Request, session: Session, actor: Actor, top_up_id: Id) -> HTMLResponse:
    """Why?"""
    return render(request, WITHDRAW, {"form": Form(), "top_up": await queries.get_top_up(session, top_up_id)})


@router.post("/finance/top-ups/{top_up_id}/withdraw")
async def withdraw(request: Request, session: Session, actor: Actor, now: Now, top_up_id: Id) -> Response:
    """Take it back."""
    form, body = await read_form(request, ReasonBody)
    context = {"top_up": await queries.get_top_up(session, top_up_id)}
    with filled_or_again(WITHDRAW, form, body, **context) as said:
        await top_ups.withdraw_top_up(session, top_up_id, reason=said.reason, actor=actor.username, at=now)
    place = f"/finance/funding/{quote(context['top_up'].order_number)}"
    return redirect(request, place, "The top-up is taken back: the person pays nothing.")


def _shares(form: Form, context: dict[str, Any]) -> list[FunderShare]:
    return [FunderShare(**one) for one in read_shares(form, [code for code, _ in context["funders"]])]


def _as_they_are(funding: Sequence[OrderPayer]) -> list[ShareOfOrder]:
    return [
        ShareOfOrder(funder=one.funder, name=one.name, percent=one.percent, pence=one.pence)
        for one in funding
        if one.funder and one.percent
    ]


async def _dispute(session: Session, dispute_id: int, actor: Actor, now: Now) -> dict[str, Any]:
    dispute = await queries.get_dispute(session, dispute_id, actor=actor, today=uk_date(now))
    return {"dispute": dispute, "funders": await queries.list_choices(session)}


async def _order(session: Session, number: str) -> dict[str, Any]:
    order = await queries.get_order(session, number)
    tops = await queries.list_top_ups(session, number=number)
    return {"order": order, "top_ups": tops, "funders": await queries.list_choices(session)}
