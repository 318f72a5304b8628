"""The routers of the features, and their routes: neither is looked into before it is wanted.

With some hundred addresses, looking for the right one cost more than most answers, and looking into each of them a
quarter of every start.
"""

import inspect
from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

OPTIONS: Final = {
    name: option.default
    for name, option in inspect.signature(APIRoute.__init__).parameters.items()
    if option.kind is option.KEYWORD_ONLY
}
"""What may be said of a route, and what stands for what is not said."""


class Declared(APIRoute):
    """A route as it was declared, which is looked into only when somebody asks for more than that.

    FastAPI looks into every route (the signature, what it depends on, what goes in and out) where it is declared, and
    again where it is included, when the first request comes to its router: it is by the second that it is served. The
    first was for nothing.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.__dict__.update(OPTIONS | options)
        self._declaration = {"path": path, "endpoint": endpoint, **options}
        self.path, self.endpoint = path, endpoint
        self.name = options.get("name") or endpoint.__name__
        self.methods = {method.upper() for method in options.get("methods") or ("GET",)}
        self.tags, self.responses = options.get("tags") or [], options.get("responses") or {}
        self.dependencies = list(options.get("dependencies") or ())
        self.description = options.get("description") or inspect.cleandoc(endpoint.__doc__ or "")
        self.stream_item_type = None  # Where it is included it is read from the endpoint, as the response model is.

    def __getattr__(self, name: str) -> Any:
        """What was not said, but is found by looking: then the route becomes a whole one."""
        declaration = self.__dict__.pop("_declaration", None)
        if declaration is None:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}.", name=name, obj=self)
        super().__init__(**declaration)
        return getattr(self, name)


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
