"""The migrations: up, down and up again, without drift from the models, each careful with a service that runs on."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import Script, ScriptDirectory
from sqlalchemy import text

from app.cli.migrating import alembic_config
from app.web.health import newest_migration
from tests.database import create_database, drop_database, engine_for

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = list(ScriptDirectory.from_config(alembic_config()).walk_revisions())


@pytest.fixture
async def empty(server_url: str, worker_name: str) -> AsyncIterator[str]:
    """The address of an empty database."""
    name = f"migrations_{worker_name}"
    yield await create_database(server_url, name)
    await drop_database(server_url, name)


def alembic(verb: Any, url: str, *words: str) -> None:
    """An Alembic command, on a thread of its own because it starts a loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(verb, alembic_config(url), *words).result()


async def names_in(url: str) -> list[str]:
    """Everything of ours in the database: tables, indexes, sequences, functions, triggers, constraints."""
    wanted = text("""
        SELECT relkind::text || ' ' || relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
                  WHERE connamespace = 'public'::regnamespace
        ORDER BY 1
    """)
    engine = engine_for(url)
    async with engine.connect() as connection:
        names = list((await connection.execute(wanted)).scalars())
    await engine.dispose()
    return names


async def test_up_down_and_up_again_leads_to_the_same_place_and_leaves_nothing_between(empty: str) -> None:
    alembic(command.upgrade, empty, "head")
    first = await names_in(empty)
    assert "r item" in first
    alembic(command.downgrade, empty, "base")
    assert [name for name in await names_in(empty) if "alembic_version" not in name] == []
    alembic(command.upgrade, empty, "head")
    assert await names_in(empty) == first


async def test_each_step_down_undoes_exactly_its_step_up(empty: str) -> None:
    seen = []
    for script in reversed(SCRIPTS):
        seen.append(await names_in(empty))
        alembic(command.upgrade, empty, script.revision)
    for before in reversed(seen):
        alembic(command.downgrade, empty, "-1")
        left = set(await names_in(empty)) - set(before)
        assert [name for name in left if "alembic_version" not in name] == []


async def test_the_models_and_the_migrations_say_the_same(empty: str) -> None:
    alembic(command.upgrade, empty, "head")
    alembic(command.check, empty)


def test_there_is_one_line_of_numbered_migrations() -> None:
    revisions = [script.revision for script in reversed(SCRIPTS)]
    assert revisions == [f"{number:04}" for number in range(1, len(SCRIPTS) + 1)]
    assert newest_migration() == revisions[-1]
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [revisions[-1]]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: str(script.revision))
def test_each_migration_would_rather_fail_than_make_the_service_queue_behind_it(script: Script) -> None:
    with open(script.path, encoding="utf-8") as file:
        source = file.read()
    for way in ("upgrade", "downgrade"):
        body = source.split(f"def {way}() -> None:\n")[1]
        lines = [line.strip() for line in body.splitlines() if line.strip() and not line.strip().startswith("#")]
        assert re.match(r"op\.execute\(\"SET LOCAL lock_timeout = '\d+s'\"\)", lines[0]), f"{script.revision} {way}"


async def test_two_deployers_at_once_do_the_work_once(empty: str) -> None:
    upgrade = [sys.executable, "-m", "app.cli.main", "db", "upgrade"]
    environment = os.environ | {"STORES_DATABASE_URL": empty}
    both = [await asyncio.create_subprocess_exec(*upgrade, cwd=ROOT, env=environment) for _ in range(2)]
    assert [await one.wait() for one in both] == [0, 0]
    assert "r item" in await names_in(empty)
