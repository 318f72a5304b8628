"""What tests of money share: orders in few words, and rates that are in force."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.conftest import SignIn
from tests.features.ordering.conftest import Orders
from tests.given import Given
from tests.test_charging import rate

Rate = Callable[..., Awaitable[None]]


@pytest.fixture
def orders(given: Given, sign_in: SignIn) -> Orders:
    """Orders in few words."""
    return Orders(given, sign_in)


@pytest.fixture
def rates(connection: AsyncConnection) -> Rate:
    """Puts a rate in force: `await rates("delivery", pence=1000)`."""

    async def put(kind: str, variant: str = "", **price: Any) -> None:
        await rate(connection, kind, variant, **price)

    return put
