"""Agenda and pack of a meeting, and the letters about a decision: read back from the PDFs that people get."""

import asyncio
import time
from io import BytesIO
from typing import Any

import pytest
from httpx import AsyncClient
from pypdf import PdfReader
from pypdf.generic import Destination

from app.features.panel import papers
from app.web.numbering import number_pages
from tests import pdfs
from tests.browser import Browser
from tests.conftest import Query, SignIn, Statements
from tests.features.panel.conftest import SPLIT, WHY, Panel, done
from tests.features.panel.test_attachments import attach
from tests.given import Given
from tests.problems import check_problem
from tests.test_uploads import PDF, picture


async def heard(jsep: Panel, client: AsyncClient, *files: bytes, **changes: Any) -> str:
    """A screened case with these files."""
    number = await jsep.draft(**changes)
    for place, content in enumerate(files, start=1):
        done(await attach(client, number, content, title=f"Paper {place}"), 201)
    done(await client.post(f"/api/v1/panel-cases/{number}/submit"))
    await jsep.post("panel2", f"/panel-cases/{number}/screen")
    return number


async def pack_of(client: AsyncClient, meeting: int) -> PdfReader:
    """The pack as this member gets it."""
    answer = await client.get(f"/api/v1/panel-meetings/{meeting}/agenda", params={"format": "pdf"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return PdfReader(BytesIO(answer.content))


def bookmarks(reader: PdfReader, found: Any = None, depth: int = 0) -> list[tuple[int, str, int]]:
    """Each bookmark: how deep, its words, and its page from 1."""
    told: list[tuple[int, str, int]] = []
    for one in reader.outline if found is None else found:
        if isinstance(one, Destination):
            page = reader.get_destination_page_number(one)
            told.append((depth, str(one.title), (page or 0) + 1))
        else:
            told += bookmarks(reader, one, depth + 1)
    return told


async def test_the_pack_has_the_agenda_the_cases_and_what_is_attached(
    jsep: Panel, as_senior_ot: AsyncClient, sign_in: SignIn, given: Given, query: Query
) -> None:
    client = await given.client(
        name="Rosalind Ashcroft", address="4 Quarry Lane", weight_kg=70, weighed_on="2026-02-01"
    )
    order = await jsep.order(client=client)
    photo = picture(size=(400, 300))
    files = (PDF, photo, pdfs.turned(90))
    first = await heard(jsep, as_senior_ot, *files, order=order, need="She sits upright.\nShe eats at the table.")
    second = await heard(jsep, as_senior_ot, urgent=True)
    meeting = await jsep.meeting(first, second)
    chair = await sign_in("chair")
    reader = await pack_of(chair, meeting)
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    marks = bookmarks(reader)
    assert [(depth, words.split(":")[0]) for depth, words, _ in marks] == [
        (0, marks[0][1].split(":")[0]),
        (1, f"Case {first}"),
        (2, "Attachment 1"),
        (2, "Attachment 2"),
        (2, "Attachment 3"),
        (1, f"Case {second}"),
    ]
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
    for _, words, place in marks[1:]:
        assert words.split(":")[0].removeprefix("Case ") in pages[place - 1]
        assert f" {place} " in f" {pages[0]} "
    whole = " ".join(pages)
    for words in ("Quorum", "3 members without an interest", "Christine Hale, chair", "Social care", client, "RA",
                  "She eats at the table.", "Standard stock", "£400.00", "Tried for two weeks", "£1,860.00",
                  "£1,240.00", "Searched on", "Prescribed what is asked for", "and its second page",
                  "Turned"):  # fmt: skip
        assert words in whole, words
    assert "Ashcroft" not in whole
    assert "Quarry Lane" not in whole
    assert pages[marks[2][2]].startswith("A quote")
    assert len(reader.pages[marks[3][2] - 1].images) == 1
    logged = await query("SELECT subject, detail FROM audit_event WHERE action = 'panel_papers_read' ORDER BY seq")
    assert [line["detail"] for line in logged] == [{"case": one, "meeting": meeting} for one in (first, second)]
    assert logged[0]["subject"] == f"client:{client}"
    agenda = done(await chair.get(f"/api/v1/panel-meetings/{meeting}/agenda"))
    assert [one["number"] for one in agenda["cases"]] == [first, second]
    check_problem(await as_senior_ot.get(f"/api/v1/panel-meetings/{meeting}/agenda"), 403)
    unknown = "/api/v1/panel-meetings/999/agenda?format=pdf"
    check_problem(await chair.get(unknown), 404, "unknown-meeting")


async def test_who_has_an_interest_gets_the_pack_without_that_case(
    jsep: Panel, as_senior_ot: AsyncClient, sign_in: SignIn
) -> None:
    first = await heard(jsep, as_senior_ot, PDF)
    second = await heard(jsep, as_senior_ot, need="The other one sits badly.")
    meeting = await jsep.meeting(first, second)
    await jsep.post("panel2", f"/panel-cases/{first}/interests", 201, kind="related")
    reader = await pack_of(await sign_in("panel2"), meeting)
    whole = " ".join(" ".join(page.extract_text().split()) for page in reader.pages)
    assert (
        "The papers of this case are not in your copy. You have an interest in it: is related to the person." in whole
    )
    assert "A quote" not in whole
    assert "The other one sits badly." in whole
    assert [depth for depth, _, _ in bookmarks(reader)] == [0, 1, 1]


async def test_who_hears_an_appeal_has_its_grounds_what_is_new_and_what_was_offered_instead(
    jsep: Panel, sign_in: SignIn
) -> None:
    number = await jsep.declined()
    said = {
        "grounds": "The tilt chair was tried in May.",
        "new_evidence": "A film of that trial, and a note.",
    }
    await jsep.post("senior.ot", f"/panel-cases/{number}/appeal", 201, **said, appellant="person")
    meeting = await jsep.hearing(number)
    reader = await pack_of(await sign_in("panel3"), meeting)
    whole = " ".join(" ".join(page.extract_text().split()) for page in reader.pages)
    for words in (*said.values(), "The person", "What meets the need instead: A tilt chair from stock.",
                  "Heard now, by others"):  # fmt: skip
        assert words in whole, words


async def test_an_empty_agenda_and_one_that_is_too_much(
    jsep: Panel, as_senior_ot: AsyncClient, sign_in: SignIn, chair: Browser, monkeypatch: pytest.MonkeyPatch,
    statements: Statements,
) -> None:  # fmt: skip
    member = await sign_in("panel1")
    reader = await pack_of(member, await jsep.meeting())
    assert "Page 1 of 1" in reader.pages[0].extract_text()
    numbers = [await heard(jsep, as_senior_ot, PDF), await heard(jsep, as_senior_ot, PDF)]
    meeting = await jsep.meeting(*numbers)
    shown = await chair.get(f"/panel-meetings/{meeting}")
    [link] = shown.soup.select('a[href$="/agenda"]')
    statements.clear()
    answer = await chair.client.get(str(link["href"]))
    assert (answer.headers["content-type"], len(statements)) == ("application/pdf", 12)
    monkeypatch.setattr(papers, "MOST_PAGES", 3)
    path = f"/api/v1/panel-meetings/{meeting}/agenda?format=pdf"
    refused = check_problem(await member.get(path), 409, "pack-too-large")
    assert "come to 4 pages" in refused["detail"]
    await jsep.post("senior.ot", f"/panel-cases/{numbers[0]}/withdraw")
    reader = await pack_of(member, meeting)
    assert f"Withdrawn since: {numbers[0]}." in " ".join(reader.pages[0].extract_text().split())


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_numbers_stand_at_the_foot_of_a_page_as_it_is_seen(degrees: int) -> None:
    writer = pdfs.copy(pdfs.turned(degrees))
    number_pages(writer, "JSEP (one)")
    content = pdfs.written(writer)
    assert pdfs.foot_of(content) == ["JSEP (one)", "Page 1 of 1"]


def test_pages_of_any_size_are_numbered_and_what_they_share_stays_theirs() -> None:
    writer = pdfs.copy(pdfs.pdf("small", "long", sizes=[(60, 60), (14_000, 400)]))
    writer.add_blank_page(300, 300)
    number_pages(writer, "A line that is far too long for so small a page")
    text = pdfs.read_text(pdfs.written(writer))
    assert [f"Page {number} of 3" in page for number, page in enumerate(text, start=1)] == [True, True, True]


async def test_others_are_served_while_a_pack_is_bound(jsep: Panel, as_senior_ot: AsyncClient, sign_in: SignIn) -> None:
    files = [pdfs.pdf(*[f"{copy} {page}" for page in range(250)]) for copy in range(2)]
    meeting = await jsep.meeting(await heard(jsep, as_senior_ot, *files))
    member = await sign_in("panel1")
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - began)

    ticking = asyncio.create_task(tick())
    reader = await pack_of(member, meeting)
    ticking.cancel()
    assert len(reader.pages) > 500
    assert longest < 0.5


LETTER = "/panel-cases/{}/decisions/{}/letter"


async def letter(client: AsyncClient, number: str, decision: int, to: str) -> bytes:
    """One letter."""
    answer = await client.get(f"/api/v1{LETTER.format(number, decision)}", params={"to": to})
    assert answer.status_code == 200, answer.text
    return answer.content


async def test_the_letters_say_what_was_decided_and_are_the_same_each_time(
    jsep: Panel, given: Given, as_senior_ot: AsyncClient, sign_in: SignIn, query: Query
) -> None:
    client = await given.client(
        name="Rosalind Ashcroft", address="4 Quarry Lane\nSeaford", postcode="TN1 1AA", weight_kg=70,
        weighed_on="2026-02-01",
    )  # fmt: skip
    number = await heard(jsep, as_senior_ot, PDF, order=await jsep.order(client=client))
    await jsep.meeting(number)
    conditions = ["trial_first", "Shown to the carers first"]
    said: dict[str, Any] = {"conditions": conditions, "funding": SPLIT, "review_on": "2026-09-01"}
    case = done(await jsep.decide(number, "approve_with_conditions", **said))
    decision = case["decisions"][0]
    number_of = decision["number"]
    prescriber = await letter(as_senior_ot, number, number_of, "prescriber")
    person = await letter(as_senior_ot, number, number_of, "person")
    assert await letter(await sign_in("chair"), number, number_of, "prescriber") == prescriber
    assert await letter(as_senior_ot, number, number_of, "person") == person
    text = " ".join(pdfs.read_text(prescriber))
    for words in (number, "RA", client, WHY, "Approved with conditions", "A trial first", "Shown to the carers first",
                  "60 %", "£1,860.00", "1 September 2026", "Christine Hale", "Peter Adeyemi", "How to appeal",
                  "goes on by itself", "Paper 1", case["attachments"][0]["sha256"][:20],
                  decision["digest"][:20]):  # fmt: skip
        assert words in text, words
    assert "Ashcroft" not in text
    text = " ".join(pdfs.read_text(person))
    for words in ("Dear Rosalind Ashcroft", "4 Quarry Lane", "Seaford", "TN1 1AA", "We said yes.",
                  "There are some conditions.", "You try it first.", "Shown to the carers first", WHY,
                  "We get the equipment ready",
                  "1 September 2026", "How to complain", "Local Government and Social Care Ombudsman",
                  "Parliamentary and Health Service Ombudsman", "0300 000 0000"):  # fmt: skip
        assert words in text, words
    for name in ("Christine Hale", "Peter Adeyemi", "Priya Nair", "Paula Marsh", case["made_by_name"], "senior.ot"):
        assert name not in text
    assert min(pdfs.sizes_of(person)) >= 12
    logged = await query("SELECT detail FROM audit_event WHERE action = 'panel_letter_read' AND chain = 'senior.ot'")
    assert [line["detail"]["to"] for line in logged] == ["prescriber", "person", "person"]


async def test_each_kind_of_decision_has_its_letter(jsep: Panel, as_senior_ot: AsyncClient, sign_in: SignIn) -> None:
    deferred = await jsep.listed()
    said: dict[str, Any] = {"conditions": ["A second quote"], "review_on": "2026-03-20"}
    case = done(await jsep.decide(deferred, "defer", **said))
    person = " ".join(pdfs.read_text(await letter(as_senior_ot, deferred, case["decisions"][0]["number"], "person")))
    assert (
        "We have not decided yet. We need to know more first. We asked for this by 20 March 2026: • A second" in person
    )
    to_prescriber = await letter(as_senior_ot, deferred, case["decisions"][0]["number"], "prescriber")
    assert "Answer by 20 March 2026" in " ".join(pdfs.read_text(to_prescriber))
    declined = await jsep.listed()
    case = done(await jsep.decide(declined, "decline", alternative="A standard chair with a wedge."))
    person = " ".join(pdfs.read_text(await letter(as_senior_ot, declined, case["decisions"][0]["number"], "person")))
    assert "We said no to this equipment. What there is instead A standard chair with a wedge. Why" in person
    urgent = await jsep.submitted(urgent=True)
    acted: dict[str, Any] = {"decision": "approve", "reasons": WHY, "funding": SPLIT}
    case = await jsep.post("chair", f"/panel-cases/{urgent}/chair-action", **acted)
    person = " ".join(pdfs.read_text(await letter(as_senior_ot, urgent, case["decisions"][0]["number"], "person")))
    assert "We decided this quickly, because it was urgent." in person
    other = LETTER.format(declined, case["decisions"][0]["number"])
    check_problem(await as_senior_ot.get(f"/api/v1{other}"), 404, "unknown-decision")
    check_problem(await (await sign_in("student.ot")).get(f"/api/v1{other}"), 403, "not-your-case")
    bad = f"/api/v1{LETTER.format(declined, 1)}?to=neighbour"
    check_problem(await as_senior_ot.get(bad), 422)


async def test_nobody_writes_to_who_has_died(
    jsep: Panel, given: Given, as_senior_ot: AsyncClient, senior_ot: Browser
) -> None:
    client = await given.client(weight_kg=70, weighed_on="2026-02-01")
    number = await jsep.listed(await jsep.order(client=client))
    case = done(await jsep.decide(number, funding=SPLIT))
    page = await senior_ot.get(f"/panel-cases/{number}")
    links = [str(link["href"]) for link in page.soup.select('a[href*="/letter?to="]')]
    for link in links:
        assert (await senior_ot.client.get(link)).headers["content-type"] == "application/pdf"
    etag = (await as_senior_ot.get(f"/api/v1/clients/{client}")).headers["ETag"]
    died = {"died_on": "2026-03-01"}
    done(await as_senior_ot.patch(f"/api/v1/clients/{client}", json=died, headers={"If-Match": etag}))
    path = f"/api/v1{LETTER.format(number, case['decisions'][0]['number'])}"
    check_problem(await as_senior_ot.get(path, params={"to": "person"}), 409, "person-died")
    assert (await as_senior_ot.get(path)).status_code == 200
