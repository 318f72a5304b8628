"""What a request asks for first is answered on the loop, not by a thread of its own."""

import inspect
from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts


def calls_of(dependant: Dependant) -> Iterator[object]:
    """What is called before the route is, all the way down."""
    for one in dependant.dependencies:
        yield one.call
        yield from calls_of(one)


def test_no_dependency_needs_a_thread(app: FastAPI) -> None:
    """FastAPI runs plain functions in threads: a hop each, and two of them at once in what is not made for it."""
    needs = [route.dependant for route in iter_route_contexts(app.routes) if getattr(route, "dependant", None)]
    functions = {call for one in needs for call in calls_of(one) if inspect.isfunction(call)}
    assert functions
    assert {call for call in functions if not runs_on_the_loop(call)} == set()


def runs_on_the_loop(call: object) -> bool:
    """Whether it is asynchronous, with or without a tidying up afterwards."""
    return inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call)
