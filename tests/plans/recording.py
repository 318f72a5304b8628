"""What PostgreSQL did for one call: each statement, as it says itself, with its plan and how much it read."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

SETTINGS = {
    "log_min_duration": "0",
    "log_analyze": "on",
    "log_buffers": "on",
    "log_timing": "off",
    "log_format": "json",
    "log_level": "notice",
    "log_nested_statements": "on",
}
FLUSH = "SELECT 1 AS nothing_more"
OURS = re.compile(rf"\s*(SAVEPOINT|RELEASE|ROLLBACK|{FLUSH})", re.IGNORECASE)
MONTH = re.compile(r"_\d{4}_\d{2}$")
READS = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Sample Scan", "Tid Scan"}


@dataclass(frozen=True, slots=True)
class Read:
    """One look at a table: how many rows were looked at in all, whether they were wanted or not. `months`: of a table
    that is kept by month, in how many of them each of the `times`."""

    node: str
    table: str
    rows: int
    months: float = 0
    times: float = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement that was run, also one of a trigger or a function. `blocks`: how many pages it touched."""

    statement: str
    tree: dict[str, Any]

    @property
    def words(self) -> str:
        """The statement's beginning, on one line."""
        return " ".join(self.statement.split())[:100]

    @property
    def blocks(self) -> int:
        """Pages that were read, wherever they were."""
        return int(self.tree.get("Shared Hit Blocks", 0)) + int(self.tree.get("Shared Read Blocks", 0))

    @property
    def reads(self) -> list[Read]:
        """Every look at a table; what one look found in the months of a table is put together."""
        return list(_reads(self.tree))


@dataclass(slots=True)
class Recorded:
    """What one call sent, and what PostgreSQL did. `sent` are the service's own statements."""

    sent: list[str] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    @property
    def most_alike(self) -> tuple[str, int]:
        """The statement that was sent most often, and how often."""
        return Counter(self.sent).most_common(1)[0] if self.sent else ("", 0)


class Recorder:
    """Listens on one connection; `now` is what is being recorded."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.now = Recorded()

    async def listen(self) -> None:
        """From here on. Only a superuser may, on a server that is thrown away."""
        connection = self.connection
        await connection.execute(text("LOAD 'auto_explain'"))
        for name, value in SETTINGS.items():
            await connection.execute(text(f"SET auto_explain.{name} = '{value}'"))
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        driver.add_log_listener(self._note_plan)
        event.listen(connection.sync_connection, "before_cursor_execute", self._note_statement)
        await connection.commit()

    async def take(self) -> Recorded:
        """What was recorded since the last time. PostgreSQL speaks of a statement when the next one comes."""
        await self.connection.execute(text(FLUSH))
        await asyncio.sleep(0)
        taken, self.now = self.now, Recorded()
        return taken

    def _note_plan(self, _connection: Any, message: Any) -> None:
        said = str(message.message)
        if "plan:\n" in said:
            told = json.loads(said.split("plan:\n", 1)[1])
            self.now.plans.append(Plan(str(told["Query Text"]), told["Plan"]))

    def _note_statement(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not OURS.match(statement):
            self.now.sent.append(statement)


def _reads(tree: dict[str, Any]) -> Iterator[Read]:
    parts = [read for part in tree.get("Plans", []) for read in _reads(part)]
    if tree["Node Type"] in {"Append", "Merge Append"}:
        by_table: dict[str, list[Read]] = {}
        for read in parts:
            by_table.setdefault(read.table if read.months else "", []).append(read)
        parts = by_table.pop("", [])
        parts += [_together(reads, max(tree["Actual Loops"], 1)) for reads in by_table.values()]
    yield from parts
    if tree["Node Type"] in READS and tree.get("Relation Name") and tree["Actual Loops"]:
        yield _read(tree)


def _together(reads: list[Read], times: float) -> Read:
    rows, looked_into = sum(read.rows for read in reads), sum(read.months * read.times for read in reads)
    return Read(reads[0].node, reads[0].table, rows, looked_into / times, times)


def _read(node: dict[str, Any]) -> Read:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    looked_at = node["Actual Rows"] + removed
    name, is_month = MONTH.subn("", node["Relation Name"])
    times = node["Actual Loops"]
    return Read(node["Node Type"], name, round(looked_at * times), is_month, times)
