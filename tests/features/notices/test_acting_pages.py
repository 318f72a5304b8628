"""The pages on which the items of a notice are traced, worked on and counted, until it is closed."""

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.lifecycle import State
from app.domain.notice_work import Handling
from app.models import SignInKind
from tests.browser import Browser
from tests.conftest import Clock, SignIn, Statements
from tests.features.notices.activated import QUESTION, activate, line, relevant
from tests.features.notices.test_pages import table
from tests.given import Given


async def test_items_are_traced_worked_on_and_the_notice_closed_by_page(
    given: Given, safety: Browser, technician: Browser, ot: Browser, as_safety: AsyncClient, session: AsyncSession,
    clock: Clock, sign_in: SignIn, statements: Statements,
) -> None:  # fmt: skip
    bed = await given.product("BED", name="Profiling bed", manufacturer="Harbour Beds", model="Community 3")
    client = await given.client("C-77", name="Una Quick")
    [shelf] = await given.items(1, product=bed, bay="A1")
    home = await given.item(State.ON_LOAN, product=bed, client=client)
    notice_id = await relevant(as_safety)
    await activate(session, notice_id, [line(feature=QUESTION)], at=clock.now)
    here = f"/safety-notices/{notice_id}"

    front = await safety.get("/")
    assert "2 of 2" in front.text
    work = await technician.get(f"{here}/matches")
    assert table(work, "Where they are")[:2] == [["In store", "0", "1", "1", "1"], ["At homes", "0", "1", "1", "1"]]
    assert [row[-2] for row in table(work, "All items")] == [
        "In store In stock On hold MAIN, bay A1",
        "At homes On loan On hold C-77",
    ]
    assert len(table(await technician.get(f"{here}/matches?where=with_client"), "At homes")) == 1
    assert len(table(await technician.get(f"{here}/matches?state=open"), "Nothing done yet")) == 2
    assert (await technician.get(f"{here}/matches?where=nowhere")).status == 422

    page = await technician.get(f"{here}/matches/{shelf}")
    assert "Only a look can tell" in page.text
    assert "so nobody can have failed to open there" in page.text
    assert set((await technician.post_form(f"{here}/matches/{shelf}", notes="")).errors) == {"done", "notes"}
    wrong = await technician.post_form(f"{here}/matches/{shelf}", done="inspected", notes="Looked at.")
    assert "The notice asks" in next(iter(wrong.errors.values()))
    seen = await technician.follow(
        await technician.post_form(
            f"{here}/matches/{shelf}", done="inspected", answer_0="no", notes="Steel. Photograph on file."
        )
    )
    assert seen.banner == "It is recorded. The notice does not hold it."
    assert table(seen, "What was done, the newest first")[0][1] == f"{QUESTION} No Steel. Photograph on file."

    homes = await technician.get(f"{here}/homes")
    assert "Una Quick" in table(homes, "Homes")[0][1]
    assert (await ot.get(f"{here}/homes")).status == 403
    await technician.post_form(
        f"{here}/matches/{home}", done="contacted", channel="phone", notes="Will be there on Monday."
    )
    await technician.post_form(f"{here}/matches/{home}", done="corrected", notes="A new catch was fitted.")
    counts = await safety.get(f"{here}/reconciliation")
    assert "1 item: corrected, and nobody else has checked that." in counts.text
    await safety.post_form(f"{here}/matches/{home}", done="cleared", notes="Seen: it holds.")
    statements.clear()
    counts = await safety.get(f"{here}/reconciliation")
    assert len(statements) <= 16
    assert "The counts add up" in counts.text
    asked = await safety.follow(await safety.post_form(f"{here}/close", on=f"{here}/reconciliation"))
    assert "You asked for it" in asked.text
    safety2 = Browser(await sign_in("safety2", kind=SignInKind.PAGE))
    closed = await safety2.follow(await safety2.post_form(f"{here}/close", on=f"{here}/reconciliation"))
    assert "Its record is final." in closed.text
    assert "This notice is closed" in (await technician.get(f"{here}/matches/{home}")).text
    pdf = await safety.client.get(f"{here}/evidence.pdf")
    assert pdf.content.startswith(b"%PDF")
    assert (await safety.client.get(f"{here}/evidence.csv")).text.count("\r\n") == 3
    assert (await safety.client.get(f"{here}/reply.csv")).status_code == 200
    assert (await safety.get("/safety-notices/999999/matches")).status == 404
    assert (await safety.get(f"/safety-notices/999999/matches/{home}")).status == 404


async def test_people_are_reviewed_by_page(
    given: Given, ot: Browser, technician: Browser, as_safety: AsyncClient, session: AsyncSession, clock: Clock
) -> None:
    bed = await given.product("BED", name="Profiling bed", manufacturer="Harbour Beds", model="Community 3")
    await given.item(State.ON_LOAN, product=bed, client=await given.client("C-77", name="Una Quick"))
    notice_id = await relevant(as_safety)
    await activate(session, notice_id, [line()], at=clock.now, handling=Handling.ADVICE)
    here = f"/safety-notices/{notice_id}/reviews"
    assert "Una Quick" in table(await ot.get(here), "To be done")[0][0]
    assert set((await ot.post_form(f"{here}/C-77")).errors) == {"outcome", "note"}
    done = await ot.follow(await ot.post_form(f"{here}/C-77", outcome="no_change", note="Assessed on 3 March."))
    assert done.banner == "The review of C-77 is recorded."
    assert "Assessed on 3 March." in table(await ot.get(f"{here}?done=true"), "Done")[0][3]
    more = await ot.get(f"{here}/C-77")
    assert [one["value"] for one in more.soup.select("[name=outcome]")] == ["no_change", "changed"]
    await ot.post_form(f"{here}/C-77", outcome="changed", note="The rails were loose after all.")
    assert len(table(await ot.get(f"{here}?done=true"), "Done")) == 2
    assert (await ot.get(f"{here}/C-78")).status == 404
