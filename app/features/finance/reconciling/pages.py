"""The page that proves that charges are what movements call for, and reports what the lines give."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.db import Session
from app.domain.errors import BadValue
from app.domain.months import month_in_words, month_name, read_month
from app.features.finance.periods.queries import list_months
from app.features.finance.reconciling import reading
from app.features.finance.reconciling.words import SIDES
from app.web.auth import Actor
from app.web.clock import Now
from app.web.forms import Form
from app.web.once import page_router
from app.web.templating import render

router = page_router()


@router.get("/finance/reconciliation")
async def show(request: Request, session: Session, actor: Actor, now: Now, period: str = "") -> HTMLResponse:
    """The figures of each check side by side: of a month, compared now, or of last night."""
    form = Form({"period": [period]})
    month = None
    try:
        month = read_month(period) if period else None
    except BadValue as refusal:
        form.refuse(refusal.detail, "period")
    context = {
        "form": form,
        "found": await reading.read(session, month, at=now),
        "month": month_in_words(month) if month else None,
        "months": [(month_name(one), month_in_words(one)) for one in await list_months(session)],
        "sides": {check.value: said for check, said in SIDES.items()},
    }
    return render(request, "finance/reconciliation.html", context, 422 if form.errors else 200)
