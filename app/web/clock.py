"""The clock, asked once per request at the edge; nothing below asks it."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request


def real_time() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)


async def now(request: Request) -> datetime:
    """This instant, in UTC, by the clock of the app."""
    instant: datetime = request.app.state.clock()
    return instant


Now = Annotated[datetime, Depends(now)]
