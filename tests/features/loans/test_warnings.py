"""What an order warns of, the counter warns of too, by API and by page; without warnings it asks nothing."""

from dataclasses import dataclass
from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Query, SignIn, Statements, as_user
from tests.given import ANSWER, Given
from tests.problems import check_problem

LOANS = "/api/v1/loans"
WEIGHED = {"weight_kg": 82, "weighed_on": "2026-02-20"}

as_senior = as_user("senior.ot")


@dataclass(frozen=True)
class Bedroom:
    """A client with a bed and a mattress, and a bed lever on the shelf."""

    bed: str
    mattress: str
    lever: str
    lever_product: str


@pytest.fixture
async def bedroom(given: Given) -> Bedroom:
    """Client C-9 and what is in their bedroom; the catalogue says that the mattress is not for the lever."""
    await given.client("C-9", **WEIGHED)
    bed = await given.product("BED", category="18 12 10", safe_working_load_kg=180)
    mattress = await given.product("MATT", category="04 33 06", safe_working_load_kg=190, compatible_with=[bed])
    lever = await given.product("LEVER", category="18 12 27", compatible_with=[bed], incompatible_with=[mattress])
    first, second = [(await given.loan(await given.item(product=one), client="C-9")).barcode for one in (bed, mattress)]
    return Bedroom(first, second, await given.item(product=lever), lever)


def issue(barcode: str, *answers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What is posted."""
    said = [{"code": one["code"], "subject": one["subject"], "answer": ANSWER} for one in answers]
    return {"barcode": barcode, "client_ref": "C-9", "answers": said} | more


async def test_a_lever_on_a_bed_with_a_mattress_is_warned_of_and_the_answers_are_kept_with_the_loan(
    given: Given, bedroom: Bedroom, as_ot: AsyncClient, query: Query
) -> None:
    refusal = check_problem(
        await as_ot.post(LOANS, json=issue(bedroom.lever)), 422, "answer-the-warnings", field="answers"
    )
    warnings = refusal["warnings"]
    assert [(one["severity"], one["code"], one["subject"]) for one in warnings] == [
        ("danger", "entrapment", "BED+LEVER+MATT"),
        ("danger", "incompatible", "LEVER+MATT"),
    ]
    half = check_problem(await as_ot.post(LOANS, json=issue(bedroom.lever, warnings[0])), 422, "answer-the-warnings")
    assert half["warnings"] == warnings[1:]
    assert (await given.record(bedroom.lever)).state is State.IN_STOCK
    assert len(await query("SELECT id FROM loan")) == 2
    made = await as_ot.post(LOANS, json=issue(bedroom.lever, *warnings))
    assert made.status_code == 201, made.text
    kept = [
        {"code": one["code"], "subject": one["subject"], "warning": one["detail"], "answer": ANSWER}
        | {"answered_by": "ot"}
        for one in warnings
    ]
    assert made.json()["answers"] == kept
    [listed] = [one for one in (await as_ot.get(LOANS)).json()["items"] if one["barcode"] == bedroom.lever]
    assert listed["answers"] == kept
    [event] = await query("SELECT subject, detail FROM audit_event WHERE action = 'warnings_answered' AND chain = 'ot' "
                          "ORDER BY seq DESC LIMIT 1")  # fmt: skip
    assert event == {
        "subject": f"loan:{made.json()['id']}",
        "detail": {"warnings": "entrapment, incompatible"},
    }


async def test_the_same_is_warned_of_in_an_order(bedroom: Bedroom, as_ot: AsyncClient) -> None:
    over_the_counter = check_problem(await as_ot.post(LOANS, json=issue(bedroom.lever)), 422)["warnings"]
    order = {
        "client_ref": "C-9",
        "funder": "ICB",
        "speed": "five_day",
        "reason": "other",
        "clinical_reasoning": "They cannot sit up in bed alone.",
        "lines": [{"product_code": bedroom.lever_product}],
    }
    draft = (await as_ot.post("/api/v1/orders", json=order)).json()
    ordered = [{name: one[name] for name in over_the_counter[0]} for one in draft["warnings"]]
    assert ordered == over_the_counter


async def test_what_is_fetched_or_stopped_is_not_warned_of(bedroom: Bedroom, as_ot: AsyncClient) -> None:
    gone = [
        {"barcode": one, "action": "collect", "reason": "They sleep in a chair now."}
        for one in (bedroom.mattress, bedroom.bed)
    ]
    refusal = check_problem(await as_ot.post(LOANS, json=issue(bedroom.lever, supersedes=gone)), 422)
    assert [(one["code"], one["subject"]) for one in refusal["warnings"]] == [("entrapment", "LEVER")]


@pytest.mark.parametrize(
    ("weight", "sling_load", "warned"),
    [
        (WEIGHED, 227, []),
        ({}, 227, ["weight-unknown"]),
        ({"weight_kg": 140, "weighed_on": "2026-02-20"}, 130, ["over-weakest-load"]),
        (WEIGHED, None, ["weakest-load-unknown"]),
    ],
)
async def test_a_hoist_is_warned_of_with_the_sling_that_is_there(
    given: Given, as_senior: AsyncClient, weight: dict[str, Any], sling_load: int | None, warned: list[str]
) -> None:
    await given.client("C-9")
    hoist = await given.product(category="12 36 03", safe_working_load_kg=150)
    load: dict[str, Any] = {"safe_working_load_kg": sling_load} if sling_load else {}
    sling = await given.product(category="12 36 21", compatible_with=[hoist], **load)
    await given.loan(await given.item(product=sling), client="C-9")
    if weight:
        match = {"If-Match": (await as_senior.get("/api/v1/clients/C-9")).headers["etag"]}
        assert (await as_senior.patch("/api/v1/clients/C-9", json=weight, headers=match)).status_code == 200
    answer = await as_senior.post(LOANS, json=issue(await given.item(product=hoist)))
    if not warned:
        assert answer.status_code == 201, answer.text
        return
    assert [one["code"] for one in check_problem(answer, 422, "answer-the-warnings")["warnings"]] == warned


async def test_the_short_form_of_the_api_is_not_asked_for_a_weight_that_nobody_knows(
    given: Given, as_ot: AsyncClient, query: Query
) -> None:
    product = await given.product(category="18 09 21", safe_working_load_kg=100)
    body = {"barcode": await given.item(product=product), "client_ref": await given.client(), "kind": "loan"}
    check_problem(await as_ot.post(LOANS, json=body | {"answers": []}), 422, "answer-the-warnings")
    assert (await as_ot.post(LOANS, json=body)).status_code == 201
    [left] = await query("SELECT detail ->> 'warning' AS code FROM audit_event WHERE action = 'warning_not_answered'")
    assert left["code"] == "weight-unknown"


WEIGHT = "The client's weight is not known, and this equipment must bear it. Weigh the client, or ask."
SAID = {"code": "weight-unknown", "subject": "client", "answer": "Weighed at home: 70 kg."}


async def test_what_a_short_form_left_out_is_seen_until_it_is_answered(
    given: Given, as_ot: AsyncClient, ot: Browser, query: Query
) -> None:
    product = await given.product(category="18 09 21", safe_working_load_kg=100)
    client = await given.client()
    made = await as_ot.post(LOANS, json={"barcode": await given.item(product=product), "client_ref": client})
    loan = made.json()
    assert [(one["warning"], one["answer"]) for one in loan["answers"]] == [(WEIGHT, None)]
    path = f"/loans/{loan['id']}/answers"
    assert "1 loan of yours has a warning to answer" in (await ot.get("/")).text
    for place in ("/", f"/clients/{client}"):
        shown = await ot.get(place)
        assert WEIGHT in shown.text, place
        assert shown.soup.select_one(f'a[href="{path}"]') is not None, place
    [line] = (await as_ot.get(f"/api/v1/clients/{client}/equipment")).json()
    assert line["not_answered"] == [WEIGHT]
    page = await ot.get(path)
    silent = await ot.send(page, path)
    assert (silent.status, "Answer at least one" in silent.text) == (422, True)
    sent = await ot.send(page, path, **{"answer-weight-unknown-client": SAID["answer"]})
    assert "Your answers are kept" in (await ot.follow(sent)).text
    assert await query("SELECT answer, answered_by FROM loan_answer") == [
        {"answer": SAID["answer"], "answered_by": "ot"}
    ]
    assert WEIGHT not in (await ot.get("/")).text
    assert "Every warning of this loan has its answer." in (await ot.get(path)).text
    again = await as_ot.post(f"{LOANS}/{loan['id']}/answers", json={"answers": [SAID]})
    check_problem(again, 422, "nothing-to-answer")


async def test_who_handed_it_out_answers_or_a_prescriber_without_supervision(
    given: Given, as_ot: AsyncClient, as_technician: AsyncClient, technician: Browser, sign_in: SignIn
) -> None:
    product = await given.product(category="18 09 21")
    body = {"barcode": await given.item(product=product), "client_ref": await given.client()}
    mine = (await as_ot.post(LOANS, json=body)).json()
    assert [one["code"] for one in mine["answers"]] == ["load-unknown", "weight-unknown"]
    path = f"{LOANS}/{mine['id']}/answers"
    for person in (as_technician, await sign_in("student.ot")):
        check_problem(await person.post(path, json={"answers": [SAID]}), 403, "not-your-loan")
    page = await technician.get(f"/loans/{mine['id']}/answers")
    assert "Olu Thompson answers for this loan" in page.text
    assert page.soup.select("textarea") == []
    senior = await sign_in("senior.ot")
    answered = await senior.post(path, json={"answers": [SAID]})
    assert [one["answered_by"] for one in answered.json()["answers"]] == [None, "senior.ot"]
    check_problem(await senior.post(f"{LOANS}/999999/answers", json={"answers": [SAID]}), 404, "unknown-loan")
    check_problem(await senior.post(path, json={"answers": []}), 422)
    # What the store handed out waits with who did it.
    body |= {"barcode": await given.item(product=product), "client_ref": await given.client()}
    theirs = await as_technician.post(LOANS, json=body)
    assert theirs.status_code == 201, theirs.text
    assert "1 loan of yours has a warning to answer" in (await technician.get("/")).text


@pytest.mark.parametrize("answer", [".", "ok", "x" * 4001, "\x00"])
async def test_what_is_no_answer_is_refused(bedroom: Bedroom, as_ot: AsyncClient, answer: str) -> None:
    said = {"code": "entrapment", "subject": "BED+LEVER+MATT", "answer": answer}
    check_problem(await as_ot.post(LOANS, json=issue(bedroom.lever) | {"answers": [said]}), 422)


async def test_the_page_shows_the_warnings_and_asks_for_the_answers(
    bedroom: Bedroom, ot: Browser, query: Query
) -> None:
    form = f"/items/{bedroom.lever}/issue"
    boxes = {"answer-entrapment-BED_LEVER_MATT", "answer-incompatible-LEVER_MATT"}
    chosen = await ot.get(form, client_ref="C-9")
    assert {str(box["name"]) for box in chosen.soup.select("textarea[name^=answer-]")} == boxes
    assert "people have died trapped" in chosen.text
    # Who types the reference and sends is asked as well.
    typed = await ot.post_form(form, client_ref="C-9", kind="loan")
    assert (typed.status, set(typed.errors)) == (422, boxes)
    dots = await ot.send(typed, form, **dict.fromkeys(boxes, "."))
    assert (dots.status, set(dots.errors)) == (422, boxes)
    sent = await ot.send(dots, form, **dict.fromkeys(boxes, ANSWER))
    assert sent.status == 303, sent.text
    said = await query("SELECT DISTINCT answer, answered_by FROM loan_answer WHERE subject LIKE '%LEVER%'")
    assert said == [{"answer": ANSWER, "answered_by": "ot"}]


async def test_without_warnings_there_is_no_step_more(given: Given, ot: Browser) -> None:
    await given.client("C-9", **WEIGHED)
    form = f"/items/{await given.item()}/issue"
    page = await ot.get(form, client_ref="C-9")
    assert "Warnings" not in page.text
    assert (await ot.send(page, form, kind="loan")).status == 303


async def test_statements_are_the_same_with_and_without_warnings_but_for_keeping_the_answers(
    given: Given, bedroom: Bedroom, as_ot: AsyncClient, statements: Statements
) -> None:
    warnings = check_problem(await as_ot.post(LOANS, json=issue(bedroom.lever)), 422)["warnings"]
    counts = []
    for sent in (issue(await given.item()), issue(bedroom.lever, *warnings)):
        statements.clear()
        assert (await as_ot.post(LOANS, json=sent)).status_code == 201
        counts.append(len(statements))
    assert counts == [16, 19]


async def test_a_danger_is_answered_by_a_prescriber_and_the_store_is_told_who_can(
    given: Given, bedroom: Bedroom, as_ot: AsyncClient, as_technician: AsyncClient, technician: Browser, query: Query
) -> None:
    warnings = check_problem(await as_ot.post(LOANS, json=issue(bedroom.lever)), 422, "answer-the-warnings")["warnings"]
    for sent in (issue(bedroom.lever, *warnings), issue(bedroom.lever)):
        refused = check_problem(await as_technician.post(LOANS, json=sent), 403, "clinical-danger")
        assert refused["detail"].startswith("A prescriber must decide about this: ")
        assert refused["detail"].endswith("Olu Thompson or Sarah Okafor can hand it out, or order it.")
    form = f"/items/{bedroom.lever}/issue"
    page = await technician.get(form, client_ref="C-9")
    boxes = {"answer-entrapment-BED_LEVER_MATT", "answer-incompatible-LEVER_MATT"}
    typed = await technician.send(page, form, kind="loan", **dict.fromkeys(boxes, ANSWER))
    assert (typed.status, "A prescriber must decide about this" in typed.text) == (403, True)
    assert len(await query("SELECT id FROM loan")) == 2
    # What is no danger the store hands out as before.
    light = await given.item(product=await given.product(category="18 09 21"))
    cautions = check_problem(await as_technician.post(LOANS, json=issue(light)), 422, "answer-the-warnings")["warnings"]
    assert {one["severity"] for one in cautions} == {"caution"}
    assert (await as_technician.post(LOANS, json=issue(light, *cautions))).status_code == 201
