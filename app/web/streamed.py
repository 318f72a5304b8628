"""Files that are handed out while they are made: nobody waits for the whole, and the whole is never in memory."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.types import Send

PassOn = Callable[[bytes], Awaitable[None]]


class Streamed(StreamingResponse):
    """An answer whose `write` is given a function that passes a piece on, and that waits while the reader is slow.

    When the reader goes away, `write` is cancelled where it stands. Until it has passed something on, what it raises is
    an answer of its own; afterwards the answer is cut off, without the end that every whole one has.
    """

    def __init__(
        self, write: Callable[[PassOn], Awaitable[None]], *, name: str, media_type: str, **options: Any
    ) -> None:
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        super().__init__((), media_type=media_type, headers=headers | options.pop("headers", {}), **options)
        self._write = write

    async def stream_response(self, send: Send) -> None:
        """Begin with the first piece, so that what fails before it can still be said."""
        started = False

        async def begin() -> None:
            nonlocal started
            if not started:
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            started = True

        async def pass_on(piece: bytes) -> None:
            await begin()
            await send({"type": "http.response.body", "body": piece, "more_body": True})

        await self._write(pass_on)
        await begin()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
