"""The page of the journal: what it comes to, the file, and how the general ledger wants it."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.domain.asked_period import AskedPeriod, of_month
from app.domain.costs import ChargeKind
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.journal import DateFormat, JournalField, Layout
from app.domain.months import month_name, read_month
from app.features.finance.exports import files
from app.features.finance.exports.journal import read_journal
from app.features.finance.exports.layouts import Kept, get_layout, list_funders, set_layout
from app.features.finance.exports.pages import Typed
from app.features.finance.exports.schemas import JournalForm
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.templating import render

router = page_router()

TEMPLATE = "finance/journal.html"
SETTINGS = "finance/journal_layout.html"
MOST_LETTERS = 200


@router.get("/finance/journal")
async def journal(request: Request, session: Session, actor: Actor, now: Now, period: Typed = "") -> HTMLResponse:
    """The journal of a month, as it would be posted."""
    form = Form({"period": [period or month_name(uk_date(now))]})
    context: dict[str, Any] = {"form": form, "journal": None}
    try:
        month = _month(period, now)
    except BadValue as refusal:
        form.refuse(refusal.detail, "period")
        return render(request, TEMPLATE, context, 422)
    kept = await get_layout(session)
    found = await read_journal(session, month.first, kept.layout)
    return render(request, TEMPLATE, context | {"journal": found, "month": month.words, "name": month.name})


@router.get("/finance/journal.csv")
async def journal_file(session: Session, actor: Actor, now: Now, period: Typed = "") -> Response:
    """The file."""
    kept = await get_layout(session)
    found = await read_journal(session, _month(period, now).first, kept.layout)
    return await files.journal_file(session, found, kept, actor=actor.username, at=now)


@router.get("/finance/journal/layout")
async def layout_form(request: Request, session: Session, actor: Actor) -> HTMLResponse:
    """How the general ledger wants it."""
    return render(request, SETTINGS, {"form": Form(_typed(await get_layout(session))), **await _choices(session)})


@router.post("/finance/journal/layout")
async def change_layout(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Set it."""
    form, body = await read_form(request, JournalForm)
    choices = await _choices(session)
    if body is None:
        return render(request, SETTINGS, {"form": form, **choices}, 422)
    with or_again(SETTINGS, form.against(_typed(await get_layout(session))), **choices):
        layout = _read(form, body, [code for code, _ in choices["funders"]])
        await set_layout(session, layout, version=body.version, actor=actor.username, at=now)
    return redirect(request, "/finance/journal", "The journal's layout is kept.")


def _month(period: str, now: Now) -> AskedPeriod:
    return of_month(read_month(period.strip()) if period.strip() else uk_date(now))


def _read(form: Form, body: JournalForm, funders: list[str]) -> Layout:
    """The layout from the fields. Raises BadValue `journal-position` as well as what the rules refuse."""
    columns = []
    for field in JournalField:
        place = form.value(f"place-{field}").strip()
        if not place:
            continue
        if not (place.isascii() and place.isdigit() and len(place) < 3):
            detail = "Number the columns from 1; leave the number out of those that the ledger does not want."
            raise BadValue("journal-position", detail, field=f"place-{field}")
        columns.append((int(place), field, _said(form, f"heading-{field}") or field.text))
    return Layout(
        columns=tuple((field, heading) for _, field, heading in sorted(columns)),
        date_format=body.date_format,
        accounts={kind: code for kind in ChargeKind if (code := _said(form, f"account-{kind}"))},
        vat_account=body.vat_account,
        contra=body.contra,
        contras={funder: code for funder in funders if (code := _said(form, f"contra-{funder}"))},
        own_cost_centre=body.own_cost_centre,
    )


def _said(form: Form, name: str) -> str:
    said = form.value(name).strip()
    if len(said) > MOST_LETTERS or not said.isprintable():
        raise BadValue("journal-text", f"Write up to {MOST_LETTERS} letters on one line.", field=name)
    return said


def _typed(kept: Kept) -> dict[str, list[str]]:
    layout = kept.layout
    typed = {
        "date_format": [layout.date_format.value],
        "vat_account": [layout.vat_account],
        "contra": [layout.contra],
        "own_cost_centre": [layout.own_cost_centre],
        "version": [str(kept.version)],
    }
    for place, (field, heading) in enumerate(layout.columns, 1):
        typed |= {f"place-{field}": [str(place)], f"heading-{field}": [heading]}
    typed |= {f"account-{kind}": [code] for kind, code in layout.accounts.items()}
    return typed | {f"contra-{funder}": [code] for funder, code in layout.contras.items()}


async def _choices(session: Session) -> dict[str, Any]:
    return {
        "fields": list(JournalField),
        "kinds": list(ChargeKind),
        "formats": [(one.value, one.value) for one in DateFormat],
        "funders": await list_funders(session),
    }
