"""After a danger no examination is in date, wherever one looks, until a new one has passed."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.inspections import InspectionKind, InspectionOutcome
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.workshop.reports import report_body
from tests.features.workshop.test_examinations import LOLER, body, recorded
from tests.given import Given

DUE = "SELECT due_on FROM inspection_due"


@pytest.fixture
async def hoist(given: Given) -> str:
    """A hoist that was examined and is in date."""
    barcode = await given.item(product=await given.product(safe_working_load_kg=150, inspections=LOLER))
    await given.inspected(barcode, kind=InspectionKind.LOLER)
    return barcode


@pytest.mark.parametrize("outcome", [InspectionOutcome.DANGER, InspectionOutcome.FAILED])
async def test_the_next_examination_is_due_since_that_day(
    as_technician: AsyncClient,
    technician: Browser,
    visitor: Browser,
    given: Given,
    clock: Clock,
    query: Query,
    hoist: str,
    outcome: InspectionOutcome,
) -> None:
    clock.move(days=10)
    day = given.today
    wrong: dict[str, Any] = {"safe_to_operate": False} if outcome is InspectionOutcome.FAILED else {}
    await given.inspected(hoist, outcome, InspectionKind.LOLER, **wrong)
    assert await query(DUE) == [{"due_on": day}]
    [due] = (await as_technician.get(f"/api/v1/items/{hoist}")).json()["next_inspections"]
    assert (due["due_on"], due["state"]) == (day.isoformat(), "failed")
    clock.move(days=1)
    overdue = (await as_technician.get("/api/v1/inspections/due", params={"overdue": True})).json()["items"]
    assert [one["barcode"] for one in overdue] == [hoist]
    assert hoist in (await technician.get("/items", due="overdue")).response.text
    assert "Do not use this" in (await visitor.get(f"/l/{hoist}")).text
    await given.inspected(hoist, kind=InspectionKind.LOLER)
    [row] = await query(DUE)
    assert row["due_on"] > given.today + timedelta(days=150)


async def test_a_danger_that_was_a_mistake_is_put_right_with_the_day_that_was_known(
    given: Given, as_technician: AsyncClient, query: Query, hoist: str, clock: Clock
) -> None:
    [before] = await query(DUE)
    clock.move(days=10)
    await given.inspected(hoist, InspectionOutcome.DANGER, InspectionKind.LOLER)
    [wrong] = await query("SELECT id FROM inspection WHERE outcome = 'danger'")
    right = body(hoist, report_body(on=given.today, safe_working_load_kg=150))
    await recorded(as_technician, right | {"supersedes": wrong["id"], "supersede_reason": "Another hoist."})
    [after] = await query(DUE)
    assert after["due_on"] > before["due_on"]
