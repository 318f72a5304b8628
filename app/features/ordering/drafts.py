"""Drawing up an order and changing it until it is submitted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, funding
from app.domain.authority import Asked, Authority, Tier, decide_submission
from app.domain.client_records import check_is_alive
from app.domain.combinations import OrderWarning
from app.domain.dates import uk_date
from app.domain.errors import BadValue, NotAllowed, NotFound, Stale, WrongState
from app.domain.funding import check_lead, settle_by
from app.domain.loans import LoanKind
from app.domain.old_equipment import check_said
from app.domain.ordering import NEXT, OrderDecision
from app.domain.panel_funding import Share
from app.domain.reasons import check_reason
from app.features.ordering.records import OrderRecord, read_order
from app.features.ordering.schemas import NewLine, NewOrder, OrderChange
from app.features.ordering.surroundings import Surroundings, read_surroundings
from app.funders import find_funder
from app.models import EquipmentOrder, OrderAnswer, OrderLine, OrderSupersedes, Product, Store
from app.signing import find_person, read_setting_around
from app.web.answers import Answer
from app.web.funding import as_shares
from app.web.old_equipment import NewSupersedes, by_tag

CLIENT = text("SELECT id, client_ref, died_on FROM client WHERE upper(client_ref) = upper(:client_ref)")
OPEN_LOANS = text("""
    SELECT item.barcode, loan.id FROM loan JOIN item ON item.id = loan.item_id
    WHERE loan.client_id = :client_id AND loan.ended_at IS NULL AND item.barcode = ANY(:barcodes)
""")
NO_DISPUTE = text("DELETE FROM funding_dispute WHERE order_id = :order_id AND settled_at IS NULL")
DISPUTE = text("""
    INSERT INTO funding_dispute (order_id, reason, settle_by, opened_at, opened_by)
    VALUES (:order_id, :reason, :until, :at, :actor)
    ON CONFLICT (order_id) WHERE settled_at IS NULL DO UPDATE SET reason = excluded.reason
""")
HEADER = ("speed", "reason", "clinical_reasoning")
# Everything that a draft says, by the names of its body: what differs afterwards was changed.
SAYS = text("""
    SELECT (SELECT jsonb_agg(jsonb_build_array(funder_id, percent) ORDER BY position)
            FROM order_share WHERE order_id = asked.id) AS funding,
           (SELECT reason FROM funding_dispute WHERE order_id = asked.id AND settled_at IS NULL) AS funding_not_agreed,
           asked.client_id AS client_ref, asked.funder_id AS funder, asked.store_id AS store, asked.speed, asked.reason,
           asked.clinical_reasoning,
           (SELECT jsonb_agg(jsonb_build_array(product_id, quantity, kind, trial_days, trial_goals, accept_equivalent,
                                               prefer_new, reason_for_new) ORDER BY position)
            FROM order_line WHERE order_id = asked.id) AS lines,
           (SELECT jsonb_agg(jsonb_build_array(loan_id, action, reason, item_fault) ORDER BY loan_id)
            FROM order_supersedes WHERE order_id = asked.id) AS supersedes,
           (SELECT jsonb_agg(jsonb_build_array(code, subject, answer) ORDER BY code, subject)
            FROM order_answer WHERE order_id = asked.id) AS answers
    FROM equipment_order AS asked WHERE asked.id = :order_id
""")


async def make_order(session: AsyncSession, new: NewOrder, *, prefix: str, actor: str, at: datetime) -> str:
    """Draw up an order; returns its number. Nothing is held and nobody is told before it is submitted.

    Raises NotFound `unknown-client`, NotAllowed `no-authority`, Conflict `client-has-died`, `not-with-this-client`,
    BadValue `unknown-funder`, `person-never-charged`, `lead-funder-pays-nothing`, `not-a-reason`, `unknown-store`,
    `unknown-product`, `trial-without-end`, `loan-with-trial-end`, `decided-twice`, and as `check_split` does.
    """
    maker = await _find_maker(session, actor, at=at)
    order_id: int = await session.scalar(text("SELECT nextval(pg_get_serial_sequence('equipment_order', 'id'))"))
    number = f"O{order_id:06}"
    values: dict[str, Any] = {
        "id": order_id,
        "number": number,
        "client_id": await _find_client(session, new.client_ref),
        "funder_id": await find_funder(session, new.funder),
        "store_id": await _find_store(session, new.store),
        "team_id": maker.team_id,
        "decision": OrderDecision.DRAFT,
        "made_at": at,
        "made_by": actor,
    }
    values |= {name: getattr(new, name) for name in HEADER}
    await session.execute(insert(EquipmentOrder).values(**values))
    if new.funding:
        await _write_funding(session, order_id, new.funder, as_shares(new.funding))
    if new.funding_not_agreed:
        await _write_dispute(session, order_id, new.funding_not_agreed, actor=actor, at=at)
    await _write_lines(session, order_id, new.lines)
    await _write_old(session, order_id, values["client_id"], new.supersedes, prefix=prefix)
    await _write_answers(session, number, new.answers, actor=actor, at=at)
    await audit.record(session, "order_drafted", f"order:{number}", actor=actor, at=at, lines=len(new.lines))
    return number


async def change_draft(
    session: AsyncSession,
    number: str,
    change: NewOrder | OrderChange,
    *,
    version: int,
    prefix: str,
    actor: str,
    at: datetime,
) -> None:
    """Change a draft as it was read at `version`: all of it, or what an OrderChange names.

    Raises what `make_order` does, NotFound `unknown-order`, NotAllowed `not-your-order`, WrongState when it is no
    draft any more, Stale `stale`.
    """
    order = await read_order(session, number, lock=True)
    check_maker(order, actor)
    if order.decision is not OrderDecision.DRAFT:
        detail = f"The order is “{order.state.text.lower()}”, and only a draft can be changed. {NEXT[order.state]}"
        raise WrongState("wrong-state", detail)
    if order.version != version:
        raise Stale("stale", "Somebody changed this order since you read it. Read it again, then change it.")
    said = (await session.execute(SAYS, {"order_id": order.id})).mappings().one()
    fields = set(NewOrder.model_fields) if isinstance(change, NewOrder) else change.model_fields_set
    values = await _header(session, change, fields)
    changed = update(EquipmentOrder).where(col(EquipmentOrder.id) == order.id).values(**values, version=version + 1)
    await session.execute(changed)
    await _change_money(session, order, change, fields, actor=actor, at=at)
    if "lines" in fields:
        await session.execute(delete(OrderLine).where(col(OrderLine.order_id) == order.id))
        await _write_lines(session, order.id, change.lines)
    client_id = values.get("client_id", order.client_id)
    if "supersedes" in fields or client_id != order.client_id:
        await session.execute(delete(OrderSupersedes).where(col(OrderSupersedes.order_id) == order.id))
        await _write_old(session, order.id, client_id, change.supersedes, prefix=prefix)
    if "answers" in fields or client_id != order.client_id:
        await session.execute(delete(OrderAnswer).where(col(OrderAnswer.order_id) == order.id))
        await _write_answers(session, order.number, change.answers, actor=actor, at=at)
    says = (await session.execute(SAYS, {"order_id": order.id})).mappings().one()
    names = ", ".join(sorted(name for name in says if says[name] != said[name]))
    if names:
        await audit.record(session, "order_changed", order.subject, actor=actor, at=at, fields=names)


async def _header(session: AsyncSession, change: NewOrder | OrderChange, fields: set[str]) -> dict[str, Any]:
    """The columns of the order itself that are changed."""
    values: dict[str, Any] = {name: getattr(change, name) for name in HEADER if name in fields}
    if "client_ref" in fields:
        values["client_id"] = await _find_client(session, change.client_ref)
    if "funder" in fields:
        values["funder_id"] = await find_funder(session, change.funder)
    if "store" in fields:
        values["store_id"] = await _find_store(session, change.store)
    return values


async def keep_answers(
    session: AsyncSession,
    order: OrderRecord,
    around: Surroundings,
    answers: Sequence[Answer],
    *,
    actor: str,
    at: datetime,
) -> None:
    """Keep what was said to the warnings there are, in their words of now; an answer to any other has no use."""
    words = {(warning.code, warning.subject): warning.detail for warning in around.warnings}
    said = {(one.code, one.subject): one.answer for one in answers if (one.code, one.subject) in words}
    mine = col(OrderAnswer.order_id) == order.id
    for code, subject in said:
        same = (col(OrderAnswer.code) == code) & (col(OrderAnswer.subject) == subject)
        await session.execute(delete(OrderAnswer).where(mine & same))
    who: dict[str, Any] = {"order_id": order.id, "answered_at": at, "answered_by": actor}
    rows = [
        who | {"code": key[0], "subject": key[1], "warning": words[key], "answer": answer}
        for key, answer in said.items()
    ]
    if rows:
        await session.execute(insert(OrderAnswer), rows)


async def keep_unanswered(session: AsyncSession, order: OrderRecord, left: Sequence[OrderWarning]) -> None:
    """Keep what a short form of the API left without an answer (ADR 29), so that somebody answers it afterwards."""
    rows = [{"order_id": order.id, "code": one.code, "subject": one.subject, "warning": one.detail} for one in left]
    if rows:
        await session.execute(pg_insert(OrderAnswer).on_conflict_do_nothing(), rows)


def check_maker(order: OrderRecord, actor: str) -> None:
    """Raises NotAllowed `not-your-order`: whose name is on an order, changes and submits it."""
    if order.made_by != actor:
        detail = (
            f"{order.made_by_name} is drawing up this order, and only they can change or submit it. Make one yourself."
        )
        raise NotAllowed("not-your-order", detail)


async def _find_maker(session: AsyncSession, actor: str, *, at: datetime) -> Authority:
    setting = await read_setting_around(session, uk_date(at), actor, teams=[None])
    maker = find_person(setting, actor)
    if maker is None:
        # Refuses in the words of the rules. Whatever somebody without authority asks for, the answer is the same.
        decide_submission(Asked(actor, None, Tier.STANDARD, 0), None, setting)
        raise NotAllowed("no-authority", "You are not set up as a prescriber, so you cannot order equipment.")
    return maker


async def _find_client(session: AsyncSession, client_ref: str) -> int:
    found = (await session.execute(CLIENT, {"client_ref": client_ref})).one_or_none()
    if found is None:
        raise NotFound("unknown-client", "There is no client with this reference.", field="client_ref")
    check_is_alive(found.died_on)
    return int(found.id)


async def _write_funding(session: AsyncSession, order_id: int, lead: str, shares: Sequence[Share]) -> None:
    """Who pays which part, the lead funder among them; nobody's parts: the lead pays for everything."""
    found = await funding.read_split(session, shares)
    check_lead(lead, found)
    await funding.write_shares(session, order_id, lead, found)


async def _change_money(
    session: AsyncSession,
    order: OrderRecord,
    change: NewOrder | OrderChange,
    fields: set[str],
    *,
    actor: str,
    at: datetime,
) -> None:
    """Who pays, and whether that is agreed. Another lead is among those who pay already, or they are said anew."""
    if fields & {"funder", "funding"}:
        shares = as_shares(change.funding) if "funding" in fields else await funding.read_shares(session, order.id)
        await _write_funding(session, order.id, change.funder if "funder" in fields else order.funder, shares)
    if "funding_not_agreed" in fields:
        await _write_dispute(session, order.id, change.funding_not_agreed, actor=actor, at=at)


async def _write_dispute(session: AsyncSession, order_id: int, reason: str, *, actor: str, at: datetime) -> None:
    """That it is not agreed who pays, as the draft says it now. Of a draft nothing has come yet."""
    if not reason:
        await session.execute(NO_DISPUTE, {"order_id": order_id})
        return
    check_reason(reason, field="funding_not_agreed")
    until = settle_by(None, today=uk_date(at))
    await session.execute(DISPUTE, {"order_id": order_id, "reason": reason, "until": until, "actor": actor, "at": at})


async def _find_store(session: AsyncSession, code: str | None) -> int:
    stores = (await session.execute(select(col(Store.code), col(Store.id)).order_by(col(Store.id)))).all()
    for store in stores:
        if code in {None, store.code}:
            return int(store.id)
    known = ", ".join(store.code for store in stores)
    raise BadValue("unknown-store", f"There is no store with this code. There are: {known}.", field="store")


async def _write_lines(session: AsyncSession, order_id: int, lines: Sequence[NewLine]) -> None:
    wanted = select(col(Product.code), col(Product.id), col(Product.purchase_price_pence)).where(
        col(Product.code).in_({line.product_code for line in lines})
    )
    products = {row.code: row for row in await session.execute(wanted)}
    unknown = sorted({line.product_code for line in lines} - set(products))
    if unknown:
        detail = f"There is no product {', '.join(unknown)}. Look in the catalogue."
        raise BadValue("unknown-product", detail, field="lines")
    rows = []
    for position, line in enumerate(lines, start=1):
        _check_trial(line)
        product = products[line.product_code]
        row = line.model_dump(exclude={"product_code"}) | {"trial_goals": line.trial_goals or None}
        price = product.purchase_price_pence
        rows.append(
            row | {"order_id": order_id, "position": position, "product_id": product.id, "unit_price_pence": price}
        )
    await session.execute(insert(OrderLine), rows)


def _check_trial(line: NewLine) -> None:
    if line.kind is LoanKind.TRIAL and line.trial_days is None:
        detail = f"Say for how many days {line.product_code} is to be tried (trial_days)."
        raise BadValue("trial-without-end", detail, field="lines")
    if line.kind is LoanKind.LOAN and line.trial_days is not None:
        detail = f"{line.product_code} is ordered on loan. Leave trial_days out, or order it on trial."
        raise BadValue("loan-with-trial-end", detail, field="lines")


async def _write_old(
    session: AsyncSession, order_id: int, client_id: int, old: Sequence[NewSupersedes], *, prefix: str
) -> None:
    if not old:
        return
    said = by_tag(old, prefix=prefix)
    barcodes = [barcode for barcode, _ in said]
    rows = await session.execute(OPEN_LOANS, {"client_id": client_id, "barcodes": barcodes})
    loans = {row.barcode: row.id for row in rows}
    check_said(barcodes, there=loans)
    lines = [{"order_id": order_id, "loan_id": loans[barcode], **one.said} for barcode, one in said]
    await session.execute(insert(OrderSupersedes), lines)


async def _write_answers(
    session: AsyncSession, number: str, answers: Sequence[Answer], *, actor: str, at: datetime
) -> None:
    if answers:
        order = await read_order(session, number)
        around = await read_surroundings(session, order, today=uk_date(at))
        await keep_answers(session, order, around, answers, actor=actor, at=at)
