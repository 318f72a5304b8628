"""Days, instants, months and years at the ends of what can be written: each route about money refuses them."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from httpx import AsyncClient

from tests.browser import Browser
from tests.problems import check_problem

DAYS = ("9999-12-31", "0001-01-01")
INSTANTS = ("0001-01-01T00:00:00+12:00", "9999-12-31T23:59:59-12:00")
EXTREMES = {
    "as_at": (*DAYS, *INSTANTS),
    "from": DAYS,
    "to": DAYS,
    "on": DAYS,
    "period": ("9999-12", "0001-01"),
    "year": ("9999", "1"),
}
NUMBER_OR_CODE = {"barcode": "ES000000143", "period": "2026-03", "name": "spend", "number": "O000001", "code": "ASC"}


def named(dependant: Any) -> set[str]:
    """What a route takes in its address after the question mark, what its dependencies take included."""
    if dependant is None:
        return set()
    return {one.alias for one in dependant.query_params}.union(*map(named, dependant.dependencies))


def asked_for(app: FastAPI) -> list[tuple[str, set[str]]]:
    """Every address about money that is read, and what of time it is asked for."""
    found = []
    for route in iter_route_contexts(app.routes):
        path = route.path or ""
        if "/finance/" not in path or "GET" not in (route.methods or ()):
            continue
        url = re.sub(r"\{(\w+)(:\w+)?\}", lambda part: NUMBER_OR_CODE.get(part[1], "1"), path)
        names = named(getattr(route, "dependant", None)) & set(EXTREMES)
        found += [(url, names)] if names else []
    return found


async def test_no_time_is_too_far_to_be_refused(app: FastAPI, as_finance: AsyncClient) -> None:
    as_finance.event_hooks = {}
    asked = asked_for(app)
    assert len(asked) > 25
    broken = []
    for url, names in asked:
        for name in sorted(names):
            for value in EXTREMES[name]:
                params = {name: value, "rate": "collection_rate"}
                answer = await as_finance.get(url, params=params)
                broken += [(url, name, value)] if answer.status_code >= 500 else []
    assert broken == []


@pytest.mark.parametrize(("name", "day"), [("from", "0001-01-01"), ("from", "9999-12-31"), ("to", "9999-12-31")])
async def test_charges_are_asked_for_from_a_day_that_there_is(
    as_finance: AsyncClient, finance: Browser, name: str, day: str
) -> None:
    # Months from the first day of all were counted without an end.
    told = check_problem(
        await as_finance.get("/api/v1/finance/charges", params={name: day}), 422, "bad-day", field=name
    )
    assert "2000 to 2999" in told["detail"]
    page = await finance.get(f"/finance/charges?{name}={day}")
    assert (page.status, set(page.errors)) == (422, {name})


@pytest.mark.parametrize("period", ["9999-12", "0001-01", "2999-12", "0000-00"])
@pytest.mark.parametrize("address", ["/finance/periods/{}", "/finance/packs/{}", "/finance/periods/{}/close"])
async def test_a_month_in_the_address_is_one_or_is_refused(as_finance: AsyncClient, address: str, period: str) -> None:
    as_finance.event_hooks = {}
    assert (await as_finance.get(address.format(period))).status_code in {200, 404, 409, 422}


@pytest.mark.parametrize("as_at", ["9999-12-31", *INSTANTS])
@pytest.mark.parametrize(
    "report", ["recycling", "recycling/items?rate=collection_rate", "cost-avoided", "cost-avoided/items"]
)
async def test_as_at_the_end_of_the_calendar_is_refused_in_words(
    as_finance: AsyncClient, report: str, as_at: str
) -> None:
    answer = await as_finance.get(f"/api/v1/finance/reports/{report}", params=_of(report) | {"as_at": as_at})
    check_problem(answer, 422, "bad-day")
    assert "2000 to 2999" in answer.json()["detail"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_rates_and_disputes_take_no_days_that_break_them(as_finance: AsyncClient, day: str) -> None:
    rate = {"kind": "repair", "pence": 100, "starts_on": day, "ends_on": day, "replaces": True}
    answers = [
        await as_finance.post("/api/v1/finance/tariffs", json=rate),
        await as_finance.post("/api/v1/finance/tariffs", json=rate | {"starts_on": "2026-03-01"}),
        await as_finance.post("/api/v1/finance/tariffs/1/end", json={"ends_on": day, "reason": "It is over now"}),
        await as_finance.post(
            "/api/v1/finance/disputes",
            json={"order_number": "O000001", "reason": "Who pays is open", "settle_by": day},
        ),
    ]
    assert all(answer.status_code < 500 for answer in answers), [answer.text for answer in answers]


def _of(report: str) -> dict[str, str]:
    return {"rate": "collection_rate"} if "rate=" in report else {}
