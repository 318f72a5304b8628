"""Safety notices by the API: entered, imported, amended, triaged, and what the organisation does."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.features.notices.documents import BODY, content, hit, results
from tests.given import Given
from tests.problems import check_problem

NOTICES = "/api/v1/safety-notices"
REFERENCE = "NatPSA/2023/010/MHRA"
HERE = f"{NOTICES}/{quote(REFERENCE, safe='')}"
BY_HAND = {
    "reference": "FSN 2026-07",
    "kind": "field-safety-notice",
    "title": "Harbour Beds Community 3: the side rail may drop",
    "issuer": "Harbour Beds",
    "issued_on": "2026-02-20",
    "body": "Dear customer,\nthe rail may <b>drop</b>.\n\nCheck each bed.",
    "underway_by": "2026-03-06",
    "complete_by": "2026-04-30",
}
WHY = "We lend beds and rails to people at home."


async def take_in(client: AsyncClient, document: Any, status: int = 200) -> dict[str, Any]:
    answer = await client.post(f"{NOTICES}/import", json=document)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def triage(client: AsyncClient, here: str = HERE, decision: str = "relevant", **more: Any) -> dict[str, Any]:
    answer = await client.post(f"{here}/triage", json={"decision": decision, "reason": WHY} | more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_document_of_gov_uk_is_a_notice_with_safe_text_and_the_payload_as_it_came(
    as_safety: AsyncClient, as_ot: AsyncClient, query: Query
) -> None:
    raw = json.dumps(content(), indent=3).encode()
    headers = {"Content-Type": "application/json"}
    answer = await as_safety.post(f"{NOTICES}/import", content=raw, headers=headers)
    assert {name: answer.json()[name] for name in ("added", "amended", "unchanged", "refused")} == {
        "added": 1,
        "amended": 0,
        "unchanged": 0,
        "refused": 0,
    }
    notice = (await as_ot.get(HERE)).json()
    for address in (f"{NOTICES}/{REFERENCE}", f"{NOTICES}/natpsa/2023/010/mhra"):
        assert (await as_ot.get(address)).json() == notice
    assert (notice["state"], notice["kind_text"], notice["issued_on"]) == (
        "received",
        "National Patient Safety Alert",
        "2023-08-30",
    )
    assert "<h3>What to do</h3>" in notice["body_html"]
    assert 'href="https://www.gov.uk/guidance/rails to see"' in notice["body_html"]
    assert 'href="mailto:a@b.example"' in notice["body_html"]
    for gone in ("script", "alert", "<img", "javascript", "onclick", "onerror", "id="):
        assert gone not in notice["body_html"]
    [kept] = await query("SELECT sha256, content FROM safety_notice_payload")
    assert bytes(kept["content"]) == raw
    assert [version["payload_sha256"] for version in notice["versions"]] == [kept["sha256"]]


async def test_the_same_document_twice_changes_nothing_and_an_amended_one_goes_back_to_triage(
    as_safety: AsyncClient, query: Query
) -> None:
    await take_in(as_safety, content())
    before = await triage(as_safety, search=["bed rails"])
    assert before["state"] == "relevant"
    assert (await take_in(as_safety, content()))["unchanged"] == 1
    # The search knows nothing that the whole text does not.
    assert (await take_in(as_safety, results(hit())))["unchanged"] == 1
    assert (await as_safety.get(HERE)).json() == before
    moved = BODY.replace("1 March 2024", "1 June 2024")
    amended = content(body=moved, public_updated_at="2023-12-01T09:00:00+00:00", note="The deadline was extended.")
    assert (await take_in(as_safety, amended))["amended"] == 1
    after = (await as_safety.get(HERE)).json()
    assert (after["state"], after["version"], after["changed_since_triage"]) == ("received", 2, True)
    newest = after["versions"][0]
    assert newest["change_note"] == "The deadline was extended."
    assert [(change["what"], "June" in change["after"]) for change in newest["changes"]] == [("Text", True)]
    # An old file, found on somebody's disk, is not an amendment.
    assert (await take_in(as_safety, content()))["older"] == 1
    assert (await triage(as_safety, search=["bed rails"]))["changed_since_triage"] is False
    assert len(await query("SELECT id FROM safety_notice_version")) == 2


async def test_a_text_that_was_corrected_without_a_new_date_is_a_new_version_too(as_safety: AsyncClient) -> None:
    await take_in(as_safety, content())
    assert (await take_in(as_safety, content(body="<p>Other words</p>")))["amended"] == 1
    assert (await take_in(as_safety, content(body="<p>Other words</p>")))["unchanged"] == 1


async def test_a_closed_notice_that_is_amended_stays_closed_and_is_decided_on_again(
    as_safety: AsyncClient, safety: Browser, session: AsyncSession, query: Query
) -> None:
    await take_in(as_safety, content())
    await triage(as_safety, search=["bed rails"])
    await session.execute(text("UPDATE safety_notice SET state = 'closed'"))
    await session.commit()
    answer = await as_safety.post(f"{HERE}/triage", json={"decision": "relevant", "reason": WHY, "search": ["beds"]})
    check_problem(answer, 409, "notice-closed")
    await take_in(as_safety, content(title="Other beds", public_updated_at="2024-01-01T00:00:00Z"))
    notice = (await as_safety.get(HERE)).json()
    assert (notice["state"], notice["changed_since_triage"], notice["to_triage"]) == ("closed", True, True)
    letters = await query("SELECT DISTINCT subject FROM message WHERE purpose = 'notice_changed'")
    assert [one["subject"] for one in letters] == [f"{notice['reference']}: changed since it was closed"]
    assert "1 safety notice changed since it was closed" in (await safety.get("/")).text
    assert "Other beds" in (await safety.get("/safety-notices")).text
    page = await safety.get(f"/safety-notices/{notice['id']}")
    assert "It has changed since it was closed." in page.text
    assert page.soup.find("a", href=f"/safety-notices/{notice['id']}/triage") is not None
    decided = await triage(as_safety, search=["bed rails"])
    assert (decided["state"], decided["to_triage"]) == ("closed", False)
    assert "changed since it was closed" not in (await safety.get("/")).text


async def test_a_closed_notice_from_a_letter_that_says_something_else_is_told_of(
    as_safety: AsyncClient, session: AsyncSession, query: Query
) -> None:
    await as_safety.post(NOTICES, json=BY_HAND)
    here = f"{NOTICES}/FSN 2026-07"
    await triage(as_safety, here, search=["rail"])
    await session.execute(text("UPDATE safety_notice SET state = 'closed'"))
    await session.commit()
    told = "SELECT id FROM message WHERE purpose = 'notice_changed'"
    days = {"underway_by": "2026-03-06", "complete_by": "2026-05-30", "change_note": WHY}
    assert (await as_safety.post(f"{here}/versions", json=days)).json()["to_triage"] is False
    assert await query(told) == []
    assert (await as_safety.post(f"{here}/versions", json=days | {"body": "It may bend."})).json()["to_triage"] is True
    assert await query(told) != []


async def test_results_of_the_search_are_notices_without_their_text_until_it_comes(as_safety: AsyncClient) -> None:
    unknown = hit("/drug-device-alerts/odd", title="A thing of 2031", alert_type=["a-type-of-2031"])
    found = await take_in(as_safety, results(hit(), unknown, 7, {"title": "x"}))
    assert (found["added"], found["refused"]) == (2, 2)
    assert found["documents"][2]["detail"] == "Document 3: It is no document."
    own = found["documents"][1]["reference"]
    assert own.startswith("GOVUK-")
    assert (await as_safety.get(f"{NOTICES}/{own}")).json()["kind_text"] == "A type of 2031"
    assert (await as_safety.get(HERE)).json()["versions"][0]["is_whole"] is False
    assert (await take_in(as_safety, content()))["amended"] == 1
    notice = (await as_safety.get(HERE)).json()
    assert notice["versions"][0]["changes"] == [
        {"what": "Text", "before": "Only the summary", "after": "The whole text"}
    ]


async def test_a_notice_entered_from_a_letter_is_the_one_that_gov_uk_publishes_later(as_safety: AsyncClient) -> None:
    by_hand = BY_HAND | {"reference": REFERENCE, "complete_by": "2026-05-01"}
    assert (await as_safety.post(NOTICES, json=by_hand)).status_code == 201
    assert (await take_in(as_safety, content()))["amended"] == 1
    notice = (await as_safety.get(HERE)).json()
    assert (notice["title"], notice["complete_by"], notice["version"]) == (BY_HAND["title"], "2026-05-01", 2)
    other = content("/drug-device-alerts/again")
    [document] = (await take_in(as_safety, other))["documents"]
    assert document["reference"].startswith("GOVUK-")


async def test_one_publication_may_hold_many_notices(as_safety: AsyncClient) -> None:
    await take_in(as_safety, content())
    several = BY_HAND | {"same_publication_as": REFERENCE}
    made = (await as_safety.post(NOTICES, json=several)).json()
    assert made["same_publication"] == [REFERENCE]
    amended = content(body="<p>New</p>", public_updated_at="2024-01-01T00:00:00Z")
    assert (await take_in(as_safety, amended))["amended"] == 2
    made = (await as_safety.get(f"{NOTICES}/FSN 2026-07")).json()
    assert (made["title"], made["version"], made["body_html"]) == (BY_HAND["title"], 2, "<p>New</p>")
    wrong = await as_safety.post(NOTICES, json=several | {"reference": "X", "same_publication_as": "Nothing"})
    check_problem(wrong, 422, "unknown-publication", field="same_publication_as")


async def test_a_notice_by_hand_keeps_its_text_as_text(as_safety: AsyncClient, query: Query) -> None:
    made = (await as_safety.post(NOTICES, json=BY_HAND)).json()
    assert made["body_html"] == ("<p>Dear customer,<br>the rail may &lt;b&gt;drop&lt;/b&gt;.</p><p>Check each bed.</p>")
    assert [(clock["deadline"], clock["days_left"]) for clock in made["clocks"]] == [
        ("underway_by", 4),
        ("complete_by", 59),
    ]
    again = BY_HAND | {"reference": "fsn  2026-07"}
    check_problem(await as_safety.post(NOTICES, json=again), 409, "reference-taken")


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"reference": "a/../b"}, "bad-reference", "reference"),
        ({"reference": "A/triage"}, "bad-reference", "reference"),
        ({"reference": ""}, "malformed", "reference"),
        ({"title": "x" * 501}, "malformed", "title"),
        ({"issued_on": "2026-03-03"}, "issued-in-the-future", "issued_on"),
        ({"issued_on": "30/8/2023"}, "malformed", "issued_on"),
        ({"source_url": "javascript:alert(1)"}, "malformed", "source_url"),
        ({"source_url": "https://[x"}, "malformed", "source_url"),
        ({"complete_by": "2026-01-01", "underway_by": None}, "deadline-before-issue", "complete_by"),
        ({"underway_by": "2026-05-01"}, "underway-after-complete", "underway_by"),
        ({"own_target_on": "2026-06-01"}, "target-after-complete", "own_target_on"),
        ({"body": "x\u0000"}, "malformed", "body"),
        ({"body": 7}, "malformed", "body"),
        ({"severity": "high"}, "malformed", "severity"),
    ],
)
async def test_what_is_wrong_by_hand_is_refused_in_words(
    as_safety: AsyncClient, wrong: dict[str, Any], code: str, field: str
) -> None:
    check_problem(await as_safety.post(NOTICES, json=BY_HAND | wrong), 422, code, field=field)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"{}", b"\xff", b"[" * 50_000, b'{"base_path": 1, "details": {}}'])
async def test_junk_is_not_imported(as_safety: AsyncClient, raw: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    check_problem(await as_safety.post(f"{NOTICES}/import", content=raw, headers=headers), 422, "not-a-document")


async def test_a_file_of_another_kind_is_not_imported_and_odd_characters_do_no_harm(as_safety: AsyncClient) -> None:
    check_problem(await as_safety.post(f"{NOTICES}/import", content=b"a,b"), 422, "not-json")
    odd = content(title="A \ud800bed\u0000 (DSI/2026/001)", body="<p>\ud83d\u0000</p><table><table>")
    raw = json.dumps(odd).encode()
    answer = await as_safety.post(f"{NOTICES}/import", content=raw, headers={"Content-Type": "application/json"})
    assert answer.json()["documents"][0]["title"] == "A bed (DSI/2026/001)"


async def test_triage_wants_a_reason_and_keeps_the_search_that_was_made(
    as_safety: AsyncClient, given: Given, clock: Clock, statements: Statements
) -> None:
    bed = await given.product("BED", name="Profiling bed", manufacturer="Harbour Beds", model="Community 3")
    await given.product("RAIL", name="Bed rail, pair", manufacturer="Weald Aids")
    await given.items(3, product=bed)
    await take_in(as_safety, content())
    notice = (await as_safety.get(HERE)).json()
    texts = [one["text"] for one in notice["found"] if one["products"]]
    assert texts[0] == "1 product by Harbour Beds, 3 items"
    assert any(words.startswith("1 product like bed rails") for words in texts)
    assert notice["likelihood"] >= 5
    for body, field in (
        ({"decision": "relevant"}, "reason"),
        ({"decision": "relevant", "reason": "."}, "reason"),
        ({"decision": "maybe", "reason": WHY}, "decision"),
        ({"decision": "relevant", "reason": WHY, "search": []}, "search"),
        ({"decision": "relevant", "reason": WHY, "search": ["x"]}, "search"),
    ):
        check_problem(await as_safety.post(f"{HERE}/triage", json=body), 422, field=field)
    stale = {"decision": "relevant", "reason": WHY, "version": 2}
    check_problem(await as_safety.post(f"{HERE}/triage", json=stale), 412, "stale")
    statements.clear()
    notice = await triage(as_safety, version=1)
    assert len(statements) <= 19
    [decision] = notice["triage"]
    assert (decision["decision"], decision["reason"], decision["version"]) == ("relevant", WHY, 1)
    assert decision["search"]["terms"][:2] == ["Harbour Beds", "Medical beds"]
    counts = {name: decision["search"][name] for name in ("products", "items", "catalogue_products")}
    assert counts == {"products": 2, "items": 3, "catalogue_products": 2}
    unheld = {"decision": "not_held", "reason": WHY, "search": ["Nobody Ltd"]}
    told = check_problem(await as_safety.post(f"{HERE}/triage", json=unheld), 409, "items-found")
    assert "1 product by Harbour Beds, 3 items" in told["detail"]
    notice = await triage(
        as_safety, decision="not_held", search=["Nobody Ltd"], reason="Ours by Harbour Beds have no rails."
    )
    assert [one["decision"] for one in notice["triage"]] == ["not_held", "relevant"]
    assert notice["triage"][0]["search"]["terms"][:2] == ["Nobody Ltd", "Harbour Beds"]
    assert notice["triage"][0]["search"]["items"] == 3
    check_problem(await as_safety.post(f"{NOTICES}/X/1/triage", json=stale), 404, "unknown-notice")


async def test_where_a_notice_names_nothing_the_person_must_say_what_to_look_for(as_safety: AsyncClient) -> None:
    await as_safety.post(NOTICES, json=BY_HAND | {"title": "Update", "body": ""})
    answer = await as_safety.post(f"{NOTICES}/FSN 2026-07/triage", json={"decision": "not_held", "reason": WHY})
    check_problem(answer, 422, "search-missing", field="search")


async def test_the_list_has_what_is_likely_relevant_first_and_comes_in_pages(
    as_safety: AsyncClient, as_technician: AsyncClient, given: Given, statements: Statements
) -> None:
    await given.product("BED", name="Profiling bed", manufacturer="Harbour Beds")
    await as_safety.post(NOTICES, json=BY_HAND)
    for number, title in enumerate(("Tablets of 5 mg", "Eye drops: recall", "Insulin pens")):
        facts = {"reference": f"EL/{number}", "title": title, "issuer": "MHRA", "body": ""}
        await as_safety.post(NOTICES, json=BY_HAND | facts)
    statements.clear()
    first = (await as_technician.get(NOTICES, params={"limit": 2})).json()
    assert len(statements) <= 3
    second = (await as_technician.get(NOTICES, params={"limit": 2, "after": first["next"]})).json()
    order = [row["reference"] for row in first["items"] + second["items"]]
    assert (order, second["next"]) == (["FSN 2026-07", "EL/2", "EL/1", "EL/0"], None)
    await triage(as_safety, f"{NOTICES}/EL/2", "not_relevant", search=["insulin"])
    waiting = (await as_technician.get(NOTICES, params={"state": "received"})).json()["items"]
    assert [row["reference"] for row in waiting] == ["FSN 2026-07", "EL/1", "EL/0"]
    check_problem(await as_technician.get(NOTICES, params={"state": "lost"}), 422)
    for cursor in ("x", "1", "1.x", "-.1", "1.99999999999"):
        check_problem(await as_technician.get(NOTICES, params={"after": cursor}), 422, "bad-cursor", field="after")


async def test_an_extension_by_hand_is_a_new_version_and_needs_no_second_triage(
    as_safety: AsyncClient, safety: Browser
) -> None:
    await as_safety.post(NOTICES, json=BY_HAND)
    here = f"{NOTICES}/FSN 2026-07"
    await triage(as_safety, here, search=["rail"])
    why = "The CAS e-mail of 1 March gives more time."
    later = {"underway_by": "2026-03-06", "complete_by": "2026-05-30", "change_note": why}
    notice = (await as_safety.post(f"{here}/versions", json=later)).json()
    assert (notice["state"], notice["version"], notice["changed_since_triage"]) == ("relevant", 2, False)
    assert notice["versions"][0]["changes"] == [
        {"what": "Actions complete", "before": "30 April 2026", "after": "30 May 2026"}
    ]
    check_problem(await as_safety.post(f"{here}/versions", json=later), 409, "nothing-changed")
    # What is not sent stays. What the notice sets is moved, not taken away; our own target may go.
    moved = (await as_safety.post(f"{here}/versions", json={"complete_by": "2026-06-01", "change_note": why})).json()
    assert (moved["underway_by"], moved["complete_by"]) == ("2026-03-06", "2026-06-01")
    for name in ("underway_by", "complete_by"):
        gone = await as_safety.post(f"{here}/versions", json={name: None, "change_note": why})
        check_problem(gone, 409, "deadline-removed")
    check_problem(await as_safety.post(f"{here}/versions", json={"body": "", "change_note": why}), 422, "no-text")
    assert moved["versions"][-1]["complete_by"] == "2026-04-30"
    number = moved["id"]
    assert "1 June 2026 (first: 30 April 2026)" in " ".join(
        (await safety.get(f"/safety-notices/{number}")).text.split()
    )
    other = (await as_safety.post(f"{here}/versions", json=later | {"body": "It may also bend."})).json()
    assert (other["state"], other["changed_since_triage"]) == ("received", True)
    await take_in(as_safety, content())
    answer = await as_safety.post(f"{HERE}/versions", json={"body": "Mine", "change_note": why})
    check_problem(answer, 409, "published-text")


async def test_the_organisation_acts_without_a_hold(
    as_safety: AsyncClient, given: Given, query: Query, clock: Clock
) -> None:
    await given.item(product=await given.product(name="Bed rail"))
    await take_in(as_safety, content())
    ask = {"action": "Review every rail at home.", "owner": "Head of therapy", "due_on": clock.day(14)}
    url = f"{HERE}/organisation-actions"
    check_problem(await as_safety.post(url, json=ask), 409, "not-relevant")
    await triage(as_safety)
    check_problem(await as_safety.post(url, json=ask | {"due_on": clock.day(-1)}), 422, "due-in-the-past")
    check_problem(await as_safety.post(url, json=ask | {"owner": "."}), 422, field="owner")
    notice = (await as_safety.post(url, json=ask)).json()
    [action] = notice["organisation_actions"]
    assert (action["action"], action["owner"], action["done_at"]) == (ask["action"], ask["owner"], None)
    done = f"{url}/{action['id']}/done"
    check_problem(await as_safety.post(done, json={}), 422, field="note")
    clock.move(days=15)
    assert (await as_safety.get(HERE)).json()["organisation_actions"][0]["is_overdue"] is True
    notice = (await as_safety.post(done, json={"note": "Minutes of 4 March, item 3."})).json()
    assert notice["organisation_actions"][0]["done_by"] == "safety"
    check_problem(await as_safety.post(done, json={"note": "Minutes of 4 March."}), 409, "done-already")
    check_problem(await as_safety.post(f"{url}/999/done", json={"note": "Nothing of it."}), 404, "unknown-action")
    assert await query("SELECT id FROM hold") == []


async def test_who_does_not_handle_notices_reads_them_and_no_more(
    as_safety: AsyncClient, as_ot: AsyncClient, as_technician: AsyncClient, as_admin: AsyncClient
) -> None:
    await take_in(as_safety, content())
    for client in (as_ot, as_technician):
        assert (await client.get(HERE)).status_code == 200
        check_problem(await client.post(f"{HERE}/triage", json={}), 403, "not-allowed")
        check_problem(await client.post(f"{NOTICES}/import", json=content()), 403, "not-allowed")
    check_problem(await as_admin.get(NOTICES), 403, "not-allowed")


async def test_what_is_kept_cannot_be_changed(as_safety: AsyncClient, session: AsyncSession) -> None:
    await take_in(as_safety, content())
    await triage(as_safety)
    for act in (
        "DELETE FROM safety_notice_payload",
        "UPDATE safety_notice_version SET title = ''",
        "UPDATE safety_notice_triage SET reason = ''",
        "DELETE FROM safety_notice",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            await session.execute(text(act))
        await session.rollback()
