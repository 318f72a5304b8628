"""Sends requests and looks at the answers, as a process of its own: what it costs is not the service's.

Each plan comes as one line of JSON, what was found goes back as one. With a rate the loop is open: each request has an
intended time, and its latency counts from that, also when nobody was free to send it then; *scattered* these times
are random, as those of people who do not wait for each other, and the same in each run. Without a rate it is closed:
each client sends its next request when the last was answered.
"""

import asyncio
import gc
import json
import random
import resource
import sys
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final

import uvloop

MOST_TOLD: Final = 5
LONGEST_EXCERPT: Final = 600
SEED: Final = 1


@dataclass(slots=True)
class Found:
    """What came of a plan: latencies in milliseconds, and the answers that were wrong."""

    latencies: list[float] = field(default_factory=list)
    wrong: list[dict[str, Any]] = field(default_factory=list)
    right: int = 0
    size: int = 0


class Wire(asyncio.Protocol):
    """One connection, kept alive; one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.got = bytearray()
        self.head_ends, self.wanted = -1, -1
        self.answered: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self.transport = transport  # type: ignore[assignment] # of a stream, by how it was made

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed; whoever waits for an answer gets none."""
        self.transport = None
        if self.answered and not self.answered.done():
            self.answered.set_exception(ConnectionResetError(str(exc or "closed")))

    def data_received(self, data: bytes) -> None:
        """A piece of an answer."""
        self.got += data
        if self.head_ends < 0:
            self._read_head()
        if self.head_ends >= 0 and self._is_whole() and self.answered and not self.answered.done():
            self.answered.set_result(None)

    async def ask(self, request: bytes) -> tuple[int, bytearray]:
        """Send it; the status and the whole answer."""
        if self.transport is None:
            raise ConnectionResetError("closed")
        self.got, self.head_ends, self.wanted = bytearray(), -1, -1
        self.answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        await self.answered
        return int(self.got[9:12]), self.got

    def close(self) -> None:
        """No more is asked."""
        if self.transport:
            self.transport.close()

    def _read_head(self) -> None:
        self.head_ends = self.got.find(b"\r\n\r\n")
        if self.head_ends < 0:
            return
        head = bytes(self.got[: self.head_ends]).lower()
        _, found, rest = head.partition(b"content-length:")
        if found:
            self.wanted = self.head_ends + 4 + int(rest.split(b"\r\n", 1)[0])
        elif b"transfer-encoding: chunked" not in head:
            self.wanted = self.head_ends + 4

    def _is_whole(self) -> bool:
        return len(self.got) >= self.wanted if self.wanted >= 0 else self.got.endswith(b"\r\n0\r\n\r\n")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Run:
    """One plan, carried out."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.requests = [one["send"].encode() for one in plan["requests"]]
        self.marks = [(one["status"], one["mark"].encode(), one["times"]) for one in plan["requests"]]
        self.rate: float | None = plan["rate"]
        self.chance = random.Random(SEED) if plan["scattered"] else None  # noqa: S311 - it decides no secret
        self.due = 0.0
        self.next, self.found = 0, Found()
        self.began = 0.0

    async def carry_out(self) -> dict[str, Any]:
        """All of it."""
        wires = [await self._connect() for _ in range(self.plan["clients"])]
        used = _cpu()
        self.began = perf_counter()
        await asyncio.gather(*(self._work(wire) for wire in wires))
        lasted = perf_counter() - self.began
        for wire in wires:
            wire.close()
        return {
            "latencies": self.found.latencies,
            "wrong": self.found.wrong[:MOST_TOLD],
            "failed": len(self.found.wrong),
            "right": self.found.right,
            "bytes": self.found.size,
            "seconds": lasted,
            "cpu": _cpu() - used,
        }

    async def _connect(self) -> Wire:
        host, port = self.plan["address"]
        _, wire = await asyncio.get_running_loop().create_connection(Wire, host, port)
        return wire

    async def _work(self, wire: Wire) -> None:
        while (taken := self._take()) is not None:
            number, due = taken
            wait = due - perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            if wire.transport is None:
                # The service closes what rests for some seconds; whoever comes back pays for the new connection.
                wire = await self._connect()
            status, mark, times = self.marks[number]
            try:
                told, answer = await wire.ask(self.requests[number])
            except ConnectionResetError as error:
                self.found.wrong.append({"request": number, "status": 0, "answer": f"The connection ended: {error}"})
                wire = await self._connect()
                continue
            self.found.latencies.append((perf_counter() - due) * 1000)
            self.found.size += len(answer)
            if told == status and (not mark or answer.count(mark) >= times):
                self.found.right += 1
            else:
                said = bytes(answer[-LONGEST_EXCERPT:]).decode(errors="replace")
                self.found.wrong.append({"request": number, "status": told, "answer": said})

    def _take(self) -> tuple[int, float] | None:
        """The next request, and when it is to be sent; None when there is no more to do."""
        number = self.next
        now = perf_counter()
        due = self.began + self.due if self.rate else now
        is_over = due >= self.began + self.plan["seconds"]
        if is_over or (number >= len(self.requests) and not self.plan["again"]):
            return None
        self.next += 1
        if self.rate:
            self.due = self.due + self.chance.expovariate(self.rate) if self.chance else self.next / self.rate
        return number % len(self.requests), due


def main() -> None:
    """Carry out one plan after another, until there are no more."""
    gc.disable()
    for line in sys.stdin.buffer:
        found = uvloop.run(Run(json.loads(line)).carry_out())
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
        gc.collect()


if __name__ == "__main__":
    main()
