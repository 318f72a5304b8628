"""What the benchmark says of its figures: the goals, the growth, and which counties it is told of."""

import asyncio
from contextlib import suppress
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from typer import Exit

from app.cli.bench.command import check_calls, counties
from app.cli.bench.reference.calls import CALLS
from app.cli.bench.reference.figures import Figure, Scale, Timed
from app.cli.bench.reference.goals import goals_of
from app.cli.bench.reference.load import Run
from app.cli.bench.reference.report import CountyReport
from app.cli.bench.reference.running import Options, command_line
from app.domain.access import Role

SIZES = {"item": 1, "loan": 1}


def timed(p95: float, *, rate: float = 10) -> Timed:
    return Timed(100, rate, p95 / 2, p95, p95 * 2, 0.1, 1.0, 1.0)


def figure(name: str, alone: float, *, bursts: dict[int, float] | None = None) -> Figure:
    call = next(call for call in CALLS if call.name == name)
    made = {rate: timed(p95, rate=rate) for rate, p95 in (bursts or {}).items()}
    return Figure(
        name, call.title, call.unit, call.per, 32, timed(80), timed(12), 5, timed(alone), timed(60), made, 7, 20, 1, 1,
        call.is_page,
    )  # fmt: skip


def scale(size: float, *figures: Figure) -> Scale:
    return Scale(size, SIZES, None, list(figures), [], 1, 1, [])


def test_each_scale_is_compared_with_the_next_smaller_one_of_a_tenth() -> None:
    """Whatever the order in which they were measured."""
    large = scale(10, figure("item-lookup", 20), figure("issue", 11), figure("csv", 9_000))
    middle = scale(1, figure("item-lookup", 5), figure("issue", 10), figure("csv", 900))
    small = scale(0.1, figure("item-lookup", 4.5))
    first, second = [goal for goal in goals_of([large, small, middle]) if "interactive" in goal.goal]
    assert (first.goal[:16], first.is_met, first.found) == ("scale 0.1 to 1: ", True, "1.11 times at most: Item lookup")
    assert second.goal.startswith("scale 1 to 10: ")
    assert (second.is_met, second.found) == (False, "4.00 times at most: Item lookup; 1 of 2 calls are over")
    report = CountyReport("scripts/bench", date(2026, 11, 27), {}, [large, small, middle])
    tables = report.as_markdown()
    assert "| call | 0.1 | 1 | times | 10 | times |" in tables
    assert "| Item lookup | 4.5 | 5.0 | 1.11 | 20.0 | **4.00** |" in tables
    assert "| Issue an item |  | 10.0 |  | 11.0 | 1.10 |" in tables
    grown = [(one["name"], one["small"], one["large"]) for one in report.as_figures()["growth"]]
    assert grown == [("item-lookup", 0.1, 1), ("item-lookup", 1, 10), ("issue", 1, 10)]


def test_scales_that_are_not_ten_times_apart_are_not_compared() -> None:
    two = [scale(0.01, figure("item-lookup", 1)), scale(1, figure("item-lookup", 9))]
    assert [goal for goal in goals_of(two) if "interactive" in goal.goal] == []
    assert "| times |" not in CountyReport("scripts/bench", date(2026, 11, 27), {}, two).as_markdown()


def test_a_return_is_judged_at_the_countys_own_burst_too() -> None:
    found = {one.goal: one for one in goals_of([scale(1, figure("scan-return", 9, bursts={2: 11, 20: 16}))])}
    own = found["scale 1: its p95 from 20 handhelds, 2 a second in all, < 15 ms"]
    ten = found["scale 1: its p95 from 20 handhelds, 20 a second in all, < 15 ms"]
    assert (own.is_met, own.found) == (True, "11.0 ms at 2.0 a second, of 100")
    assert not ten.is_met
    assert found["scale 1: its p95 at 8 clients, open, < 15 ms"].is_met
    assert not found["scale 1: its p95 at 8 clients, closed, < 15 ms"].is_met


def test_every_call_of_the_promise_is_measured_and_has_its_floor() -> None:
    floors = {call.name: call.floor for call in CALLS}
    pages = {f"home-{who}" for who in ("ot", "senior.ot", "technician", "safety", "panel1", "chair", "finance")}
    assert len([name for name in floors if name.startswith("home-")]) == len(Role)
    assert floors.keys() >= pages | {"home-manager", "home-admin", "home-auditor", "item-lookup", "item-history"}
    written = {"reserve", "issue", "scan-return", "scan-return-100", "scan-return-500"}
    assert floors.keys() >= written | {"catalogue-search", "cost-report", "csv", "labels"}
    assert [name for name, floor in floors.items() if not floor] == ["labels"]
    scripts = Path(__file__).parents[2] / "app/cli/bench/reference/floors"
    assert {path.stem for path in scripts.glob("*.sql")} == (set(floors.values()) | {"notice"}) - {"", "copy"}


def test_counties_that_stand_are_measured_from_the_smallest_on(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    told = ["10=postgresql://stores:secret@db/stores", f"0.1={tmp_path}"]
    found = counties([], told, None)
    assert found == [(0.1, None, tmp_path), (10.0, "postgresql://stores:secret@db/stores", None)]
    again = command_line([size for size, *_ in found], Options(is_filled=True))
    assert again == "scripts/bench --filled 0.1=… --filled 10=… --clients 32 --seconds 8"
    assert counties([1, 0.1], [], None) == [(0.1, None, None), (1, None, None)]
    assert counties([], [], "postgresql://db/x") == [(0.01, "postgresql://db/x", None)]


@pytest.mark.parametrize("told", ["1", "1=", "x=/tmp", "-1=postgresql://db/x", "nan=postgresql://db/x", "1=/nowhere"])
def test_a_county_that_is_not_there_is_said(told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exit):
        counties([], [told], None)
    said = " ".join(capsys.readouterr().err.split())
    assert ("Write --filled 0.1=DIRECTORY" in said) != ("no reference county in /nowhere" in said)


def test_a_size_or_a_call_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exit):
        counties([0.1, 100], [], None)
    with pytest.raises(Exit):
        check_calls(["scan", "nosuch"])
    said = " ".join(capsys.readouterr().err.split())
    assert "--scale is from 0.001 to 10" in said
    assert "“nosuch” in its name" in said
    check_calls(["scan", "item", "start", "notice", "csv"])


@pytest.mark.parametrize(
    "given", [([1.0], ["1=postgresql://a/b"], None), ([], ["1=postgresql://a/b"], "postgresql://c/d")]
)
def test_what_stands_and_what_is_to_be_filled_are_not_told_at_once(
    given: tuple[list[float], list[str], str | None],
) -> None:
    with pytest.raises(Exit):
        counties(*given)


def test_one_database_is_filled_once() -> None:
    with pytest.raises(Exit):
        counties([0.1, 1], [], "postgresql://db/x")


def test_handhelds_send_at_random_times_of_the_wanted_rate_which_are_the_same_again() -> None:
    plan = {"requests": [{"send": "", "status": 200, "mark": "", "times": 1}], "rate": 20.0, "again": True}

    def times(*, scattered: bool) -> list[float]:
        run = Run(plan | {"scattered": scattered, "seconds": 100.0})
        taken = []
        while (found := run._take()) is not None:
            taken.append(found[1])
        return taken

    even, first, second = times(scattered=False), times(scattered=True), times(scattered=True)
    assert first == second
    assert len(even) == 2_000
    assert 1_800 < len(first) < 2_200
    gaps = [late - early for early, late in pairwise(first)]
    assert (min(gaps) < 0.005, max(gaps) > 0.2) == (True, True)


async def test_a_connection_that_the_service_closed_while_it_rested_is_opened_anew() -> None:
    """As a handheld does, that sends every ten seconds."""
    opened = []

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        with suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer_once, "127.0.0.1", 0) as server:
        plan = {
            "requests": [{"send": "GET / HTTP/1.1\r\n\r\n", "status": 200, "mark": "OK", "times": 1}],
            "address": server.sockets[0].getsockname(),
            "clients": 1,
            "rate": 10.0,
            "scattered": False,
            "seconds": 0.35,
            "again": True,
        }
        found = await Run(plan).carry_out()
    assert (found["right"], found["wrong"], len(opened)) == (4, [], 4)
