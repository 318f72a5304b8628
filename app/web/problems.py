"""Where refusals become HTTP: the only place that knows both. Nothing else raises or names a status for a rule."""

import uuid
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import structlog
from asyncpg.exceptions import PostgresConnectionError, PostgresError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from app.domain.access import Permission
from app.domain.errors import (
    BadValue,
    Conflict,
    Fault,
    Incomplete,
    NotAllowed,
    NotClear,
    NotFound,
    RuleError,
    Stale,
    TooMany,
)
from app.domain.funders import person_never_charged
from app.replica import ReplicaFailed
from app.web import kept_forms
from app.web.auth import SAFE_METHODS, SESSION_COOKIE, NotSignedIn
from app.web.forms import Form, ShowAgain
from app.web.once import Replay
from app.web.templating import render
from app.web.visits import get_visit, keep_visit
from app.web.wording import code_of, in_words

log = structlog.get_logger()

STATUS: dict[type[RuleError], int] = {
    NotFound: 404,
    Conflict: 409,
    NotAllowed: 403,
    BadValue: 422,
    Stale: 412,
    TooMany: 429,
}

CONSTRAINTS: dict[str, RuleError] = {
    "uq_item_serial_number_within_product": Conflict(
        "duplicate-serial", "This product already has an item with this serial number.", field="serial_numbers"
    ),
    "uq_loan_one_open_per_item": Conflict("already-on-loan", "The item is on loan already.", field="barcode"),
    "ex_reservation_dates_of_one_item": Conflict(
        "already-reserved", "The item is reserved for some of these days.", field="barcode"
    ),
    "ex_stocktake_places_of_open_ones": Conflict(
        "stocktake-open", "A stocktake of this place is open. Finish or cancel it first.", field="store"
    ),
    "uq_consignment_line_one_open_per_item": Conflict(
        "in-transit", "The item is on its way with another consignment already.", field="barcode"
    ),
    "uq_collection_line_one_open_per_item": Conflict(
        "already-being-collected", "The item is on a collection already.", field="barcodes"
    ),
    "uq_decontamination_one_open_per_item": Conflict(
        "already-being-decontaminated", "The item has an open decontamination already.", field="barcodes"
    ),
    "uq_product_code": Conflict("duplicate-code", "Another product has this code. Choose a new one.", field="code"),
    "uq_client_client_ref": Conflict(
        "duplicate-client-ref", "Another client has this reference. Look them up first.", field="client_ref"
    ),
    "uq_client_client_ref_in_any_case": Conflict(
        "duplicate-client-ref", "Another client has this reference. Look them up first.", field="client_ref"
    ),
    "uq_printer_store_id_name": Conflict(
        "duplicate-printer", "Another printer of this store has this name. Choose a new one.", field="name"
    ),
    "uq_maker_alias_name_key_resolves_to_key_from_on": Conflict(
        "duplicate-maker-alias", "This name is already recorded for this maker. Remove it first.", field="name"
    ),
    "ex_tariff_one_at_a_time": Conflict(
        "tariff-overlaps",
        "Another rate for the same thing is in force on one of these days. End it the day before, or replace it.",
        field="starts_on",
    ),
    "pk_charge_taken_back": Conflict(
        "already-reversed", "The charge was taken back in the meantime. Look at what came instead of it."
    ),
    "uq_client_nhs_number": Conflict(
        "duplicate-nhs-number", "Another client has this NHS number. Look them up first.", field="nhs_number"
    ),
    "ck_charge_issue_is_not_put_aside": Conflict(
        "charges-put-aside",
        "What this item was issued at is put aside with its month. Ask whoever runs the service to bring it back.",
    ),
    "ck_charge_period_is_open": Conflict(
        "period-closed", "The month is closed and takes no more lines. Post it in a later one.", field="period"
    ),
    "pk_finance_period": Conflict("period-closed", "The month was closed at this moment by somebody.", field="period"),
    "ck_finance_period_in_its_order": Conflict(
        "close-earlier-first", "Months are closed one after the other. Close the earlier ones first.", field="period"
    ),
    "ck_charge_lines_make_a_whole": Conflict(
        "funding-not-100-percent", "The lines of one charge must come to exactly 100 %.", field="funding"
    ),
    "ck_charge_no_reversal_is_reversed": Conflict(
        "reversal-of-a-reversal", "A line that takes another back cannot be taken back. Post the charge anew."
    ),
    "ck_person_never_charged": person_never_charged("This funder"),
    "ck_order_share_makes_a_whole": BadValue(
        "funding-not-100-percent", "The shares of an order must come to exactly 100 %.", field="funding"
    ),
    "uq_funding_dispute_one_open_per_order": Conflict(
        "already-disputed", "Who pays for this order is disputed already. Settle that dispute.", field="order_number"
    ),
    "uq_order_top_up_one_per_issue": Conflict(
        "already-topped-up", "A person adds to this item already. Withdraw that first.", field="barcode"
    ),
}
"""What the database's last word means, by the constraint's name."""

TRY_AGAIN = {"40001", "40P01", "55P03", "57014"}
"""Serialisation failure, deadlock, lock not available, cancelled by a time limit: another try may well succeed."""

NO_SUCH_CHARACTER = "22021"
"""A NUL in an address, a question or a name: no text in PostgreSQL can have one, so nothing here is called that."""

KEY = "[key]"
"""What pydantic adds to the place of a name that is wrong; the name itself stands before it."""

WITHOUT_BODY = {"GET", "HEAD", "DELETE"}

GONE = {"57P01", "57P02", "57P03", "53300"}
"""The server is shutting down, crashed, starting up, or has no connection free."""


def problem(
    request: Request, status: int, code: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """The refusal as RFC 9457 problem+json under /api and on health checks, as a page elsewhere."""
    if _wants_json(request):
        body = {
            "type": "about:blank",
            "title": TITLES.get(status, "Refused"),
            "status": status,
            "detail": detail,
            "instance": request.url.path,
            "code": code,
            **more,
        }
        return JSONResponse(body, status, headers, media_type="application/problem+json")
    context = {"title": TITLES.get(status, "Refused"), "detail": detail, "request_id": request.state.request_id, **more}
    context["next_steps"] = _ways_on(request, code)
    page = render(request, "errors/problem.html", context, status)
    page.headers.update(headers or {})
    return page


def _ways_on(request: Request, code: str) -> list[dict[str, str]]:
    """Where somebody goes on who was refused: where it can be put right; of a form, the item that it was about and the
    page that it stood on."""
    start = {"text": "Go to the start page", "href": "/"}
    if request.method != "POST":
        return [*_put_right(request, code), start]
    tag, back = request.path_params.get("barcode"), _page_of_form(request)
    item = f"/items/{quote(tag, safe='')}" if tag else ""
    steps = [{"text": "Go to the item and see where it stands now", "href": item}] if item else []
    if back not in {"", "/", item}:
        steps.append({"text": "Go back to the page that you came from", "href": back})
    return [*steps, start]


def _put_right(request: Request, code: str) -> list[dict[str, str]]:
    text, href, permission = PUT_RIGHT_AT.get(code, ("", "", None))
    return [{"text": text, "href": href}] if permission and request.state.actor.may(permission) else []


PUT_RIGHT_AT: dict[str, tuple[str, str, Permission]] = {
    "no-account": ("Set the accounts of the journal", "/finance/journal/layout", Permission.KEEP_RATES)
}
"""Of a page that cannot be had yet, by the refusal's code: the page on which whoever may do so puts that right."""

TITLES: dict[int, str] = {
    400: "Cannot be read",
    401: "Sign in first",
    403: "You may not do this",
    404: "Not found",
    405: "Not possible here",
    409: "This cannot be done now",
    412: "Somebody else changed this",
    413: "Too large",
    422: "Something needs correcting",
    429: "Too many tries",
    500: "Something went wrong",
    503: "Not available for a moment",
}


def status_of(error: RuleError) -> int:
    """The HTTP status of a refusal, by its kind."""
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def refused(request: Request, error: RuleError) -> Response:
    """A refusal of the rules."""
    more: dict[str, Any] = dict(error.told)
    if error.field:
        place = [] if error.index is None else [error.index]
        more["errors"] = [{"loc": [*_where(request, error.field), *place], "code": error.code, "message": error.detail}]
    if isinstance(error, NotClear):
        more["blockers"] = [{"code": blocker.code, "detail": blocker.detail} for blocker in error.blockers]
    if isinstance(error, Incomplete):
        more |= error.wanted
        if error.faults and error.field:
            more["errors"] = [_inside(request, error.field, fault) for fault in error.faults]
    headers = {"Retry-After": "900"} if isinstance(error, TooMany) else None
    return problem(request, status_of(error), error.code, error.detail, headers=headers, **more)


def _inside(request: Request, field: str, fault: Fault) -> dict[str, Any]:
    """A fault inside a field, with the path to it."""
    path = [int(part) if part.isdigit() else part for part in fault.name.split(".")]
    return {"loc": [*_where(request, field), *path], "code": fault.code, "message": fault.detail}


def _where(request: Request, field: str) -> list[str]:
    """Where the field stood, of which the rules know only the name: in the address, in the question, or in the body."""
    for name in (field, field.removesuffix("s")):  # A verb for many items is asked for the one of the address, too.
        if name in request.path_params:
            return ["path", name]
    asked = field in request.query_params or request.method in WITHOUT_BODY
    return ["query" if asked else "body", field]


def known_violation(error: IntegrityError) -> RuleError | None:
    """What a violated constraint means in the domain's words, if it is one that people can cause."""
    cause = error.orig.__cause__ if error.orig else None
    return CONSTRAINTS.get(getattr(cause, "constraint_name", None) or "")


def install(app: FastAPI) -> None:
    """Hang every translation on the app."""
    app.add_exception_handler(RuleError, _rule)
    app.add_exception_handler(NotSignedIn, _not_signed_in)
    app.add_exception_handler(ShowAgain, _show_again)
    app.add_exception_handler(Replay, _replay)
    app.add_exception_handler(ReplicaFailed, _ask_primary)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(IntegrityError, _integrity)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(PostgresError, _database)
    app.add_exception_handler(OSError, _database)
    app.add_exception_handler(PoolTimeout, _database)
    app.add_exception_handler(Exception, _unknown)


class Again(Response):
    """The answer of the same request, done once more from the beginning."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Everything that the first time opened is closed by now."""
        await scope["app"].router(scope, receive, send)


async def _ask_primary(request: Request, _: Exception) -> Response:
    assert request.method in SAFE_METHODS
    request.state.wants_primary, request.state.reading = True, None
    return Again()


async def _rule(request: Request, error: Exception) -> Response:
    assert isinstance(error, RuleError)
    return refused(request, error)


async def _not_signed_in(request: Request, _: Exception) -> Response:
    if _wants_json(request):
        headers = {"WWW-Authenticate": "Bearer"}
        return problem(request, 401, "not-signed-in", "Sign in: the token is missing or has ended.", headers=headers)
    # A browser drops the cookie when its time is over, so a form that is sent tells by itself that somebody was here.
    is_lost = request.method == "POST" and request.url.path != "/sign-out"
    back = request.url.path if request.method == "GET" else _page_of_form(request)
    asked = {"next": back} if back not in {"", "/"} else {}
    if is_lost or SESSION_COOKIE in request.cookies:
        asked["ended"] = "lost" if is_lost else "yes"
    question = urlencode(asked, safe="/")
    kept = await kept_forms.keep(request) if is_lost else ""
    if kept:
        answer: Response = await _ask_with_form(request, back, kept)
    else:
        answer = RedirectResponse(f"/sign-in?{question}" if question else "/sign-in", 303)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


async def _ask_with_form(request: Request, back: str, kept: str) -> Response:
    """The sign-in page in place of what the form asked for: it carries the form through."""
    visit = await get_visit(request)
    request.state.csrf_token = visit.token
    context = {"form": Form(), "there": back or "/", "ended": "lost", "kept": kept, "people": [], "password": None}
    page = render(request, "accounts/sign_in.html", context, 401)
    keep_visit(request, page, visit)
    return page


def _page_of_form(request: Request) -> str:
    """The page on which the form stood: the one that the browser says it came from, else the form's own address."""
    try:
        came_from = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        came_from = urlsplit("")
    pages = [urlunsplit(came_from._replace(scheme="", netloc="", fragment=""))]
    if came_from.netloc != request.url.netloc:
        pages = []
    return next((page for page in [*pages, request.url.path] if _is_page(request, page)), "")


def _is_page(request: Request, page: str) -> bool:
    """Whether this address of ours can be looked at."""
    asked = {"type": "http", "method": "GET", "path": urlsplit(page).path, "root_path": "", "headers": []}
    return any(route.matches(asked)[0] is Match.FULL for route in request.app.routes)


async def _show_again(request: Request, error: Exception) -> Response:
    assert isinstance(error, ShowAgain)
    status = 422 if error.is_wrong else 200
    context = {**error.context, "anew": _page_of_form(request)}
    return render(request, error.template, context, status_of(error.error) if error.error else status)


async def _replay(_: Request, error: Exception) -> Response:
    assert isinstance(error, Replay)
    return Response(error.body, error.status, {**error.headers, "Idempotency-Replayed": "true"})


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        {
            "loc": [part for part in found["loc"] if part != KEY],
            "code": code_of(found),
            "message": in_words(found),
        }
        for found in error.errors()
    ]
    detail = " ".join(str(found["message"]) for found in errors[:5])
    return problem(request, 422, "malformed", detail, errors=errors)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:
        return problem(request, 400, "unreadable-body", _unreadable(request))
    known = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}
    details = {404: "There is nothing at this address.", 405: "This address does not take that method."}
    headers = dict(error.headers or {})
    code = known.get(error.status_code, "refused")
    return problem(request, error.status_code, code, details.get(error.status_code, str(error.detail)), headers=headers)


def _unreadable(request: Request) -> str:
    """What is wrong with a body that nobody could read, and what would be right: all that the framework calls 400."""
    if not _wants_json(request):
        return "The form did not arrive whole, or has too many answers. Open the page again, and send it once more."
    if "form" in request.headers.get("content-type", ""):
        return "The form cannot be read. Send it whole, as application/x-www-form-urlencoded."
    return "The body cannot be read. Send JSON in UTF-8, with Content-Type: application/json."


async def _integrity(request: Request, error: Exception) -> Response:
    assert isinstance(error, IntegrityError)
    violation = known_violation(error)
    return refused(request, violation) if violation else await _unknown(request, error)


async def _database(request: Request, error: Exception) -> Response:
    if _state_of(error) == NO_SUCH_CHARACTER:
        return problem(request, 422, "bad-character", "Take out the control characters: nothing here is written so.")
    if not _is_passing(error):
        return await _unknown(request, error)
    log.warning("database_unavailable", error=type(error).__name__, request_id=request.state.request_id)
    detail = "The database cannot be reached for a moment. Nothing was changed. Try again shortly."
    return problem(request, 503, "try-again", detail, headers={"Retry-After": "5"})


def _is_passing(error: Exception) -> bool:
    """Whether the database, or the way to it, is only gone for now."""
    if isinstance(error, DBAPIError):
        cause = error.orig.__cause__ if error.orig else None
        lost = error.connection_invalidated or isinstance(cause, PostgresConnectionError | OSError)
        return lost or _state_of(error) in TRY_AGAIN | GONE
    if isinstance(error, PostgresError):
        return isinstance(error, PostgresConnectionError) or error.sqlstate in GONE
    return isinstance(error, OSError | PoolTimeout)


def _state_of(error: Exception) -> str | None:
    """PostgreSQL's five letters for what went wrong, if it was PostgreSQL that said so."""
    cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else error
    return getattr(cause, "sqlstate", None)


async def _unknown(request: Request, error: Exception) -> Response:
    log.error("unexpected", request_id=request.state.request_id, path=request.url.path, exc_info=error)
    number = request.state.request_id
    detail = f"This is our fault, not yours. Nothing was changed. Tell the service desk this number: {number}."
    return problem(request, 500, "unexpected", detail)


def _wants_json(request: Request) -> bool:
    if not hasattr(request.state, "request_id"):
        request.state.request_id = uuid.uuid4().hex
    return request.url.path.startswith(("/api/", "/livez", "/readyz", "/metrics"))
