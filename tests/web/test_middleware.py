"""What every answer passes through: the limit on bodies, the security headers, the number; malformed bodies."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import Query
from tests.problems import check_problem

SCANS, PRODUCTS = "/api/v1/returns/scans", "/api/v1/products"
TEN_MEGABYTES = 10_000_000


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    """A body that does not announce its length."""
    yield b'{"store": "'
    for _ in range(size // 50_000):
        yield b"M" * 50_000
    yield b'"}'


async def test_a_body_of_ten_megabytes_is_refused_by_its_announced_length(as_technician: AsyncClient) -> None:
    answer = await as_technician.post(SCANS, content=b" " * TEN_MEGABYTES)
    check_problem(answer, 413, "too-large")


async def test_a_body_of_ten_megabytes_is_refused_while_it_comes(as_technician: AsyncClient, query: Query) -> None:
    answer = await as_technician.post(SCANS, content=in_pieces(TEN_MEGABYTES))
    check_problem(answer, 413, "too-large")
    assert await query("SELECT id FROM return_scan") == []


@pytest.mark.parametrize("length", ["-1", "ten", "1e9", "0x10"])
async def test_a_length_that_is_a_lie_does_not_help(as_technician: AsyncClient, length: str) -> None:
    headers = {"Content-Length": length, "Content-Type": "application/json"}
    answer = await as_technician.post(SCANS, content=in_pieces(TEN_MEGABYTES), headers=headers)
    check_problem(answer, 413, "too-large")


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/token", "/nowhere"])
async def test_the_limit_holds_for_whoever_is_not_signed_in(anonymous: AsyncClient, path: str) -> None:
    assert (await anonymous.post(path, content=b"a=" + b"x" * TEN_MEGABYTES)).status_code == 413
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await anonymous.post(path, content=in_pieces(TEN_MEGABYTES), headers=form)
    assert answer.status_code in {404, 413}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"1e999",
        b"NaN",
        b'{"code": "A"',
        b'{"code": "\\ud800"}',
        b"\xff\xfe",
        b"\x00",
        b"[" * 20_000 + b"]" * 20_000,
        b'{"code": ' + b"9" * 5000 + b"}",
        b'{"code": "A", "code": "B"}',
    ],
    ids=lambda body: body[:12].hex(),
)
@pytest.mark.parametrize("path", [PRODUCTS, SCANS])
async def test_a_body_that_is_not_what_was_asked_for_is_malformed(
    as_manager: AsyncClient, path: str, body: bytes
) -> None:
    answer = await as_manager.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}, answer.text
    check_problem(answer, answer.status_code)


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x"],
)
async def test_a_body_of_another_kind_is_malformed(as_manager: AsyncClient, kind: str) -> None:
    answer = await as_manager.post(PRODUCTS, content=b"code=A", headers={"Content-Type": kind})
    check_problem(answer, 422, "malformed")


@pytest.mark.parametrize("path", ["/api/v1/products", "/api/v1/nothing", "/livez", "/sign-in"])
async def test_every_answer_is_dressed(as_manager: AsyncClient, path: str) -> None:
    headers = (await as_manager.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert len(headers["x-request-id"]) == 32


async def test_a_refused_body_is_dressed_too(anonymous: AsyncClient) -> None:
    answer = await anonymous.post(SCANS, content=b" " * TEN_MEGABYTES)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]


async def test_requests_are_counted_without_anything_personal(as_technician: AsyncClient, visitor: Browser) -> None:
    await as_technician.get("/api/v1/clients/SECRET-REF")
    metrics = (await visitor.client.get("/metrics")).text
    assert 'route="/api/v1/clients/{client_ref}"' in metrics
    assert "SECRET-REF" not in metrics


async def test_a_form_that_is_too_large_is_answered_with_a_page(technician: Browser) -> None:
    page = await technician.post("/items/receive", serial_numbers="x" * TEN_MEGABYTES)
    assert (page.status, page.heading) == (413, "Too large")
    assert "Send it in parts." in page.text


async def test_a_form_that_is_too_old_offers_the_way_back_to_where_it_stood(technician: Browser) -> None:
    technician.client.headers["Referer"] = f"{technician.client.base_url}/items/receive"
    page = await technician.post("/items/receive", csrf_token="an old one")
    assert (page.status, page.heading) == (403, "You may not do this")
    assert page.soup.select_one('main a[href="/items/receive"]')
    technician.client.headers["Referer"] = "https://elsewhere.test/items/receive"
    foreign = await technician.post("/items/receive", csrf_token="an old one")
    assert not [link for link in foreign.soup.select("main a") if "elsewhere" in str(link["href"])]
