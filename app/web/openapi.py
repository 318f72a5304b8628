"""What the framework cannot know of the JSON API, said in its OpenAPI document: refusals, signing in, sending twice."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI
from pydantic import Field

from app.domain.access import Permission
from app.web.once import READ_BY_POST
from app.web.permissions import AS_DOCUMENTED
from app.web.problems import TITLES
from app.web.results import BlockerBody, Step
from app.web.shapes import Shape

SCHEMA: Final = "#/components/schemas/"
FRAMEWORKS_OWN: Final = ("HTTPValidationError", "ValidationError")
SIGN_IN: Final = "password"
TOKEN_URL: Final = "/api/v1/token"  # noqa: S105 - an address, not a secret


class FieldError(Shape):
    """What is wrong with one field: `loc` is where it stood, beginning with `body`, `query` or `path`."""

    loc: list[str | int]
    code: str
    message: str


class Problem(Shape):
    """A refusal (RFC 9457). `code` stays the same; `detail` says what is wrong and what would be right.

    `errors`: about which fields. `blockers`: why an item may not go out. `product_name`, `next_step`: which item was
    refused, and what to do with it.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[FieldError] = Field(default=[])
    blockers: list[BlockerBody] = Field(default=[])
    product_name: str = ""
    next_step: Step | None = None


IDEMPOTENCY_KEY: Final[Mapping[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent twice with the same key, it is done once, and the answer is that of the first time "
    "(with Idempotency-Replayed: true). The same key with another body is refused: 409 idempotency-key-reused.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}


def describe(app: FastAPI) -> None:
    """Complete the document that the app serves."""
    written = app.openapi

    def whole() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(written)
        return app.openapi_schema

    # FastAPI asks for the document by this name, and names this way to change it.
    app.openapi = whole  # type: ignore[method-assign]


def _completed(written: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    document = written()
    parts = document["components"]
    for name in FRAMEWORKS_OWN:
        parts["schemas"].pop(name, None)
    own = Problem.model_json_schema(ref_template=SCHEMA + "{model}")
    parts["schemas"] = dict(sorted({**parts["schemas"], **own.pop("$defs"), "Problem": own}.items()))
    flows = {"password": {"tokenUrl": TOKEN_URL, "scopes": {}}}
    parts["securitySchemes"] = {SIGN_IN: {"type": "oauth2", "flows": flows}}
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            _complete(path, method.upper(), call)
    return document


def _complete(path: str, method: str, call: dict[str, Any]) -> None:
    signed_in = isinstance(AS_DOCUMENTED.get(f"{method} {path}"), Permission)
    if signed_in:
        call["security"] = [{SIGN_IN: []}]
    if signed_in and method == "POST" and path not in READ_BY_POST:
        call["parameters"] = [*call.get("parameters", []), dict(IDEMPOTENCY_KEY)]
    for status in _refusals(path, method, call, signed_in=signed_in):
        call["responses"][str(status)] = _refusal(TITLES[status])
    call["responses"]["default"] = _refusal("Any other refusal, such as 503 when the database is away")


def _refusals(path: str, method: str, call: Mapping[str, Any], *, signed_in: bool) -> Iterator[int]:
    """The statuses by which this call can be refused."""
    if signed_in or path == TOKEN_URL:
        yield 401
    if signed_in:
        yield 403
    if "{" in path:
        yield 404
    if method not in {"GET", "HEAD"}:
        yield 409
    if any(one["name"].lower() == "if-match" for one in call.get("parameters", [])):
        yield 412
    if "requestBody" in call:
        yield 413
    yield 422
    if path == TOKEN_URL:
        yield 429


def _refusal(title: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": f"{SCHEMA}Problem"}}}
    return {"description": title, "content": content}
