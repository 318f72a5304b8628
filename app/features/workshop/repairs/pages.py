"""Pages of one item's repair: whether it is worth it, what it will cost, the parts fitted, that it is mended."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.labels import display
from app.domain.lifecycle import Move
from app.features.workshop.queries import get_bench_item
from app.features.workshop.repairs import queries, service
from app.features.workshop.repairs.schemas import EstimateForm, PartForm, RepairForm, WithdrawForm
from app.features.workshop.repairs.service import Labour, NewPart
from app.features.workshop.schemas import to_the_workshop
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.questions import Back
from app.web.results import accepted
from app.web.tags import Tag
from app.web.templating import render

router = page_router()

REPAIR = "repairs/repair.html"
PART = "repairs/part.html"
ESTIMATE = "repairs/estimate.html"
WITHDRAW = "repairs/withdraw.html"
REPAIRS_SHOWN = 20
PARTS_TO_CHOOSE_FROM = 200


@router.get("/workshop/{barcode}/repair")
async def repair_form(
    request: Request, session: Session, actor: Actor, now: Now, tag: Tag, back: Back = ""
) -> HTMLResponse:
    """One item on the repair bench."""
    return render(request, REPAIR, {"form": Form(), **await _repair(session, now, tag, back)})


@router.post("/workshop/{barcode}/repair")
async def repair(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """It is mended."""
    form, body = await read_form(request, RepairForm)
    context = await _repair(session, now, tag, form.value("back"))
    if not context["item"].can(Move.COMPLETE_REPAIR):
        return render(request, REPAIR, {"form": Form(), **context}, 409)
    if body is None:
        return render(request, REPAIR, {"form": form, **context}, 422)
    with or_again(REPAIR, form, **context):
        labour = Labour(body.labour_minutes, body.labour_pounds)
        moved = await service.complete_repair(
            session, tag, notes=body.notes, labour=labour, actor=actor.username, at=now
        )
    todo = accepted(moved).next_step.text
    said = f"Repaired: {moved.item.product_name} {display(moved.item.barcode)}. {todo}"
    return redirect(request, body.back, said)


@router.get("/workshop/{barcode}/advice")
async def advice(request: Request, session: Session, actor: Actor, now: Now, tag: Tag, back: Back = "") -> HTMLResponse:
    """Repair or scrap, with the arithmetic, and all repairs before."""
    return render(request, "repairs/advice.html", await _repair(session, now, tag, back))


@router.get("/workshop/{barcode}/repair/part")
async def part_form(
    request: Request, session: Session, actor: Actor, now: Now, tag: Tag, back: Back = ""
) -> HTMLResponse:
    """Which part was fitted?"""
    return render(request, PART, {"form": Form(), **await _part(session, now, tag, back)})


@router.post("/workshop/{barcode}/repair/part")
async def fit_part(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """A part was fitted."""
    form, body = await read_form(request, PartForm)
    context = await _part(session, now, tag, form.value("back"))
    if body is None:
        return render(request, PART, {"form": form, **context}, 422)
    with or_again(PART, form, **context):
        await service.fit_parts(session, tag, [_new_part(body)], actor=actor.username, at=now)
    return redirect(request, body.back, f"The part is on the record of {display(tag)}.")


@router.get("/workshop/{barcode}/repair/estimate")
async def estimate_form(
    request: Request, session: Session, actor: Actor, now: Now, tag: Tag, back: Back = ""
) -> HTMLResponse:
    """What will the repair cost?"""
    return render(request, ESTIMATE, {"form": Form(), **await _item(session, tag, back)})


@router.post("/workshop/{barcode}/repair/estimate")
async def estimate(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """The estimate, and what follows from it."""
    form, body = await read_form(request, EstimateForm)
    context = await _item(session, tag, form.value("back"))
    if body is None:
        return render(request, ESTIMATE, {"form": form, **context}, 422)
    with or_again(ESTIMATE, form, **context):
        pence = {"parts_pence": body.parts, "labour_pence": body.labour}
        await service.estimate(session, tag, **pence, notes=body.notes, actor=actor.username, at=now)
        advised = await queries.read_advice(session, tag, on=uk_date(now))
    return redirect(request, body.back, f"Estimated. Advice: {advised.advice.text.lower()}. {advised.why}")


@router.get("/parts-fitted/{part_id}/withdraw")
async def withdraw_form(request: Request, session: Session, actor: Actor, part_id: Id) -> HTMLResponse:
    """Why was the line wrong?"""
    part = await queries.get_fitted_part(session, part_id)
    return render(request, WITHDRAW, {"form": Form(), "part": part})


@router.post("/parts-fitted/{part_id}/withdraw")
async def withdraw(request: Request, session: Session, actor: Actor, now: Now, part_id: Id) -> Response:
    """The line was wrong; it stays with the reason."""
    form, body = await read_form(request, WithdrawForm)
    part = await queries.get_fitted_part(session, part_id)
    if body is None:
        return render(request, WITHDRAW, {"form": form, "part": part}, 422)
    with or_again(WITHDRAW, form, part=part):
        barcode = await service.withdraw_part(session, part_id, reason=body.reason, actor=actor.username, at=now)
    return redirect(request, f"/items/{barcode}", "The part is withdrawn. It stays on record with your reason.")


def _new_part(body: PartForm) -> NewPart:
    """The part as the verb takes it. Raises BadValue about the field that is wanted."""
    if body.harvested_part_id:
        return NewPart(body.fitted_on, cost_pence=body.cost or 0, harvested_part_id=body.harvested_part_id)
    if not body.description:
        raise BadValue("description-wanted", "Say what the part is, or choose one of the bin.", field="description")
    if body.cost is None:
        raise BadValue("cost-wanted", "Enter what one of them cost; 0 if it cost nothing.", field="cost")
    return NewPart(body.fitted_on, body.description, body.part_number, body.quantity, body.cost)


async def _item(session: AsyncSession, tag: str, back: str) -> dict[str, Any]:
    own = f"/workshop/{tag}/repair"
    return {"item": await get_bench_item(session, tag), "back": to_the_workshop(back) if back else own}


async def _repair(session: AsyncSession, now: Now, tag: str, back: str) -> dict[str, Any]:
    return {
        "item": await get_bench_item(session, tag),
        "back": to_the_workshop(back),
        "advised": await queries.read_advice(session, tag, on=uk_date(now)),
        "repairs": await queries.list_repairs(session, tag, before=None, limit=REPAIRS_SHOWN),
    }


async def _part(session: AsyncSession, now: Now, tag: str, back: str) -> dict[str, Any]:
    """The item, today, and what lies in the bins that it can take."""
    context = await _item(session, tag, back)
    bin_parts = await queries.list_bin(session, store=None, q=None, after=0, limit=PARTS_TO_CHOOSE_FROM)
    chooses = context["item"].can(Move.COMPLETE_REPAIR)
    context["from_bin"] = [one for one in bin_parts if not one.on_hold] if chooses else []
    return {**context, "today": uk_date(now)}
