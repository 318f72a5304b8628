"""Files of a case: attached while it is drawn up, judged by what they hold, frozen with it, read by who reads it."""

from typing import Any

import pytest
from httpx import AsyncClient, Response

from app.features.panel import attachments
from tests import pdfs
from tests.browser import Browser, Page, page_from
from tests.conftest import Clock, Query, SignIn
from tests.features.panel.conftest import SPLIT, Panel, done
from tests.problems import check_problem
from tests.test_uploads import PDF, picture


async def attach(client: AsyncClient, number: str, content: bytes = PDF, **said: Any) -> Response:
    """Attach a file by the API."""
    name = said.pop("name", "quote.pdf")
    path = f"/api/v1/panel-cases/{number}/attachments"
    return await client.post(path, files={"file": (name, content, "application/pdf")}, data=said)


async def test_what_is_attached_is_frozen_with_the_case_and_with_its_decision(
    jsep: Panel, as_senior_ot: AsyncClient, sign_in: SignIn, query: Query, clock: Clock
) -> None:
    number = await jsep.draft()
    quote = done(await attach(as_senior_ot, number, title="Quote of Weald Seating"), 201)
    assert (quote["title"], quote["name"], quote["media_type"], quote["pages"]) == (
        "Quote of Weald Seating",
        "quote.pdf",
        "application/pdf",
        2,
    )
    photo = done(await attach(as_senior_ot, number, picture(), name="C:\\Users\\her\\chair.png"), 201)
    assert (photo["title"], photo["media_type"], photo["pages"]) == ("chair.png", "image/jpeg", 1)
    clock.move(minutes=1)
    done(await as_senior_ot.post(f"/api/v1/panel-cases/{number}/submit"))
    await jsep.post("panel2", f"/panel-cases/{number}/screen")
    await jsep.meeting(number)
    done(await jsep.decide(number, funding=SPLIT))
    hashes = [quote["sha256"], photo["sha256"]]
    kept = "SELECT content -> 'attachments' AS files FROM panel_case_version UNION ALL "
    kept += "SELECT seen -> 'case' -> 'attachments' FROM panel_decision"
    frozen, seen = [row["files"] for row in await query(kept)]
    assert ([one["sha256"] for one in frozen], frozen) == (hashes, seen)
    assert seen[0]["title"] == "Quote of Weald Seating"


async def test_whoever_may_read_the_case_reads_its_files_and_each_reading_is_logged(
    jsep: Panel, as_senior_ot: AsyncClient, sign_in: SignIn, query: Query
) -> None:
    number = await jsep.draft()
    quote = done(await attach(as_senior_ot, number), 201)
    path = f"/api/v1/panel-cases/{number}/attachments"
    member = await sign_in("panel1")
    for client in (member, await sign_in("student.ot")):
        check_problem(await client.get(path), 403, "not-your-case")
        check_problem(await client.get(f"{path}/{quote['number']}"), 403, "not-your-case")
    done(await as_senior_ot.post(f"/api/v1/panel-cases/{number}/submit"))
    answer = await member.get(f"{path}/{quote['number']}")
    assert answer.content == PDF
    kept = f'attachment; filename="panel-case-attachment-{quote["number"]}.pdf"'
    assert {
        name: answer.headers[name] for name in ("content-type", "content-disposition", "x-content-type-options")
    } == {
        "content-type": "application/pdf",
        "content-disposition": kept,
        "x-content-type-options": "nosniff",
    }
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    logged = await query("SELECT chain, detail FROM audit_event WHERE action = 'panel_attachment_read'")
    assert logged == [{"chain": "panel1", "detail": {"case": number, "attachment": quote["number"]}}]
    other = await jsep.submitted()
    check_problem(
        await member.get(f"/api/v1/panel-cases/{other}/attachments/{quote['number']}"), 404, "unknown-attachment"
    )


async def test_a_file_comes_and_goes_only_while_the_case_can_be_mended(
    jsep: Panel, as_senior_ot: AsyncClient, sign_in: SignIn, clock: Clock
) -> None:
    number = await jsep.draft()
    path = f"/api/v1/panel-cases/{number}/attachments"
    first = done(await attach(as_senior_ot, number), 201)
    assert (await as_senior_ot.delete(f"{path}/{first['number']}")).status_code == 204
    assert done(await as_senior_ot.get(path))["items"] == []
    check_problem(await as_senior_ot.get(f"{path}/{first['number']}"), 404, "unknown-attachment")
    check_problem(await as_senior_ot.delete(f"{path}/{first['number']}"), 404, "unknown-attachment")
    again = done(await attach(as_senior_ot, number), 201)
    check_problem(await attach(as_senior_ot, number), 409, "attached-already")

    clock.move(minutes=1)
    done(await as_senior_ot.post(f"/api/v1/panel-cases/{number}/submit"))
    clock.move(minutes=1)
    check_problem(await attach(as_senior_ot, number, picture()), 409, "wrong-state")
    check_problem(await as_senior_ot.delete(f"{path}/{again['number']}"), 409, "wrong-state")
    gaps = ["A quote of this year"]
    await jsep.post("panel2", f"/panel-cases/{number}/screen", outcome="incomplete", gaps=gaps)
    assert (await as_senior_ot.delete(f"{path}/{again['number']}")).status_code == 204
    [line] = done(await as_senior_ot.get(path))["items"]
    assert (line["number"], line["taken_out_by"]) == (again["number"], "senior.ot")
    member = await sign_in("panel1")
    assert (await member.get(f"{path}/{again['number']}")).content == PDF
    check_problem(await attach(await sign_in("student.ot"), number), 403, "not-your-case")


async def test_what_no_case_takes_is_refused_with_what_it_would_take(
    jsep: Panel, as_senior_ot: AsyncClient, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await jsep.draft()
    path = f"/api/v1/panel-cases/{number}/attachments"
    check_problem(await as_senior_ot.post(path, json={"file": "x"}), 422, "file-missing")
    check_problem(await as_senior_ot.post(path, data={"file": "words"}), 422, "file-missing")
    check_problem(await attach(as_senior_ot, number, title="x" * 201), 422, "bad-title")
    check_problem(await attach(as_senior_ot, number, b"MZ" + bytes(99), name="quote.pdf"), 422, "file-unknown")
    docx = check_problem(await attach(as_senior_ot, number, b"PK\x03\x04" + bytes(99)), 422, "file-unknown")
    assert "Save it as PDF" in docx["detail"]
    check_problem(await attach(as_senior_ot, number, pdfs.with_script()), 422, "file-active")
    check_problem(await attach(as_senior_ot, number, b""), 422, "file-empty")
    check_problem(await attach(as_senior_ot, number, b"%PDF-" + bytes(10_050_000)), 422, "file-too-large")
    check_problem(await attach(as_senior_ot, number, b"%PDF-" + bytes(11_000_000)), 413, "too-large")
    check_problem(await as_senior_ot.post(path, headers={"Content-Length": "200000000"}), 413, "too-large")
    check_problem(await attach(as_senior_ot, "P999999"), 404, "unknown-case")
    assert await query("SELECT id FROM panel_attachment") == []
    monkeypatch.setattr(attachments, "MOST", 1)
    done(await attach(as_senior_ot, number), 201)
    check_problem(await attach(as_senior_ot, number, picture()), 409, "too-many-attachments")
    monkeypatch.setattr(attachments, "MOST", 9)
    monkeypatch.setattr(attachments, "MOST_TOGETHER", len(PDF))
    check_problem(await attach(as_senior_ot, number, picture()), 409, "too-many-attachments")


async def send(browser: Browser, path: str, content: bytes | None, **typed: str) -> Page:
    """Choose the file on the form, and send it."""
    page = await browser.get(path)
    form = page.soup.select_one('form[enctype="multipart/form-data"]')
    assert form is not None
    hidden = {str(one["name"]): str(one["value"]) for one in form.select('input[type="hidden"]')}
    files = {"file": ("quote.pdf", content, "application/pdf")} if content is not None else None
    return page_from(await browser.client.post(path, data={**hidden, **typed}, files=files))


async def test_files_are_attached_on_the_pages_of_the_draft(
    jsep: Panel, senior_ot: Browser, chair: Browser, clock: Clock
) -> None:
    number = await jsep.draft()
    here = f"/panel-cases/{number}"
    assert "Quotes, reports and photographs" in (await senior_ot.get(here)).text
    for content, says in ((None, "Choose a PDF"), (b"MZ" + bytes(9), "whatever its name says"), (b"", "empty")):
        refused = await send(senior_ot, f"{here}/attachments", content)
        assert refused.status == 422
        assert says in refused.errors["file"]
    page = await senior_ot.follow(await send(senior_ot, f"{here}/attachments", PDF, title="The quote"))
    assert page.banner == "It is attached to the case."
    assert "PDF, 2 pages" in page.text
    [link] = page.soup.select('[data-testid="attachment"] a')
    assert "1 attached" in (await senior_ot.get(here)).text
    gone = await senior_ot.follow(await senior_ot.send(page, f"{link['href']}/take-out"))
    assert "Nothing is attached yet." in gone.text
    await senior_ot.follow(await send(senior_ot, f"{here}/attachments", PDF, title="The quote"))
    clock.move(minutes=1)
    await jsep.post("senior.ot", f"{here}/submit")
    page = await chair.get(here)
    [link] = page.soup.select(f'a[href^="{here}/attachments/"]')
    assert link.get_text() == "The quote"
    assert (await chair.client.get(str(link["href"]))).content == PDF
    late = await send(senior_ot, f"{here}/attachments", picture())
    assert late.status == 409
