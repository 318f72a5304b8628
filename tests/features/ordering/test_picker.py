"""Choosing a product for an order by words, also by way of the whole catalogue and back."""

import pytest

from tests.browser import Browser, Page
from tests.features.ordering.conftest import Orders
from tests.given import Given


def choose(page: Page, name: str) -> str:
    """Where the link leads that chooses this product."""
    [link] = [link for link in page.soup.select("main a") if " ".join(link.get_text(" ").split()) == f"Choose {name}"]
    return str(link["href"])


async def test_the_first_product_is_chosen_once_it_is_known_for_whom(ot: Browser, given: Given) -> None:
    client = await given.client("C-7")
    await given.product("RAIL", name="Grab rail")
    start = await ot.get("/orders/new", client_ref=client)
    assert "What do they need?" in start.text
    assert start.soup.select_one('[name="clinical_reasoning"]') is None
    found = await ot.get("/orders/new", client_ref=client, q="grap rail")
    assert "1 product found for grap rail" in found.text
    form = await ot.get(choose(found, "Grab rail"))
    assert "Grab rail, RAIL" in form.text
    typed = {
        "reason": "hospital_discharge",
        "funder": "ASC",
        "speed": "five_day",
        "clinical_reasoning": "Not safe now.",
    }
    sent = await ot.send(form, "/orders/new", **typed)
    assert sent.goes_to is not None
    assert (
        "There is no product with the code NOTHING" in (await ot.get("/orders/new?client_ref=C-7&product=NOTHING")).text
    )


async def test_a_product_is_chosen_in_the_whole_catalogue_and_comes_back_to_the_client(
    ot: Browser, given: Given
) -> None:
    await given.product("RAIL", name="Grab rail")
    client = await given.client("C-7")
    start = await ot.get("/orders/new", client_ref=client)
    assert start.soup.select_one('a[href="/products?client_ref=C-7"]') is not None
    catalogue = await ot.get("/products", client_ref=client, q="rail", tier="standard")
    assert "Choose the equipment for client C-7" in catalogue.text
    assert "Grab rail, RAIL" in (await ot.get(choose(catalogue, "Grab rail"))).text
    product = await ot.get("/products/RAIL", client_ref=client)
    assert product.soup.select_one('a[href="/orders/new?product=RAIL&client_ref=C-7"]') is not None
    nothing = await ot.get("/products", client_ref=client, q="rail", tier="specialist")
    assert nothing.soup.select_one('a[href="/products?q=rail&client_ref=C-7"]') is not None


@pytest.mark.parametrize(("place", "line"), [("new", ""), ("1", "1")])
async def test_a_line_gets_its_product_from_the_catalogue(
    ot: Browser, orders: Orders, given: Given, place: str, line: str
) -> None:
    await given.product("RAIL", name="Grab rail")
    draft = await orders.draft(await given.product("BED", name="Profiling bed"))
    here = f"/orders/{draft['number']}"
    picker = await ot.get(f"{here}/lines/{place}?pick=yes")
    [catalogue] = [str(link["href"]) for link in picker.soup.select('main a[href^="/products?"]')]
    listed = await ot.get(f"{catalogue}&q=rail")
    chosen = await ot.follow(await ot.get(choose(listed, "Grab rail")))
    assert chosen.path == f"{here}/lines/{place}?product=RAIL"
    changed = await ot.follow(await ot.send(chosen, f"{here}/lines{'/1' if line else ''}"))
    rows = [row[0] for row in changed.table()]
    assert rows == (["Grab rail"] if line else ["Profiling bed", "Grab rail"])
    picked = await ot.get(f"{here}/lines/{place}?pick=yes&q=rail")
    assert choose(picked, "Grab rail") == f"{here}/lines/{place}?product=RAIL"


async def test_who_orders_nothing_is_offered_no_choice(technician: Browser, given: Given) -> None:
    await given.product("RAIL", name="Grab rail")
    page = await technician.get("/products?order=O000001")
    assert "Choose" not in page.text.replace("Choose the", "")
