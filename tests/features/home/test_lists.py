"""What the start page lists by item: what one has reserved, and what is on hold but not in a store."""

from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.browser import Browser, Page
from tests.conftest import Clock, Query
from tests.given import Given

HELD = "On hold, and not in a store"
RESERVED = "Items you have reserved"


def rows_of(page: Page, caption: str) -> list[list[str]]:
    """The rows of the table with that caption."""
    for table in page.soup.find_all("table"):
        if table.caption and table.caption.get_text(strip=True) == caption:
            return [
                [" ".join(cell.get_text(" ").split()) for cell in row.find_all("td")]
                for row in table.select("tbody tr")
            ]
    return []


async def test_a_prescriber_sees_what_they_have_reserved_and_can_give_it_up(
    ot: Browser, senior_ot: Browser, given: Given, clock: Clock, query: Query
) -> None:
    kept = await given.reservation(client=await given.client("C-7"), days=7)
    page = await ot.get("/")
    assert [row[2:5] for row in rows_of(page, RESERVED)] == [["C-7", "2 March 2026", "9 March 2026"]]
    assert page.soup.select_one(f'a[href="/reservations/{kept.id}/give-up"]')
    assert rows_of(await senior_ot.get("/"), RESERVED) == []
    logged = await query("SELECT chain, detail FROM audit_event WHERE action = 'clients_listed'")
    assert [(row["chain"], row["detail"]["found"]) for row in logged] == [("ot", 1)]
    clock.move(days=8)
    assert rows_of(await ot.get("/"), RESERVED)[0][4] == "9 March 2026, passed"


async def test_a_reservation_that_is_over_is_no_longer_listed(ot: Browser, as_ot: AsyncClient, given: Given) -> None:
    kept = await given.reservation()
    assert (await as_ot.delete(f"/api/v1/reservations/{kept.id}")).status_code == 204
    assert rows_of(await ot.get("/"), RESERVED) == []


async def test_what_is_on_hold_at_a_clients_is_listed_for_those_who_must_act(
    manager: Browser, safety: Browser, technician: Browser, ot: Browser, given: Given, clock: Clock, query: Query
) -> None:
    lent = await given.loan(client=await given.client("C-7"))
    await given.hold(lent.barcode, reason="Brake cable frayed.")
    clock.move(days=1)
    sent = await given.item(State.DISPATCHED)
    await given.hold(sent)
    await given.hold(await given.item())
    for person in (manager, safety, technician):
        assert [row[2:] for row in rows_of(await person.get("/"), HELD)] == [
            ["Fault: Brake cable frayed.", "2 March 2026", "On loan", "C-7"],
            ["Fault: The castor is loose.", "3 March 2026", "Dispatched", ""],
        ]
    assert rows_of(await ot.get("/"), HELD) == []
    logged = await query("SELECT chain, detail FROM audit_event WHERE action = 'clients_listed' ORDER BY id")
    assert [(row["chain"], row["detail"]["found"]) for row in logged] == [
        ("manager", 2), ("safety", 2), ("technician", 1), ("ot", 1)
    ]  # fmt: skip


async def test_a_long_list_of_holds_says_how_many_there_are(safety: Browser, given: Given) -> None:
    lent = await given.loan()
    for number in range(51):
        await given.hold(lent.barcode, reason=f"Reason {number}.")
    page = await safety.get("/")
    assert len(rows_of(page, HELD)) == 5
    assert "These are the oldest 5 of 51. See every item on hold, in the stores too" in page.text


async def test_a_hold_that_is_lifted_is_no_longer_listed(safety: Browser, given: Given) -> None:
    lent = await given.loan()
    hold = await given.hold(lent.barcode)
    await safety.post_form(f"/items/{lent.barcode}/holds/{hold}/lift", reason="Mended there.")
    assert rows_of(await safety.get("/"), HELD) == []


async def test_a_start_page_begins_each_list_and_leads_to_the_whole_of_it(
    ot: Browser, given: Given, query: Query
) -> None:
    for _ in range(6):
        await given.trial(days=3)
        await given.collection()
        await given.reservation(days=2)
    page = await ot.get("/")
    captions = ("Your trials that end within seven days or are overdue", "Collections you asked for", RESERVED)
    assert [len(rows_of(page, caption)) for caption in captions] == [5, 5, 5]
    for words in ("6 trials ending or overdue", "6 collections of yours open", "6 reservations end soon"):
        assert words in page.text, words
    whole = {"trials": "/trials?show=ending&mine=true", "collections": "/collections?show=mine"}
    for what, href in (whole | {"reservations": "/reservations"}).items():
        [link] = [one for one in page.soup.find_all("a") if one.get_text() == f"See all 6 {what}"]
        assert link["href"] == href
        listed = await ot.get(str(link["href"]))
        assert len(listed.soup.select("tbody tr")) == 6, href
    logged = await query("SELECT detail FROM audit_event WHERE action = 'clients_listed'")
    assert [row["detail"] for row in logged] == [{"found": 15}]
