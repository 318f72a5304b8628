"""The OpenAPI document, and the page for the JSON API that is made from it. No script, nothing from elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse

from app.domain.access import GRANTS, Permission
from app.web.auth import Public
from app.web.permissions import PERMISSIONS
from app.web.templating import render

router = APIRouter(include_in_schema=False)

DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body, or one parameter: `depth` counts the bodies around it."""

    name: str
    kind: str
    required: bool
    about: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """One call: `who` says in words who may make it."""

    id: str
    method: str
    path: str
    summary: str
    about: str
    who: str
    parameters: list[Field]
    body: list[Field]
    answers: list[tuple[str, str]]


@router.get("/api/v1/openapi.json")
async def openapi(request: Request, _: Public) -> JSONResponse:
    """The OpenAPI document. It is made when it is first asked for: a second's work that no other request waits for."""
    return JSONResponse(await run_in_threadpool(request.app.openapi))


@router.get("/api/docs")
async def docs(request: Request, _: Public) -> HTMLResponse:
    """Every call, by what it is about."""
    document = await run_in_threadpool(request.app.openapi)
    groups: dict[str, list[Operation]] = {}
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            operation = _operation(document, method.upper(), path, call)
            groups.setdefault((call.get("tags") or ["other"])[0], []).append(operation)
    return render(request, "apidocs/docs.html", {"groups": groups, "version": document["info"]["version"]})


def _operation(document: Mapping[str, Any], method: str, path: str, call: Mapping[str, Any]) -> Operation:
    content = call.get("requestBody", {}).get("content", {})
    schema = next((kind["schema"] for kind in content.values() if "schema" in kind), None)
    summary, _, more = call.get("description", "").replace("`", "").partition("\n")
    return Operation(
        id=call["operationId"],
        method=method,
        path=path,
        summary=summary or call.get("summary", ""),
        about=more.strip(),
        who=_who(f"{method} {path}"),
        parameters=[_parameter(document, one) for one in call.get("parameters", [])],
        body=list(_fields(document, schema)) if schema else [],
        answers=[(status, answer["description"]) for status, answer in call["responses"].items()],
    )


def _who(route: str) -> str:
    needed = PERMISSIONS.get(route)
    if not isinstance(needed, Permission):
        return "Everybody, without signing in" if needed else "Nobody"
    if needed is Permission.SIGNED_IN:
        return "Everybody who is signed in"
    return ", ".join(role.text for role, granted in GRANTS.items() if needed in granted)


def _parameter(document: Mapping[str, Any], one: Mapping[str, Any]) -> Field:
    schema = one.get("schema", {})
    about = one.get("description") or schema.get("description", "")
    return Field(f"{one['name']} ({one['in']})", _kind(document, schema), one.get("required", False), about)


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Iterator[Field]:
    """The fields of an object and, below each, those of the objects in it."""
    target = _resolved(document, schema)
    required = target.get("required", [])
    for name, field in target.get("properties", {}).items():
        yield Field(name, _kind(document, field), name in required, field.get("description", ""), depth)
        inner = field.get("items") or field
        if depth < DEEPEST:
            yield from _fields(document, inner, depth + 1)


def _kind(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """A schema in a few words: "text", "list of text", "one of: a, b"."""
    known = _resolved(document, schema)
    if "enum" in known or "const" in known:
        return "one of: " + ", ".join(str(value) for value in known.get("enum", [known.get("const")]))
    if "anyOf" in known:
        return " or ".join(_kind(document, one) for one in known["anyOf"])
    if known.get("type") == "array":
        return f"list of {_kind(document, known.get('items', {}))}"
    return WORDS.get(known.get("format", ""), WORDS.get(known.get("type", ""), "anything"))


WORDS: dict[str, str] = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "null": "null",
    "date": "date (YYYY-MM-DD)",
    "date-time": "instant (ISO 8601)",
    "uuid": "UUID",
}


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    named: Mapping[str, Any] = document["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    return named
