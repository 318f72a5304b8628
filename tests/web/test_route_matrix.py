"""Every route of the service by every role, and nobody: let in exactly when the two tables say so."""

import re

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from httpx import AsyncClient, Response
from starlette.routing import Mount

from app.domain.access import GRANTS, Permission, Role
from app.web.permissions import PERMISSIONS, Anybody
from tests.conftest import SignIn
from tests.problems import check_problem

USERS = {
    Role.PRESCRIBER: "ot",
    Role.SENIOR_PRESCRIBER: "senior.ot",
    Role.TECHNICIAN: "technician",
    Role.SAFETY_OFFICER: "safety",
    Role.PANEL_MEMBER: "panel1",
    Role.PANEL_CHAIR: "chair",
    Role.FINANCE: "finance",
    Role.MANAGER: "manager",
    Role.ADMIN: "admin",
    Role.AUDITOR: "auditor",
}
NUMBERS = {"loan_id", "hold_id", "sign_in_id", "reservation_id", "scan_number"}
NUMBER = str(2**63 - 1)
# These answer for the sign-in itself, each with a test of its own.
OF_THE_SIGN_IN = {"POST /sign-in", "POST /sign-out", "POST /api/v1/token"}


def routes_of(app: FastAPI) -> list[str]:
    """Every route as the table names it: `GET /items/{barcode}`. HEAD is asked like GET; files are nobody's secret."""
    found = []
    for route in iter_route_contexts(app.routes):
        if isinstance(getattr(route, "original_route", None), Mount) or route.path == "/static":
            continue
        methods = set(route.methods or ()) - {"HEAD"}
        found += [f"{method} {route.path}" for method in methods]
    return sorted(found)


async def ask(client: AsyncClient, route: str) -> Response:
    """The route with something made up for each part of its address, and no body."""
    method, path = route.split()
    # A number that no record will ever have: the sign-in that asks might be number 1.
    url = re.sub(r"\{(\w+)(:\w+)?\}", lambda part: NUMBER if part[1] in NUMBERS else "ES000123472", path)
    return await client.request(method, url)


def unchecked(client: AsyncClient) -> AsyncClient:
    """The same client without the check of its pages, which would read the same refusal a hundred times."""
    client.event_hooks = {}
    return client


def was_let_in(answer: Response) -> bool:
    """Whether the request came past the door, whatever was then said to it."""
    if answer.status_code == 303:
        return not answer.headers["location"].startswith("/sign-in")
    return answer.status_code not in {401, 403}


def test_the_demonstration_has_somebody_of_every_role() -> None:
    assert set(USERS) == set(Role)


def test_every_route_has_its_line_in_the_table_and_every_line_its_route(app: FastAPI) -> None:
    routes = routes_of(app)
    assert len(routes) == len(set(routes)), "a route is there twice"
    assert sorted(set(routes) - set(PERMISSIONS)) == [], "routes that nobody may use: give them a permission"
    assert sorted(set(PERMISSIONS) - set(routes)) == [], "lines of the table without a route"


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_comes_in_exactly_where_the_table_says(app: FastAPI, sign_in: SignIn, role: Role) -> None:
    client = unchecked(await sign_in(USERS[role]))
    wrong = []
    for route in sorted(set(routes_of(app)) - OF_THE_SIGN_IN):
        needed = PERMISSIONS.get(route)
        wanted = isinstance(needed, Anybody) or needed in GRANTS[role]
        answer = await ask(client, route)
        if was_let_in(answer) != wanted:
            wrong.append((route, answer.status_code))
    assert wrong == []


async def test_nobody_comes_in_without_a_sign_in_but_where_anybody_may(app: FastAPI, anonymous: AsyncClient) -> None:
    wrong = []
    for route in routes_of(app):
        answer = await ask(unchecked(anonymous), route)
        if isinstance(PERMISSIONS.get(route), Anybody):
            assert answer.status_code != 401, route
        elif route.split()[1].startswith("/api/"):
            wrong += [(route, answer.status_code)] if answer.status_code != 401 else []
        elif answer.status_code != 303 or not answer.headers["location"].startswith("/sign-in"):
            wrong.append((route, answer.status_code))
    assert wrong == []


async def test_a_route_that_the_table_does_not_name_is_refused_to_everybody(
    app: FastAPI, anonymous: AsyncClient, sign_in: SignIn
) -> None:
    assert "GET /api/v1/forgotten" not in PERMISSIONS

    async def forgotten() -> str:
        return "a secret"

    before = list(app.router.routes)
    app.add_api_route("/api/v1/forgotten", forgotten, methods=["GET"])
    try:
        check_problem(await anonymous.get("/api/v1/forgotten"), 401, "not-signed-in")
        for username in USERS.values():
            client = await sign_in(username)
            check_problem(await client.get("/api/v1/forgotten"), 403, "not-allowed")
    finally:
        app.router.routes[:] = before


async def test_a_head_is_let_in_like_a_get(as_finance: AsyncClient, anonymous: AsyncClient) -> None:
    assert (await anonymous.head("/api/v1/openapi.json")).status_code != 401
    assert (await as_finance.head("/api/v1/clients")).status_code in {403, 405}


async def test_what_is_at_no_address_is_not_found_and_a_wrong_method_is_said(anonymous: AsyncClient) -> None:
    check_problem(await anonymous.get("/api/v1/nothing"), 404, "not-found")
    check_problem(await anonymous.delete("/api/v1/products"), 405, "method-not-allowed")


def test_the_table_asks_only_for_permissions_that_somebody_has() -> None:
    granted = set().union(*GRANTS.values())
    asked = {needed for needed in PERMISSIONS.values() if isinstance(needed, Permission)}
    assert asked <= granted
