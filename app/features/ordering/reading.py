"""One order with everything about it. Of a draft: all that its prescriber must know before submitting it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.allocation import Explanation, why_none_fits
from app.domain.authority import Asked, Setting, decide_submission, who_can_authorise
from app.domain.clearance import leaving_blockers
from app.domain.combinations import Severity
from app.domain.dates import uk_date
from app.domain.errors import NotAllowed
from app.domain.look_ahead import examination_due_soon
from app.domain.ordering import OrderDecision, OrderState, UnitState, acts_from
from app.domain.panel_funding import WHOLE, Share, allot
from app.domain.promises import Coming, is_late
from app.domain.reasons import is_reason
from app.features.ordering.allocation import (
    AS_MANY_AS_THERE_ARE,
    Shelf,
    equivalents,
    plan,
    read_shelf,
    recycled_is_there,
)
from app.features.ordering.coming import read_coming
from app.features.ordering.queries import list_history
from app.features.ordering.records import LineRecord, OrderRecord, UnitRecord, read_asked, read_order
from app.features.ordering.schemas import (
    AuthorityBody,
    Cost,
    EquivalentBody,
    ExplanationBody,
    LineBody,
    LineCost,
    MissingLine,
    OfferBody,
    OldItemBody,
    OrderBody,
    PanelLine,
    PersonBody,
    ReasonLine,
    UnitBody,
    VisitBody,
    WarningBody,
)
from app.features.ordering.surroundings import Surroundings, read_surroundings
from app.signing import find_person, read_setting_around, route_json
from app.web.funding import ShareOfOrder
from app.web.look_ahead import days_ahead
from app.web.results import BlockerBody

HEADER = text("""
    SELECT funder.code AS funder, funder.name AS funder_name, store.name AS store_name,
           asked.reason, asked.clinical_reasoning, asked.made_at,
           COALESCE(maker.name, asked.made_by) AS made_by_name, asked.decided_at, asked.decided_by,
           asked.decision_reason, asked.allocated_at,
           (SELECT jsonb_build_object('number', number, 'state', state) FROM panel_case
            WHERE order_id = asked.id ORDER BY id DESC LIMIT 1) AS panel_case,
           (SELECT jsonb_agg(jsonb_build_object('funder', payer.code, 'name', payer.name, 'percent', part.percent::text)
                             ORDER BY part.position)
            FROM order_share AS part JOIN funder AS payer ON payer.id = part.funder_id
            WHERE part.order_id = asked.id) AS shares,
           (SELECT jsonb_build_object('id', id, 'reason', reason, 'settle_by', settle_by,
                                      'days_left', settle_by - CAST(:today AS date))
            FROM funding_dispute WHERE order_id = asked.id AND settled_at IS NULL) AS funding_dispute
    FROM equipment_order AS asked JOIN funder ON funder.id = asked.funder_id JOIN store ON store.id = asked.store_id
    LEFT JOIN account AS maker ON maker.username = asked.made_by WHERE asked.id = :order_id
""")
VISITS = text("""
    SELECT visited_at, barcodes, received_by, failed_because, note, recorded_by
    FROM delivery_visit WHERE order_id = :order_id ORDER BY id
""")
ONCE_ANSWERED = "Held once you have answered the warning about its load."


async def get_order(session: AsyncSession, number: str, *, today: date) -> OrderBody:
    """One order as it stands, or as it would if it were submitted now. Raises NotFound `unknown-order`."""
    order = await read_order(session, number)
    header = dict((await session.execute(HEADER, {"order_id": order.id, "today": today})).mappings().one())
    shares = header.pop("shares")
    visits = [VisitBody(**row) for row in (await session.execute(VISITS, {"order_id": order.id})).mappings()]
    around = await read_surroundings(session, order, today=today)
    may_need_signing = order.decision in {OrderDecision.DRAFT, OrderDecision.AWAITING_AUTHORISATION}
    setting = Setting(on=today)
    if may_need_signing:
        setting = await read_setting_around(session, today, order.made_by, teams=[order.team_id])
    asked = await read_asked(session, order, today=today) if may_need_signing else order.asked(())
    is_draft = order.decision is OrderDecision.DRAFT
    shelf = await _read_shelf(session, order, around, today)
    lines = _planned(shelf, order, around, today) if is_draft else await _as_held(session, order, today)
    states = order.unit_states
    missing = await _say_missing(session, order, lines, shelf, today)
    cost = _cost(lines)
    return OrderBody(
        **_facts(order, header),
        funding=_funding(order, header["funder_name"], shares, lines),
        is_late=_late(order, visits, today),
        acts=acts_from(order.decision, states, is_allocated=order.is_settled),
        cost=cost,
        lines=lines,
        # Whoever signs sees what holds now: the client may weigh more than when it was submitted.
        warnings=_warnings(around) if may_need_signing else _answered(around),
        supersedes=_old(around, is_draft=is_draft),
        missing=missing,
        offer=_offer(lines) if is_draft else [],
        authority=_authority(order, asked, setting),
        visits=visits,
        history=list(await list_history(session, order.number)),
    )


def _facts(order: OrderRecord, header: Mapping[str, Any]) -> dict[str, Any]:
    names = ("number", "state", "client_ref", "client_name", "team", "store", "speed", "made_by", "submitted_at")
    facts = {name: getattr(order, name) for name in (*names, "promised_on", "version")}
    return facts | dict(header) | {"client_died_on": order.died_on}


def _funding(
    order: OrderRecord, lead_name: str, rows: Sequence[Mapping[str, Any]] | None, lines: Sequence[LineBody]
) -> list[ShareOfOrder]:
    """Who pays which part of its value, split piece by piece as it is charged; all of it its lead funder, where nobody
    shares it."""
    names = {row["funder"]: row["name"] for row in rows or ()} | ({} if rows else {order.funder: lead_name})
    parts = {row["funder"]: Decimal(row["percent"]) for row in rows or ()}
    shares = [Share(funder, parts.get(funder, WHOLE)) for funder in names]
    pence: Counter[str] = Counter()
    for line in lines:
        for part in allot(line.unit_price_pence, shares):
            pence[part.funder] += part.pence * line.quantity
    return [
        ShareOfOrder(funder=one.funder, name=names[one.funder], percent=float(one.percent), pence=pence[one.funder])
        for one in shares
    ]


def _late(order: OrderRecord, visits: Sequence[VisitBody], today: date) -> bool:
    if order.state in {OrderState.CANCELLED, OrderState.DECLINED}:
        return False
    days = [uk_date(visit.visited_at) for visit in visits if visit.received_by]
    delivered_on = max(days) if days and order.state is OrderState.DELIVERED else None
    return is_late(order.promised_on, delivered_on, today)


async def _read_shelf(session: AsyncSession, order: OrderRecord, around: Surroundings, today: date) -> Shelf:
    """What could be held for it at this moment; nothing is read where it wants nothing.

    A draft cannot be submitted before its warnings are answered, so what is too weak is there as it would be then.
    """
    is_draft = order.decision is OrderDecision.DRAFT
    if not is_draft and not order.units_in(UnitState.WANTED):
        return Shelf([], frozenset(), {}, {})
    decided = around.loads_to_decide(order.lines) if is_draft else around.decided_loads(order.lines)
    return await read_shelf(session, order, today=today, decided_loads=decided)


def _planned(shelf: Shelf, order: OrderRecord, around: Surroundings, today: date) -> list[LineBody]:
    """The lines of a draft: what would be chosen now, each line leaving to the next what it does not need. What is
    chosen is taken off the shelf."""
    wants_answer = shelf.decided_loads - around.decided_loads(order.lines)
    lines = []
    for line in order.lines:
        found = plan(shelf, order, line, line.quantity, today=today)
        if line.product_code in wants_answer:
            found = _once_answered(found)
        wants_reason = line.prefer_new and not is_reason(line.reason_for_new or "")
        lines.append(
            _line(
                line,
                units=[],
                needs_reason_for_new=wants_reason and recycled_is_there(shelf, order, line, today=today),
                explanation=ExplanationBody.model_validate(found.as_json()),
                # A draft's price is the catalogue's until it is submitted.
                unit_price_pence=line.price_now,
            )
        )
        shelf.take(found.barcodes)
    return lines


def _once_answered(found: Explanation) -> Explanation:
    return replace(found, chosen=tuple(replace(one, detail=f"{one.detail} {ONCE_ANSWERED}") for one in found.chosen))


async def _as_held(session: AsyncSession, order: OrderRecord, today: date) -> list[LineBody]:
    on_its_way = order.units_in(UnitState.HELD, UnitState.DISPATCHED)
    held = [unit.barcode for unit in on_its_way if unit.barcode]
    items = await ledger.read_items(session, held) if held else {}
    blockers = {name: leaving_blockers(item.evidence, on=today) for name, item in items.items()}
    soon = _due_soon(order, items, days_ahead(session), today)
    lines = []
    for line in order.lines:
        units = [
            _unit(
                unit,
                [BlockerBody(code=one.code, detail=one.detail) for one in blockers.get(unit.barcode or "", [])],
                soon.get(unit.barcode or ""),
            )
            for unit in order.units
            if unit.line_id == line.id
        ]
        lines.append(
            _line(
                line,
                units=units,
                explanation=ExplanationBody.model_validate(line.explanation),
                unit_price_pence=line.unit_price_pence,
            )
        )
    return lines


def _line(line: LineRecord, **more: Any) -> LineBody:
    names = ("position", "product_code", "product_name", "tier", "quantity", "kind", "trial_days")
    facts = {name: getattr(line, name) for name in (*names, "accept_equivalent", "prefer_new")}
    words = {"trial_goals": line.trial_goals or "", "reason_for_new": line.reason_for_new or ""}
    return LineBody(**facts, **words, **more)


def _due_soon(
    order: OrderRecord, items: Mapping[str, ledger.ItemRecord], soon_days: int, today: date
) -> dict[str, date | None]:
    """Of what is held, not gone yet: when its thorough examination falls due, if somebody must decide about that."""
    held = [unit.barcode for unit in order.units_in(UnitState.HELD) if unit.barcode in items]
    due = {barcode: items[barcode].evidence.due for barcode in held if barcode}
    return {barcode: examination_due_soon(facts, on=today, soon_days=soon_days) for barcode, facts in due.items()}


def _unit(unit: UnitRecord, blockers: list[BlockerBody], due_soon_on: date | None) -> UnitBody:
    """What was once held for a piece that is wanted again, or cancelled, is no longer its item."""
    has_item = unit.state in {UnitState.HELD, UnitState.DISPATCHED, UnitState.DELIVERED}
    names = ("barcode", "product_code", "item_state", "store", "bay")
    item = {name: getattr(unit, name) if has_item else None for name in names}
    now: dict[str, Any] = {"blockers": blockers, "due_soon_on": due_soon_on}
    return UnitBody(id=unit.id, state=unit.state, loan_id=unit.loan_id, **now, **item)


def _cost(lines: Sequence[LineBody]) -> Cost:
    """Cancelled pieces count for the value, which was decided on, and for nothing else."""
    costs = []
    for line in lines:
        recycled = {one.barcode for one in line.explanation.chosen if one.code == "recycled"}
        going = [unit for unit in line.units if unit.state is not UnitState.CANCELLED]
        pieces = len(going) if line.units else line.quantity
        saved = sum(unit.barcode in recycled for unit in going) if line.units else len(recycled)
        costs.append(
            LineCost(
                position=line.position,
                product_code=line.product_code,
                unit_price_pence=line.unit_price_pence,
                value_pence=line.unit_price_pence * line.quantity,
                recycled_saving_pence=line.unit_price_pence * saved,
                to_buy_pence=line.unit_price_pence * (pieces - saved),
            )
        )
    return Cost(
        value_pence=sum(one.value_pence for one in costs),
        recycled_saving_pence=sum(one.recycled_saving_pence for one in costs),
        to_buy_pence=sum(one.to_buy_pence for one in costs),
        lines=costs,
    )


def _warnings(around: Surroundings) -> list[WarningBody]:
    """The warnings of now, each with its answer if it has one."""
    found = []
    for warning in around.warnings:
        said = around.answers.get((warning.code, warning.subject))
        found.append(
            WarningBody(
                code=warning.code,
                subject=warning.subject,
                severity=warning.severity,
                detail=warning.detail,
                source=warning.source,
                needs_answer=warning.severity is not Severity.NOTE and said is None,
                answer=said.answer if said else None,
                answered_by=said.answered_by if said else None,
                answered_at=said.answered_at if said else None,
            )
        )
    return found


def _answered(around: Surroundings) -> list[WarningBody]:
    """What was warned of when the order was submitted, in the words of then, with what was answered or that nobody
    did: what has come since is not its matter."""
    return [
        WarningBody(
            code=one.code,
            subject=one.subject,
            severity=None,
            detail=one.warning,
            source=None,
            needs_answer=one.answer is None,
            answer=one.answer,
            answered_by=one.answered_by,
            answered_at=one.answered_at,
        )
        for one in around.said
    ]


def _old(around: Surroundings, *, is_draft: bool) -> list[OldItemBody]:
    shown = [one for one in around.old if one.action or (is_draft and one.must_be_decided)]
    known = [replace(one, item_fault=one.item_fault or one.noted_fault) for one in shown]
    return [OldItemBody.model_validate(one, from_attributes=True) for one in known]


def _missing(lines: Sequence[LineBody], *, is_draft: bool) -> list[tuple[LineBody, int]]:
    """The lines for which something is missing, and how much."""
    found = []
    for line in lines:
        wanted = sum(unit.state is UnitState.WANTED for unit in line.units)
        quantity = line.quantity - len(line.explanation.chosen) if is_draft else wanted
        if quantity > 0:
            found.append((line, quantity))
    return found


async def _say_missing(
    session: AsyncSession, order: OrderRecord, lines: Sequence[LineBody], shelf: Shelf, today: date
) -> list[MissingLine]:
    """What is known at this moment of what nothing is held for: what is on a shelf, and what is on its way."""
    is_over = order.state in {OrderState.CANCELLED, OrderState.DECLINED}
    gaps = [] if is_over else _missing(lines, is_draft=order.decision is OrderDecision.DRAFT)
    coming = await read_coming(session, [line.product_code for line, _ in gaps], today=today)
    return [_missing_line(shelf, order, line, quantity, coming, today) for line, quantity in gaps]


def _missing_line(
    shelf: Shelf, order: OrderRecord, line: LineBody, quantity: int, coming: Mapping[str, Coming], today: date
) -> MissingLine:
    wanted = next(one for one in order.lines if one.position == line.position)
    found = plan(shelf, order, wanted, AS_MANY_AS_THERE_ARE, today=today)
    free = len(found.chosen)
    shelf.take(found.barcodes[:quantity])
    names = ("position", "product_code", "product_name")
    facts = {name: getattr(line, name) for name in names} | {"quantity": quantity, "free": free}
    if free >= quantity:
        return MissingLine(**facts, detail=f"{_that_fit(free)} on a shelf now: the store holds it when it looks again.")
    if not wanted.accept_equivalent:
        close = equivalents(shelf, order, wanted, today=today)
        line.equivalents = [EquivalentBody.model_validate(one, from_attributes=True) for one in close]
    near = next(iter(line.equivalents), None)
    is_there = f"Only {_that_fit(free)} on a shelf now." if free else _nothing_free(line)
    parts = [is_there, why_none_fits(found.counted), coming.get(line.product_code, Coming()).text]
    parts += [f"{near.name} ({near.product_code}) is there, a close equivalent."] if near else []
    return MissingLine(**facts, detail=" ".join(filter(None, parts)))


def _that_fit(free: int) -> str:
    return f"{free} that {'fits is' if free == 1 else 'fit are'} free"


def _nothing_free(line: LineBody) -> str:
    has_some = bool(line.explanation.chosen) if not line.units else any(unit.barcode for unit in line.units)
    return f"Nothing {'else ' if has_some else ''}that fits is free on a shelf now."


def _offer(lines: Sequence[LineBody]) -> list[OfferBody]:
    found = []
    for line in lines:
        kinds = [one.code for one in line.explanation.chosen]
        names = ("position", "product_code", "quantity", "unit_price_pence")
        facts = {name: getattr(line, name) for name in names}
        found.append(OfferBody(**facts, recycled=kinds.count("recycled"), new=kinds.count("new")))
    return found


def _authority(order: OrderRecord, asked: Asked, setting: Setting) -> AuthorityBody:
    """Of a draft, where it would go now; of a submitted one, where it went. A refusal is shown as its reason."""
    decision: OrderDecision | None = order.decision
    reasons = [ReasonLine(**one) for one in order.authority.get("reasons", [])]
    panel = next(iter(asked.routed or ()), None)
    if order.decision is OrderDecision.DRAFT:
        try:
            ruling = decide_submission(asked, find_person(setting, order.made_by), setting)
            decision, panel = ruling.decision, ruling.route
            reasons = [ReasonLine(code=r.code, detail=r.detail) for r in ruling.reasons]
        except NotAllowed as refusal:
            decision, reasons = None, [ReasonLine(code=refusal.code, detail=refusal.detail)]
    signers = who_can_authorise(asked, setting) if decision is OrderDecision.AWAITING_AUTHORISATION else ()
    return AuthorityBody(
        decision=decision,
        reasons=reasons,
        panel=PanelLine.model_validate(route_json(panel)) if panel else None,
        signers=[PersonBody(username=one.username, name=one.name) for one in signers],
        signed_by=order.authority.get("signed_by"),
        on_behalf_of=order.authority.get("on_behalf_of"),
        note=order.authority.get("note"),
        panel_conditions=order.authority.get("panel_conditions", []),
        panel_stopped=order.panel_stopped,
    )
