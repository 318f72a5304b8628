"""Beginning, replacing and ending rates. Nothing of a rate changes but its last day; one that has not begun
can be withdrawn."""

from datetime import date, datetime

from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain import tariffs as rules
from app.domain.dates import in_words, uk_date
from app.domain.errors import Conflict
from app.features.finance.tariffs import queries
from app.features.finance.tariffs.schemas import EndTariff, NewTariff, Replaced, TariffBody
from app.models import Tariff, WithdrawnTariff

# Together with those who post; whoever closes a month waits for all of them.
BESIDE_CLOSING = text("SELECT pg_advisory_xact_lock_shared(hashtext('finance_period'))")

# What somebody ends is not to go on; what is replaced knows when it was to end, also when it was replaced before.
END = text("""
    UPDATE tariff SET ends_on = :last, ended_at = :at, ended_by = :actor,
           replaced_at = CASE WHEN :is_replaced THEN COALESCE(replaced_at, :at) END,
           replaced_end = CASE WHEN NOT :is_replaced THEN NULL
                               WHEN replaced_at IS NULL THEN ends_on ELSE replaced_end END
    WHERE id = :tariff_id
""")
# As long as another one cuts it short, it is replaced by that one.
GOES_ON = text("""
    UPDATE tariff SET ends_on = :until,
           ended_at = CASE WHEN CAST(:until AS date) IS NOT NULL THEN CAST(:at AS timestamptz) END,
           ended_by = CASE WHEN CAST(:until AS date) IS NOT NULL THEN :actor END,
           replaced_at = CASE WHEN CAST(:until AS date) IS DISTINCT FROM replaced_end THEN replaced_at END,
           replaced_end = CASE WHEN CAST(:until AS date) IS DISTINCT FROM replaced_end THEN replaced_end END
    WHERE id = :tariff_id
""")
LOCK = text("SELECT id FROM tariff WHERE id = :tariff_id FOR UPDATE")


async def add_tariff(session: AsyncSession, new: NewTariff, *, actor: str, at: datetime) -> TariffBody:
    """Begin a rate; with `replaces` the one in force for the same thing ends the day before.

    Raises what the rules of `domain/tariffs.py` raise, BadValue `unknown-product` and Conflict `nothing-to-replace`.
    """
    await session.execute(BESIDE_CLOSING)
    for field, day in (("starts_on", new.starts_on), ("ends_on", new.ends_on)):
        rules.check_day(day, today=uk_date(at), field=field)
    rate = new.rate()
    rules.check_rate(rate, closed=await queries.newest_closed(session))
    product = await queries.find_product(session, new.product_code) if new.product_code else None
    same = {
        "kind": new.kind,
        "variant": new.variant,
        "product_id": product and product.id,
        "category": new.category,
        "starts_on": new.starts_on,
        "ends_on": new.ends_on,
    }
    there = await queries.list_for_the_same(session, same, today=new.starts_on)
    if new.replaces:
        there = await _end_the_one_before(session, there, new.starts_on, actor=actor, at=at)
    rules.check_overlap(rate, [one.in_force() for one in there])
    values = {
        **same,
        "pence": new.pence,
        "percent": new.percent,
        "taper": [{"from_months": one.from_months, "percent": float(one.percent)} for one in new.taper]
        if new.taper is not None
        else None,
        "floor_pence": new.floor_pence,
        "vat_percent": new.vat_percent,
        "note": new.note,
        "made_at": at,
        "made_by": actor,
    }
    made = (await session.execute(insert(Tariff).values(**values).returning(col(Tariff.id)))).scalar_one()
    added = await queries.get_tariff(session, made, today=uk_date(at))
    told = {"variant": new.variant, "for": added.subject, "price": added.price, "days": added.days}
    told |= {"vat_percent": str(new.vat_percent), "note": new.note}
    await audit.record(session, "tariff_added", f"tariff:{made}", actor=actor, at=at, kind=new.kind.value, **told)
    return await queries.with_staying(session, added)


async def end_tariff(session: AsyncSession, tariff_id: int, end: EndTariff, *, actor: str, at: datetime) -> TariffBody:
    """Let a rate end on a day. Raises NotFound `unknown-tariff` and what `check_day` and `check_end` raise."""
    await session.execute(BESIDE_CLOSING)
    await session.execute(LOCK, {"tariff_id": tariff_id})
    rate = await _get_standing(session, tariff_id, at=at)
    rules.check_day(end.ends_on, today=uk_date(at), field="ends_on")
    rules.check_end(rate.in_force(), end.ends_on, closed=await queries.newest_closed(session))
    await _end(session, tariff_id, end.ends_on, end.reason, actor=actor, at=at)
    ended = await queries.get_tariff(session, tariff_id, today=uk_date(at))
    return await queries.with_staying(session, ended)


async def withdraw_tariff(
    session: AsyncSession, tariff_id: int, *, reason: str, lets_go_on: bool = False, actor: str, at: datetime
) -> TariffBody:
    """Take a rate away that has not begun; returns it as it was. What it replaced ends all the same, unless it is let
    go on (`lets_go_on`).

    Raises NotFound `unknown-tariff`, Conflict `withdrawn-already`, `nothing-goes-on` and what `check_withdrawal`
    raises.
    """
    await session.execute(BESIDE_CLOSING)
    await session.execute(LOCK, {"tariff_id": tariff_id})
    rate = await _get_standing(session, tariff_id, at=at)
    replaced = await queries.find_replaced(session, tariff_id, today=uk_date(at)) if lets_go_on else None
    if lets_go_on and replaced is None:
        detail = "It replaces no rate that could go on. Withdraw it, and begin another one in its place."
        raise Conflict("nothing-goes-on", detail, field="afterwards")
    lines = await queries.count_lines(session, tariff_id)
    rules.check_withdrawal(rate.in_force(), today=uk_date(at), lines=lines)
    kept = {"rate": rate.model_dump(mode="json"), "because": reason, "withdrawn_at": at, "withdrawn_by": actor}
    await session.execute(insert(WithdrawnTariff).values(tariff_id=tariff_id, **kept))
    await session.execute(delete(Tariff).where(col(Tariff.id) == tariff_id))
    told = {"for": rate.subject, "price": rate.price, "days": rate.days, "reason": reason}
    about = f"tariff:{tariff_id}"
    await audit.record(session, "tariff_withdrawn", about, actor=actor, at=at, kind=rate.kind.value, **told)
    if replaced:
        await _let_go_on(session, replaced, actor=actor, at=at)
    return await queries.get_tariff(session, tariff_id, today=uk_date(at))


async def _get_standing(session: AsyncSession, tariff_id: int, *, at: datetime) -> TariffBody:
    """A rate that was not withdrawn. Raises NotFound `unknown-tariff`, Conflict `withdrawn-already`."""
    rate = await queries.get_tariff(session, tariff_id, today=uk_date(at))
    if rate.withdrawn_at:
        detail = (
            f"{rate.withdrawn_by} withdrew it on {in_words(uk_date(rate.withdrawn_at))}. Begin another one instead."
        )
        raise Conflict("withdrawn-already", detail)
    return rate


async def _let_go_on(session: AsyncSession, replaced: Replaced, *, actor: str, at: datetime) -> None:
    values = {"tariff_id": replaced.rate.id, "until": replaced.until, "at": at, "actor": actor}
    await session.execute(GOES_ON, values)
    told = {"ends_on": replaced.until.isoformat() if replaced.until else None}
    reason = "The rate that replaced it is withdrawn."
    about = f"tariff:{replaced.rate.id}"
    await audit.record(session, "tariff_goes_on", about, actor=actor, at=at, reason=reason, **told)


async def _end_the_one_before(
    session: AsyncSession, there: list[TariffBody], starts_on: date, *, actor: str, at: datetime
) -> list[TariffBody]:
    """End the rate that is in force on the first day of the new one; returns the others."""
    before = next((one for one in there if one.is_in_force), None)
    if before is None:
        detail = f"No rate for the same thing is in force on {in_words(starts_on)}, so there is none to replace."
        raise Conflict("nothing-to-replace", detail, field="replaces")
    last = rules.day_to_replace(before.in_force(), starts_on)
    rules.check_end(before.in_force(), last, closed=await queries.newest_closed(session))
    await _end(session, before.id, last, "Replaced by another rate.", is_replaced=True, actor=actor, at=at)
    return [one for one in there if one.id != before.id]


async def _end(
    session: AsyncSession,
    tariff_id: int,
    last: date,
    reason: str,
    *,
    is_replaced: bool = False,
    actor: str,
    at: datetime,
) -> None:
    values = {"tariff_id": tariff_id, "last": last, "is_replaced": is_replaced, "at": at, "actor": actor}
    await session.execute(END, values)
    told = {"ends_on": last.isoformat(), "reason": reason}
    await audit.record(session, "tariff_ended", f"tariff:{tariff_id}", actor=actor, at=at, **told)
