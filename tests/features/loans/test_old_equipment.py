"""Who hands over another item of a kind says what becomes of the old one, by API and by page."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.labels import display
from app.domain.lifecycle import State
from app.web.old_equipment import FAULTY
from tests.browser import Browser
from tests.conftest import Query, Statements
from tests.given import Given, Lent
from tests.problems import check_problem

LOANS = "/api/v1/loans"
STOPPED = "Its use at a client's was stopped: The loops are worn."
REPLACED = "It was replaced at a client's: The loops are worn."
WEIGHED: dict[str, Any] = {"weight_kg": 82, "weighed_on": "2026-02-20"}


@pytest.fixture
async def old(given: Given) -> Lent:
    """A sling that a client with a care provider has."""
    provider = await given.care_provider(email="duty@harbour.example")
    client = await given.client("C-9", care_provider_id=provider, **WEIGHED)
    return await given.loan(
        await given.item(product=await given.product(category="12 36 21", safe_working_load_kg=227)), client=client
    )


async def another(given: Given) -> str:
    """Another sling, on the shelf."""
    return await given.item(product=await given.product(category="12 36 21", safe_working_load_kg=227))


def body(barcode: str, *said: tuple[str, str], client: str = "c-9") -> dict[str, Any]:
    """What is posted: the item, and what becomes of old ones."""
    old = [{"barcode": one, "action": action, "reason": "The loops are worn."} for one, action in said]
    return {"barcode": barcode, "client_ref": client, "supersedes": old}


async def test_the_counter_asks_about_old_equipment_and_keeps_the_answer(
    given: Given, old: Lent, as_ot: AsyncClient, query: Query
) -> None:
    new = await another(given)
    refused = check_problem(
        await as_ot.post(LOANS, json={"barcode": new, "client_ref": "C-9"}),
        422,
        "say-what-becomes-of-old-equipment",
        field="supersedes",
    )
    assert [one["barcode"] for one in refused["old_equipment"]] == [old.barcode]
    assert (await given.record(new)).state is State.IN_STOCK
    made = await as_ot.post(LOANS, json=body(new, (display(old.barcode), "keep")))
    assert made.status_code == 201, made.text
    [event] = await query("SELECT subject, detail FROM audit_event WHERE action = 'old_equipment_decided'")
    assert event == {"subject": f"loan:{made.json()['id']}", "detail": {old.barcode: "keep: The loops are worn."}}
    assert (await given.record(old.barcode)).state is State.ON_LOAN


async def test_a_stopped_one_makes_a_notice_and_tells_the_care_provider(
    given: Given, old: Lent, as_ot: AsyncClient, ot: Browser, query: Query
) -> None:
    made = await as_ot.post(LOANS, json=body(await another(given), (old.barcode, "stop_use")))
    assert made.status_code == 201, made.text
    [notice] = await query("SELECT loan_id, order_id, reason, given_by, told FROM stop_use_notice")
    assert tuple(notice.values()) == (old.id, None, "The loops are worn.", "ot", "Harbour Care")
    [told] = await query("SELECT purpose, to_email, body FROM message")
    assert (told["purpose"], told["to_email"]) == ("stop_use", "duty@harbour.example")
    assert "The loops are worn." in told["body"]
    new = (made.json()["barcode"], "keep")
    kept = await as_ot.post(LOANS, json=body(await another(given), new, (old.barcode, "keep")))
    check_problem(kept, 409, "use-was-stopped", field="supersedes")
    page = await ot.get(f"/items/{await another(given)}/issue?client_ref=C-9")
    offered = [str(one["value"]) for one in page.soup.select(f'input[name="old-{old.barcode}"]')]
    assert offered == ["stop_use", "collect"]
    # What is under notice already is not told of again.
    again = await as_ot.post(LOANS, json=body(await another(given), new, (old.barcode, "stop_use")))
    assert again.status_code == 201, again.text
    assert len(await query("SELECT id FROM message")) == 1


async def test_without_a_care_provider_who_stopped_it_is_told_to_phone(
    given: Given, as_ot: AsyncClient, query: Query
) -> None:
    product = await given.product()
    old = await given.loan(await given.item(product=product), client=await given.client("C-9"))
    made = await as_ot.post(LOANS, json=body(await given.item(product=product), (old.barcode, "stop_use")))
    assert made.status_code == 201, made.text
    assert await query("SELECT purpose, to_name FROM message") == [
        {"purpose": "stop_use_phone", "to_name": "Olu Thompson"}
    ]


async def test_what_is_collected_is_asked_for_at_once_and_then_asked_about_no_more(
    given: Given, old: Lent, as_ot: AsyncClient
) -> None:
    spare = await given.loan(await another(given), client="C-9")
    said = [(old.barcode, "collect"), (spare.barcode, "collect")]
    assert (await as_ot.post(LOANS, json=body(await another(given), *said))).status_code == 201
    [collection] = (await as_ot.get("/api/v1/collections", params={"client_ref": "C-9"})).json()["items"]
    full = (await as_ot.get(f"/api/v1/collections/{collection['number']}")).json()
    assert sorted(line["barcode"] for line in full["lines"]) == sorted([old.barcode, spare.barcode])
    assert full["reason"] == "Replaced over the counter. The loops are worn."
    bed = await given.item(product=await given.product(category="18 12 10"))
    again = await as_ot.post(LOANS, json=body(bed, (old.barcode, "collect")))
    assert again.status_code == 201, again.text


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ([("ES000000000", "keep")], 422, None),
        ([("OLD", "keep"), ("OLD", "collect")], 422, "decided-twice"),
        ([("ELSEWHERE", "keep")], 409, "not-with-this-client"),
        ([("OLD", "burn")], 422, "malformed"),
    ],
)
async def test_what_cannot_be_said_of_old_equipment_is_refused(
    given: Given, old: Lent, as_ot: AsyncClient, said: list[tuple[str, str]], status: int, code: str | None
) -> None:
    named = {"OLD": old.barcode, "ELSEWHERE": (await given.loan()).barcode}
    sent = body(await another(given), *((named.get(one, one), action) for one, action in said))
    check_problem(await as_ot.post(LOANS, json=sent), status, code)


async def test_the_page_asks_the_same_at_its_fields(given: Given, old: Lent, ot: Browser, query: Query) -> None:
    new = await another(given)
    form = f"/items/{new}/issue"
    assert "What the client has of this kind" in (await ot.get(form, client_ref="C-9")).text
    assert "What the client has of this kind" not in (await ot.get(form)).text
    gaps = await ot.post_form(form, client_ref="C-9", kind="loan")
    assert (gaps.status, set(gaps.errors)) == (422, {f"old-{old.barcode}", f"why-{old.barcode}"})
    assert (await query("SELECT action FROM audit_event WHERE chain = 'ot' ORDER BY seq DESC LIMIT 1")) == [
        {"action": "client_read"}
    ]
    half = await ot.send(gaps, form, **{f"old-{old.barcode}": "stop_use"})
    assert set(half.errors) == {f"fault-{old.barcode}", f"why-{old.barcode}"}
    assert half.soup.select(f'input[name="fault-{old.barcode}"]:checked') == []
    sent = await ot.send(half, form, **{f"why-{old.barcode}": "The loops are worn.", f"fault-{old.barcode}": "yes"})
    assert sent.status == 303, sent.text
    assert await query("SELECT item_fault FROM stop_use_notice") == [{"item_fault": "yes"}]
    assert await query("SELECT kind, reason FROM hold") == [{"kind": "fault", "reason": STOPPED}]


async def test_the_page_does_not_keep_what_is_faulty_and_asks_nothing_more_of_what_is_stopped(
    given: Given, old: Lent, as_ot: AsyncClient, ot: Browser
) -> None:
    form, tag = f"/items/{await another(given)}/issue", old.barcode
    page = await ot.get(form, client_ref="C-9")
    said = {"kind": "loan", f"why-{tag}": "The loops are worn.", f"fault-{tag}": "yes"}
    kept = await ot.send(page, form, **said | {f"old-{tag}": "keep"})
    assert kept.errors == {f"old-{tag}": FAULTY}
    assert set((await ot.send(page, form, kind="loan", **{f"fault-{tag}": "no"})).errors) == {
        f"old-{tag}",
        f"why-{tag}",
    }
    asked = await ot.send(page, form, **said | {f"old-{tag}": "collect", f"fault-{tag}": ""})
    assert set(asked.errors) == {f"fault-{tag}"}
    odd = await ot.send(page, form, **said | {f"old-{tag}": "stop_use", f"fault-{tag}": "maybe"})
    assert set(odd.errors) == {f"fault-{tag}"}
    await as_ot.post(f"/api/v1/loans/{old.id}/stop-use", json={"reason": "The loops are worn."})
    page = await ot.get(form, client_ref="C-9")
    assert page.soup.select(f'input[name="fault-{tag}"]') == []
    sent = await ot.send(page, form, kind="loan", **{f"old-{tag}": "stop_use", f"why-{tag}": "It stays in the shed."})
    assert sent.status == 303, sent.text


@pytest.mark.parametrize(
    ("action", "fault", "notice", "hold"),
    [
        ("stop_use", None, "not_known", ("investigation", STOPPED)),
        ("stop_use", "yes", "yes", ("fault", STOPPED)),
        ("stop_use", "no", "no", None),
        ("collect", None, None, None),
        ("collect", "not_known", None, ("investigation", REPLACED)),
        ("collect", "yes", None, ("fault", REPLACED)),
        ("collect", "no", None, None),
        ("keep", "no", None, None),
    ],
)
async def test_unless_nothing_is_wrong_with_it_it_is_held_with_the_reason(
    given: Given,
    old: Lent,
    as_ot: AsyncClient,
    query: Query,
    action: str,
    fault: str | None,
    notice: str | None,
    hold: tuple[str, str] | None,
) -> None:
    sent = body(await another(given), (old.barcode, action))
    sent["supersedes"][0] |= {"item_fault": fault} if fault else {}
    made = await as_ot.post(LOANS, json=sent)
    assert made.status_code == 201, made.text
    given_now = await query("SELECT item_fault FROM stop_use_notice")
    assert [one["item_fault"] for one in given_now] == ([notice] if notice else [])
    placed = await query("SELECT kind, reason FROM hold")
    assert [tuple(one.values()) for one in placed] == ([hold] if hold else [])


async def test_what_is_known_of_a_stopped_one_stands_and_a_fault_that_is_said_later_holds_it_once(
    given: Given, old: Lent, as_ot: AsyncClient, query: Query
) -> None:
    stop = {"reason": "Too small for her.", "item_fault": "no"}
    assert (await as_ot.post(f"/api/v1/loans/{old.id}/stop-use", json=stop)).status_code == 201
    new: list[tuple[str, str]] = []
    for fault, held in (({}, []), ({"item_fault": "not_known"}, []), *[({"item_fault": "yes"}, [REPLACED])] * 2):
        sent = body(await another(given), (old.barcode, "stop_use"), *new)
        sent["supersedes"][0] |= fault
        made = await as_ot.post(LOANS, json=sent)
        assert made.status_code == 201, made.text
        new.append((made.json()["barcode"], "keep"))
        assert await query("SELECT reason, item_fault FROM stop_use_notice") == [stop]
        assert [one["reason"] for one in await query("SELECT reason FROM hold")] == held


async def test_what_is_collected_says_why_on_its_page_when_it_is_back(
    given: Given, old: Lent, as_ot: AsyncClient, technician: Browser
) -> None:
    sent = body(await another(given), (old.barcode, "collect"))
    assert (await as_ot.post(LOANS, json=sent)).status_code == 201
    await given.scan(old.barcode)
    assert "Replaced over the counter. The loops are worn." in (await technician.get(f"/items/{old.barcode}")).text


async def test_statements_do_not_grow_with_what_the_client_has(
    given: Given, as_ot: AsyncClient, statements: Statements
) -> None:
    client, counts = await given.client("C-9", **WEIGHED), []
    for _ in range(2):
        await given.loan(await given.item(product=await given.product(category="12 36 03")), client=client)
        new = await given.item(product=await given.product(category="18 12 10"))
        statements.clear()
        assert (await as_ot.post(LOANS, json=body(new))).status_code == 201
        counts.append(len(statements))
        await given.scan(new)
    assert len(set(counts)) == 1
