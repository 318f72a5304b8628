"""A count with more differences than a page holds: they come in pages, and the others are decided by kind."""

from typing import Any

from httpx import AsyncClient

from app.domain.lifecycle import State
from app.domain.stocktakes import Place
from app.features.stocktakes.differences import MOST_SHOWN, difference_of, list_differing, list_standing
from app.features.stocktakes.queries import find_row
from tests.browser import Browser
from tests.conftest import Query, Sessions
from tests.features.stocktakes.test_counting import COUNTS, begin, differences, read, scan
from tests.given import Given


async def test_pages_of_differences_together_are_all_of_them(
    as_technician: AsyncClient, given: Given, sessions: Sessions
) -> None:
    here, *lost = await given.items(6, bay="A1")
    await given.items(1, bay="A2")
    [beside] = await given.items(1, bay="B9")
    [elsewhere] = await given.items(1, store="COAST", bay="A1")
    lent, missing, scrapped = [await given.item(state) for state in (State.ON_LOAN, State.MISSING, State.SCRAPPED)]
    number = await begin(as_technician, bay="a1")
    gone = lost.pop()
    await given.reservation(lost[0])
    await given.loan(gone)
    await scan(as_technician, number, here, beside, elsewhere, lent, missing, scrapped)
    found: dict[str, str] = {}
    count: dict[str, Any] = {"next": ""}
    pages = 0
    while count["next"] is not None:
        answer = await as_technician.get(f"{COUNTS}/{number}", params={"limit": 2, "after": count["next"]})
        count, pages = answer.json(), pages + 1
        found |= differences(count)
    of_others = {
        beside: "other_bay",
        elsewhere: "other_store",
        lent: "out",
        missing: "missing_earlier",
        scrapped: "scrapped",
    }
    assert (found, pages) == (dict.fromkeys(lost, "missing") | of_others, 5)
    assert count["kinds"] == {"missing": 4} | dict.fromkeys(of_others.values(), 1)
    assert (count["missing"], count["unexpected"], count["moved_in_all"]) == (4, 5, 1)
    assert [one["barcode"] for one in count["moved"]] == [gone]
    # What is judged in SQL for the page, the rule of the domain judges at the end.
    async with sessions() as session:
        row = await find_row(session, number)
        standing = await list_standing(session, row["id"])
        place = Place(row["store_id"], row["bay"])
        by_rule = {one["barcode"]: rule for one in standing if (rule := difference_of(one, place))}
        assert await list_differing(session, row) == by_rule
    assert by_rule == found


async def test_a_cursor_that_is_none_is_refused(as_technician: AsyncClient, given: Given) -> None:
    await given.items(1)
    number = await begin(as_technician)
    answer = await as_technician.get(f"{COUNTS}/{number}", params={"after": "x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-cursor")


async def test_what_is_on_other_pages_is_decided_by_kind_and_only_as_it_was_seen(
    as_technician: AsyncClient, manager: Browser, technician: Browser, given: Given, query: Query
) -> None:
    lost = await given.items(MOST_SHOWN + 5)
    number = await begin(as_technician)
    count = f"/stocktakes/{number}"
    page = await manager.get(count)
    assert "Next page" in page.text
    page = await manager.get(f"{count}/finish")
    one_by_one = {str(one["name"]): "none" for one in page.soup.select("main select") if str(one["name"])[:3] == "do-"}
    assert len(one_by_one) == MOST_SHOWN
    page = await manager.send(page, f"{count}/finish", **one_by_one)
    assert (page.status, list(page.errors)) == (422, ["others-missing"])

    # Somebody scans one of the others meanwhile: it would have been taken for lost.
    await scan(as_technician, number, lost[-1])
    page = await manager.send(page, f"{count}/finish", **{"others-missing": "mark_missing"})
    assert page.status == 409
    assert "Look again" in page.errors["main-content"]
    asked = await manager.send(page, f"{count}/finish", **one_by_one, **{"others-missing": "mark_missing"})
    said = [line.get_text() for line in asked.soup.select('[data-testid="numbers"] li')]
    assert said == ["4 items are marked missing.", f"The record of {MOST_SHOWN} items stays as it is."]
    page = await manager.follow(await manager.send(asked, f"{count}/finish", step="confirm"))
    assert "4 items were corrected" in page.banner
    assert [row["barcode"] for row in await query("SELECT barcode FROM item WHERE state = 'missing'")] == lost[-5:-1]

    # What has ended keeps its numbers and says them without its lines.
    [kept] = await query("SELECT expected, counted FROM stocktake")
    assert kept == {"expected": MOST_SHOWN + 5, "counted": 1}
    body = await read(as_technician, number)
    assert (body["expected"], body["counted"], body["corrected"]) == (MOST_SHOWN + 5, 1, 4)
    assert (len(body["differences"]), body["kinds"]) == (MOST_SHOWN, {"missing": MOST_SHOWN + 4})


async def test_the_next_ones_can_be_decided_one_by_one_instead(
    as_technician: AsyncClient, manager: Browser, given: Given, query: Query
) -> None:
    lost = await given.items(MOST_SHOWN + 2)
    number = await begin(as_technician)
    path = f"/stocktakes/{number}/finish?after={lost[MOST_SHOWN - 1]}"
    page = await manager.get(path)
    assert [str(one["name"]) for one in page.soup.select("main select")] == [
        f"do-{lost[-2]}",
        f"do-{lost[-1]}",
        "others-missing",
    ]
    chosen = {f"do-{lost[-2]}": "none", f"do-{lost[-1]}": "mark_missing", "others-missing": "none"}
    asked = await manager.send(page, path, **chosen)
    assert asked.soup.select_one(f'form[action="{path}"]')
    changed = await manager.send(asked, path, step="change")
    assert changed.soup.select_one('#others-missing option[value="none"][selected]')
    assert (await manager.send(asked, path, step="confirm")).status == 303
    assert [row["barcode"] for row in await query("SELECT barcode FROM item WHERE state = 'missing'")] == [lost[-1]]
