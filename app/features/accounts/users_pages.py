"""Pages of everybody's accounts, for administrators."""

from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import AfterValidator

from app.db import Session
from app.domain.access import Role
from app.domain.errors import RuleError, Stale
from app.features.accounts import people, queries
from app.features.accounts.schemas import NewUserForm, UserChange, UserForm, VersionForm, WayBack
from app.features.accounts.shown_once import ShownOnceRoute
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, without_controls
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import page_of, text_cursor
from app.web.problems import status_of
from app.web.templating import render

router = page_router()
router.route_class = ShownOnceRoute

PEOPLE_ON_A_PAGE: Final = 50
STATES: Final = {"open": True, "closed": False}
ROLES: Final = [(role.value, role.text) for role in Role]

Username = Annotated[str, AfterValidator(without_controls)]
Words = Annotated[str, Query(max_length=100), AfterValidator(without_controls), AfterValidator(str.strip)]


@router.get("/users")
async def users(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    q: Words = "",
    role: Words = "",
    state: Words = "",
    after: After = None,
) -> HTMLResponse:
    """Everybody who has an account; `q` is part of a name or of a username."""
    wanted = next((known for known in Role if known.value == role), None)
    rows = await queries.list_people(
        session,
        now=now,
        q=q,
        role=wanted,
        is_active=STATES.get(state),
        after=text_cursor(after, people.USERNAME),
        limit=PEOPLE_ON_A_PAGE + 1,
    )
    page = page_of(rows, limit=PEOPLE_ON_A_PAGE, cursor=lambda row: row.username)
    asked = {"q": q, "role": wanted.value if wanted else "", "state": state if state in STATES else ""}
    context = {
        "people": page.items,
        "asked": asked,
        "is_narrowed": any(asked.values()),
        "roles": ROLES,
        "back": _list_of(asked, after or ""),
        "following": _list_of(asked, page.next) if page.next else None,
    }
    return render(request, "accounts/users.html", context)


@router.get("/users/new")
async def new_user(request: Request, session: Session, actor: Actor) -> HTMLResponse:
    """Somebody new."""
    return render(request, "accounts/new_user.html", {"form": Form(), **await _choices(session)})


@router.post("/users/new")
async def add_user(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Add them, and show this once the password that was made up."""
    form, body = await read_form(request, NewUserForm)
    choices = await _choices(session)
    if body is None:
        return render(request, "accounts/new_user.html", {"form": form, **choices}, 422)
    with or_again("accounts/new_user.html", form, **choices):
        password = await people.add_user(
            session,
            body.username,
            name=body.name,
            email=body.email,
            roles=body.roles,
            stores=body.stores,
            actor=actor.username,
            at=now,
        )
    return await _show_password(request, session, now, body.username, password)


@router.get("/users/{username}")
async def user(request: Request, session: Session, actor: Actor, now: Now, username: Username) -> HTMLResponse:
    """One account, and what can be done with it."""
    return await _show(request, session, now, username, Form())


@router.post("/users/{username}")
async def change_user(request: Request, session: Session, actor: Actor, now: Now, username: Username) -> Response:
    """Change name, e-mail address, roles and stores."""
    form, body = await read_form(request, UserForm)
    if body is None:
        return await _show(request, session, now, username, form, 422)
    change = UserChange(name=body.name, email=body.email, roles=body.roles, stores=body.stores)
    return await _change(request, session, actor, now, username, form, change, "The account has been changed.")


@router.post("/users/{username}/close")
async def close_account(request: Request, session: Session, actor: Actor, now: Now, username: Username) -> Response:
    """Close an account: its person is signed out everywhere and cannot sign in."""
    words = "The account is closed, and its sign-ins have ended."
    return await _change(request, session, actor, now, username, Form(), UserChange(is_active=False), words)


@router.post("/users/{username}/reopen")
async def reopen_account(request: Request, session: Session, actor: Actor, now: Now, username: Username) -> Response:
    """Open a closed account again, with the password that it had."""
    words = "The account is open again, with the password that it had."
    return await _change(request, session, actor, now, username, Form(), UserChange(is_active=True), words)


@router.post("/users/{username}/password")
async def set_password(request: Request, session: Session, actor: Actor, now: Now, username: Username) -> Response:
    """Give somebody a password that is made up, and show it this once."""
    try:
        password = await people.set_password(session, username, actor=actor.username, at=now)
    except RuleError as error:
        return await _refuse(request, session, now, username, Form(), error)
    return await _show_password(request, session, now, username, password)


@router.post("/users/{username}/end-sign-ins")
async def end_sign_ins(
    request: Request, session: Session, actor: Actor, now: Now, username: Username
) -> RedirectResponse:
    """End every sign-in of somebody, and go back to the list from which it was done."""
    _, form = await read_form(request, WayBack)
    ended = await people.end_all_sign_ins(session, username, actor=actor.username, at=now)
    words = "1 sign-in has" if ended == 1 else f"{ended} sign-ins have"
    return redirect(request, form.back if form else "/users", f"{words} ended: {username}.")


def _list_of(asked: dict[str, str], after: str) -> str:
    """The address of a page of the list."""
    query = {name: value for name, value in (asked | {"after": after}).items() if value}
    return f"/users?{urlencode(query)}" if query else "/users"


async def _change(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    username: str,
    form: Form,
    change: UserChange,
    done: str,
) -> Response:
    _, shown = await read_form(request, VersionForm)
    if shown is None:
        form.refuse("The form did not arrive whole. Check what is here, then send it again.")
        return await _show(request, session, now, username, form, 422)
    try:
        await people.change_account(session, username, change, version=shown.version, actor=actor.username, at=now)
    except RuleError as error:
        return await _refuse(request, session, now, username, form, error)
    return redirect(request, f"/users/{quote(username)}", done)


async def _refuse(
    request: Request, session: Session, now: Now, username: str, form: Form, error: RuleError
) -> HTMLResponse:
    """The account's page with the refusal, and with another's change beside what was typed over it."""
    if isinstance(error, Stale) and form.names:
        form.against(_as_typed(await queries.get_person(session, username, now=now))).refuse_stale(error)
    else:
        form.refuse(error.detail, error.field if error.field in form.names else None)
    return await _show(request, session, now, username, form, status_of(error))


async def _show(
    request: Request, session: Session, now: Now, username: str, form: Form, status: int = 200
) -> HTMLResponse:
    person = await queries.get_person(session, username, now=now)
    context = {"form": form if form.names else _as_it_is(person, form), "person": person, **await _choices(session)}
    return render(request, "accounts/user.html", context, status)


def _as_typed(person: queries.PersonRow) -> dict[str, list[str]]:
    return {"name": [person.name], "email": [person.email or ""], "roles": person.roles, "stores": person.stores}


def _as_it_is(person: queries.PersonRow, form: Form) -> Form:
    """The form filled in as the account is, with what was said of a form in which nothing was typed."""
    filled = Form(_as_typed(person))
    for sentence in form.general:
        filled.refuse(sentence)
    return filled


async def _show_password(request: Request, session: Session, now: Now, username: str, password: str) -> Response:
    person = await queries.get_person(session, username, now=now)
    request.state.shown_once = render(request, "accounts/password_made.html", {"person": person, "password": password})
    return render(request, "accounts/password_made.html", {"person": person, "password": None})


async def _choices(session: Session) -> dict[str, Any]:
    return {
        "roles": ROLES,
        "stores": [(store.code, store.name) for store in await queries.list_stores(session)],
    }
