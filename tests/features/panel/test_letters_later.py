"""Letters that are read later: what holds no more says so, and an appeal is offered only where there is one."""

from typing import Any

from httpx import AsyncClient

from app.features.panel.lapsing import expire_approvals
from tests import pdfs
from tests.browser import Browser
from tests.conftest import Clock, Sessions
from tests.features.panel.conftest import SPLIT, WHY, Panel, done
from tests.problems import check_problem


async def read(client: AsyncClient, number: str, decision: int, to: str, about: str = "decision") -> str:
    """What one letter says."""
    path = f"/api/v1/panel-cases/{number}/decisions/{decision}/letter"
    answer = await client.get(path, params={"to": to, "about": about})
    assert answer.status_code == 200, answer.text
    return " ".join(" ".join(pdfs.read_text(answer.content)).split())


async def test_what_was_not_ratified_says_so_on_top_and_has_a_letter(
    jsep: Panel, as_senior_ot: AsyncClient, senior_ot: Browser, clock: Clock
) -> None:
    number = await jsep.submitted(urgent=True)
    acted: dict[str, Any] = {"decision": "approve", "reasons": WHY, "funding": SPLIT}
    case = await jsep.post("chair", f"/panel-cases/{number}/chair-action", **acted)
    made = case["decisions"][0]["number"]
    person = await read(as_senior_ot, number, made, "person")
    assert "Our next meeting looks at it first." in person
    assert "You can ask us" not in person
    early = f"/api/v1/panel-cases/{number}/decisions/{made}/letter?about=end"
    check_problem(await as_senior_ot.get(early), 404, "has-not-ended")
    await jsep.meeting()
    no: dict[str, Any] = {"ratified": False, "reasons": "A tilt chair of the store does the same."}
    await jsep.post("chair", f"/panel-cases/{number}/ratify", **no)
    person = await read(as_senior_ot, number, made, "person")
    for words in ("What this letter says does not count any more.", "our meeting looked at it, and did not say yes"):
        assert words in person
    for untrue in ("We said yes. You can have", "We get the equipment ready", "You can ask us to look at it again"):
        assert untrue not in person
    prescriber = await read(as_senior_ot, number, made, "prescriber")
    assert "This approval does not hold any more." in prescriber
    assert "goes on by itself" not in prescriber
    assert "you can appeal" not in prescriber
    person = await read(as_senior_ot, number, made, "person", "end")
    for words in ("something has changed", no["reasons"], "We do not bring the equipment now."):
        assert words in person
    prescriber = await read(as_senior_ot, number, made, "prescriber", "end")
    for words in ("Not ratified", no["reasons"], "waits for the panel again"):
        assert words in prescriber
    page = await senior_ot.get(f"/panel-cases/{number}")
    assert len(page.soup.select('a[href$="about=end"]')) == 2


async def test_what_expired_has_a_letter(
    jsep: Panel, as_senior_ot: AsyncClient, clock: Clock, sessions: Sessions
) -> None:
    number = await jsep.listed()
    made = done(await jsep.decide(number, funding=SPLIT, expires_on=clock.day(5)))["decisions"][0]["number"]
    clock.move(days=6)
    async with sessions.begin() as session:
        assert await expire_approvals(session, today=clock.now.date(), actor="worker", at=clock.now) == 1
    person = await read(as_senior_ot, number, made, "person")
    assert "Our yes ended on" in person
    assert "nothing was handed over by then" in await read(as_senior_ot, number, made, "person", "end")


async def test_an_appeal_is_offered_only_where_it_is_possible(jsep: Panel, as_senior_ot: AsyncClient) -> None:
    plain = await jsep.listed()
    made = done(await jsep.decide(plain, funding=SPLIT))["decisions"][0]["number"]
    assert "you can appeal" not in await read(as_senior_ot, plain, made, "prescriber")
    assert "We said yes to what was asked for." in await read(as_senior_ot, plain, made, "person")
    number = await jsep.declined()
    first = (await jsep.get(f"/panel-cases/{number}"))["decisions"][0]["number"]
    assert "you can appeal" in await read(as_senior_ot, number, first, "prescriber")
    grounds = {"grounds": "The tilt chair was tried in May, and she slid out of it."}
    await jsep.post("senior.ot", f"/panel-cases/{number}/appeal", 201, **grounds)
    assert "We look at it again already." in await read(as_senior_ot, number, first, "person")
    await jsep.hearing(number)
    heard = done(await jsep.decide(number, "decline", by="panel3"))["decisions"][0]["number"]
    assert "we do that once" in await read(as_senior_ot, number, heard, "person")
    assert "complains to the service" in await read(as_senior_ot, number, heard, "prescriber")
    assert "We decided again on" in await read(as_senior_ot, number, first, "person")
    # It was declined without anything instead.
    assert "The panel named nothing." in await read(as_senior_ot, number, heard, "prescriber")
    assert "We have not named anything else yet." in await read(as_senior_ot, number, heard, "person")


async def test_an_interest_that_came_out_later_is_named(jsep: Panel, as_senior_ot: AsyncClient, clock: Clock) -> None:
    number = await jsep.listed()
    made = done(await jsep.decide(number, funding=[{"funder": "ASC", "percent": 100}]))["decisions"][0]["number"]
    clock.move(days=1)
    await jsep.post("panel1", f"/panel-cases/{number}/interests", 201, kind="related", detail="Her cousin.")
    prescriber = await read(as_senior_ot, number, made, "prescriber")
    assert "Peter Adeyemi took part, and declared only on 3 March 2026: is related to the person." in prescriber
    person = await read(as_senior_ot, number, made, "person")
    assert "why they should not have taken part" in person
    assert "Peter" not in person
    # With too few left it holds no more, and that is what the letter says first.
    await jsep.post("panel2", f"/panel-cases/{number}/interests", 201, kind="related", detail="Her cousin, too.")
    assert "What this letter says does not count any more." in await read(as_senior_ot, number, made, "person")


async def test_words_of_another_script_are_said_to_be_missing(jsep: Panel, as_senior_ot: AsyncClient) -> None:
    number = await jsep.listed()
    reasons = "She needs it: 車いす が 必要 every day."
    made = done(await jsep.decide(number, reasons=reasons, funding=SPLIT))["decisions"][0]["number"]
    said = await read(as_senior_ot, number, made, "person")
    assert "She needs it: [words in letters that cannot be printed here: read them on the screen] every day." in said
