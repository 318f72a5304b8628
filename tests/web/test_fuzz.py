"""Junk in every body, question and address of the API: never a 500, always a problem that can be read."""

import json
import re
from collections.abc import AsyncIterator
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from httpx import AsyncClient, Response
from hypothesis import HealthCheck, settings
from hypothesis import given as for_any
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.labels import make_tag
from app.domain.lifecycle import State
from app.domain.notice_work import Handling
from app.domain.safety_notices import Decision
from app.features.notices import service as notices
from app.features.notices.scopes import draft_scope
from app.features.notices.service import NewNotice
from tests.conftest import Clock, Sessions, app_without_database, sessions_on
from tests.given import Given
from tests.problems import check_problem

CODEC = st.characters(codec="utf-8")
NASTY = st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "a\x00b",
        "\x1b[31m",
        "\r\n",
        "'; DROP TABLE item; --",
        "%",
        "_",
        "\\",
        "{}",
        "../../etc/passwd",
        "=1+1",
        "<script>",
        "\u202e",
        "\ufeff",
        "🦽",
        "x" * 1000,
        "9" * 400,
        "NaN",
        "2026-02-30",
        "0000-01-01",
        "9999-12-31",
        "10000-01-01",
        "2026-03-02T25:00:00Z",
        "1e400",
        "-0",
        "null",
        "ES000123473",
        make_tag("XY", 1),
        make_tag("ES", 9_999_999),
    ]
)
WORDS = NASTY | st.text(CODEC, max_size=30)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.sampled_from([0, -1, 1, 2**31, 2**63, -(2**63), 10**40, 1.5, 1e308]) | st.integers() | FLOATS
FILTERS = st.sampled_from(["true", "1", "50", "trial", "on_loan", "2026-03-09", "MAIN", "svg", "png"])
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS
JUNK = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=8
)


def bodies(schema: dict[str, Any], known: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Bodies that are nearly right: each part is as the schema says, or junk."""
    if "$ref" in schema:
        schema = known[schema["$ref"].rpartition("/")[2]]
    if depth > 4:
        return JUNK
    right: st.SearchStrategy[Any]
    if "enum" in schema:
        right = st.sampled_from(schema["enum"])
    elif "anyOf" in schema:
        right = st.one_of([bodies(one, known, depth + 1) for one in schema["anyOf"]])
    elif schema.get("type") == "object" and "properties" in schema:
        wanted = {name: bodies(part, known, depth + 1) for name, part in schema["properties"].items()}
        needed = {name: part for name, part in wanted.items() if name in schema.get("required", [])}
        rest = {name: part for name, part in wanted.items() if name not in needed}
        # Mostly whole, so that the junk in one field is not hidden by the lack of another.
        return st.fixed_dictionaries(needed, optional=rest) | st.fixed_dictionaries({}, optional=wanted) | JUNK
    elif schema.get("type") == "array":
        right = st.lists(bodies(schema.get("items", {}), known, depth + 1), min_size=1, max_size=3)
    else:
        right = scalars(schema)
    return right | right | right | JUNK


def scalars(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """A plain value as the schema says."""
    if schema.get("format") == "date":
        return st.dates().map(str)
    if schema.get("format") == "uuid":
        return st.uuids().map(str)
    if schema.get("format") == "date-time":
        return st.datetimes().map(lambda at: f"{at.isoformat()}Z")
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "integer": st.integers(-2, 600),
        "boolean": st.booleans(),
        "string": WORDS | st.sampled_from(["MAIN", "COAST", "SEED", "ADA", "C000001"]) | KNOWN_TAGS,
        "null": st.none(),
        "object": st.dictionaries(WORDS, SCALARS, max_size=3),
    }
    return kinds.get(schema.get("type", ""), JUNK)


# Filled by the fixture: the tags of real items in every state.
TAGS: list[str] = []
KNOWN_TAGS = st.deferred(lambda: st.sampled_from(TAGS or ["ES000123472"]))


def routes_with(methods: set[str]) -> list[str]:
    """`POST /api/v1/…` and the like, of an app that is never asked anything."""
    found = {
        re.sub(r":\w+}", "}", f"{method} {route.path}")
        for route in iter_route_contexts(app_without_database().routes)
        for method in set(route.methods or ()) & methods
        if (route.path or "").startswith("/api/v1/")
    }
    return sorted(found - {"POST /api/v1/token"})


@pytest.fixture(scope="module")
async def real_tags(worker_connection: AsyncConnection) -> AsyncIterator[None]:
    """An item in each state, and a product and client that the junk may name: made once, undone at the end."""
    transaction = await worker_connection.begin()
    given = Given(sessions_on(worker_connection), Clock())
    await given.product("SEED")
    await given.client("ADA")
    await a_notice_with_a_scope(sessions_on(worker_connection), Clock())
    TAGS[:] = [await given.item(state, client="ADA" if state is State.ON_LOAN else None) for state in State]
    yield
    await transaction.rollback()


async def a_notice_with_a_scope(sessions: Sessions, clock: Clock) -> None:
    """A safety notice whose scope is a draft of somebody else, so that the junk can reach what stands behind that."""
    new = NewNotice("MDA/1", "devices", "Hoists", "MHRA", clock.today)
    why: dict[str, Any] = {"reason": "We have some.", "search": None, "version": None, "actor": "safety"}
    async with sessions.begin() as session:
        notice_id = await notices.enter(session, new, actor="safety", at=clock.now)
        await notices.triage(session, notice_id, decision=Decision.RELEVANT, at=clock.now, **why)
        lines = [{"effect": "include", "product_codes": ["SEED"]}]
        await draft_scope(session, notice_id, lines, handling=Handling.QUARANTINE, actor="safety", at=clock.now)


@pytest.fixture
async def connection(real_tags: None, worker_connection: AsyncConnection) -> AsyncIterator[AsyncConnection]:
    """What one test does to those is undone before the next."""
    nested = await worker_connection.begin_nested()
    yield worker_connection
    await worker_connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    await nested.rollback()


FEW = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.large_base_example],
)


@pytest.mark.parametrize("route", routes_with({"POST", "PATCH", "PUT"}))
@FEW
@for_any(data=st.data())
async def test_junk_in_a_body_is_never_our_fault(
    app: FastAPI, as_manager: AsyncClient, route: str, data: st.DataObject
) -> None:
    method, path = route.split()
    url = re.sub(r"\{(\w+)\}", lambda part: data.draw(parts_of_addresses(part[1]), part[1]), path)
    body = data.draw(bodies_of(app, route), "body")
    headers = {"Content-Type": "application/json", "If-Match": data.draw(st.sampled_from(['"1"', "x", ""]), "If-Match")}
    check_answer(await as_manager.request(method, url, content=json.dumps(body), headers=headers))


@pytest.mark.parametrize("route", routes_with({"GET", "DELETE"}))
@FEW
@for_any(data=st.data())
async def test_junk_in_an_address_or_a_question_is_never_our_fault(
    app: FastAPI, as_manager: AsyncClient, route: str, data: st.DataObject
) -> None:
    method, path = route.split()
    url = re.sub(r"\{(\w+)\}", lambda part: data.draw(parts_of_addresses(part[1]), part[1]), path)
    asked = app.openapi()["paths"].get(path, {}).get(method.lower(), {}).get("parameters", [])
    names = [one["name"] for one in asked if one["in"] == "query"]
    params = {name: data.draw(WORDS | NUMBERS.map(str) | FILTERS, name) for name in names if data.draw(st.booleans())}
    check_answer(await as_manager.request(method, url, params=params))


@cache
def bodies_of(app: FastAPI, route: str) -> st.SearchStrategy[Any]:
    """What the service says that it wants in the body, or nearly."""
    method, path = route.split()
    document = app.openapi()
    operation = document["paths"][path][method.lower()]
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return bodies(schema, document["components"]["schemas"])


@cache
def parts_of_addresses(name: str) -> st.SearchStrategy[str]:
    """Something for one part of an address: mostly what is there, now and then junk, written as addresses are."""
    there = {"barcode": KNOWN_TAGS, "code": st.just("SEED"), "client_ref": st.just("ADA"), "number": st.just("C000001")}
    there["reference"] = st.just("MDA/1")
    right = there.get(name, st.integers(1, 20).map(str))
    return right | right | WORDS.filter(bool).map(lambda words: quote(words, safe=""))


def check_answer(answer: Response) -> None:
    """Whatever came of it, it is an answer: a success, or a problem with a code."""
    assert answer.status_code < 500, answer.text
    # An address with a slash or dots in it leads elsewhere, also to pages.
    if answer.status_code >= 400 and answer.request.url.path.startswith("/api/"):
        check_problem(answer, answer.status_code)
