"""What nobody can read, or nobody asked for: bodies cut short, and parameters that a route does not know."""

import pytest
from httpx import AsyncClient

from tests.browser import Browser
from tests.problems import check_problem

DEEP = b"[" * 200_000


@pytest.mark.parametrize("body", [b'{"code": "\xff\xfe"}', b"\x00\xff", DEEP])
async def test_a_body_that_is_no_text_is_refused_with_what_would_be_read(as_manager: AsyncClient, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await as_manager.post("/api/v1/products", content=body, headers=headers)
    problem = check_problem(answer, answer.status_code)
    assert problem["code"] in {"unreadable-body", "malformed"}
    assert "JSON" in problem["detail"]
    assert "There was an error" not in problem["detail"]


async def test_json_that_is_cut_short_is_said_to_be_no_json(as_manager: AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await as_manager.post("/api/v1/products", content=b'{"code": ', headers=headers)
    assert "not valid JSON" in check_problem(answer, 422, "malformed")["detail"]
    listed = await as_manager.post("/api/v1/products", json=[])
    assert check_problem(listed, 422, "malformed")["detail"] == "The body must be a JSON object."


CUT_SHORT = {"Content-Type": "multipart/form-data"}


async def test_a_form_that_is_cut_short_is_said_to_be_unreadable(anonymous: AsyncClient, manager: Browser) -> None:
    problem = check_problem(
        await anonymous.post("/api/v1/token", content=b"--x\r\n", headers=CUT_SHORT), 400, "unreadable-body"
    )
    assert "application/x-www-form-urlencoded" in problem["detail"]
    page = await manager.client.post("/products/new", content=b"--x\r\n", headers=CUT_SHORT)
    assert page.status_code == 400
    assert "Cannot be read" in page.text
    assert "Open the page again" in page.text


async def test_a_form_with_too_many_answers_is_refused_in_our_words(manager: Browser) -> None:
    page = await manager.client.post("/products/new", data={f"field{number}": "x" for number in range(1_500)})
    assert page.status_code == 400
    assert "too many answers" in page.text


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/v1/items", "sotre"),
        ("/api/v1/loans", "is_open"),
        ("/api/v1/clients", "Q"),
        ("/api/v1/inspections/due", "befor\x1be"),
        ("/api/v1/returns/unmatched", "x" * 300),
        ("/api/v1/me", "fields"),
    ],
)
async def test_a_parameter_that_a_route_does_not_know_is_refused(as_manager: AsyncClient, path: str, name: str) -> None:
    problem = check_problem(await as_manager.get(path, params={name: "MAIN"}), 422, "unknown-parameter")
    assert problem["errors"][0]["loc"] == ["query", name]
    assert len(problem["detail"]) < 300
    assert problem["detail"].isprintable()


async def test_nobody_learns_what_may_be_asked_without_a_sign_in(anonymous: AsyncClient) -> None:
    check_problem(await anonymous.get("/api/v1/items", params={"sotre": "MAIN"}), 401, "not-signed-in")
