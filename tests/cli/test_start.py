"""What a start of `stores serve` must not do: it is counted, for seconds depend on the machine."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.given import SECRET

ROOT = Path(__file__).resolve().parents[2]
WANTED_BY_SOME_REQUEST_ONLY = {"alembic", "biip", "croniter", "mako", "pgqueuer"}

# `made` is what each of several processes does; a single one does the same, but for watching its parent.
START = """
import gc, json, sys

before = [generation["collections"] for generation in gc.get_stats()]
from app.cli.main import Commands, begin

Commands().get_command(None, "serve")
begin()
parent = set(sys.modules)

from app.cli.serve import made

service = made()
after = [generation["collections"] for generation in gc.get_stats()]

from app.models.base import Table
from app.web.rooms import Declared
from app.web.shapes import Shape


def below(kind):
    return {kind}.union(*map(below, kind.__subclasses__()))


def looked_into():
    return [route.path for route in routes if isinstance(route, Declared) and "dependant" in vars(route)]


routes = [route for router in __import__("app.main").main.ROUTERS for route in router.routes]
found = {
    "parent": sorted(parent), "modules": sorted(sys.modules), "collections": [before, after],
    "tidies": gc.isenabled(), "kept": gc.get_freeze_count(),
    "routes": [isinstance(route, Declared) for route in routes],
    "looked into": looked_into(),
    "tables": len(below(Table)), "shapes": len(below(Shape)),
    "built": sorted(kind.__name__ for kind in below(Table) | below(Shape) if kind.__pydantic_complete__),
}
service.openapi()
print(json.dumps(found | {"looked into twice": looked_into()}))
"""


@pytest.fixture(scope="module")
def start() -> dict[str, Any]:
    """What a process was like that had just started."""
    environment = os.environ | {"STORES_DATABASE_URL": "postgresql://nobody@/nowhere", "STORES_SECRET_KEY": SECRET}
    told = subprocess.run([sys.executable, "-c", START], cwd=ROOT, env=environment, capture_output=True, check=True)
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def test_no_rubbish_is_looked_for_before_all_is_there_and_never_among_that(start: dict[str, Any]) -> None:
    before, after = start["collections"]
    assert sum(after) - sum(before) <= 4  # It is switched on for a moment between.
    assert start["kept"] > 100_000
    assert start["tidies"]


def test_no_route_is_looked_into_and_no_validator_built_before_it_is_wanted(start: dict[str, Any]) -> None:
    assert start["routes"].count(True) > 600
    assert start["routes"].count(False) < 20
    assert start["tables"] > 140
    assert start["shapes"] > 500
    assert start["looked into"] == []
    # To be described they are looked into where they are included, which is once.
    assert start["looked into twice"] == []
    assert len(start["built"]) < 10, start["built"]


def test_what_only_some_requests_and_other_commands_want_is_not_imported(start: dict[str, Any]) -> None:
    assert WANTED_BY_SOME_REQUEST_ONLY.intersection(start["modules"]) == set()
    commands = {name.split(".")[2] for name in start["modules"] if name.startswith("app.cli.")}
    assert commands == {"main", "reach", "serve"}


def test_the_process_that_watches_over_several_does_not_import_the_service(start: dict[str, Any]) -> None:
    rooms = {".".join(name.split(".")[:2]) for name in start["parent"] if name.startswith("app.")}
    assert rooms.isdisjoint({"app.main", "app.features", "app.web", "app.models"})
