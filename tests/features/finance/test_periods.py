"""Months that close: in their order, once they are over, with their sums and a digest, and for good."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.domain.errors import Conflict
from app.domain.lifecycle import State
from app.features.finance.reconciling.service import reconcile
from app.web.problems import known_violation
from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.given import Given
from tests.problems import check_problem

PERIODS = "/api/v1/finance/periods"


def closing(period: str) -> str:
    """Where it is closed."""
    return f"{PERIODS}/{period}/close"


@pytest.fixture
async def march(given: Given, clock: Clock, connection: AsyncConnection) -> str:
    """March: something was lent, for which nobody pays and cleaning has no rate; it is April."""
    await connection.execute(text("UPDATE team SET funder_id = NULL"))
    barcode = await given.item(State.AWAITING_INSPECTION)
    clock.move(days=31)
    return barcode


async def test_a_month_that_is_over_is_closed_in_the_shortest_form(
    march: str, as_finance: AsyncClient, query: Query, given: Given, session: AsyncSession
) -> None:
    [open_month] = (await as_finance.get(PERIODS)).json()["items"]
    lines = await query("SELECT kind, funder_id, amount_pence FROM charge ORDER BY id")
    net = sum(one["amount_pence"] for one in lines)
    assert open_month == {
        "period": "2026-03", "state": "open", "lines": 3, "net_pence": net, "vat_pence": 0, "closed_at": None,
        "closed_by": None, "digest": None,
    }  # fmt: skip
    answer = await as_finance.post(closing("2026-03"))
    assert answer.status_code == 200, answer.text
    closed = answer.json()
    assert (closed["state"], closed["lines"], closed["net_pence"], closed["closed_by"]) == ("closed", 3, net, "finance")
    assert [one["code"] for one in closed["noticed"]] == ["unpriced", "without-funder"]
    assert sum(part["net_pence"] for part in closed["totals"]) == net
    assert {part["funder"] for part in closed["totals"]} == {None}
    [kept] = await query("SELECT lines, totals, digest FROM finance_period")
    assert (kept["lines"], kept["totals"]["net_pence"], kept["digest"]) == (3, net, closed["digest"])
    [told] = await query("SELECT detail FROM audit_event WHERE action = 'period_closed'")
    assert told["detail"] == {"lines": 3, "digest": kept["digest"], "asked": False, "unpriced": 2, "without-funder": 1}
    again = check_problem(await as_finance.post(closing("2026-03")), 409, "period-closed", field="period")
    assert "not opened again" in again["detail"]
    # What happens now is posted in April, though March could not have taken it.
    await given.loan()
    periods = await query("SELECT DISTINCT period::text FROM charge WHERE posted_at >= '2026-04-01'")
    assert periods == [{"period": "2026-04-01"}]
    assert (await reconcile(session)).is_ok


LINES = """
    SELECT 1, id, posting_id::text, kind, variant, to_char(period, 'YYYY-MM-DD'), to_char(happened_on, 'YYYY-MM-DD'),
           posted_at, posted_by, funder_id, percent::text, quantity, amount_pence, vat_pence, tariff_id, basis,
           is_unpriced, is_issue, is_provisional, item_id, movement_seq, product_id, category, recycled, store_id,
           order_id, collection_id, client_id, team_id, prescriber, reason, district, reversal_of, corrects_id, because
    FROM charge ORDER BY id
"""


async def test_the_digest_can_be_made_again_elsewhere_and_no_setting_changes_it(
    march: str, as_finance: AsyncClient, connection: AsyncConnection, session: AsyncSession
) -> None:
    await connection.execute(text("UPDATE team SET name = name"))
    closed = (await as_finance.post(closing("2026-03"))).json()
    whole = b""
    for row in await connection.execute(text(LINES)):
        cells: list[Any] = [
            f"{cell.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}" if isinstance(cell, datetime) else cell for cell in row
        ]
        whole += sha256(json.dumps(cells, ensure_ascii=False).encode()).digest()
    assert closed["digest"] == sha256(whole).hexdigest()
    for setting in ("TIME ZONE 'Asia/Tokyo'", "datestyle = 'German'", "extra_float_digits = 0"):
        await connection.execute(text(f"SET LOCAL {setting}"))
    assert (await reconcile(session)).is_ok


@pytest.mark.parametrize("written", ["2026-13", "2026-00", "march", "2026-3", "1999-12", "2026-03-01"])
async def test_what_is_no_month_is_said_to_be_none(as_finance: AsyncClient, written: str) -> None:
    check_problem(await as_finance.post(closing(written)), 422, "not-a-period", field="period")


async def test_months_are_closed_in_their_order_and_not_before_they_are_over(
    march: str, as_finance: AsyncClient, clock: Clock, given: Given
) -> None:
    check_problem(await as_finance.post(closing("2026-04")), 409, "period-not-over", field="period")
    clock.move(days=60)
    told = check_problem(await as_finance.post(closing("2026-05")), 409, "close-earlier-first", field="period")
    assert "2026-03" in told["detail"]
    check_problem(await as_finance.post(closing("2025-02")), 409, "before-the-books", field="period")
    await given.loan()
    months = [(one["period"], one["lines"]) for one in (await as_finance.get(PERIODS)).json()["items"]]
    assert months == [("2026-06", 1), ("2026-05", 0), ("2026-04", 0), ("2026-03", 3)]
    for month in ("2026-03", "2026-04", "2026-05"):
        assert (await as_finance.post(closing(month), json={})).status_code == 200
    [empty] = [one for one in (await as_finance.get(PERIODS)).json()["items"] if one["period"] == "2026-04"]
    assert (empty["lines"], empty["digest"]) == (0, sha256(b"").hexdigest())


async def test_the_books_may_begin_before_their_first_line(
    as_finance: AsyncClient, clock: Clock, given: Given, query: Query
) -> None:
    assert (await as_finance.get(PERIODS)).json() == {"items": [], "next": None}
    assert (await as_finance.post(closing("2026-02"))).status_code == 200
    await given.loan()
    assert await query("SELECT period::text FROM charge") == [{"period": "2026-03-01"}]


async def test_who_names_what_they_saw_is_told_what_else_there_is(march: str, as_finance: AsyncClient) -> None:
    told = check_problem(
        await as_finance.post(closing("2026-03"), json={"acknowledge": ["unpriced"]}), 409, "not-acknowledged"
    )
    assert "1 line for a client is Service's own" in told["detail"]
    check_problem(await as_finance.post(closing("2026-03"), json={"acknowledge": ["rain"]}), 422, "malformed")
    seen = {"acknowledge": ["unpriced", "without-funder"]}
    assert (await as_finance.post(closing("2026-03"), json=seen)).status_code == 200


async def test_a_month_that_does_not_add_up_stays_open(
    march: str, as_finance: AsyncClient, finance: Browser, connection: AsyncConnection
) -> None:
    await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    await connection.execute(text("SET LOCAL session_replication_role = replica"))
    await connection.execute(text("DELETE FROM charge WHERE kind = 'decontamination'"))
    await connection.execute(text("SET LOCAL session_replication_role = origin"))
    told = check_problem(await as_finance.post(closing("2026-03")), 409, "not-reconciled", field="period")
    assert "calls for a charge that is not there: Decontamination" in told["differences"][0]
    page = await finance.get("/finance/periods/2026-03/close")
    assert "It does not add up, so it cannot be closed" in page.text


@pytest.mark.parametrize(
    ("change", "expected", "found"),
    [
        ("UPDATE charge SET amount_pence = amount_pence + 1 WHERE kind = 'new_purchase'", 4500, 4501),
        ("UPDATE charge SET basis = 'x' WHERE kind = 'new_purchase'", 4500, 4500),
        ("DELETE FROM charge WHERE kind = 'new_purchase'", 4500, 0),
    ],
)
async def test_a_closed_month_that_was_changed_shows(
    march: str, as_finance: AsyncClient, connection: AsyncConnection, session: AsyncSession, change: str,
    expected: int, found: int,
) -> None:  # fmt: skip
    await as_finance.post(closing("2026-03"))
    await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    await connection.execute(text("SET LOCAL session_replication_role = replica"))
    await connection.execute(text(change))
    differences = (await reconcile(session)).differences
    assert [(one.expected, one.found) for one in differences if one.code == "not-as-closed"] == [(expected, found)]


async def test_finance_closes_a_month_on_its_page(
    march: str, finance: Browser, as_technician: AsyncClient, as_manager: AsyncClient
) -> None:
    page = await finance.get("/finance/periods")
    assert "Close March 2026" in page.text
    assert (await as_technician.get(PERIODS)).status_code == 403
    assert (await as_manager.post(closing("2026-03"))).status_code == 403
    page = await finance.get("/finance/periods/2026-03")
    assert "Service's own: " in page.text
    page = await finance.get("/finance/periods/2026-03/close")
    assert "This is frozen: 3 lines" in page.text
    page = await finance.follow(await finance.send(page, "/finance/periods/2026-03/close"))
    assert page.banner.endswith("March 2026 is closed with 3 lines.")
    assert "Digest of its lines" in page.text
    page = await finance.get("/finance/periods/2026-03/close")
    assert "March 2026 is closed. A closed month is not opened again" in page.text
    assert "not over" in (await finance.get("/finance/periods/2026-04/close")).text


async def test_months_are_read_and_closed_in_few_statements(
    march: str, as_finance: AsyncClient, statements: Statements
) -> None:
    statements.clear()
    await as_finance.get(PERIODS)
    assert len(statements) == 3
    statements.clear()
    await as_finance.post(closing("2026-03"))
    assert len(statements) == 33


A_LINE = (
    "INSERT INTO charge (posting_id, kind, period, happened_on, posted_at, posted_by, percent, amount_pence) "
    "VALUES (gen_random_uuid(), 'repair', '{}', '2026-03-01', now(), 'x', {}, 1)"
)
A_MONTH = "INSERT INTO finance_period VALUES ('{}', now(), 'x', 0, '{{}}', '')"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (A_LINE.format("2026-03-01", 100), "period-closed"),
        (A_LINE.format("2026-04-01", 99), "funding-not-100-percent"),
        (A_MONTH.format("2026-05-01"), "close-earlier-first"),
    ],
)
async def test_what_the_database_refuses_has_words(
    march: str, as_finance: AsyncClient, connection: AsyncConnection, statement: str, code: str
) -> None:
    await as_finance.post(closing("2026-03"))
    with pytest.raises(IntegrityError) as refused:
        async with connection.begin_nested():
            await connection.execute(text(statement))
    told = known_violation(refused.value)
    assert isinstance(told, Conflict)
    assert told.code == code
