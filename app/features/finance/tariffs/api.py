"""JSON routes of rates."""

from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator

from app.db import Session
from app.domain.catalogue import as_iso_9999_group
from app.domain.costs import ChargeKind
from app.domain.dates import uk_date
from app.features.finance.tariffs import queries, service
from app.features.finance.tariffs.schemas import EndTariff, NewTariff, TariffBody, WithdrawTariff
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Day, Id, Limit, without_controls
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of

router = api_router("finance")

CodeAsked = Annotated[str | None, Query(max_length=40), AfterValidator(lambda code: code and without_controls(code))]
GroupAsked = Annotated[str | None, AfterValidator(lambda group: group and as_iso_9999_group(group)), Query()]


@router.get("/finance/tariffs")
async def list_tariffs(
    session: Session,
    actor: Actor,
    now: Now,
    on: Day | None = None,
    kind: ChargeKind | None = None,
    product_code: CodeAsked = None,
    category: GroupAsked = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[TariffBody]:
    """Rates in the order they were made. `on`: in force on that day; `category`: for what begins with it."""
    wanted = {"on": on, "kind": kind, "product_code": product_code, "category": category}
    rows = await queries.list_tariffs(session, today=uk_date(now), after=number_cursor(after), limit=limit, **wanted)
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.post("/finance/tariffs", status_code=201)
async def add_tariff(session: Session, actor: Actor, now: Now, body: NewTariff) -> TariffBody:
    """Begin a rate. Two for the same thing are never in force on one day (409 `tariff-overlaps`). Its days are from
    2000 to ten years from now (422 `tariff-day-out-of-range`). Lines keep the rate that they were posted at: `staying`
    says which stand at the one that it replaces, though they are of its own days."""
    return await service.add_tariff(session, body, actor=actor.username, at=now)


@router.get("/finance/tariffs/{tariff_id}")
async def get_tariff(session: Session, actor: Actor, now: Now, tariff_id: Id) -> TariffBody:
    """One rate; one that was withdrawn as it was, with who withdrew it, when and why."""
    rate = await queries.get_tariff(session, tariff_id, today=uk_date(now))
    return await queries.with_staying(session, rate)


@router.post("/finance/tariffs/{tariff_id}/end")
async def end_tariff(session: Session, actor: Actor, now: Now, tariff_id: Id, body: EndTariff) -> TariffBody:
    """Let a rate end; charges of later days are priced by what follows it. An end is only ever brought nearer: the same
    day or a later one is refused (409 `tariff-ended`). To go on, begin a new rate."""
    return await service.end_tariff(session, tariff_id, body, actor=actor.username, at=now)


@router.post("/finance/tariffs/{tariff_id}/withdraw")
async def withdraw_tariff(session: Session, actor: Actor, now: Now, tariff_id: Id, body: WithdrawTariff) -> TariffBody:
    """Take a rate away that has not begun (409 `tariff-began`) and has priced nothing (409 `tariff-has-priced`). What
    it replaced ends all the same, unless `let_replaced_go_on` (409 `nothing-goes-on`, where there is none that could).
    Returns it as it was."""
    return await service.withdraw_tariff(
        session, tariff_id, reason=body.reason, lets_go_on=body.let_replaced_go_on, actor=actor.username, at=now
    )
