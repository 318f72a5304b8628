"""The first and the last day of the calendar in what finance is sent: refused in words, or counted with."""

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.browser import Browser
from tests.conftest import Clock
from tests.features.finance.conftest import Rates
from tests.given import Given
from tests.problems import check_problem

URL = "/api/v1/finance/tariffs"
ENDS = ("0001-01-01", "9999-12-31")
REPAIR = {"kind": "repair", "starts_on": "2026-04-01", "pence": 2_200}


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"starts_on": "9999-12-31"}, "starts_on", "31 December 9999 is too late for the first day of a rate."),
        ({"starts_on": "1900-01-01"}, "starts_on", "Give a day from 1 January 2000 to 2 March 2036."),
        ({"starts_on": "2036-03-03"}, "starts_on", "too late"),
        ({"ends_on": "9999-12-31"}, "ends_on", "to 2 March 2036, or none, if it holds for good."),
        ({"starts_on": "0001-01-01", "replaces": True}, "starts_on", "too early"),
    ],
)
async def test_the_days_of_a_rate_are_of_these_years(
    changes: dict[str, object], field: str, said: str, as_finance: AsyncClient
) -> None:
    refused = check_problem(
        await as_finance.post(URL, json=REPAIR | changes), 422, "tariff-day-out-of-range", field=field
    )
    assert said in refused["detail"]


async def test_a_rate_ends_within_these_years_and_begins_at_either_end_of_them(
    as_finance: AsyncClient, finance: Browser
) -> None:
    for kind, day in (("repair", "2000-01-01"), ("scrap", "2036-03-02")):
        assert (await as_finance.post(URL, json=REPAIR | {"kind": kind, "starts_on": day})).status_code == 201
    made = (await as_finance.post(URL, json=REPAIR | {"kind": "parts"})).json()
    end = {"ends_on": "9999-12-31", "reason": "A slip of the keyboard."}
    check_problem(await as_finance.post(f"{URL}/{made['id']}/end", json=end), 422, "tariff-day-out-of-range")
    last = {"starts_on-day": "31", "starts_on-month": "12", "starts_on-year": "9999"}
    shown = await finance.post_form("/finance/tariffs/new", what="inspection:", how="fixed", pence="1", **last)
    assert "too late for the first day" in shown.errors["starts_on"]


async def test_nights_are_counted_whatever_days_a_rate_was_given_before_they_were_bounded(
    as_finance: AsyncClient, finance: Browser, given: Given, rate: Rates, connection: AsyncConnection, clock: Clock
) -> None:
    bed = await given.product()
    await rate("hire", pence=150, product_code=bed, ends_on="2030-12-31")
    await given.loan(await given.item(product=bed))
    clock.move(days=10)
    write = "INSERT INTO tariff (kind, product_id, starts_on, ends_on, pence, made_at, made_by) "
    product = await connection.scalar(text("SELECT id FROM product WHERE code = :code"), {"code": bed})
    rows = [
        f"'hire', {product}, 'infinity', 'infinity'",
        f"'hire', {product}, '-infinity', '-infinity'",
        "'repair', NULL, '2026-01-01', 'infinity'",
    ]
    for row in rows:
        await connection.execute(text(f"{write} VALUES ({row}, 5, now(), 'finance')"))
    told = (await as_finance.get("/api/v1/finance/reports/accruals")).json()
    assert [(one["quantity"], one["accrued_pence"]) for one in told["rows"] if one["what"].startswith("Nights")] == [
        (10, 1500)
    ]
    for url in ("/finance/reports/accruals", "/finance/tariffs", f"/finance/tariffs/try?product={bed}&months=3&age=0"):
        assert (await finance.get(url)).status == 200
    for url in ("/finance/reports/accruals?format=csv", "/finance/reconciliation?period=2026-03"):
        assert (await as_finance.get(f"/api/v1{url}")).status_code == 200


async def test_other_days_that_are_written_down_are_refused_at_the_ends_of_the_calendar(
    as_finance: AsyncClient,
) -> None:
    for day in ENDS:
        said = check_problem(
            await as_finance.get("/api/v1/finance/reports/accruals", params={"as_at": day}), 422, "bad-day"
        )
        assert "from the year 2000 to 2999" in said["detail"]
        year = {"funder": "ASC", "year": int(day[:4]), "pence": 12_000}
        assert (await as_finance.post("/api/v1/finance/budgets", json=year)).status_code == 422
