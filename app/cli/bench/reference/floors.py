"""What PostgreSQL alone can do with the same logical work: scripts of pgbench beside this file, and bare COPY."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.cli.bench.reference.calls import last_full_month
from app.cli.reach import fail
from app.domain.asked_period import of_month
from app.domain.months import read_month
from app.features.finance.exports.copying import PLAIN_DAYS, as_asyncpg
from app.features.finance.exports.lines import LinesAsked, csv_sql
from app.postgres.cluster import environment
from app.postgres.home import installed_programs

SCRIPTS: Final = Path(__file__).with_name("floors")
TPS: Final = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
TO_SEE: Final = 5
"""So many transactions of each client say how many there is time for."""


async def pgbench(url: str, script: str, *, clients: int, seconds: float, values: Mapping[str, int]) -> float:
    """Transactions a second of a script, prepared, which may be done again and again. pgbench counts whole seconds: for
    less than one it does a few transactions of each client."""
    length = ["-T", str(round(seconds))] if seconds >= 1 else ["-t", str(TO_SEE)]
    return await _run(url, script, clients, length, values)


async def pgbench_each(
    url: str, script: str, *, clients: int, seconds: float, values: Mapping[str, int], items: int
) -> float:
    """The same of a script that uses up an item of `bench_item` each time: as many as the time is enough for."""
    clients = min(clients, items)
    first = min(TO_SEE, items // clients)
    rate = await _run(url, script, clients, ["-t", str(first)], values)
    turns = min(int(rate * seconds) // clients, items // clients - first)
    if turns < 1:
        return rate
    return await _run(url, script, clients, ["-t", str(turns)], {**values, "turn": first})


async def _run(url: str, script: str, clients: int, length: list[str], values: Mapping[str, int]) -> float:
    told = [f"-D{name}={value}" for name, value in {"turn": 0, "clients": clients, **values}.items()]
    program = [str(installed_programs() / "pgbench"), "--no-vacuum", "--protocol=prepared"]
    threads = f"--jobs={min(clients, 2)}"
    process = await asyncio.create_subprocess_exec(
        *program,
        threads,
        f"--client={clients}",
        f"--file={SCRIPTS / script}.sql",
        *length,
        *told,
        url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment(),
    )
    said = (await process.communicate())[0].decode(errors="replace")
    found = TPS.search(said)
    if process.returncode or not found:
        raise fail(f"pgbench could not run {script}.sql:\n{said[-2000:]}")
    return float(found[1])


async def copy_lines(engine: AsyncEngine, secret: str) -> tuple[float, int]:
    """Seconds of a bare COPY of the lines of a month, thrown away, and how many bytes it was."""
    asked = LinesAsked(of_month(read_month(last_full_month())), True, secret, "{}")
    query, arguments = as_asyncpg(csv_sql(asked.period), asked.values)
    size = 0

    async def drop(piece: bytes) -> None:
        nonlocal size
        size += len(piece)

    async with AsyncSession(engine) as session:
        await session.execute(PLAIN_DAYS)
        driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
        started = perf_counter()
        await driver.copy_from_query(query, *arguments, output=drop, format="csv", header=True, timeout=600)
        return perf_counter() - started, size
