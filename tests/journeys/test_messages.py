"""Messages in the demonstration: one is sent by the worker inside it and read, one was given up; axe on each page."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker

from app import outbox
from tests.database import address as database_address
from tests.database import engine_for
from tests.journeys.conftest import Walk

LETTER = {"purpose": "reservation_ends_soon", "body": "Extend it if you need it.\n\nThat is all.", "actor": "worker"}
GIVE_UP = text("UPDATE message SET given_up_at = made_at, tries = 6, last_error = 'Nobody is there.' WHERE id = :id")
PATIENCE_SECONDS = 60


async def test_a_message_is_read_and_everybodys_are_shown_with_how_they_stand(
    walks: Any, address: str, server_url: str, worker_name: str
) -> None:
    now = datetime.now(UTC)
    engine = engine_for(database_address(server_url, f"journeys_{worker_name}"))
    async with async_sessionmaker(engine).begin() as session:
        await outbox.post(session, **LETTER, subject="It ends tomorrow", to="ot", about="client:C-1004", at=now)
        later = now + timedelta(days=1)  # So that the worker leaves it alone.
        lost = await outbox.post(session, **LETTER, subject="Stop", to_email="care@example.org", at=later)
        await session.execute(GIVE_UP, {"id": lost})
    await engine.dispose()

    ot: Walk = await walks("ot")
    await ot.go("/messages")
    assert "Unread" in await ot.text()
    await ot.follow("It ends tomorrow")
    assert "That is all." in await ot.text()
    await ot.go("/messages")
    assert "Unread" not in await ot.text()

    manager: Walk = await walks("manager")
    await manager.go("/messages")
    await manager.press("All messages")
    give_up = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while "Shown here only" not in await manager.text():
        assert asyncio.get_running_loop().time() < give_up, "the worker inside the demonstration sent nothing"
        await asyncio.sleep(1)
        await manager.page.reload()
    assert "nothing leaves this machine" in await manager.text()
    await manager.look()
    await manager.page.set_viewport_size({"width": 320, "height": 256})
    assert await manager.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await manager.follow("Stop")
    assert "Nobody is there." in await manager.text()
    await manager.press("Send it again")
    assert "The message will be sent within a minute." in await manager.text()
