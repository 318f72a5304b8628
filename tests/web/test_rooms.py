"""A feature's router is passed by when its addresses begin otherwise; whoever means one of them finds it.

Its routes are looked into once, where they are included: tests/cli/test_start.py counts that of the service.
"""

from typing import Any

import pytest
from fastapi import FastAPI, Query, Response
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient
from starlette.routing import Match

from app.web.rooms import Declared, Room


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


async def count(barcode: str, lowest: int = Query(ge=1)) -> list[int]:
    """How many there are.

    And a second line.
    """
    return [lowest] * len(barcode)


OPTIONS: list[dict[str, Any]] = [
    {},
    {"methods": ["post"], "status_code": 201, "tags": ["beds"], "name": "beds", "description": "Beds."},
    {
        "response_model": None,
        "response_class": Response,
        "responses": {404: {"description": "None"}},
        "deprecated": True,
    },
]


def route_of(kind: type[APIRoute], options: dict[str, Any]) -> dict[str, Any]:
    route = kind("/beds/{barcode}", count, **options)
    return {
        name: getattr(route, name) for name in ("name", "path", "endpoint", "methods", "tags", "responses", *options)
    }


@pytest.mark.parametrize("options", OPTIONS)
def test_what_was_declared_of_a_route_is_what_the_framework_makes_of_it(options: dict[str, Any]) -> None:
    declared = Declared("/beds/{barcode}", count, **options)
    assert route_of(Declared, options) == route_of(APIRoute, options)
    assert declared.description == APIRoute("/beds/{barcode}", count, **options).description
    assert is_only_declared(declared)


@pytest.mark.parametrize("options", OPTIONS)
def test_a_declared_route_that_is_asked_for_more_looks_into_itself(options: dict[str, Any]) -> None:
    declared, whole = Declared("/beds/{barcode}", count, **options), APIRoute("/beds/{barcode}", count, **options)
    assert [one.name for one in declared.dependant.query_params] == ["lowest"]
    assert (declared.response_model, declared.unique_id) == (whole.response_model, whole.unique_id)
    assert not is_only_declared(declared)
    with pytest.raises(AttributeError, match="no attribute 'beds'"):
        declared.beds  # noqa: B018 - the reading of it is what is tested


async def test_a_declared_route_serves_without_a_router_around_it() -> None:
    service = FastAPI(routes=[Declared("/beds/{barcode}", count)])
    async with AsyncClient(transport=ASGITransport(service), base_url="http://test") as client:
        assert (await client.get("/beds/ES1?lowest=4")).json() == [4, 4, 4]
        assert (await client.get("/beds/ES1?lowest=0")).status_code == 422


def is_only_declared(route: APIRoute) -> bool:
    return "dependant" not in vars(route)
