"""The benchmark, on a register so small that it says nothing of speed: that it still runs, and what it finds."""

from sqlalchemy import text

from app import safety
from app.cli.bench.command import run, run_dashboards, run_finance
from app.cli.bench.county import County
from app.cli.bench.register import Size
from tests.conftest import Scratch


async def test_each_form_is_put_into_force_and_let_go_and_an_edit_asks_only_what_could_concern_it(
    scratch: Scratch,
) -> None:
    report = await run(scratch.url, Size(1_200))
    held = {one.form: one.held for one in report.forms}
    assert held["one model"] == 100
    assert held["a range of serial numbers of one model"] == 10
    assert (held["a whole class"], held["everything"]) == (300, 1_200)
    assert held["a list of serial numbers of a class"] > 0
    assert await scratch.query("SELECT count(*) AS lifted FROM hold WHERE lifted_at IS NOT NULL") == [
        {"lifted": sum(held.values())}
    ]
    # Where no notice can concern it: which there are, and all that says so.
    none, others, some = report.edits
    assert (none.statements, others.statements) == (1, 2)
    assert (others.active, some.concerned) == (10, 5)
    assert some.statements > others.statements
    assert "| everything | 1,200 |" in report.as_markdown()
    await one_line_proves_them_all(scratch)


async def one_line_proves_them_all(scratch: Scratch) -> None:
    """More than a thousand holds of one notice have one line in the audit trail, which shows when one was changed."""
    lines = await scratch.query(
        "SELECT action, detail->'holds' AS holds FROM audit_event WHERE subject = 'safety_notice:BENCH everything'"
        " AND action LIKE 'hold%' ORDER BY id"
    )
    assert lines == [{"action": f"holds_{what}", "holds": 1_200} for what in ("placed", "lifted")]
    async with scratch.database.sessions() as session:
        assert await safety.verify_sets(session) == (7_200, None)
        change = "UPDATE hold SET lift_reason = 'x' WHERE id = (SELECT max(id) FROM hold)"
        await session.execute(text(change))
        held, broken = await safety.verify_sets(session)
        assert (held, broken and broken.what) == (6_000, "the holds that it stands for are not what they were")


async def test_the_lines_of_a_month_are_written_by_a_service_of_its_own_and_measured(scratch: Scratch) -> None:
    report = await run_finance(scratch.url, 1_000)
    assert (report.lines, report.floor > 0, report.csv.seconds > 0) == (1_000, True, True)
    assert report.csv.bytes > 300_000
    assert report.xlsx.bytes > 50_000
    assert "| XLSX, made behind and fetched |" in report.as_markdown()
    [sums] = await scratch.query("SELECT count(*) AS lines, count(DISTINCT order_id) AS orders FROM charge")
    assert sums == {"lines": 1_000, "orders": 125}


async def test_the_reports_of_finance_are_read_on_five_years_of_a_small_county(scratch: Scratch) -> None:
    report = await run_dashboards(scratch.url, County(600, 100))
    assert (report.items, report.issues) == (600, 1_100)
    assert report.lines == 2 * (2 * 1_100 + 3 * 700) + 100
    assert "| performance in five years |" in report.as_markdown()
    [spells] = await scratch.query(
        "SELECT count(*) AS spells, count(collected_at) AS back, count(new_pence) AS settled FROM spell"
    )
    assert spells == {"spells": 1_100, "back": 700, "settled": 500}
