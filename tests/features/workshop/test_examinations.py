"""Reports of thorough examination: refused until complete, kept for good, corrected by a new one; and dangers."""

from typing import Any

import pytest
from httpx import AsyncClient
from pypdfium2 import PdfDocument
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.worker import JOBS
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.lifecycle import State
from app.features.workshop.inspections.authority import chase_authority_copies
from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.features.workshop.reports import report_body
from tests.given import Given
from tests.problems import check_problem

INSPECTIONS, COPIES = "/api/v1/inspections", "/api/v1/authority-copies"
LOLER = [{"kind": "loler", "every_months": 6}]
PASSED, FAILED, DANGER = InspectionOutcome.PASSED, InspectionOutcome.FAILED, InspectionOutcome.DANGER


async def hoist(given: Given, state: State = State.IN_STOCK, **details: Any) -> str:
    return await given.item(state, product=await given.product(inspections=LOLER), **details)


def body(barcode: str, report: dict[str, Any], outcome: str = "passed", **more: Any) -> dict[str, Any]:
    return {"barcode": barcode, "kind": "loler", "outcome": outcome, "report": report, **more}


async def recorded(client: AsyncClient, sent: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(INSPECTIONS, json=sent)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def due_of(client: AsyncClient, barcode: str) -> tuple[str, str]:
    [due] = (await client.get(f"/api/v1/items/{barcode}")).json()["next_inspections"]
    return due["due_on"], due["state"]


def words_of(pdf: bytes) -> list[str]:
    document = PdfDocument(pdf)
    return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


@pytest.mark.parametrize("report", [None, {}])
async def test_a_report_that_is_not_there_is_refused_with_each_field_that_it_needs(
    as_technician: AsyncClient, given: Given, query: Query, report: dict[str, Any] | None
) -> None:
    barcode = await hoist(given)
    sent = {"barcode": barcode, "kind": "loler", "outcome": "passed"} | ({} if report is None else {"report": report})
    refusal = check_problem(await as_technician.post(INSPECTIONS, json=sent), 422, "report-incomplete")
    assert refusal["errors"][0] == {
        "loc": ["body", "report", "employer_name"],
        "code": "missing",
        "message": "Enter for which employer the examination was made.",
    }
    assert len(refusal["errors"]) == 15
    assert await query("SELECT id FROM inspection") == []


async def test_a_fault_of_a_defect_is_told_with_its_place(as_technician: AsyncClient, given: Given) -> None:
    barcode = await hoist(given)
    wear = {"part": "Strap", "description": "Frayed.", "kind": "could_become_danger", "remedy": "Sew."}
    report = report_body(on=given.today, no_defects=False, defects=[wear])
    refusal = check_problem(await as_technician.post(INSPECTIONS, json=body(barcode, report)), 422, "report-incomplete")
    assert [error["loc"] for error in refusal["errors"]] == [["body", "report", "defects", 0, "danger_by"]]
    report = report_body(on=given.today) | {"self_employed": "maybe"}
    check_problem(await as_technician.post(INSPECTIONS, json=body(barcode, report)), 422, "malformed")


async def test_the_fields_of_a_report_are_listed_with_their_meaning(as_auditor: AsyncClient) -> None:
    found = (await as_auditor.get(f"{INSPECTIONS}/report-fields")).json()
    assert found[0]["name"] == "employer_name"
    assert all(field["paragraph"] and field["meaning"] for field in found)


async def test_a_report_is_kept_whole_and_read_as_json_and_as_a_pdf_with_numbered_pages(
    as_technician: AsyncClient, as_auditor: AsyncClient, given: Given, statements: Statements, query: Query
) -> None:
    barcode = await hoist(given)
    statements.clear()
    made = await recorded(as_technician, body(barcode, report_body(on=given.today)))
    assert len(statements) == 22, "\n".join(statements)
    assert made["next_due_on"] == "2026-09-02"
    url = f"{INSPECTIONS}/{made['id']}/report"
    report = (await as_technician.get(url)).json()
    assert report["report"]["equipment"]["barcode"] == barcode
    assert report["report"]["examiner_name"] == "Erin Wells"
    pdf = await as_technician.get(url, params={"format": "pdf"})
    assert pdf.headers["content-type"] == "application/pdf"
    pages = words_of(pdf.content)
    assert "Report of thorough examination" in pages[0]
    assert all(f"Page {number} of {len(pages)}" in page for number, page in enumerate(pages, start=1))
    for words in ("Erin Wells", "150", "Seaham Council", "None was found", "2 September 2026"):
        assert any(words in page for page in pages), words
    assert pdf.content == (await as_technician.get(url, params={"format": "pdf"})).content
    check_problem(await as_auditor.get(url), 403)
    assert (await as_auditor.get(f"{INSPECTIONS}/{made['id']}")).json()["has_report"] is True
    reads = await query("SELECT 1 FROM audit_event WHERE action = 'examination_report_read'")
    assert len(reads) == 3


@pytest.mark.parametrize("table", ["inspection", "thorough_examination"])
async def test_what_was_recorded_cannot_be_changed(
    as_technician: AsyncClient, given: Given, session: AsyncSession, table: str
) -> None:
    await recorded(as_technician, body(await hoist(given), report_body(on=given.today)))
    with pytest.raises(DBAPIError, match="append-only"):
        await session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - one of the two above


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("outcome", list(InspectionOutcome))
async def test_a_certificate_is_taken_down_wherever_the_item_is_by_now(
    as_technician: AsyncClient, given: Given, query: Query, state: State, outcome: InspectionOutcome
) -> None:
    barcode = await hoist(given, state)
    made = await recorded(as_technician, body(barcode, report_body(outcome, on=given.today), outcome))
    assert made["state"] == (await given.record(barcode)).state
    holds = await query("SELECT reason FROM hold WHERE lifted_at IS NULL")
    benches = {State.IN_STOCK, State.RESERVED, State.AWAITING_INSPECTION, State.IN_REPAIR, State.SCRAPPED}
    held = {
        PASSED: False,
        FAILED: state not in benches,
        DANGER: state is not State.SCRAPPED,
    }
    assert len(holds) == int(held[outcome])
    notices = await query("SELECT reason FROM stop_use_notice")
    at_home = state in {State.ON_LOAN, State.ON_TRIAL, State.AWAITING_COLLECTION}
    assert len(notices) == int(outcome is not PASSED and at_home)
    assert len(await query("SELECT 1 FROM authority_copy")) == int(outcome is DANGER)


async def test_a_late_certificate_does_not_put_back_what_a_newer_one_says(
    as_technician: AsyncClient, given: Given, clock: Clock
) -> None:
    barcode, before = await hoist(given), given.today
    clock.move(days=30)
    await given.inspected(barcode, kind=InspectionKind.LOLER)
    newest = await due_of(as_technician, barcode)
    late = await recorded(as_technician, body(barcode, report_body(FAILED, on=before), "failed"))
    assert late["state"] == "in_repair"
    assert await due_of(as_technician, barcode) == newest
    clock.move(days=300)
    old = await recorded(
        as_technician, body(barcode, report_body(on=before, examined_on="2026-03-05", reported_on="2026-03-05"))
    )
    assert old["next_due_on"] == "2026-09-05"
    assert await due_of(as_technician, barcode) == ("2026-10-01", "overdue")


async def test_a_report_takes_twenty_defects_and_says_so(as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item(product=await given.product(inspections=LOLER))
    worn = {"part": "Strap", "description": "Frayed.", "kind": "danger", "remedy": "Renew it."}
    for count, status in ((21, 422), (20, 201)):
        report = report_body(on=given.today, no_defects=False, safe_to_operate=False, defects=[worn] * count)
        body = {"barcode": barcode, "kind": "loler", "outcome": "danger", "report": report}
        answer = await as_technician.post("/api/v1/inspections", json=body)
        assert answer.status_code == status, answer.text
        if status == 422:
            [error] = answer.json()["errors"]
            assert (error["loc"][-1], error["message"]) == ("defects", "Defects must have 20 entries or fewer.")


async def test_a_defect_that_could_become_a_danger_makes_the_item_due_by_that_day(
    as_technician: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    barcode = await hoist(given)
    wear = {"part": "Strap", "description": "Frayed.", "kind": "could_become_danger", "remedy": "Sew."}
    wear["danger_by"] = clock.day(10)
    report = report_body(on=given.today, no_defects=False, defects=[wear])
    made = await recorded(as_technician, body(barcode, report))
    assert made["next_due_on"] == clock.day(10)
    told = await query("SELECT account.username FROM message JOIN account ON account.id = to_account_id ORDER BY 1")
    assert [row["username"] for row in told] == ["manager", "safety", "safety2"]
    clock.move(days=11)
    item = (await as_technician.get(f"/api/v1/items/{barcode}")).json()
    assert [blocker["code"] for blocker in item["blockers"]] == ["inspection-overdue"]


async def test_a_danger_at_home_holds_the_item_stops_its_use_and_tells_everybody(
    as_technician: AsyncClient, as_safety: AsyncClient, given: Given, query: Query
) -> None:
    care = await given.care_provider(email="duty@harbour.example")
    client = await given.client(care_provider_id=care)
    barcode = await hoist(given, State.ON_LOAN, client=client)
    made = await recorded(as_technician, body(barcode, report_body(DANGER, on=given.today), "danger"))
    assert (made["state"], made["next_step"]["route"]) == ("on_loan", "collection")
    item = (await as_technician.get(f"/api/v1/items/{barcode}")).json()
    assert "Spreader bar: Cracked at the weld." in item["holds"][0]["reason"]
    [notice] = (await as_safety.get("/api/v1/stop-use-notices")).json()["items"]
    assert (notice["barcode"], notice["told"]) == (barcode, "Harbour Care")
    told = await query("SELECT purpose, to_email FROM message ORDER BY purpose, to_email")
    assert [row["purpose"] for row in told] == ["dangerous_defect"] * 3 + ["held_at_client", "stop_use"]
    assert told[-1]["to_email"] == "duty@harbour.example"
    # A second report of the same danger does not give the notice twice.
    await recorded(as_technician, body(barcode, report_body(DANGER, on=given.today), "danger"))
    assert len(await query("SELECT 1 FROM stop_use_notice")) == 1
    assert len(await query("SELECT 1 FROM authority_copy")) == 2


async def test_a_danger_where_nobody_has_an_address_asks_the_inspector_to_phone(
    as_technician: AsyncClient, technician: Browser, given: Given, query: Query
) -> None:
    barcode = await given.item(State.ON_LOAN)
    sent = {"barcode": barcode, "kind": "pat", "outcome": "danger"}
    # People are asked what it is; a danger that another system records is never refused for its words.
    page = await technician.post_form(f"/workshop/{barcode}/inspection", kind="pat", outcome="danger", notes=".")
    assert "Say what the danger is: what is wrong, and where." in page.text
    await recorded(as_technician, sent)
    [phone] = await query(
        "SELECT account.username FROM message JOIN account ON account.id = to_account_id "
        "WHERE purpose = 'stop_use_phone'"
    )
    assert phone["username"] == "technician"
    assert await query("SELECT 1 FROM authority_copy") == []


async def test_the_copy_for_the_authority_is_chased_until_it_is_recorded_as_sent(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, clock: Clock, session: AsyncSession, query: Query
) -> None:
    barcode = await hoist(given)
    made = await recorded(as_technician, body(barcode, report_body(DANGER, on=given.today), "danger"))
    [copy] = (await as_manager.get(COPIES, params={"open": True})).json()["items"]
    assert (copy["inspection_id"], copy["sent_on"]) == (made["id"], None)
    url = f"{INSPECTIONS}/{made['id']}/report"
    pdf = await as_manager.get(url, params={"format": "pdf", "for_authority": True})
    assert "Copy for the enforcing authority" in words_of(pdf.content)[0]
    assert "chase_authority_copies" in [job.name for job in JOBS]
    for days, chased in ((0, 0), (1, 1), (0, 0), (1, 1)):
        clock.move(days=days)
        found = await chase_authority_copies(session, today=clock.today, actor="worker", at=clock.now)
        assert found == chased
        await session.commit()
    assert len(await query("SELECT 1 FROM message WHERE purpose = 'authority_copy_open'")) == 6
    sent = {"sent_on": clock.day(0), "sent_to": "Health and Safety Executive", "how": "Online form"}
    here = f"{COPIES}/{copy['id']}/sent"
    check_problem(await as_technician.post(here, json=sent), 403)
    check_problem(await as_manager.post(here, json=sent | {"sent_on": clock.day(1)}), 422, "in-the-future")
    early = sent | {"sent_on": clock.day(-3)}
    check_problem(await as_manager.post(here, json=early), 422, "before-the-examination")
    done = await as_manager.post(here, json=sent)
    assert (done.json()["sent_to"], done.json()["recorded_by"]) == ("Health and Safety Executive", "manager")
    check_problem(await as_manager.post(here, json=sent), 409, "sent-already")
    check_problem(await as_manager.post(f"{COPIES}/{2**63 - 1}/sent", json=sent), 404, "unknown-copy")
    assert (await as_manager.get(COPIES, params={"open": True})).json()["items"] == []
    clock.move(days=1)
    assert await chase_authority_copies(session, today=clock.today, actor="worker", at=clock.now) == 0


async def test_a_result_recorded_for_the_wrong_item_is_put_right_on_both(
    as_technician: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    product = await given.product(inspections=LOLER)
    wrong, right = await given.items(2, product=product)
    was = await due_of(as_technician, wrong)
    clock.move(days=20)
    made = await recorded(as_technician, body(wrong, report_body(on=given.today)))
    assert await due_of(as_technician, wrong) == ("2026-09-22", "in_date")
    again = body(right, report_body(on=given.today), supersedes=made["id"])
    check_problem(await as_technician.post(INSPECTIONS, json=again), 422, "reason-missing", field="supersede_reason")
    again["supersede_reason"] = "It was the other hoist."
    put_right = await recorded(as_technician, again)
    assert await due_of(as_technician, wrong) == was
    assert await due_of(as_technician, right) == ("2026-09-22", "in_date")
    line = (await as_technician.get(f"{INSPECTIONS}/{made['id']}")).json()
    assert (line["superseded_by"], line["superseded_by_barcode"]) == (put_right["id"], right)
    check_problem(await as_technician.post(INSPECTIONS, json=again), 409, "superseded-already", field="supersedes")
    unknown = again | {"supersedes": 2**62}
    check_problem(await as_technician.post(INSPECTIONS, json=unknown), 404, "unknown-inspection")
    listed = (await as_technician.get(f"/api/v1/items/{wrong}/inspections")).json()["items"]
    assert [one["id"] for one in listed] == [made["id"]]
    pdf = await as_technician.get(f"{INSPECTIONS}/{made['id']}/report", params={"format": "pdf"})
    assert f"superseded by number {put_right['id']}" in words_of(pdf.content)[0]
    [act] = await query("SELECT subject FROM audit_event WHERE action = 'inspection_corrected'")
    assert act["subject"] == f"item:{right}"


async def test_a_pass_that_was_wrong_counts_no_more_once_it_is_corrected(
    as_technician: AsyncClient, given: Given
) -> None:
    barcode = await hoist(given)
    made = await recorded(as_technician, body(barcode, report_body(on=given.today)))
    failed = body(
        barcode,
        report_body(FAILED, on=given.today),
        "failed",
        supersedes=made["id"],
        supersede_reason="Read the wrong line.",
    )
    assert (await recorded(as_technician, failed))["state"] == "in_repair"
    assert (await due_of(as_technician, barcode))[1] == "failed"


async def test_an_inspection_without_a_report_has_none_to_read(as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    made = await recorded(as_technician, {"barcode": barcode, "outcome": "passed"})
    check_problem(await as_technician.get(f"{INSPECTIONS}/{made['id']}/report"), 404, "no-report")
    check_problem(await as_technician.get(f"{INSPECTIONS}/{2**62}/report"), 404, "unknown-inspection")
