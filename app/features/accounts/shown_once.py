"""Answers that carry a password which was made up: sent once, and kept for replays without it."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from app.web.once import OnceRoute


class ShownOnceRoute(OnceRoute):
    """Keeps the route's answer under its key, as every route does, and sends `request.state.shown_once` instead of it.

    So no password is ever written into the table of answers.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with the exchange of the answer around the keeping of it."""
        answer_and_keep = super().get_route_handler()

        async def answer(request: Request) -> Response:
            kept = await answer_and_keep(request)
            instead: Response | None = getattr(request.state, "shown_once", None)
            return instead or kept

        return answer
