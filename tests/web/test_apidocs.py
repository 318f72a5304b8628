"""The page for the API: every call of the OpenAPI document, and who may make it."""

from tests.browser import Browser


async def test_every_call_is_on_the_page_with_its_fields_and_who_may(visitor: Browser) -> None:
    page = await visitor.get("/api/docs")
    document = (await visitor.client.get("/api/v1/openapi.json")).json()
    calls = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    shown = {call.get_text(strip=True).replace("/", " /", 1) for call in page.soup.select(".app-api__call")}
    assert shown == calls
    goods = next(one for one in page.soup.select("details") if "POST/api/v1/items" in one.get_text(strip=True))
    words = " ".join(goods.get_text(" ").split())
    for expected in ("Who may: Technician, Manager.", "product_code", "serial_numbers (optional) list of text"):
        assert expected in words, expected


async def test_nothing_on_it_comes_from_elsewhere(visitor: Browser) -> None:
    page = await visitor.get("/api/docs")
    for tag in page.soup.select("[src], link[href]"):
        assert str(tag.get("src") or tag.get("href")).startswith(("/static/", "/manifest.webmanifest"))
