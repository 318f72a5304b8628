"""Races share one database of each worker, which is as new for each of them: see `tests/used_again.py`."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from tests.conftest import Scratch, scratch_on
from tests.used_again import UsedAgain


@pytest.fixture(scope="session")
async def used_again(server_url: str, worker_name: str) -> AsyncIterator[UsedAgain]:
    """The races' database of this worker."""
    kept = UsedAgain(server_url, f"races_{worker_name}")
    yield kept
    await kept.drop()


@pytest.fixture
async def scratch(scratch_app: FastAPI, used_again: UsedAgain) -> AsyncIterator[Scratch]:
    """A database with real commits, as new, on connections that stay open from race to race."""
    async with (
        used_again.as_new() as database,
        scratch_on(scratch_app, database, used_again.url, used_again.name) as made,
    ):
        yield made
