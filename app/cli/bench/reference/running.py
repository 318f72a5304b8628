"""One scale: the register is filled, the service is started, every call is measured, every answer is looked at."""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.cli.bench.reference import filling, floors, notices
from app.cli.bench.reference.calls import CALLS, Call, Ground, month_lines
from app.cli.bench.reference.figures import Figure, Forced, Scale, Timed
from app.cli.bench.reference.goals import BURSTS, FEW, HANDHELDS
from app.cli.bench.reference.service import SECRET, Load, Service, compile_files, loading, served, start
from app.cli.reach import fail
from app.cli.seed import PASSWORD
from app.db import POOL, normal_url

COUNTED: Final = 2
WARMING: Final = 12
WARMING_BATCHES: Final = 6
"""So many calls for each connection of the service before anything is timed: PostgreSQL keeps a plan from the sixth on,
and not each connection has the same share. A batch sends each statement once, and takes as long as a hundred scans."""
LONGEST_WARMING: Final = 120.0
WAIT: Final = 600.0
STARTS: Final = 3
BURST_LASTS: Final = 5
"""Times as long as another loop: two a second are to be some ninety scans."""
SPARE: Final = 1.5
"""Times as many scans as are to be expected of random times."""
FLOOR_A_SECOND: Final = 1_500
"""So much is put ready for each second of the floor."""

NAMES: Final = frozenset(call.name for call in CALLS)
MEASURED: Final = NAMES | {"start", "notice"}
"""What `--only` may name: the calls, a start of the service, and safety notices."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How it is measured. `only`: names of calls, or words of which one must be in a call's name. `is_filled`: the
    database holds a county already."""

    seconds: float = 8.0
    clients: int = 32
    workers: int = 1
    only: Sequence[str] = ()
    is_filled: bool = False

    def wants(self, name: str) -> bool:
        """Whether this is to be measured."""
        return not self.only or any(word == name or (word in name and word not in NAMES) for word in self.only)


@dataclass(slots=True)
class Bench:
    """What measuring needs. `rates`: by call, the rate of the open loop at the first scale, which the others keep."""

    url: str
    ground: Ground
    service: Service
    load: Load
    options: Options
    rates: dict[str, float]
    say: Say
    statements: dict[str, float] = field(default_factory=dict)

    async def send(self, call: Call, requests: list[dict[str, Any]], **how: Any) -> dict[str, Any]:
        """Send them, and fail where an answer is wrong."""
        plan = {
            "requests": requests,
            "clients": 1,
            "seconds": WAIT,
            "rate": None,
            "scattered": False,
            "again": False,
        } | how
        found = await self.load.send(self.service, plan)
        if found["failed"]:
            raise WrongAnswer(call.name, found["failed"], found["wrong"])
        return found

    async def make(self, call: Call, count: int) -> list[dict[str, Any]]:
        """Requests to make this call with."""
        made = await call.make(self.ground, max(count, 1))
        if not made:
            raise fail(f"There is nothing in this register to measure {call.name} on.")
        return [one.as_planned(self.service, call.who, is_page=call.is_page) for one in made]


class WrongAnswer(Exception):
    """Something was answered wrongly, or was not done; a run with one fails."""

    def __init__(self, call: str, count: int, examples: Any) -> None:
        super().__init__(f"{call}: {count} wrong. {examples}")


async def measure(url: str, scale: float, options: Options, rates: dict[str, float], say: Say) -> Scale:
    """Fill the database at this address, which is migrated and empty, or holds a county already; measure on it."""
    engine = create_async_engine(normal_url(url), poolclass=NullPool)
    ground = Ground(engine)
    try:
        filled = await _fill(url, engine, scale, options, say)
        await filling.make_ready(engine)
        await asyncio.to_thread(compile_files)
        calls = [call for call in CALLS if options.wants(call.name)]
        async with loading() as load:
            async with served(url, is_counting=True) as service:
                for who in sorted({call.who for call in calls} | {notices.AUTHOR, notices.SECOND}):
                    await service.sign_in(who, PASSWORD)
                counting = Bench(url, ground, service, load, options, rates, say)
                statements = {call.name: await _count(counting, call) for call in calls}
            starts = [await start(url, options.workers) for _ in range(STARTS - 1)] if options.wants("start") else []
            async with served(url, workers=options.workers) as measured:
                starts.append((measured.started_in, measured.started_with))
                measured.tokens, measured.cookies = service.tokens, service.cookies
                bench = Bench(url, ground, measured, load, options, rates, say, statements)
                before = measured.memory()
                figures = [await _measure(bench, call) for call in calls]
                forced: list[Forced] = []
                if options.wants("notice"):
                    forced = await notices.measure(url, ground, measured, seconds=options.seconds)
                after = measured.memory()
        sizes = {name: await ground.number(f"SELECT count(*) FROM {name}") for name in SIZES}  # noqa: S608 - our names
        return Scale(scale, sizes, filled, figures, forced, before, after, starts)
    finally:
        await engine.dispose()


IS_COUNTYS: Final = text("""
    SELECT EXISTS (SELECT FROM item)
       AND (SELECT count(*) = 2 FROM account WHERE username IN ('ot.1', 'technician.24') AND is_demonstration)
""")
"""Its people have the password that everybody knows: nothing else is to be written in."""
NO_COUNTY: Final = "There is no reference county in this database. Fill it first, with `stores demo county`."
SIZES: Final = ("item", "loan", "movement", "charge", "client", "product")


async def _fill(url: str, engine: AsyncEngine, scale: float, options: Options, say: Say) -> float | None:
    """Seconds that the county took; nothing if it was there before."""
    async with engine.connect() as connection:
        is_full = bool(await connection.scalar(text("SELECT EXISTS (SELECT FROM item)")))
        is_countys = bool(await connection.scalar(IS_COUNTYS))
    if options.is_filled:
        if not is_countys:
            raise fail(NO_COUNTY)
        say(
            f"scale {scale:g}: was filled before. The benchmark writes in this database, and does not tidy up after it."
        )
        return None
    if is_full:
        raise fail("There are items in this database. A benchmark wants an empty one, and fills it.")
    began = perf_counter()
    await filling.fill(url, scale, lambda *_: None)
    filled = perf_counter() - began
    say(f"scale {scale:g}: filled in {filled:.0f} s")
    return filled


async def _count(bench: Bench, call: Call) -> float:
    """The statements of one request, by what the service sends; the first one, which finds nothing cached, is left
    out."""
    requests = await bench.make(call, COUNTED + 1)
    await bench.send(call, requests[:1])
    before = await bench.service.statements()
    chosen = requests[1 : 1 + COUNTED] or requests[:1]
    await bench.send(call, chosen)
    return (await bench.service.statements() - before) / len(chosen)


async def _measure(bench: Bench, call: Call) -> Figure:
    options, per = bench.options, call.per
    if call.is_export:
        per = await month_lines(bench.ground)
    before = bench.service.memory()
    clients = min(options.clients, call.most_clients)
    await _warm(bench, call, clients)
    most = await _phase(bench, call, clients=clients)
    floor = await _floor(bench, call, per)
    rate = max(most.rate / 2, 0.5)
    if not call.is_export:  # A month of ten times the lines is more work, and would only queue at that rate.
        rate = bench.rates.setdefault(call.name, rate)
    few = min(FEW, clients)
    opened = await _phase(bench, call, clients=few, rate=rate)
    alone = await _phase(bench, call, clients=1, seconds=options.seconds / 2)
    closed, bursts = None, {}
    if call.name == "scan-return":
        closed = await _phase(bench, call, clients=few)
        bursts = {rate: await _burst(bench, call, rate) for rate in BURSTS}
    figure = Figure(
        name=call.name,
        title=call.title,
        unit=call.unit,
        per=per,
        clients=clients,
        most=most,
        opened=opened,
        opened_at=rate,
        alone=alone,
        closed=closed,
        bursts=bursts,
        statements=bench.statements[call.name],
        floor=floor,
        memory_before=before,
        memory_after=bench.service.memory(),
        is_page=call.is_page,
    )
    bench.say(figure.in_a_line())
    return figure


async def _warm(bench: Bench, call: Call, clients: int) -> None:
    """Until the connections of the service keep their plans, as they do after a day's first minutes.

    As many clients as in the loops, so that no connection is in use there which was not in use here: where there are
    more clients than connections none of these rests, and where there are fewer no more of them are wanted.
    """
    each = 1 if call.is_export else WARMING if call.per == 1 else WARMING_BATCHES
    count = min(clients, POOL * bench.options.workers) * each
    made = await bench.make(call, count)
    requests = made if call.writes else [made[number % len(made)] for number in range(count)]
    await bench.send(call, requests, clients=clients, seconds=LONGEST_WARMING)


async def _burst(bench: Bench, call: Call, rate: int) -> Timed:
    """So many a second in all, from handhelds which do not wait for each other."""
    seconds = bench.options.seconds * BURST_LASTS
    return await _phase(bench, call, clients=HANDHELDS, rate=rate, seconds=seconds, is_scattered=True)


async def _phase(
    bench: Bench,
    call: Call,
    *,
    clients: int,
    rate: float | None = None,
    seconds: float | None = None,
    is_scattered: bool = False,
) -> Timed:
    """One loop: open with a rate, closed without. What it did is looked for in the database."""
    seconds = seconds or bench.options.seconds
    count = math.ceil((rate or call.most_a_second) * seconds * (SPARE if is_scattered else 1)) + clients
    requests = await bench.make(call, count)
    since = (await bench.ground.column("SELECT clock_timestamp()"))[0]
    how = {"clients": clients, "rate": rate, "scattered": is_scattered, "seconds": seconds, "again": not call.writes}
    service, database = bench.service.cpu(), await bench.ground.cpu()
    found = await bench.send(call, requests, **how)
    service, after = bench.service.cpu() - service, await bench.ground.cpu()
    for proof in call.proofs:
        there = await bench.ground.number(proof.sql, since=since)
        if there != found["right"] * call.per:
            raise WrongAnswer(call.name, there, f"of {found['right'] * call.per} wanted in {proof.what}")
    return Timed.of(found, service, None if database is None or after is None else after - database)


async def _floor(bench: Bench, call: Call, per: int) -> float | None:
    """What the database does alone, in the call's units a second."""
    if not call.floor:
        return None
    options = bench.options
    if call.floor == "copy":
        took = [await floors.copy_lines(bench.ground.engine, SECRET) for _ in range(3)]
        return per / min(seconds for seconds, _ in took)
    funder, other = await bench.ground.column("SELECT id FROM funder WHERE code IN ('ASC', 'ICB') ORDER BY id")
    store = await bench.ground.number("SELECT id FROM store WHERE code = 'MAIN'")
    values = {"funder": funder, "other": other, "store": store}
    clients, seconds = options.clients, options.seconds
    if not call.writes:
        values["items"] = max(await bench.ground.number("SELECT count(*) FROM bench_item"), 1)
        values["products"] = await bench.ground.number("SELECT count(*) FROM product")
        return await floors.pgbench(bench.url, call.floor, clients=clients, seconds=seconds, values=values)
    await bench.make(call, math.ceil(FLOOR_A_SECOND * options.seconds / call.per))
    items = await bench.ground.number("SELECT count(*) FROM bench_item")
    return await floors.pgbench_each(
        bench.url, call.floor, clients=clients, seconds=seconds, values=values, items=items
    )


def run(url: str, scale: float, options: Options, rates: dict[str, float], say: Say) -> Scale:
    """The same, from outside of any loop."""
    return asyncio.run(measure(url, scale, options, rates, say))


async def about(url: str) -> dict[str, str]:
    """What the database is, and how it is set."""
    engine = create_async_engine(normal_url(url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            told = {name: str(await connection.scalar(text(f"SHOW {name}"))) for name in SETTINGS}
    finally:
        await engine.dispose()
    version = told.pop("server_version")
    return {"PostgreSQL": f"{version} ({', '.join(f'{name} {value}' for name, value in told.items())})"}


SETTINGS: Final = ("server_version", "shared_buffers", "synchronous_commit", "fsync", "max_connections")


def command_line(scales: Sequence[float], options: Options) -> str:
    """How the same is measured again. Where a county stands is not told: an address may have a password in it."""
    told = [f"--filled {scale:g}=…" if options.is_filled else f"--scale {scale:g}" for scale in scales]
    told += [f"--clients {options.clients}", f"--seconds {options.seconds:g}"]
    told += [f"--workers {options.workers}"] if options.workers > 1 else []
    told += [f"--only {name}" for name in options.only]
    return f"scripts/bench {' '.join(told)}"
