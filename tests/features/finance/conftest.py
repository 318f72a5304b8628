"""Rates, and the lines of an item, in few words."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient

Rates = Callable[..., Awaitable[dict[str, Any]]]
Lines = Callable[..., Awaitable[list[dict[str, Any]]]]


@pytest.fixture
def rate(as_finance: AsyncClient) -> Rates:
    """Begins a rate: `await rate("delivery", pence=1200)`. In force for years, unless another first day is said."""

    async def begin(kind: str, **details: Any) -> dict[str, Any]:
        made = await as_finance.post(
            "/api/v1/finance/tariffs", json={"kind": kind, "starts_on": "2020-01-01", **details}
        )
        assert made.status_code == 201, made.text
        body: dict[str, Any] = made.json()
        return body

    return begin


@pytest.fixture
def lines(as_finance: AsyncClient) -> Lines:
    """The lines that the API finds, oldest first: `await lines(barcode=barcode)`."""

    async def find(**wanted: Any) -> list[dict[str, Any]]:
        found = await as_finance.get("/api/v1/finance/charges", params=wanted)
        assert found.status_code == 200, found.text
        items: list[dict[str, Any]] = found.json()["items"]
        return items[::-1]

    return find
