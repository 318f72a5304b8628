"""Reconciling: a fixed number of statements for each few thousand items. Each sees one state of the books,
however many people post."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any

from anyio.lowlevel import checkpoint
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox
from app.audit import Tell
from app.domain.access import Permission, roles_with
from app.domain.dates import in_words
from app.domain.months import month_in_words
from app.domain.reconciling import Books, Check, Difference, Sum
from app.features.finance.freezing import OF_CLOSED_MONTHS
from app.features.finance.reconciling import queries
from app.features.finance.reconciling.accounts import look_at_accounts, look_at_what_was_taken_back
from app.features.finance.reconciling.gone import look_at_what_is_gone
from app.features.finance.reconciling.reports import Compared, compare_reports
from app.features.finance.reconciling.since import KEPT, STANDING, Night, read_items_since, read_standing

KEEP = text("""
    INSERT INTO reconciliation_run (at, made_by, period, is_ok, sums, differences)
    VALUES (:at, :actor, :period, :is_ok, CAST(:sums AS jsonb), CAST(:differences AS jsonb)) RETURNING id
""")


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of comparing: what each check counted, with its two sides, all that differs, and the reports.

    `night`: whose histories did not change since then were gone through in it, and are not counted."""

    period: date | None
    sums: dict[Check, Sum]
    differences: Sequence[Difference] = field(default_factory=list)
    reports: Sequence[Compared] = ()
    night: Night | None = None

    @property
    def as_kept(self) -> dict[str, dict[str, Any]]:
        """What each check counted, by its name, and how much differs; with the reports the sides of each."""
        sums: dict[str, dict[str, Any]] = {
            check.value: asdict(told) | {"differences": len(self.of(check))} for check, told in self.sums.items()
        }
        sums[Check.REPORTS]["each"] = [asdict(one) for one in self.reports]
        return sums

    @property
    def is_ok(self) -> bool:
        """Whether everything adds up."""
        return not self.differences

    def of(self, check: Check) -> list[Difference]:
        """What differs in this way."""
        return [one for one in self.differences if one.check is check]


async def reconcile(
    session: AsyncSession,
    *,
    period: date | None = None,
    tell: Tell = lambda *_: None,
    between: Callable[[], Awaitable[None]] = checkpoint,
) -> Reconciled:
    """Compare movements, charges, splits and sums to the penny: of a month (by its first day), or of all.

    `between`: what is done after each item; as it is, others are let come between."""
    return await _compare(session, period, await queries.read_items(session, period), tell=tell, between=between)


async def reconcile_since_night(session: AsyncSession, period: date, *, at: datetime) -> Reconciled:
    """The same of a month, but what was gone through last night and did not change since is not gone through again."""
    items, night = await read_items_since(session, period, at=at)
    return replace(await _compare(session, period, items), night=night)


async def _compare(
    session: AsyncSession,
    period: date | None,
    items: Sequence[int],
    *,
    tell: Tell = lambda *_: None,
    between: Callable[[], Awaitable[None]] = checkpoint,
) -> Reconciled:
    books = Books(await queries.read_rates(session), period)
    changed = await queries.read_changed(session)
    for begin in range(0, len(items), queries.TOGETHER):
        tell("Items", begin, len(items))
        some = items[begin : begin + queries.TOGETHER]
        async for history in queries.read_histories(session, some, changed):
            books.go_through(history)
            await between()  # Thousands of them follow: whoever scans meanwhile is not to wait for the last.
        if period is None:
            await look_at_accounts(session, books, some)
    async for lines in queries.read_apart(session, period):
        books.look_apart(lines)
    asked = {"period": period}
    looks = (
        _orphans,
        _splits,
        _provisional,
        _in_vain,
        _persons,
        _reversals,
        look_at_what_was_taken_back,
        look_at_what_is_gone,
        _older_rates,
        _closed_months,
        _kept,
    )
    for done, look in enumerate(looks):
        tell("Sums", done, len(looks) + 1)
        await look(session, books, asked)
    tell("Reports", len(looks), len(looks) + 1)
    compared = await compare_reports(session, period)
    _reports(books, compared)
    order = list(Check)
    return Reconciled(period, books.sums, sorted(books.differences, key=lambda one: order.index(one.check)), compared)


async def reconcile_nightly(session: AsyncSession, *, actor: str, at: datetime) -> int:
    """Compare everything, keep what came of it, and tell finance when it does not add up. Returns the differences."""
    standing = await read_standing(session, at=at)
    found = await reconcile(session)
    number = await keep(session, found, actor=actor, at=at, standing=standing)
    if not found.is_ok:
        worst = "\n".join(f"- {in_a_line(one)}" for one in found.differences[:10])
        some = "difference was" if len(found.differences) == 1 else "differences were"
        letter = {
            "purpose": "books_do_not_add_up",
            "about": f"reconciliation:{number}",
            "subject": "The books do not add up",
            "body": f"{len(found.differences):,} {some} found when movements, charges and sums were compared.\n\n"
            f"{worst}\n\nSee all of it under Finance, Reconciliation.",
        }
        roles = [role.value for role in roles_with(Permission.CLOSE_PERIODS)]
        await outbox.post_to_roles(session, roles, letter, actor=actor, at=at)
    return len(found.differences)


async def keep(
    session: AsyncSession, found: Reconciled, *, actor: str, at: datetime, standing: Mapping[str, Any]
) -> int:
    """Keep what came of it, and how the months stood. Returns its number."""
    values = {"at": at, "actor": actor, "period": found.period, "is_ok": found.is_ok, **as_kept(found, standing)}
    number: int = await session.scalar(KEEP, values)
    return number


def as_kept(found: Reconciled, standing: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What is kept of it, as two texts of JSON: its sums, and the first of its differences."""
    sums = found.as_kept | ({STANDING: standing} if standing else {})
    return {
        "sums": queries.as_json(sums),
        "differences": queries.as_json([asdict(one) for one in found.differences[:KEPT]]),
    }


def in_a_line(one: Difference) -> str:
    """A difference with where it is and its two sides, for a message or a terminal."""
    where = f"{one.barcode}, movement {one.movement}: " if one.barcode else f"{one.where}: " if one.where else ""
    sides = f" Expected {_pounds(one.expected)}, found {_pounds(one.found)}." if one.expected is not None else ""
    return f"{where}{one.detail}{sides}"


def _pounds(pence: int | None) -> str:
    return f"{'-' if (pence or 0) < 0 else ''}£{abs(pence or 0) / 100:,.2f}"


async def _orphans(session: AsyncSession, books: Books, asked: dict[str, Any]) -> None:
    for row in await session.execute(queries.ORPHANS, asked):
        detail = "The line names a movement that does not exist."
        books.sums[Check.MOVEMENTS].add(0, row.amount_pence)
        books.differences.append(
            Difference(Check.MOVEMENTS, "no-movement", detail, 0, row.amount_pence, where=f"Line {row.id}")
        )


async def _splits(session: AsyncSession, books: Books, asked: dict[str, Any]) -> None:
    for row in await session.execute(queries.NOT_WHOLE, asked):
        detail = f"The lines of a charge come to {row.percent} %, not to 100 %, or are for different things."
        books.differences.append(Difference(Check.SPLITS, "not-whole", detail, where=f"Line {row.id}"))
    for row in await session.execute(queries.OFF_THE_ORDER, asked):
        detail = "What the order costs is split otherwise than the order is."
        where = f"Order {row.number}, line {row.id}"
        books.differences.append(Difference(Check.SPLITS, "not-as-ordered", detail, where=where))
    for row in await session.execute(queries.NOT_AS_SETTLED, asked):
        detail = "Its order was settled since, and whoever pays for this line pays for nothing of the order."
        where = f"Order {row.number}, line {row.id}"
        books.differences.append(Difference(Check.SPLITS, "not-as-settled", detail, where=where))


async def _provisional(session: AsyncSession, books: Books, asked: dict[str, Any]) -> None:
    for row in await session.execute(queries.PROVISIONAL, asked):
        code, detail = "not-provisional", "It was charged while it was in dispute who pays, and is not provisional."
        if row.is_provisional:
            code, detail = "provisional-for-nothing", "It is provisional, and no dispute is open about who pays for it."
        where = f"Order {row.number}, line {row.id}" if row.number else f"Line {row.id}"
        books.differences.append(Difference(Check.SPLITS, code, detail, where=where))


async def _reversals(session: AsyncSession, books: Books, asked: dict[str, Any]) -> None:
    for row in await session.execute(queries.REVERSALS, asked):
        books.sums[Check.REVERSALS].add(-(row.was_pence or 0), row.amount_pence)
        code, detail = "", ""
        if row.undone_id is None:
            code, detail = "takes-back-nothing", "The line that it takes back does not exist."
        elif row.is_twice_over:
            code, detail = "reversal-of-a-reversal", "It takes back a line that takes another back."
        elif row.times > 1:
            code, detail = "reversed-twice", "The same line is taken back more than once."
        elif (row.amount_pence, row.vat_pence) != (-row.was_pence, -row.was_vat):
            code, detail = "not-to-zero", "The line and the one that takes it back do not come to nothing."
        if code:
            sides = (-(row.was_pence or 0), row.amount_pence)
            books.differences.append(Difference(Check.REVERSALS, code, detail, *sides, where=f"Line {row.id}"))
    for row in await session.execute(queries.UNFOUNDED, asked):
        detail = f"It comes in the place of line {row.corrects_id}, which is not taken back."
        books.differences.append(
            Difference(Check.REVERSALS, "not-taken-back", detail, 0, row.amount_pence, where=f"Line {row.id}")
        )


async def _in_vain(session: AsyncSession, books: Books, asked: dict[str, Any]) -> None:
    for row in await session.execute(queries.IN_VAIN, asked):
        # Before charges began, a visit was not charged.
        books.sums[Check.VISITS].counted += max(row.due, row.times)
        if not row.due <= row.times <= row.visits:
            code = "visit-not-charged" if row.times < row.due else "visit-charged-twice"
            said = f"{row.visits} to charge, {row.times} charged"
            detail = f"Visits in vain for {row.what} on {in_words(row.day)}: {said}."
            where = f"Line {row.line}" if row.line else "Visit in vain"
            books.differences.append(Difference(Check.VISITS, code, detail, where=where))


async def _persons(session: AsyncSession, books: Books, asked: dict[str, Any]) -> None:
    for row in await session.execute(queries.PERSONS, asked):
        books.sums[Check.PERSONS].add(row.agreed, row.pence)
        if row.agreed != row.pence:
            code = "top-up-not-charged" if row.pence < row.agreed else "person-charged"
            detail = "What a person is charged is not what they agreed to add."
            whose = {"barcode": row.barcode, "movement": row.movement_seq} if row.barcode else {}
            difference = Difference(Check.PERSONS, code, detail, row.agreed, row.pence, **whose)
            books.differences.append(difference if whose else replace(difference, where=f"Line {row.line}"))


def _reports(books: Books, compared: Sequence[Compared]) -> None:
    for one in compared:
        books.sums[Check.REPORTS].counted += 1
        if not one.agrees:
            detail = f"{one.title}: {one.found_lines:,} lines are counted, of {one.lines:,}."
            books.differences.append(
                Difference(Check.REPORTS, "report-is-not-lines", detail, one.net, one.found_net, where=one.title)
            )


async def _closed_months(session: AsyncSession, books: Books, asked: dict[str, Any]) -> None:
    # One row at a time is asked for, so that no single answer takes as long as all months together.
    rows = await session.stream(OF_CLOSED_MONTHS, asked, execution_options={"yield_per": 1})
    async for row in rows:
        then, now = row.totals, row.now_totals
        books.sums[Check.CLOSED_MONTHS].add(then["net_pence"], now["net_pence"])
        if (row.lines, then, row.digest) != (row.now_lines, now, row.now_digest):
            counts = f"it had {row.lines:,} lines, and has {row.now_lines:,}."
            detail = f"{month_in_words(row.period)} is not what was closed: {counts}"
            sides = (then["net_pence"], now["net_pence"])
            books.differences.append(
                Difference(Check.CLOSED_MONTHS, "not-as-closed", detail, *sides, where=month_in_words(row.period))
            )


async def _older_rates(session: AsyncSession, books: Books, asked: dict[str, Any]) -> None:
    books.sums[Check.PRICES].apart = await session.scalar(queries.AT_OLDER_RATES, asked) or 0


async def _kept(session: AsyncSession, books: Books, asked: dict[str, Any]) -> None:
    books.sums[Check.KEPT].counted = await session.scalar(queries.KEPT, asked) or 0
    for row in await session.execute(queries.NOT_AS_KEPT, asked):
        detail = "When it came is kept for the reports otherwise than it is recorded."
        books.differences.append(Difference(Check.KEPT, "not-as-kept", detail, where=row.place))
