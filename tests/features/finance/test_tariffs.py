"""Rates: begun, replaced and ended by the API and the pages, and what something would cost by them."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.features.finance.conftest import Rates
from tests.given import Given
from tests.problems import check_problem

URL = "/api/v1/finance/tariffs"
REPAIR = {"kind": "repair", "starts_on": "2026-04-01", "pence": 2_200}
TAPER = [{"from_months": 0, "percent": 90}, {"from_months": 12, "percent": 75.5}]
APRIL = {"starts_on-day": "1", "starts_on-month": "4", "starts_on-year": "2026"}


async def close(connection: AsyncConnection, month: str) -> None:
    """A closed month."""
    row = "INSERT INTO finance_period VALUES (CAST(:month AS date), now(), 'finance', 0, '{}', '')"
    await connection.execute(text(row.replace(":month", f"'{month}'")))


async def test_a_rate_is_begun_found_replaced_and_ended_and_all_of_it_is_in_the_audit_trail(
    as_finance: AsyncClient, as_auditor: AsyncClient, query: Query
) -> None:
    made = await as_finance.post(URL, json=REPAIR)
    assert made.status_code == 201, made.text
    first = made.json()
    assert {name: first[name] for name in ("kind", "pence", "variant", "ends_on", "is_in_force", "made_by")} == {
        "kind": "repair",
        "pence": 2_200,
        "variant": "",
        "ends_on": None,
        "is_in_force": False,
        "made_by": "finance",
    }
    again = await as_finance.post(URL, json=REPAIR | {"starts_on": "2026-05-01", "pence": 2_500})
    said = check_problem(again, 409, "tariff-overlaps")
    assert f"Rate {first['id']} for the same thing is in force from 1 April 2026 on" in said["detail"]
    follower = {"starts_on": "2026-05-01", "pence": 2_500, "replaces": True}
    second = (await as_finance.post(URL, json=REPAIR | follower)).json()
    assert second["pence"] == 2_500
    one = (await as_auditor.get(f"{URL}/{first['id']}")).json()
    assert (one["ends_on"], one["ended_by"]) == ("2026-04-30", "finance")
    for day, found in (("2026-03-31", []), ("2026-04-30", [first["id"]]), ("2026-05-01", [second["id"]])):
        listed = (await as_auditor.get(URL, params={"on": day})).json()["items"]
        assert [row["id"] for row in listed] == found
    end = {"ends_on": "2026-06-30", "reason": "The workshop is not charged any more."}
    ended = await as_finance.post(f"{URL}/{second['id']}/end", json=end)
    assert ended.json()["ends_on"] == "2026-06-30"
    later = await as_finance.post(f"{URL}/{second['id']}/end", json=end | {"ends_on": "2026-07-01"})
    check_problem(later, 409, "tariff-ended", field="ends_on")
    trail = await query("SELECT action, detail->>'ends_on' AS ends FROM audit_event WHERE action LIKE 'tariff%'")
    assert [(line["action"], line["ends"]) for line in trail] == [
        ("tariff_added", None),
        ("tariff_ended", "2026-04-30"),
        ("tariff_added", None),
        ("tariff_ended", "2026-06-30"),
    ]


async def test_rates_are_for_a_product_or_a_category_and_of_several_that_fit_none_overlaps_another(
    as_finance: AsyncClient, given: Given
) -> None:
    code = await given.product()
    credit = {"kind": "credit", "starts_on": "2026-01-01", "taper": TAPER, "floor_pence": 3_000}
    made = [
        (await as_finance.post(URL, json=credit | about)).json()
        for about in ({}, {"product_code": code}, {"category": "1236"}, {"category": "12"})
    ]
    assert [(one["product_code"], one["category"]) for one in made] == [
        (None, None),
        (code, None),
        (None, "12 36"),
        (None, "12"),
    ]
    assert made[0]["taper"] == TAPER
    for asked, count in (({"product_code": code}, 1), ({"category": "12"}, 2), ({"kind": "hire"}, 0), ({}, 4)):
        assert len((await as_finance.get(URL, params=asked)).json()["items"]) == count
    page = (await as_finance.get(URL, params={"limit": 3})).json()
    rest = (await as_finance.get(URL, params={"limit": 3, "after": page["next"]})).json()
    assert [row["id"] for row in (*page["items"], *rest["items"])] == [one["id"] for one in made]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"pence": -1}, 422, "tariff-negative"),
        ({"percent": 5}, 422, "one-way-to-price"),
        ({"pence": None}, 422, "one-way-to-price"),
        ({"kind": "delivery", "variant": "tomorrow"}, 422, "unknown-variant"),
        ({"product_code": "NONE"}, 422, "unknown-product"),
        ({"ends_on": "2026-03-31"}, 422, "tariff-ends-before-it-starts"),
        ({"starts_on": "2026-02-28"}, 409, "period-closed"),
        ({"replaces": True}, 409, "nothing-to-replace"),
        ({"kind": "credit", "pence": None, "taper": TAPER[::-1]}, 422, "taper-not-in-order"),
        ({"kind": "credit", "pence": None, "percent": 100.01}, 422, "credit-above-the-charge"),
        ({"kind": "robbery"}, 422, "malformed"),
        ({"pence": 10**12}, 422, "malformed"),
        ({"category": "hoists"}, 422, "malformed"),
        ({"starts_on": "1/4/26"}, 422, "malformed"),
    ],
)
async def test_a_rate_that_cannot_be_is_refused(
    changes: dict[str, Any], status: int, code: str, as_finance: AsyncClient, connection: AsyncConnection
) -> None:
    await close(connection, "2026-02-01")
    body = {name: value for name, value in {**REPAIR, **changes}.items() if value is not None}
    check_problem(await as_finance.post(URL, json=body), status, code)


async def test_what_is_closed_stays_as_it_was_priced(as_finance: AsyncClient, connection: AsyncConnection) -> None:
    made = (await as_finance.post(URL, json=REPAIR | {"starts_on": "2026-01-01"})).json()
    await close(connection, "2026-02-01")
    end = {"ends_on": "2026-02-27", "reason": "It should have ended then."}
    refusal = check_problem(await as_finance.post(f"{URL}/{made['id']}/end", json=end), 409, "period-closed")
    assert "28 February 2026 or later" in refusal["detail"]
    follower = REPAIR | {"starts_on": "2026-01-01", "replaces": True}
    check_problem(await as_finance.post(URL, json=follower), 409, "period-closed")
    assert (await as_finance.post(f"{URL}/{made['id']}/end", json=end | {"ends_on": "2026-02-28"})).status_code == 200
    check_problem(await as_finance.post(f"{URL}/999/end", json=end), 404, "unknown-tariff")


async def test_a_rate_that_begins_on_the_same_day_cannot_be_replaced(as_finance: AsyncClient) -> None:
    await as_finance.post(URL, json=REPAIR)
    follower = REPAIR | {"pence": 1, "replaces": True}
    check_problem(await as_finance.post(URL, json=follower), 409, "starts-the-same-day")


async def test_a_rate_is_begun_once_whoever_sends_it_twice(as_finance: AsyncClient) -> None:
    key = {"Idempotency-Key": "rate-1"}
    first = await as_finance.post(URL, json=REPAIR, headers=key)
    second = await as_finance.post(URL, json=REPAIR, headers=key)
    assert first.json() == second.json()


async def test_the_page_shows_what_is_in_force_and_takes_a_new_rate(finance: Browser, auditor: Browser) -> None:
    assert "No rate is kept yet" in (await auditor.get("/finance/tariffs")).text
    new = "/finance/tariffs/new"
    empty = await finance.post_form(new, what=None)
    assert (empty.status, set(empty.errors)) == (422, {"what", "how", "starts_on"})
    without = await finance.post_form(new, what="repair:", how="fixed", **APRIL)
    assert without.errors == {"pence": "Enter the amount."}
    steps = await finance.post_form(new, what="credit:", how="taper", taper="0: 90\ntwelve: 75", **APRIL)
    assert "“twelve: 75” is no step" in steps.errors["taper"]
    wrong = await finance.send(steps, new, taper="0: 75\n12: 90")
    assert "less than the one before" in wrong.errors["taper"]
    kept = await finance.send(wrong, new, taper="0: 90\n12, 75.5 %\n", floor_pence="30", note="Contract 7")
    assert kept.goes_to is not None, kept.errors
    shown = await finance.follow(kept)
    assert (
        "90 % at first, 75.5 % from 12 months, of what was charged; nothing where the item cost less than £30"
        in shown.text
    )
    delivery = await finance.post_form(new, what="delivery:next_day", how="fixed", pence="24.00", **APRIL)
    assert delivery.goes_to is not None, delivery.errors
    twice = await finance.post_form(new, what="delivery:next_day", how="fixed", pence="25", **APRIL)
    assert twice.status == 409
    assert "is in force from 1 April 2026 on" in twice.errors["starts_on"]
    april = await auditor.get("/finance/tariffs?on=2026-04-01")
    assert april.table()[0] == ["Next working day", "Everything", "£24", "", "1 April 2026", "For good"]
    assert "begins later" in (await auditor.get("/finance/tariffs?kind=delivery")).text
    assert (await auditor.get("/finance/tariffs?kind=delivery&on=2026-04-01")).text.count("In force") == 1


async def test_a_rate_is_replaced_and_ended_on_its_page(finance: Browser, rate: Rates) -> None:
    first = await rate("recycled_issue", percent=25, vat_percent=20)
    page = await finance.get(f"/finance/tariffs/new?replaces={first['id']}")
    form = page.form("/finance/tariffs/new", {"what"})
    assert form.find("input", {"name": "percent"})["value"] == "25"  # type: ignore[index]
    sent = await finance.send(page, "/finance/tariffs/new", percent="30", **APRIL)
    assert sent.goes_to is not None, sent.errors
    old = await finance.get(f"/finance/tariffs/{first['id']}")
    assert "from 1 January 2020 to 31 March 2026" in old.text
    new = sent.goes_to
    assert set((await finance.post_form(new)).errors) == {"ends_on", "reason"}
    june = {"ends_on-day": "30", "ends_on-month": "6", "ends_on-year": "2026"}
    ended = await finance.post_form(new, reason="Agreed by the partners.", **june)
    assert ended.goes_to == new
    assert "to 30 June 2026" in (await finance.follow(ended)).banner


async def test_products_are_found_by_words_and_only_who_keeps_rates_sees_the_forms(
    finance: Browser, auditor: Browser, ot: Browser, given: Given, rate: Rates
) -> None:
    code = await given.product(name="Bath 50%_board")
    found = await finance.get("/finance/tariffs/new", q="50%_b")
    assert f"/finance/tariffs/new?product={code}" in {str(link["href"]) for link in found.soup.select("#found a")}
    assert "No product is found" in (await finance.get("/finance/tariffs/new", q="50_")).text
    kept = await rate("repair", pence=1)
    assert "End it" not in (await auditor.get(f"/finance/tariffs/{kept['id']}")).text
    assert (await ot.get("/finance/tariffs")).status == 403


async def test_what_something_would_cost_is_counted_as_charges_are(
    auditor: Browser, given: Given, rate: Rates, statements: Statements
) -> None:
    code = await given.product(purchase_price_pence=10_000)
    await rate("delivery", variant="next_day", pence=2_400, vat_percent=20)
    await rate("credit", taper=TAPER)
    url = f"/finance/tariffs/try?product={code}&speed=next_day&collection_speed=standard"
    statements.clear()
    page = await auditor.get(f"{url}&recycled=false&age=0&months=12")
    assert len(statements) <= 3
    rows = page.table()
    assert rows[0][:2] + rows[0][3:] == ["New purchase", "What it cost", "£100.00", ""]
    assert rows[1][:2] + rows[1][3:] == ["Delivery: Next working day", "Fixed rate", "£24.00", "£4.80"]
    assert [row[1] for row in rows if row[0] == "Credit on collection"] == ["75.5 % of £100 after 12 months"]
    assert rows[-1] == ["All of it", "", "", "£48.50", "£4.80"]
    used = await auditor.get(f"{url}&recycled=true&age=24&months=1")
    assert used.table()[0][:2] == ["Recycled issue", "No rate is in force No rate"]
    wrong = await auditor.get(f"{url}&recycled=false&age=0&months=many")
    assert (wrong.status, set(wrong.errors)) == (422, {"months"})
    unknown = await auditor.get("/finance/tariffs/try?product=NONE&months=1")
    assert (unknown.status, set(unknown.errors)) == (422, {"product"})


async def test_a_wrong_rate_is_withdrawn_before_its_first_day(
    as_finance: AsyncClient, query: Query, connection: AsyncConnection, clock: Clock
) -> None:
    made = (await as_finance.post(URL, json=REPAIR | {"starts_on": "2026-04-01"})).json()
    url = f"{URL}/{made['id']}/withdraw"
    check_problem(await as_finance.post(url, json={"reason": ""}), 422, "malformed")
    for change in ("DELETE FROM tariff", "TRUNCATE tariff CASCADE"):
        with pytest.raises(DBAPIError, match="tariff"):
            async with connection.begin_nested():
                await connection.execute(text(change))
    body = {"reason": "The decimal point was wrong."}
    gone = await as_finance.post(url, json=body)
    told = {"withdrawn_at": "2026-03-02T14:05:00Z", "withdrawn_by": "finance", "withdrawn_because": body["reason"]}
    assert (gone.status_code, gone.json()) == (200, made | told)
    assert (await as_finance.get(f"{URL}/{made['id']}")).json() == made | told
    for act, more in (("withdraw", {}), ("end", {"ends_on": "2026-05-01"})):
        check_problem(await as_finance.post(f"{URL}/{made['id']}/{act}", json=body | more), 409, "withdrawn-already")
    check_problem(await as_finance.post(f"{URL}/999/withdraw", json=body), 404, "unknown-tariff")
    assert (await as_finance.get(URL)).json()["items"] == []
    assert await query("SELECT tariff_id, rate->>'pence' AS pence, because, withdrawn_by FROM withdrawn_tariff") == [
        {"tariff_id": made["id"], "pence": "2200", "because": body["reason"], "withdrawn_by": "finance"}
    ]
    trail = await query("SELECT detail->>'reason' AS reason FROM audit_event WHERE action = 'tariff_withdrawn'")
    assert trail == [{"reason": body["reason"]}]
    # The right one can begin on the same day; once it has begun, it stays.
    right = (await as_finance.post(URL, json=REPAIR | {"starts_on": "2026-04-01"})).json()
    clock.move(days=30)
    check_problem(await as_finance.post(f"{URL}/{right['id']}/withdraw", json=body), 409, "tariff-began")


async def test_a_rate_is_withdrawn_on_its_page(finance: Browser, auditor: Browser, rate: Rates) -> None:
    begun = await rate("scrap", pence=1)
    assert "Withdraw it" not in (await finance.get(f"/finance/tariffs/{begun['id']}")).text
    made = await rate("repair", pence=1, starts_on="2026-04-01")
    url = f"/finance/tariffs/{made['id']}"
    assert "Withdraw it" not in (await auditor.get(url)).text
    page = await finance.get(url)
    assert (await finance.send(page, f"{url}/withdraw")).errors == {"because": "Say why it is withdrawn."}
    sent = await finance.send(page, f"{url}/withdraw", because="The decimal point was wrong.")
    assert sent.goes_to == "/finance/tariffs", sent.errors
    listed = await finance.follow(sent)
    assert "is withdrawn" in listed.banner
    for page in (listed, await auditor.get(url)):
        assert "The decimal point was wrong." in page.text
        assert "2 March 2026" in page.text
        assert "by finance" in page.text
    assert [str(link["href"]) for link in listed.soup.select("details td a, details th a") if url in str(link)] == [url]
    shown = await finance.get(url)
    assert "Was to be in force" in shown.text
    assert shown.soup.select("main form") == []


WHY = {"reason": "The decimal point was wrong."}


async def test_what_a_withdrawn_rate_was_to_replace_can_go_on_as_it_would_have(as_finance: AsyncClient) -> None:
    async def begin(day: str, **more: Any) -> dict[str, Any]:
        return (await as_finance.post(URL, json=REPAIR | {"starts_on": day, **more})).json()  # type: ignore[no-any-return]

    async def end_of(one: dict[str, Any]) -> str | None:
        return (await as_finance.get(f"{URL}/{one['id']}")).json()["ends_on"]  # type: ignore[no-any-return]

    async def withdraw(one: dict[str, Any], *, goes_on: bool = True) -> Any:
        return await as_finance.post(f"{URL}/{one['id']}/withdraw", json=WHY | {"let_replaced_go_on": goes_on})

    first = await begin("2026-01-01", ends_on="2026-12-31")
    second = await begin("2026-06-01", ends_on="2026-12-31", replaces=True)
    third = await begin("2026-04-01", ends_on="2026-05-31", replaces=True)
    assert await end_of(first) == "2026-03-31"
    # As far as the next one lets it, and to its own end when that one goes, too.
    assert (await withdraw(third)).status_code == 200
    assert await end_of(first) == "2026-05-31"
    assert (await withdraw(second)).status_code == 200
    assert await end_of(first) == "2026-12-31"
    # What was not asked to go on ends; what has no end of its own goes on for good.
    fourth = await begin("2026-04-01", replaces=True)
    assert (await withdraw(fourth, goes_on=False)).status_code == 200
    assert await end_of(first) == "2026-03-31"
    fifth = await begin("2026-04-01")
    sixth = await begin("2026-05-01", replaces=True)
    assert (await withdraw(sixth)).status_code == 200
    assert await end_of(fifth) is None
    # What somebody ends themselves is not brought back by withdrawing what came after it.
    seventh = await begin("2026-05-01", replaces=True)
    end = {"ends_on": "2026-04-20", "reason": "It is charged no more."}
    assert (await as_finance.post(f"{URL}/{fifth['id']}/end", json=end)).status_code == 200
    check_problem(await withdraw(seventh), 409, "nothing-goes-on", field="afterwards")


async def test_the_page_asks_what_is_charged_without_it_and_warns_of_what_has_no_rate(
    finance: Browser, auditor: Browser, rate: Rates, given: Given
) -> None:
    await rate("repair", pence=2_200)
    dear = await rate("repair", pence=22_000, starts_on="2026-04-01", replaces=True)
    url = f"/finance/tariffs/{dear['id']}"
    page = await finance.get(url)
    assert "£22, from 1 January 2020 on" in page.text
    unsaid = await finance.send(page, f"{url}/withdraw", because="Ten times too much.")
    assert unsaid.errors == {"afterwards": "Choose what is charged without it."}
    assert "No rate follows" not in (await auditor.get("/finance/tariffs")).text
    kept = await finance.send(page, f"{url}/withdraw", because="Ten times too much.", afterwards="goes_on")
    assert "is in force from 1 January 2020 on" in (await finance.follow(kept)).banner
    again = await rate("repair", pence=22_000, starts_on="2026-04-01", replaces=True)
    url = f"/finance/tariffs/{again['id']}"
    page = await finance.get(url)
    gone = await finance.send(page, f"{url}/withdraw", because="Ten times too much.", afterwards="ends")
    warned = await finance.follow(gone)
    assert "No rate follows" in warned.text
    assert "There is no rate from 1 April 2026 on." in warned.text
    assert "No rate follows" not in (await auditor.get("/finance/tariffs?kind=delivery")).text
    # What fits less closely follows it as well, but not what is for something else.
    code = await given.product(category="12 36 03")
    await rate("parts", percent=90, product_code=code, ends_on="2026-03-31")
    await rate("parts", percent=95, category="18")
    assert "There is no rate" in (await auditor.get("/finance/tariffs?kind=parts")).text
    await rate("parts", percent=95, category="12", starts_on="2026-05-01")
    shown = (await auditor.get("/finance/tariffs?kind=parts")).text
    assert "There is no rate from 1 April 2026 to 30 April 2026." in shown
    await rate("parts", percent=100)
    assert "There is no rate" not in (await auditor.get("/finance/tariffs?kind=parts")).text
