"""After a danger no examination is in date, wherever one looks, until a new one has passed."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.errors import NotAllowed
from app.domain.inspections import InspectionKind, InspectionOutcome
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.workshop.reports import report_body
from tests.features.workshop.test_examinations import LOLER, body, recorded
from tests.given import Given
from tests.problems import check_problem

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
    await given.inspected(hoist, kind=InspectionKind.LOLER, by="technician", examiner_name="Ruth Hale")
    [row] = await query(DUE)
    assert row["due_on"] > given.today + timedelta(days=150)


async def test_a_danger_that_was_a_mistake_is_put_right_with_the_day_that_was_known(
    given: Given, as_technician: AsyncClient, query: Query, hoist: str, clock: Clock
) -> None:
    [before] = await query(DUE)
    clock.move(days=10)
    await given.inspected(hoist, InspectionOutcome.DANGER, InspectionKind.LOLER)
    [wrong] = await query("SELECT id FROM inspection WHERE outcome = 'danger'")
    right = body(hoist, report_body(on=given.today, safe_working_load_kg=150, examiner_name="Ruth Hale"))
    await recorded(as_technician, right | {"supersedes": wrong["id"], "supersede_reason": "Another hoist."})
    [after] = await query(DUE)
    assert after["due_on"] > before["due_on"]


async def test_who_found_a_danger_does_not_say_alone_that_it_is_none(
    as_technician: AsyncClient, technician: Browser, given: Given, hoist: str, query: Query
) -> None:
    await given.inspected(
        hoist, InspectionOutcome.DANGER, InspectionKind.LOLER, by="technician", examiner_name="Mo Vane"
    )
    [wrong] = await query("SELECT id FROM inspection WHERE outcome = 'danger'")
    mine, of_another = report_body(on=given.today), report_body(on=given.today, examiner_name=" mo  VANE")
    corrected = {"supersedes": wrong["id"], "supersede_reason": "A slip of the pen."}
    for more in ({}, corrected):
        refused = await as_technician.post("/api/v1/inspections", json=body(hoist, mine) | more)
        assert "Another competent person must examine it" in check_problem(refused, 403, "same-person")["detail"]
    failed = report_body(InspectionOutcome.FAILED, on=given.today)
    refused = await as_technician.post("/api/v1/inspections", json=body(hoist, failed, "failed") | corrected)
    check_problem(refused, 403, "same-person")
    other = await given.item(product=await given.product(safe_working_load_kg=150, inspections=LOLER))
    danger = report_body(InspectionOutcome.DANGER, on=given.today)
    refused = await as_technician.post("/api/v1/inspections", json=body(other, danger, "danger") | corrected)
    check_problem(refused, 403, "same-person")
    assert len(await query("SELECT id FROM inspection WHERE supersedes_id IS NOT NULL")) == 0
    # Nor does somebody else in the name of the same competent person.
    with pytest.raises(NotAllowed):
        await given.inspected(hoist, kind=InspectionKind.LOLER, examiner_name=of_another["examiner_name"])
    await given.inspected(hoist, kind=InspectionKind.LOLER)
    assert "danger" not in str(await query("SELECT outcome FROM standing_inspection ORDER BY id DESC LIMIT 1"))


async def test_what_was_mended_since_is_examined_again_by_whoever_is_competent(
    as_technician: AsyncClient, given: Given, hoist: str
) -> None:
    await given.inspected(hoist, InspectionOutcome.DANGER, InspectionKind.LOLER, by="technician")
    await given.repaired(hoist)
    await recorded(as_technician, body(hoist, report_body(on=given.today)))


async def test_what_was_examined_before_is_not_said_never_to_have_been(
    as_technician: AsyncClient, technician: Browser, given: Given, hoist: str, clock: Clock
) -> None:
    clock.move(days=30)
    never = report_body(on=given.today, last_examined_on=None, never_examined_before=True)
    refused = await as_technician.post("/api/v1/inspections", json=body(hoist, never))
    problem = check_problem(refused, 422, "report-incomplete")
    assert "By the record it was thoroughly examined on 2 March 2026." in problem["detail"]
    page = await technician.get(f"/workshop/{hoist}/examination")
    blank = {f"last_examined_on-{part}": "" for part in ("day", "month", "year")}
    sent = await technician.send(page, page.path, **{"never_examined_before": "true", **blank})
    assert sent.status == 422
    assert "By the record it was thoroughly examined on 2 March 2026." in sent.text
    # What was examined before its first report here is another matter.
    old: dict[str, Any] = {"on": given.today, "examined_on": "2025-03-01", "reported_on": "2025-03-01"}
    await recorded(as_technician, body(hoist, report_body(**old, last_examined_on=None, never_examined_before=True)))
