"""A feature's router is passed by when its addresses begin otherwise; whoever means one of them finds it."""

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from starlette.routing import Match

from app.web.rooms import Room


async def hello() -> str:
    return "hello"


@pytest.fixture
def room() -> Room:
    made = Room(prefix="/beds")
    made.get("/{barcode}/hello")(hello)
    made.get("")(hello)
    return made


async def answers(room: Room, *urls: str, root_path: str = "") -> list[int]:
    service = FastAPI()
    service.include_router(room)
    async with AsyncClient(transport=ASGITransport(service, root_path=root_path), base_url="http://test") as client:
        return [(await client.get(url)).status_code for url in urls]


async def test_what_is_in_it_is_found_and_nothing_else(room: Room) -> None:
    urls = ("/beds", "/beds/ES1/hello", "/beds/", "/beds/ES1", "/bedside", "/hoists/ES1/hello", "/")
    assert await answers(room, *urls) == [200, 200, 307, 404, 404, 404, 404]


async def test_a_route_that_is_added_later_is_found(room: Room) -> None:
    assert room.matches({"type": "http", "method": "GET", "path": "/hoists"}) == (Match.NONE, {})
    assert await answers(room, "/beds", "/beds-by-bay") == [200, 404]
    room.get("-by-bay")(hello)
    assert await answers(room, "/beds", "/beds-by-bay") == [200, 200]


async def test_behind_a_part_of_the_address_that_the_proxy_keeps_it_is_found_too(room: Room) -> None:
    assert await answers(room, "/stores/beds", "/stores/hoists", root_path="/stores") == [200, 404]
