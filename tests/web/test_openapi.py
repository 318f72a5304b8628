"""The served OpenAPI document says how calls are refused, how one signs in, and how nothing is done twice."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.domain.access import Permission
from app.web.once import READ_BY_POST
from app.web.permissions import AS_DOCUMENTED
from tests.problems import check_problem

DOCUMENT = "/api/v1/openapi.json"


@pytest.fixture
def calls(app: FastAPI) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": call
        for path, methods in app.openapi()["paths"].items()
        for method, call in methods.items()
    }


async def test_every_refusal_is_a_problem_and_nothing_is_left_of_the_frameworks_own(
    anonymous: AsyncClient, calls: dict[str, dict[str, Any]]
) -> None:
    assert "HTTPValidationError" not in (await anonymous.get(DOCUMENT)).text
    for name, call in calls.items():
        refusals = {status: answer for status, answer in call["responses"].items() if status[0] not in "23"}
        assert {"422", "default"} <= set(refusals), name
        for answer in refusals.values():
            content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
            assert answer["content"] == content, name


@pytest.mark.parametrize(
    ("call", "statuses"),
    [
        ("POST /api/v1/token", {"401", "409", "413", "422", "429"}),
        ("GET /api/v1/items", {"401", "403", "422"}),
        ("GET /api/v1/items/{barcode}", {"401", "403", "404", "422"}),
        ("POST /api/v1/items/{barcode}/release", {"401", "403", "404", "409", "413", "422"}),
        ("PATCH /api/v1/products/{code}", {"401", "403", "404", "409", "412", "413", "422"}),
    ],
)
def test_a_call_names_the_statuses_by_which_it_refuses(
    calls: dict[str, dict[str, Any]], call: str, statuses: set[str]
) -> None:
    assert {status for status in calls[call]["responses"] if status.startswith("4")} == statuses


def test_who_signs_in_is_told_how_and_what_is_sent_may_be_sent_twice(
    app: FastAPI, calls: dict[str, dict[str, Any]]
) -> None:
    schemes = app.openapi()["components"]["securitySchemes"]
    assert schemes == {
        "password": {"type": "oauth2", "flows": {"password": {"tokenUrl": "/api/v1/token", "scopes": {}}}}
    }
    for name, call in calls.items():
        signed_in = isinstance(AS_DOCUMENTED[name], Permission)
        assert ("security" in call) == signed_in, name
        headers = {one["name"] for one in call.get("parameters", []) if one["in"] == "header"}
        acts = name.startswith("POST ") and name.removeprefix("POST ") not in READ_BY_POST
        assert ("Idempotency-Key" in headers) == (signed_in and acts), name


async def test_a_problem_has_what_its_schema_says(app: FastAPI, as_technician: AsyncClient) -> None:
    known = app.openapi()["components"]["schemas"]["Problem"]
    body = check_problem(await as_technician.post("/api/v1/items", json={}), 422, "malformed")
    assert set(known["required"]) <= set(body) <= set(known["properties"])
