"""How long it takes to put safety notices into force, to let go again, and to ask notices about one edited item.

Each form of a scope is entered, activated and replaced by a scope that covers nothing, by the real verbs, each in a
transaction of its own, commit included. Beside each stands a floor from the same run on the same machine: reading the
register once and writing as many bare rows. The ratio says more than the seconds, which are the machine's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Final

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app import rematching
from app.cli.bench.register import CATEGORIES, MODELS_OF_A_MAKER, Size
from app.domain.notice_work import Cause, Handling
from app.domain.safety_notices import Decision
from app.features.notices import scopes, service
from app.features.notices.service import NewNotice

AUTHOR, SECOND = "bench.author", "bench.second"
MOST_ACTIVE: Final = 500
EDITS: Final = 20
LONG_AGO: Final = {"date": {"kind": "received", "to": "1990"}}

FLOOR = text("""
    INSERT INTO bench_floor (item_id, placed_at, reason)
    SELECT item.id, now(), 'Held.' FROM item JOIN product ON product.id = item.product_id
    ORDER BY item.id LIMIT :count
""")
READ = text(
    "SELECT count(*) FROM item JOIN product ON product.id = item.product_id WHERE item.received_on > '1900-01-01'"
)

EDITABLE = text("""
    SELECT item.id, item.barcode FROM item JOIN product ON product.id = item.product_id
    WHERE product.model = 'Model 1' AND item.serial_number IS NOT NULL ORDER BY item.id LIMIT :count
""")


@dataclass(frozen=True, slots=True)
class Form:
    """A form of scope. `is_indexed`: an index can serve it, because it names few products."""

    name: str
    lines: list[dict[str, Any]]
    is_indexed: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What one form took, in seconds; `held`: items affected and possible."""

    form: str
    is_indexed: bool
    held: int
    activate: float
    let_go: float
    floor: float

    @property
    def ratio(self) -> float:
        """Activation against the floor."""
        return self.activate / self.floor


@dataclass(frozen=True, slots=True)
class Edited:
    """What asking about one edited item took: with so many notices in force, of which so many can concern it."""

    active: int
    concerned: int
    seconds: float
    statements: int


def forms(size: Size) -> list[Form]:
    """The single forms, on a quarter of the register where a form names no product of its own."""
    quarter, maker = ["12 36"], [f"Maker {size.products // MODELS_OF_A_MAKER // 2}"]
    tenth = size.items // 10
    lots = [f"LOT{size.products // 2 // 50}", f"LOT{(size.items - size.products // 2) // 50}"]
    listed = [f"SN{n:08}" for n in range(size.items) if n % 10 and n % len(CATEGORIES) == 0][: size.items * 35 // 300]
    few = [f"Model {n}" for n in range(0, size.products, 15)]

    def one(**line: Any) -> list[dict[str, Any]]:
        return [{"effect": "include", **line}]

    serials = {"serial_range": {"from": f"SN{tenth:08}", "to": f"SN{2 * tenth:08}"}}
    made = {"date": {"kind": "manufactured", "from": "2018-01", "to": "2018-06"}}
    return [
        Form("one model", one(models=["Model 7"]), is_indexed=True),
        Form("a range of serial numbers of one model", one(models=["Model 7"], where=serials), is_indexed=True),
        Form("one maker", one(manufacturers=maker), is_indexed=True),
        Form("lots of one maker", one(manufacturers=maker, where={"lots": lots}), is_indexed=True),
        Form("a feature of one maker's", one(manufacturers=maker, where={"feature": "A blue clip?"}), is_indexed=True),
        Form(
            "a combination with one maker's",
            one(models=["Model 7"], where={"together_with": {"manufacturers": maker}}),
            is_indexed=True,
        ),
        Form("a list of models", one(models=few)),
        Form("a range of serial numbers of a class", one(categories=quarter, where=serials)),
        Form("a list of serial numbers of a class", one(categories=quarter, where={"serials": listed})),
        Form("dates of manufacture of a class", one(categories=quarter, where=made)),
        Form("a part in a class", one(categories=quarter, where={"part": {"part_number": "PN-30"}})),
        Form("a feature of a class", one(categories=quarter, where={"feature": "Is the hook open?"})),
        Form("a whole class", one(categories=quarter)),
        Form("everything", one(categories=[category[:5] for category in CATEGORIES])),
    ]


async def measure(engine: AsyncEngine, form: Form) -> Taken:
    """One form: entered, activated, let go."""
    notice = await _draft(engine, form.name, form.lines)
    started = perf_counter()
    async with AsyncSession(engine) as session, session.begin():
        done = await scopes.activate(session, notice, actor=SECOND, at=datetime.now(UTC))
    activate = perf_counter() - started
    nothing = [{"effect": "include", "models": ["No such model"]}]
    async with AsyncSession(engine) as session, session.begin():
        await _scope(session, notice, nothing)
    started = perf_counter()
    async with AsyncSession(engine) as session, session.begin():
        await scopes.activate(session, notice, actor=SECOND, at=datetime.now(UTC))
    let_go = perf_counter() - started
    held = done.counts.affected + done.counts.possible
    return Taken(form.name, form.is_indexed, held, activate, let_go, await _floor(engine, held))


async def measure_edits(engine: AsyncEngine, size: Size) -> list[Edited]:
    """One edited item at a time, with no notice in force, then with one for each of many other models, then with some
    that can concern it: only those are asked."""
    found = [await _edit(engine, active=0, concerned=0)]
    active = min(MOST_ACTIVE, size.products - 2)
    for number in range(active):
        lines = [{"effect": "include", "models": [f"Model {number + 2}"], "where": LONG_AGO}]
        await _activate(engine, f"edit {number}", lines)
    found.append(await _edit(engine, active=active, concerned=0))
    for number in range(5):
        lines = [{"effect": "include", "models": ["Model 1"], "where": LONG_AGO}]
        await _activate(engine, f"concerned {number}", lines)
    found.append(await _edit(engine, active=active + 5, concerned=5))
    return found


async def _edit(engine: AsyncEngine, *, active: int, concerned: int) -> Edited:
    """The mean of some edits; what is said of the record stays as it was, so that nothing is caught."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    async with AsyncSession(engine) as session, session.begin():
        rows = await session.execute(EDITABLE, {"count": EDITS})
        items = {row.id: row.barcode for row in rows}
    event.listen(engine.sync_engine, "before_cursor_execute", note)
    started = perf_counter()
    for number, barcode in items.items():
        async with AsyncSession(engine) as session, session.begin():
            notices = await rematching.read_in_force(session)
            at = datetime.now(UTC)
            await rematching.ask_about_items(session, notices, {number: barcode}, cause=Cause.EDIT, actor=AUTHOR, at=at)
    seconds = (perf_counter() - started) / len(items)
    event.remove(engine.sync_engine, "before_cursor_execute", note)
    return Edited(active, concerned, seconds, len(sent) // len(items))


async def prepare(engine: AsyncEngine) -> None:
    """What the floor is written to, and up-to-date statistics, as autovacuum would have made them."""
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE bench_floor (item_id bigint, placed_at timestamptz, reason text)"))
    await tidy(engine)


async def tidy(engine: AsyncEngine) -> None:
    """What autovacuum does between two notices."""
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("VACUUM ANALYZE item, loan, hold, notice_match, safety_notice, notice_scope"))


async def _floor(engine: AsyncEngine, count: int) -> float:
    started = perf_counter()
    async with engine.begin() as connection:
        await connection.execute(READ)
        await connection.execute(FLOOR, {"count": count})
    return perf_counter() - started


async def _draft(engine: AsyncEngine, name: str, lines: list[dict[str, Any]]) -> int:
    async with AsyncSession(engine) as session, session.begin():
        at = datetime.now(UTC)
        new = NewNotice(
            reference=f"BENCH {name}".replace("'", ""),
            kind="field-safety-notice",
            title=name,
            issuer="Bench",
            issued_on=at.date(),
        )
        notice = await service.enter(session, new, actor=AUTHOR, at=at)
        await service.triage(
            session,
            notice,
            decision=Decision.RELEVANT,
            reason="To be measured.",
            search=["Bench"],
            version=1,
            actor=AUTHOR,
            at=at,
        )
        await _scope(session, notice, lines)
    return notice


async def _scope(session: AsyncSession, notice: int, lines: Sequence[dict[str, Any]]) -> None:
    await scopes.draft_scope(
        session, notice, list(lines), handling=Handling.QUARANTINE, actor=AUTHOR, at=datetime.now(UTC)
    )


async def _activate(engine: AsyncEngine, name: str, lines: list[dict[str, Any]]) -> None:
    notice = await _draft(engine, name, lines)
    async with AsyncSession(engine) as session, session.begin():
        await scopes.activate(session, notice, actor=SECOND, at=datetime.now(UTC))
