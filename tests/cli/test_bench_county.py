"""The benchmark of the reference county, so small that it says nothing of speed: every answer is right, and counted."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import text
from typer import Exit

from app.cli.bench.reference import running
from app.cli.bench.reference.calls import CALLS, HOMES, Ground, Sent
from app.cli.bench.reference.report import CountyReport
from app.cli.bench.reference.running import Bench, Options, WrongAnswer, measure
from app.cli.bench.reference.service import Service, loading
from app.domain.access import Role
from tests.cli.test_county import empty
from tests.conftest import Scratch

READ = ("home-technician", "item-lookup", "item-history", "catalogue-search", "cost-report", "csv", "labels")
WRITTEN = ("reserve", "issue", "scan-return", "scan-return-100")


async def test_every_kind_of_call_is_answered_rightly_and_its_rows_are_there(scratch: Scratch) -> None:
    await empty(scratch)
    options = Options(seconds=0.1, clients=2, only=(*READ, *WRITTEN, "notice"))
    scale = await measure(scratch.url, 0.01, options, {}, lambda _: None)
    figures = {figure.name: figure for figure in scale.figures}
    assert set(figures) == {*READ, *WRITTEN}
    # A return takes as many statements for one as for a hundred, with the one that asks who it is, and one that looks
    # whether notices in force concern it.
    assert [figures[name].statements for name in ("scan-return", "scan-return-100")] == [7, 7]
    assert all(figure.most.count > 0 and figure.memory_after > 0 for figure in scale.figures)
    assert all(figure.most.service >= 0 and figure.most.database is not None for figure in scale.figures)
    assert [name for name, figure in figures.items() if figure.floor is None] == ["labels"]
    assert [one.form for one in scale.forced] == [
        "one model",
        "a feature of one maker's",
        "days of receipt of a class",
        "a whole class",
    ]
    assert {rate: burst.count > 0 for rate, burst in figures["scan-return"].bursts.items()} == {2: True, 20: True}
    roles = await scratch.query(
        "SELECT DISTINCT role FROM account JOIN account_role AS has ON has.account_id = account.id"
        " WHERE username = ANY(:homes)",
        homes=list(HOMES),
    )
    assert {row["role"] for row in roles} == set(Role)
    report = CountyReport("scripts/bench", date(2026, 11, 27), await running.about(scratch.url), [scale])
    tables = report.as_markdown()
    assert "| Scan-return, batches of 100 | 0.01 |" in tables
    assert "| scale 0.01: from exec to ready, database up, < 2 s |" in tables
    assert "a single return, of the floor's rate, ≥ 0.25" in tables
    assert report.as_figures()["scales"][0]["sizes"]["item"] > 1_000
    # It is filled once, and measured again as often as anybody likes.
    again = Options(seconds=0.1, clients=2, only=("issue", "scan-return", "notice"), is_filled=True)
    told: list[str] = []
    second = await measure(scratch.url, 0.01, again, {}, told.append)
    assert second.filled is None
    assert "filled before. The benchmark writes in this database" in told[0]
    assert len(second.forced) == 4
    assert "| before |" in CountyReport("scripts/bench", date(2026, 11, 27), {}, [second]).as_markdown()
    assert await scratch.query("SELECT count(*) AS refused FROM return_scan WHERE outcome <> 'accepted'") == [
        {"refused": 0}
    ]
    # Where people have passwords of their own, it is nobody's reference county.
    async with scratch.database.sessions.begin() as session:
        await session.execute(text("UPDATE account SET is_demonstration = false WHERE username = 'ot.1'"))
    with pytest.raises(Exit):
        await measure(scratch.url, 0.01, again, {}, told.append)


async def test_what_is_to_be_filled_already_is_not_empty(scratch: Scratch) -> None:
    await empty(scratch)
    told: list[str] = []
    with pytest.raises(Exit):
        await measure(scratch.url, 0.01, Options(is_filled=True), {}, told.append)
    assert told == []


async def test_a_wrong_answer_ends_the_run(scratch: Scratch) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\nNothing")
        await reader.read()
        writer.close()
        await writer.wait_closed()

    def silent(_: str) -> None:
        """Nobody listens."""

    call = next(call for call in CALLS if call.name == "item-lookup")
    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server, loading() as load:
        service = Service(server.sockets[0].getsockname()[1], 0, tokens={call.who: "x"}, cookies={call.who: "x"})
        bench = Bench(scratch.url, Ground(scratch.database.engine), service, load, Options(), {}, silent)
        wanted = Sent("GET", "/api/v1/items/ES000000196", mark='"barcode"').as_planned(service, call.who, is_page=False)
        with pytest.raises(WrongAnswer, match=r"item-lookup: 1 wrong.*404.*Nothing"):
            await bench.send(call, [wanted])


@pytest.mark.parametrize(
    ("only", "wanted"),
    [
        ((), {"csv", "scan-return", "scan-return-100"}),
        (("scan-return",), {"scan-return"}),
        (("scan",), {"scan-return", "scan-return-100"}),
    ],
)
def test_a_whole_name_means_that_call_alone(only: tuple[str, ...], wanted: set[str]) -> None:
    options = Options(only=only)
    assert {name for name in ("csv", "scan-return", "scan-return-100") if options.wants(name)} == wanted
