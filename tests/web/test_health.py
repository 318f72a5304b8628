"""Is it alive, is it ready."""

from datetime import timedelta

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.web.health import newest_migration
from tests.conftest import Scratch, client_of


async def test_the_process_answers(anonymous: AsyncClient) -> None:
    assert (await anonymous.get("/livez")).json() == {"status": "ok"}


async def test_a_migrated_database_is_ready(anonymous: AsyncClient) -> None:
    parts = (await anonymous.get("/readyz")).json()["parts"]
    assert (parts["database"], parts["migrations"]) == ("ok", "ok")


async def test_a_worker_that_nobody_has_seen_is_a_warning_and_no_more(scratch: Scratch) -> None:
    seen = text("""
        INSERT INTO jobs.pgqueuer_schedules (expression, entrypoint, updated)
        VALUES ('* * * * *', 'send_messages', now() - CAST(:ago AS interval))
        ON CONFLICT (expression, entrypoint) DO UPDATE SET updated = excluded.updated
    """)
    unseen = {"worker": "not seen for 10 minutes: start `stores worker`"}
    async with client_of(scratch.app) as client:
        assert (await client.get("/readyz")).json()["warnings"] == unseen
        for ago, warnings in ((timedelta(minutes=11), unseen), (timedelta(minutes=9), {})):
            async with scratch.database.sessions.begin() as session:
                await session.execute(seen, {"ago": ago})
            answer = await client.get("/readyz")
            assert answer.json()["warnings"] == warnings
            assert "worker" not in answer.json()["parts"]


async def test_an_older_database_says_what_to_do(scratch: Scratch) -> None:
    async with scratch.database.sessions.begin() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    async with client_of(scratch.app) as client:
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        said = answer.json()["parts"]["migrations"]
        assert said == f"at 0001, wants {newest_migration()}: run `stores db upgrade`"
        await forget_migrations(scratch.database.sessions())
        answer = await client.get("/readyz")
        assert answer.json()["parts"]["migrations"] == "run `stores db upgrade`"


async def forget_migrations(session: AsyncSession) -> None:
    async with session.begin():
        await session.execute(text("DROP TABLE alembic_version"))
    await session.close()
