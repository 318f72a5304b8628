"""What every refusal of the API looks like: RFC 9457, with a stable code. What is refused is for that route's test."""

import re
from typing import Any

from httpx import Response

PLAIN = re.compile(r"^[\w/.-]+$", re.ASCII)
KEBAB = re.compile(r"^[a-z]+(-[a-z0-9]+)*$")


def check_problem(
    response: Response, status: int, code: str | None = None, *, field: str | None = None
) -> dict[str, Any]:
    """The problem, after its shape, status, code and (if named) the field it is about were asserted."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail", "instance", "code"} <= set(body)
    assert body["status"] == status
    if PLAIN.match(response.request.url.path):
        assert body["instance"] == response.request.url.path
    assert KEBAB.match(body["code"]), body["code"]
    assert body["detail"].strip()
    for error in body.get("errors", []):
        assert {"loc", "code", "message"} <= set(error)
        assert KEBAB.match(error["code"]), error["code"]
        assert error["message"].strip()
    if code is not None:
        assert body["code"] == code, body
    if field is not None:
        assert field in {str(part) for error in body.get("errors", []) for part in error["loc"]}, body
    return body
