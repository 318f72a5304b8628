"""`stores docs`: the documents that are read from the code, and the check that they are up to date."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from app.cli.reach import console, fail
from app.domain.access import GRANTS, Role
from app.domain.clearance import needs_clearance
from app.domain.lifecycle import BIRTH, MOVES, Move, State
from app.features.imports.columns_doc import describe
from app.main import create_app
from app.settings import Settings
from app.web.permissions import PERMISSIONS, Anybody

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs"


def docs(check: Annotated[bool, typer.Option(help="Only say whether they are up to date.")] = False) -> None:
    """Write docs/lifecycle.md, docs/access.md, docs/imports.md and docs/openapi.json from the code."""
    stale = []
    for name, draw in DOCUMENTS.items():
        path = FOLDER / name
        wanted = draw()
        if path.is_file() and path.read_text() == wanted:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted)
    if check and stale:
        raise fail(f"Out of date: {', '.join(stale)}. Run `stores docs` and commit the result.")
    console.print(f"Written: {', '.join(stale)}." if stale else "The generated documents are up to date.")


def lifecycle() -> str:
    """The lifecycle as a diagram and a table."""
    lines = [
        "# The lifecycle of an item",
        "",
        "Generated from `app/domain/lifecycle.py` by `stores docs`; do not edit.",
        "",
        "A hold is not a state: it lies across any of these and blocks every move marked *clear only*.",
        "Moves that leave the state as it is (`transfer`, an inspection where the item stands) are only in the table.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {BIRTH}: {Move.RECEIVE}",
    ]
    by_target: dict[tuple[State, State], list[Move]] = {}
    for (state, move), target in _in_order():
        if state is not target:
            by_target.setdefault((state, target), []).append(move)
    lines += [f"    {state} --> {target}: {', '.join(moves)}" for (state, target), moves in by_target.items()]
    lines += [f"    {State.SCRAPPED} --> [*]", "```", "", "| From | Move | To | |", "|---|---|---|---|"]
    lines += [f"| | `{Move.RECEIVE}` | `{BIRTH}` | |"]
    lines += [
        f"| `{state}` | `{move}` | `{target}` | {'clear only' if needs_clearance(state, move) else ''} |"
        for (state, move), target in _in_order()
    ]
    return "\n".join(lines) + "\n"


def access() -> str:
    """Who may do what, and which permission each route asks for."""
    roles = list(Role)
    lines = [
        "# Who may do what",
        "",
        "Generated from `app/domain/access.py` and `app/web/permissions.py` by `stores docs`; do not edit.",
        "A route that is not in the second table is refused, whoever asks.",
        "",
        "| Permission | " + " | ".join(role.text for role in roles) + " |",
        "|---|" + "---|" * len(roles),
    ]
    permissions = sorted({permission for granted in GRANTS.values() for permission in granted})
    lines += [
        f"| {permission.text} | " + " | ".join("yes" if permission in GRANTS[role] else "" for role in roles) + " |"
        for permission in permissions
    ]
    lines += ["", "| Route | Permission |", "|---|---|"]
    for route, needed in PERMISSIONS.items():
        lines.append(f"| `{route}` | {'anybody' if isinstance(needed, Anybody) else needed.text} |")
    return "\n".join(lines) + "\n"


def openapi() -> str:
    """The OpenAPI document."""
    settings = Settings(database_url="postgresql://nowhere/none", secret_key=SecretStr("only to draw the document" * 2))
    return json.dumps(create_app(settings).openapi(), indent=1, ensure_ascii=False) + "\n"


DOCUMENTS: dict[str, Callable[[], str]] = {
    "lifecycle.md": lifecycle,
    "access.md": access,
    "imports.md": describe,
    "openapi.json": openapi,
}


def _in_order() -> list[tuple[tuple[State, Move], State]]:
    states, moves = list(State), list(Move)
    return sorted(MOVES.items(), key=lambda line: (states.index(line[0][0]), moves.index(line[0][1])))
