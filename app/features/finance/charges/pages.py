"""Pages of charges: the list with its sums, one charge, taking it back, and pricing what had no rate."""

from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.cost_reports import not_kept_before
from app.domain.costs import OWN_ACCOUNT_TEXT, RECKONED, ChargeKind
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.how_charged import OF_A_KIND
from app.domain.months import read_month
from app.features.finance.charges import queries, service
from app.features.finance.charges.asking import NOBODY, Wanted
from app.features.finance.charges.schemas import (
    Charge,
    FundingPart,
    NewInstead,
    ReverseCharge,
    ReverseForm,
    Totals,
)
from app.features.finance.items.price import of_a_write_off
from app.features.finance.kept_since import EVER
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id
from app.web.flash import redirect
from app.web.forms import Form, ShowAgain, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.questions import Back
from app.web.templating import render
from app.web.typed import own_path, pence_from

LINES_ON_A_PAGE = 100
FUNDERS_ASKED = 4
ISSUES = (ChargeKind.NEW_PURCHASE, ChargeKind.RECYCLED_ISSUE)
LIST = "finance/charges.html"
ONE = "finance/charge.html"

router = page_router()


@router.get("/finance/charges")
async def list_charges(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    wanted: Annotated[Wanted, Depends()],
    after: After = None,
) -> HTMLResponse:
    """Lines, newest first, with the sums of all that fit; of this month, where nothing is asked for."""
    if not request.query_params:
        wanted = replace(wanted, period=f"{uk_date(now):%Y-%m}")
    asked, wanted = wanted, wanted.bounded(uk_date(now))
    form = Form({name: [value] for name, value in wanted.filled.items()})
    rows, totals = [], Totals(lines=0, issues=0, net_pence=0, vat_pence=0)
    try:
        before = number_cursor(after)
        rows = await queries.list_lines(session, wanted, before=before, limit=LINES_ON_A_PAGE, actor=actor)
        totals = await queries.add_up(session, wanted, today=uk_date(now))
    except BadValue as refusal:
        if refusal.field not in {"from", "to", "period"}:
            raise
        form.refuse(refusal.detail, refusal.field)
    page = page_of(rows, limit=LINES_ON_A_PAGE, cursor=lambda row: row.id)
    first = wanted.since or (read_month(wanted.period) if wanted.period and not form.errors else EVER)
    todo = await queries.count_to_do(session)
    context = {
        "note": not_kept_before(first, todo["kept_since"]),
        "form": form,
        "wanted": wanted,
        "is_bounded": wanted is not asked,
        "lines": page.items,
        "totals": totals,
        "of_issues": totals.issues or wanted.kind in ISSUES,
        "todo": todo,
        "most": queries.MOST_COUNTED,
        "kinds": [(kind.value, kind.text) for kind in ChargeKind],
        "funders": [(NOBODY, OWN_ACCOUNT_TEXT), *await queries.list_funders(session)],
        "teams": await queries.list_teams(session),
        "following": page.next and f"/finance/charges?{urlencode({**wanted.filled, 'after': page.next})}",
    }
    return render(request, LIST, context, 422 if form.errors else 200)


@router.post("/finance/charges/price-unpriced")
async def price_unpriced(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Price what had no rate, where there is one now."""
    done = await service.price_unpriced(session, None, actor=actor.username, at=now)
    return redirect(request, "/finance/charges?unpriced=true", _said(done.priced, done.still_unpriced))


@router.get("/finance/charges/{charge_id}")
async def get_charge(request: Request, session: Session, actor: Actor, charge_id: Id, back: Back = "") -> HTMLResponse:
    """One charge: its lines, how they were counted, and what became of them."""
    charge = await queries.get_charge(session, charge_id, actor=actor)
    return render(request, ONE, {"form": Form(), **await _shown(session, charge, back=back)})


@router.post("/finance/charges/{charge_id}")
async def reverse_charge(request: Request, session: Session, actor: Actor, now: Now, charge_id: Id) -> Response:
    """Take it back, and charge something instead where that is said."""
    charge = await queries.get_charge(session, charge_id, actor=actor)
    form, body = await read_form(request, ReverseForm)
    context = await _shown(session, charge)
    instead = _read_instead(form, body.what) if body else None
    if body is None or form.errors:
        raise ShowAgain(ONE, {"form": form, **context})
    with or_again(ONE, form, **context):
        said = ReverseCharge(reason=body.reason, instead=instead)
        await service.reverse(session, charge_id, said, actor=actor.username, at=now)
    told = "The charge is taken back." if instead is None else "The charge is taken back, and another stands instead."
    return redirect(request, f"/finance/charges/{charge_id}", told)


async def _shown(session: AsyncSession, charge: Charge, *, back: str = "") -> dict[str, Any]:
    is_reckoned = charge.asked.kind is ChargeKind.WRITE_OFF and charge.asked.basis.startswith(RECKONED)
    return {
        "charge": charge,
        "top_up": await queries.find_top_up(session, charge.asked.id),
        "of_its_price": await of_a_write_off(session, charge.asked.id) if is_reckoned else [],
        "how": OF_A_KIND.get(charge.asked.kind, ""),
        "funders": [(NOBODY, OWN_ACCOUNT_TEXT), *await queries.list_funders(session, persons=False)],
        "asked": range(1, max(FUNDERS_ASKED, len(charge.lines) + 1) + 1),
        "back": own_path(back, "/finance/charges"),
    }


def _read_instead(form: Form, what: str) -> NewInstead | None:
    """What is charged instead, as it was typed; what cannot be is refused at its field."""
    if what == "nothing":
        return None
    pence = _read_sum(form) if what in {"sum", "both"} else None
    funding = _read_funding(form) if what in {"funding", "both"} else None
    return None if form.errors else NewInstead(pence=pence, funding=funding)


def _read_sum(form: Form) -> int | None:
    typed = form.value("pence").strip()
    if not typed:
        form.refuse("Enter the sum that is charged instead.", "pence")
        return None
    try:
        pence = pence_from(typed.removeprefix("-"))
    except ValueError as wrong:
        form.refuse(str(wrong).replace("price", "sum"), "pence")
        return None
    return -pence if typed.startswith("-") else pence


def _read_funding(form: Form) -> list[FundingPart] | None:
    """The funders that were chosen, with their parts. All of them are said to be wrong at the first."""
    found, is_wrong = [], False
    for name in sorted(one for one in form.names if one.startswith("funder-")):
        number = name.removeprefix("funder-")
        funder, percent = form.value(name), form.value(f"percent-{number}").strip().removesuffix("%").strip()
        if not funder and not percent:
            continue
        if not funder:
            form.refuse("Choose who pays this part.", name)
            is_wrong = True
            continue
        try:
            found.append(
                FundingPart.model_validate({"funder": None if funder == NOBODY else funder, "percent": percent})
            )
        except ValidationError:
            form.refuse("Write a percentage from 0 to 100 with two decimals at most.", f"percent-{number}")
            is_wrong = True
    if not found and not is_wrong:
        form.refuse("Choose who pays, and which part.", "funder-1")
    return found


def _said(priced: int, left: int) -> str:
    done = "No charge" if not priced else "1 charge" if priced == 1 else f"{priced:,} charges"
    still = "Nothing is without a rate now." if not left else f"{left:,} still without a rate for the day."
    return f"{done} priced by the rates that there are now. {still}"
