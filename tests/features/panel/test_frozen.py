"""What the panel saw is opened again: by whom, in which forms, and what its hash says."""

from io import BytesIO

from httpx import AsyncClient
from pypdf import PdfReader
from sqlalchemy import text

from app.features.panel.frozen import verify_papers
from tests.browser import Browser
from tests.conftest import Query, Sessions, SignIn
from tests.features.panel.conftest import NEED, SPLIT, WHY, Panel, done
from tests.features.panel.test_attachments import attach
from tests.problems import check_problem
from tests.test_uploads import PDF


async def test_each_decision_opens_what_was_seen_for_it_and_its_hash_is_made_again(
    jsep: Panel, as_senior_ot: AsyncClient, senior_ot: Browser, sign_in: SignIn, query: Query, sessions: Sessions
) -> None:
    number = await jsep.draft()
    done(await attach(as_senior_ot, number, PDF, title="A quote"), 201)
    done(await as_senior_ot.post(f"/api/v1/panel-cases/{number}/submit"))
    await jsep.post("panel2", f"/panel-cases/{number}/screen")
    await jsep.post("panel1", f"/panel-cases/{number}/recommendations", 201, recommendation="approve", reasons=WHY)
    await jsep.meeting(number)
    decision = done(await jsep.decide(number, funding=SPLIT))["decisions"][0]
    path = f"/panel-cases/{number}/decisions/{decision['number']}/papers"
    found = done(await as_senior_ot.get(f"/api/v1{path}"))
    assert (found["holds"], found["digest"], found["digest_now"]) == (True, decision["digest"], decision["digest"])
    assert (found["seen"]["case"]["need"], found["seen"]["recommendations"][0]["reasons"]) == (NEED, WHY)
    auditor = await sign_in("auditor")
    assert done(await auditor.get(f"/api/v1{path}")) == found
    answer = await auditor.get(f"/api/v1{path}", params={"format": "pdf"})
    whole = " ".join(" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(answer.content)).pages)
    for words in (NEED, WHY, decision["digest"], "nothing was changed", "Peter Adeyemi", "Attachment 1: A quote",
                  "Approved", "Who was there"):  # fmt: skip
        assert words in whole, words
    check_problem(await (await sign_in("student.ot")).get(f"/api/v1{path}"), 403, "not-your-case")
    check_problem(await (await sign_in("admin")).get(f"/api/v1{path}"), 403)
    check_problem(await as_senior_ot.get(f"/api/v1/panel-cases/{number}/decisions/99999/papers"), 404)
    page = await senior_ot.get(f"/panel-cases/{number}")
    assert page.soup.select_one(f'a[href="{path}"]')
    assert "its hash is the same" in (await senior_ot.get(path)).text
    page = await Browser(auditor).get("/panel-decisions")
    assert page.soup.select_one(f'a[href="{path}"]')
    logged = await query("SELECT chain FROM audit_event WHERE action = 'panel_frozen_papers_read'")
    assert {line["chain"] for line in logged} == {"senior.ot", "auditor"}
    async with sessions() as session:
        assert await verify_papers(session) == (2, None)


async def test_what_was_changed_behind_the_panels_back_is_named(
    jsep: Panel, as_senior_ot: AsyncClient, sessions: Sessions
) -> None:
    number = await jsep.listed()
    decision = done(await jsep.decide(number, funding=SPLIT))["decisions"][0]
    async with sessions.begin() as session:
        await session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        await session.execute(text("ALTER TABLE panel_decision DISABLE TRIGGER USER"))
        await session.execute(text("UPDATE panel_decision SET seen = jsonb_set(seen, '{quorum}', '1')"))
        await session.execute(text("ALTER TABLE panel_decision ENABLE TRIGGER USER"))
    found = done(await as_senior_ot.get(f"/api/v1/panel-cases/{number}/decisions/{decision['number']}/papers"))
    assert (found["holds"], found["digest"]) == (False, decision["digest"])
    async with sessions() as session:
        assert (await verify_papers(session))[1] == f"Decision {decision['number']} of panel case {number}"
