"""The routers of the features. With some hundred addresses, looking for the right one cost more than most answers."""

from typing import Any

from fastapi import APIRouter
from starlette.routing import BaseRoute, Match
from starlette.types import Scope


class Room(APIRouter):
    """A router that is passed by at a glance when none of its addresses begins like the one that is asked for."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._beginnings: tuple[str, ...] = ()
        self._counted = 0

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a route in here is meant; all of them are asked only if the beginning is right."""
        if len(self.routes) != self._counted:
            self._beginnings = tuple({beginning_of(route) for route in self.routes})
            self._counted = len(self.routes)
        # Behind a proxy that gives us a part of its addresses, that part comes first: then the routes themselves know.
        if not scope.get("root_path") and not scope["path"].startswith(self._beginnings):
            return Match.NONE, {}
        return super().matches(scope)


def beginning_of(route: BaseRoute) -> str:
    """The part of a route's address that is the same for everything that it serves."""
    return str(getattr(route, "path", "")).partition("{")[0]
