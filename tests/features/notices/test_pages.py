"""The pages of safety notices."""

import json
from typing import Any

import pytest

from tests.browser import Browser, Page, page_from
from tests.conftest import Clock, Query, Statements
from tests.features.notices.documents import BODY, content, hit, results
from tests.given import Given

WHY = "We lend beds and rails to people at home."
LETTER: dict[str, Any] = {
    "reference": "FSN 2026-07",
    "kind": "field-safety-notice",
    "title": "Harbour Beds Community 3: the side rail may drop",
    "issuer": "Harbour Beds",
    "issued_on-day": 20,
    "issued_on-month": 2,
    "issued_on-year": 2026,
    "body": "The rail may drop.",
}


def table(page: Page, caption: str) -> list[list[str]]:
    """The words of each row of the table with this caption."""
    [found] = [one for one in page.soup.select("table") if one.caption and one.caption.get_text(strip=True) == caption]
    rows = [[" ".join(cell.get_text(" ").split()) for cell in row.select("td, th")] for row in found.select("tbody tr")]
    assert rows
    return rows


async def upload(browser: Browser, document: Any, name: str = "notice.json") -> Page:
    """The file chosen on the page."""
    page = await browser.get("/safety-notices/import")
    token = str(page.soup.select_one('main input[name="csrf_token"]')["value"])  # type: ignore[index]
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    files = {"file": (name, raw, "application/json")}
    return page_from(await browser.client.post("/safety-notices/import", data={"csrf_token": token}, files=files))


async def test_a_notice_is_imported_triaged_and_given_actions_and_an_amended_one_shows_what_changed(
    safety: Browser, ot: Browser, given: Given, statements: Statements
) -> None:
    bed = await given.product("BED", name="Profiling bed", manufacturer="Harbour Beds", model="Community 3")
    await given.items(2, product=bed)
    assert "Nothing waits for triage." in (await safety.get("/safety-notices")).text
    notice = await safety.follow(await upload(safety, content()))
    assert notice.banner == "This notice is new. Decide now whether it is relevant."
    here = notice.path
    assert "1 product by Harbour Beds, 2 items" in notice.text
    assert [str(link["href"]) for link in notice.soup.select(".app-notice a[href]")][1] == "mailto:a@b.example"
    statements.clear()
    listed = await safety.get("/safety-notices")
    assert len(statements) <= 5
    assert "1 product by Harbour Beds, 2 items" in listed.text

    assert set((await safety.post_form(f"{here}/triage", decision="", reason="")).errors) == {"decision", "reason"}
    looked = await safety.post_form(f"{here}/triage", search="Nobody Ltd", do="search", reason="So far")
    assert looked.status == 200
    assert table(looked, "What the catalogue has") == [["Like Nobody Ltd", "0", "0"]]
    assert "So far" in str(looked.soup.select_one("#reason"))
    assert "search" in (await safety.post_form(f"{here}/triage", search=" ", decision="relevant", reason=WHY)).errors
    decided = await safety.follow(await safety.post_form(f"{here}/triage", decision="relevant", reason=WHY))
    assert decided.banner == "NatPSA/2023/010/MHRA is decided: relevant."
    [row] = table(decided, "Decisions")
    assert row[1] == WHY
    assert row[2].endswith("1 of 1 products, 2 items")

    wrong = await safety.post_form(f"{here}/actions/new", what="x", owner="", **day("due_on", 2026, 3, 1))
    assert set(wrong.errors) == {"what", "owner"}
    late = await safety.post_form(
        f"{here}/actions/new", what="Review every rail.", owner="Head of therapy", **day("due_on", 2026, 3, 1)
    )
    assert set(late.errors) == {"due_on"}
    asked = await safety.follow(
        await safety.post_form(
            f"{here}/actions/new", what="Review every rail.", owner="Head of therapy", **day("due_on", 2026, 4, 1)
        )
    )
    done = asked.soup.select_one('main a[href$="/done"]')
    assert done is not None
    assert set((await safety.post_form(str(done["href"]))).errors) == {"note"}
    finished = await safety.follow(await safety.post_form(str(done["href"]), note="Minutes of 4 March, item 3."))
    assert "Minutes of 4 March" in table(finished, "What the organisation does about it")[0][3]
    assert (await safety.get(str(done["href"]))).soup.select_one("main form") is None
    assert (await safety.get(f"{here}/actions/999/done")).status == 404

    amended = content(
        body=BODY.replace("1 March", "1 June"), public_updated_at="2023-12-01T09:00:00Z", note="More time"
    )
    changed = await safety.follow(await upload(safety, amended))
    assert "Changed since triage" in changed.text
    assert table(changed, "What changed in version 2")[0][2].startswith("Complete by 1 June 2024")
    payload = changed.soup.select_one('main a[href$="/versions/2/received"]')
    assert payload is not None
    answer = await ot.client.get(str(payload["href"]))
    assert json.loads(answer.content) == amended
    assert answer.headers["content-disposition"].startswith("attachment")
    # Somebody else reads, and is offered nothing to do.
    read = await ot.get(here)
    assert read.soup.select("main form, main .govuk-button") == []


async def test_who_read_an_older_version_is_shown_the_new_one_before_deciding(safety: Browser) -> None:
    notice = await safety.follow(await upload(safety, content()))
    form = await safety.get(f"{notice.path}/triage")
    await upload(safety, content(body="<p>All of it is new.</p>", public_updated_at="2024-01-01T00:00:00Z"))
    refused = await safety.send(form, f"{notice.path}/triage", decision="relevant", reason=WHY)
    assert (refused.status, "All of it is new." in refused.text) == (412, True)
    sent = await safety.send(refused, f"{notice.path}/triage")
    assert sent.status == 303


async def test_a_file_of_many_says_what_became_of_each(safety: Browser) -> None:
    page = await upload(safety, results(hit(), hit("/drug-device-alerts/two", title="Eye drops"), 7))
    assert [row[2] for row in table(page, "The documents of the file")] == [
        "New, to triage",
        "New, to triage",
        "Could not be read",
    ]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"<html>Not JSON</html>", "neither a document of GOV.UK"),
        (b"  ", "The file is empty."),
        (b"x" * 995_000, "The file is larger than"),
        (b"\x89PNG\r\n\x1a\n\x00", "neither a document of GOV.UK"),
    ],
)
async def test_a_file_that_holds_something_else_is_refused(safety: Browser, raw: bytes, words: str) -> None:
    page = await upload(safety, raw)
    assert page.status == 422
    assert words in page.errors["file"]


async def test_a_letter_is_entered_by_hand_and_its_deadlines_are_moved(
    safety: Browser, clock: Clock, query: Query
) -> None:
    empty = await safety.post_form("/safety-notices/new")
    assert {"reference", "kind", "title", "issuer", "issued_on", "body"} == set(empty.errors)
    notice = await safety.follow(
        await safety.post_form("/safety-notices/new", **LETTER, **day("complete_by", 2026, 3, 9))
    )
    assert "complete, 7 days left" in notice.text
    clock.move(days=8)
    assert "complete, 1 day overdue" in (await safety.get(notice.path)).text
    assert "reference" not in (await safety.post_form("/safety-notices/new", **LETTER)).errors
    form = f"{notice.path}/version"
    assert set((await safety.post_form(form)).errors) == {"change_note"}
    why = "The maker wrote on 9 March."
    moved = await safety.follow(await safety.post_form(form, change_note=why, **day("complete_by", 2026, 3, 30)))
    assert moved.banner == "Version 2 is kept."
    assert "Actions complete: was “9 March 2026”, now “30 March 2026”" in moved.text
    for number, status in ((2, 404), (2**63 - 1, 422)):
        assert (await safety.get(f"{notice.path}/versions/{number}/received")).status == status


async def test_another_notice_of_a_publication_is_entered_from_it(safety: Browser) -> None:
    notice = await safety.follow(await upload(safety, content()))
    link = notice.soup.select_one('main a[href*="?publication="]')
    assert link is not None
    form = await safety.get(str(link["href"]))
    made = await safety.follow(await safety.send(form, "/safety-notices/new", **LETTER))
    assert "Others of this publication NatPSA/2023/010/MHRA" in made.text


async def test_the_start_page_of_who_handles_notices_has_the_clocks(
    safety: Browser, ot: Browser, clock: Clock, statements: Statements
) -> None:
    assert "0 safety notices to triage" in (await safety.get("/")).text
    statements.clear()
    await safety.get("/")
    without = len(statements)
    for number, last in ((1, 20), (2, 4)):
        facts = LETTER | {"reference": f"FSN {number}"}
        await safety.post_form("/safety-notices/new", **facts, **day("complete_by", 2026, 3, last))
    statements.clear()
    page = await safety.get("/")
    assert len(statements) == without
    assert "2 safety notices to triage" in page.text
    rows = table(page, "Safety notices to work on, the nearest deadline first")
    assert [row[2] for row in rows] == [
        "4 March 2026 : complete, 2 days left",
        "20 March 2026 : complete, 18 days left",
    ]
    assert "safety notices to triage" not in (await ot.get("/")).text


def day(name: str, year: int, month: int, number: int) -> dict[str, Any]:
    return {f"{name}-year": year, f"{name}-month": month, f"{name}-day": number}
