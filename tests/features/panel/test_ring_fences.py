"""What was lent on the condition that it comes back for the same service is kept for that team until it is lifted."""

from typing import Any

from sqlalchemy import text

from tests.browser import Browser
from tests.conftest import Query, Sessions, Statements
from tests.features.panel.conftest import SPLIT, Panel, done
from tests.given import Given
from tests.problems import check_problem

WHY = {"reason": "The team closed its seating clinic and agrees."}
ANOTHER_TEAM = text("""
    WITH made AS (INSERT INTO team (code, name) VALUES ('SOUTH', 'South team') RETURNING id)
    UPDATE prescriber SET team_id = made.id FROM made
""")
PATH = "/api/v1/items/{}/ring-fence/lift"


async def refurbished(given: Given, barcode: str) -> str:
    """It comes back and goes to the shelf; what its return was answered with."""
    [returned] = await given.scan(barcode)
    await given.cleaning(barcode)
    await given.cleaned(barcode)
    await given.inspected(barcode)
    await given.released(barcode)
    return returned.next_step.text


async def came_back(jsep: Panel, given: Given, product: str) -> tuple[str, str, str]:
    """An item that was lent so and is on the shelf again; its tag, its case, and what its return was answered with."""
    barcode = await jsep.recycled(product)
    order = await jsep.order(product)
    number = await jsep.listed(order)
    done(await jsep.decide(number, "approve_with_conditions", conditions=["ring_fenced_return"], funding=SPLIT))
    for step in ("allocate", "dispatch"):
        await jsep.post("technician", f"/orders/{order}/{step}")
    await jsep.post("technician", f"/orders/{order}/deliver", received_by="Her son")
    return barcode, number, await refurbished(given, barcode)


async def special(given: Given) -> str:
    """A product that only panels decide."""
    return await given.product(tier="highly_specialist", purchase_price_pence=310_000)


async def to_another_team(sessions: Sessions) -> None:
    """All who prescribe work for another team from now on."""
    async with sessions.begin() as session:
        await session.execute(ANOTHER_TEAM)


async def explained(jsep: Panel, product: str) -> dict[str, Any]:
    """What a new order of the product gets, and why."""
    number = await jsep.order(product)
    [line] = (await jsep.get(f"/orders/{number}"))["lines"]
    explanation: dict[str, Any] = line["explanation"]
    return explanation


async def test_its_team_gets_it_first_and_other_teams_do_not(
    jsep: Panel, given: Given, sessions: Sessions, query: Query
) -> None:
    product = await special(given)
    [older] = await given.items(1, product=product)
    barcode, case, next_step = await came_back(jsep, given, product)
    await given.trial(older)
    assert "ring-fenced" not in await refurbished(given, older)
    [team] = await query("SELECT name FROM team")
    said = f"It is ring-fenced for {team['name']} by panel case {case}."
    assert next_step.endswith(said)
    item = await jsep.get(f"/items/{barcode}", by="technician")
    assert item["ring_fence"] == {
        "team": team["name"],
        "case_number": case,
        "panel": "Joint Specialist Equipment Panel",
    }
    ours = await explained(jsep, product)
    assert [one["barcode"] for one in ours["chosen"]] == [barcode]
    assert {one["barcode"]: one["code"] for one in ours["others"]} == {older: "not-ring-fenced"}
    # Held for an order it stays; what others order gets the other one.
    await to_another_team(sessions)
    theirs = await explained(jsep, product)
    assert [one["barcode"] for one in theirs["chosen"]] == [older]


async def test_others_are_told_who_can_lift_it_and_then_have_it(
    jsep: Panel, given: Given, sessions: Sessions, query: Query
) -> None:
    product = await special(given)
    barcode, case, _ = await came_back(jsep, given, product)
    [team] = await query("SELECT name FROM team")
    await to_another_team(sessions)
    client = await given.client(weight_kg=70, weighed_on="2026-02-01")
    senior, store = await jsep.sign_in("senior.ot"), await jsep.sign_in("technician")
    kept = {"client_ref": client, "until": given.today.isoformat()}
    for person in (senior, store):
        answer = await person.post("/api/v1/reservations", json={"barcode": barcode, **kept})
        check_problem(answer, 409, "ring-fenced")
        assert answer.json()["detail"] == (
            f"It is ring-fenced for {team['name']} by panel case {case}. Take another one, or order it for that team. "
            "A manager or the chair of Joint Specialist Equipment Panel can lift that."
        )
    answer = await senior.post("/api/v1/reservations", json={"product_code": product, **kept})
    check_problem(answer, 409, "no-stock")
    assert f"What is ring-fenced for {team['name']} is for them alone." in answer.json()["detail"]
    lent = {"barcode": barcode, "client_ref": client, "kind": "trial", "trial_ends_on": "2026-03-05"}
    check_problem(await senior.post("/api/v1/loans", json=lent), 409, "ring-fenced")
    none = await explained(jsep, product)
    assert none["chosen"] == []
    assert {one["barcode"]: one["code"] for one in none["others"]} == {barcode: "ring-fenced"}
    [here] = [one for one in (await jsep.get(f"/products/{product}"))["availability"] if one["ring_fenced_for"]]
    assert (here["recycled"], here["new"], here["ring_fenced_for"]) == (0, 0, [team["name"]])
    chair = await jsep.sign_in("chair")
    check_problem(await chair.post(PATH.format(barcode), json={"reason": "x"}), 422, "malformed")
    done(await chair.post(PATH.format(barcode), json=WHY), 204)
    check_problem(await chair.post(PATH.format(barcode), json=WHY), 409, "not-ring-fenced")
    [kept_why] = await query("SELECT detail FROM audit_event WHERE action = 'ring_fence_lifted'")
    assert kept_why["detail"] == {"case": case, "team": team["name"], **WHY}
    [here] = [one for one in (await jsep.get(f"/products/{product}"))["availability"] if one["recycled"]]
    assert (here["recycled"], here["ring_fenced_for"]) == (1, [])
    done(await senior.post("/api/v1/reservations", json={"barcode": barcode, **kept}), 201)


async def test_what_its_team_lends_without_a_panel_does_not_free_it(
    jsep: Panel, given: Given, sessions: Sessions, statements: Statements, query: Query
) -> None:
    product = await special(given)
    [other] = await given.items(1, product=product)
    barcode, _, _ = await came_back(jsep, given, product)
    senior = await jsep.sign_in("senior.ot")
    kept = {"client_ref": await given.client(), "until": given.today.isoformat()}
    counts = []
    for one in (other, barcode):
        statements.clear()
        made = done(await senior.post("/api/v1/reservations", json={"barcode": one, **kept}), 201)
        counts.append(len(statements))
        done(await senior.delete(f"/api/v1/reservations/{made['id']}"), 204)
    # Whose team asks is read only where it matters.
    assert counts[1] == counts[0] + 1
    await given.trial(barcode)
    assert "ring-fenced" in await refurbished(given, barcode)
    await to_another_team(sessions)
    answer = await senior.post("/api/v1/reservations", json={"barcode": barcode, **kept})
    check_problem(answer, 409, "ring-fenced")


async def test_only_a_manager_or_a_chair_of_that_panel_lifts_it(
    jsep: Panel, given: Given, sessions: Sessions, chair: Browser, manager: Browser, ot: Browser
) -> None:
    barcode, case, _ = await came_back(jsep, given, await special(given))
    path = f"/items/{barcode}/ring-fence/lift"
    assert "It comes back for that team" in (await ot.get(f"/items/{barcode}")).text
    assert (await ot.get(path)).status == 403
    page = await chair.get(f"/panel-cases/{case}")
    assert "Ring-fenced for the team" in page.text
    async with sessions.begin() as session:
        await session.execute(text("UPDATE panel_member SET is_chair = false"))
    page = await chair.post_form(path, **WHY)
    assert "You do not chair Joint Specialist Equipment Panel." in page.text
    page = await manager.post_form(path, reason="")
    assert page.errors == {"reason": "Say why others may have it."}
    page = await manager.follow(await manager.post_form(path, **WHY))
    assert "is lifted: any team can have it" in page.banner
    assert "Ring-fenced" not in page.text
    assert "nothing to lift" in (await manager.get(path)).text
    assert (await manager.get("/items/ES999999999/ring-fence/lift")).status in {404, 422}
    missing = await (await jsep.sign_in("manager")).post(PATH.format("ES000999928"), json=WHY)
    assert missing.status_code in {404, 422}
