"""Signing in and out, one's own account with its password and e-mail address, and the audit trail."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import AfterValidator

from app.db import Session
from app.domain.carriers import read_label_text
from app.domain.errors import RuleError
from app.domain.labels import TagKind
from app.features.accounts import queries, service
from app.features.accounts.guessing import KNOWN_FOR
from app.features.accounts.passwords import DEMONSTRATION_PASSWORD
from app.features.accounts.schemas import EmailForm, PasswordForm, SignInForm
from app.models import SignInKind
from app.settings import Settings
from app.web import kept_forms
from app.web.auth import (
    SESSION_COOKIE,
    VISIT_COOKIE,
    Actor,
    Public,
    check_csrf,
    csrf_token,
    secret_hash,
)
from app.web.clock import Now
from app.web.fields import After, Id, without_controls
from app.web.flash import redirect, set_cookie
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.problems import status_of
from app.web.tags import Prefix
from app.web.templating import render
from app.web.typed import own_path
from app.web.visits import Visit, Visitor, address_of, keep_visit

router = page_router()

BROWSER_COOKIE: Final = "stores_browser"
AUDIT_PAGE: Final = 50
LOST: Final = "You are signed in again. What you sent before that was not saved. Do it again here."

Words = Annotated[str, Query(max_length=200), AfterValidator(without_controls)]


@router.get("/sign-in")
async def sign_in_form(
    request: Request,
    session: Session,
    visit: Visitor,
    _: Public,
    after: Annotated[str, Query(alias="next")] = "",
    ended: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """The form; in demonstration mode with the people one can sign in as. `ended`: how the last sign-in did."""
    return await _ask(request, session, visit, Form(), own_path(after), ended=ended)


@router.post("/sign-in")
async def sign_in(request: Request, session: Session, visit: Visitor, now: Now, _: Public) -> Response:
    """Open a sign-in and go to the page that was asked for, or to the form that was sent too late. A wrong password is
    an answer: its count is committed."""
    form, body = await read_form(request, SignInForm)
    there, ended = own_path(form.value("next")), form.value("ended")
    try:
        await check_csrf(request, visit.token)
        if body is None:
            return await _ask(request, session, visit, form, there, 422, ended=ended)
        opened = await _open(request, session, body, now)
    except RuleError as error:
        form.refuse(error.detail, error.field)
        return await _ask(request, session, visit, form, there, status_of(error), ended=ended)
    if opened is None:
        form.refuse("Username and password do not go together.", "username")
        return await _ask(request, session, visit, form, there, 401, ended=ended)
    kept = kept_forms.read(request, form.value("kept")) if form.value("kept") else None
    if kept and kept.is_of(request.app.state.settings, await queries.list_sign_in_hashes(session, opened.account_id)):
        request.state.csrf_token = csrf_token(request.app.state.settings, secret_hash(opened.secret))
        answer: Response = render(request, "accounts/send_again.html", {"kept": kept, "there": there})
    else:
        answer = redirect(request, there, LOST if ended == "lost" else None, is_important=True)
    set_cookie(request, answer, SESSION_COOKIE, opened.secret, max_age=int((opened.expires_at - now).total_seconds()))
    if opened.browser:
        set_cookie(request, answer, BROWSER_COOKIE, opened.browser, max_age=int(KNOWN_FOR.total_seconds()))
    answer.delete_cookie(VISIT_COOKIE)
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """End this sign-in here and in the database."""
    await service.end_sign_in(session, request.state.secret_hash, actor=actor.username, at=now)
    answer = redirect(request, "/sign-in", "You have signed out.")
    answer.delete_cookie(SESSION_COOKIE)
    return answer


@router.get("/account")
async def account(request: Request, session: Session, actor: Actor, now: Now) -> HTMLResponse:
    """Who one is here, where one's messages go, and where one is signed in."""
    rows = await queries.list_sign_ins(session, actor.id, this=request.state.secret_hash, now=now)
    email = await queries.find_email(session, actor.id)
    return render(request, "accounts/account.html", {"sign_ins": rows, "email": email})


@router.post("/account/sign-ins/{sign_in_id}/end")
async def end_sign_in(request: Request, session: Session, actor: Actor, now: Now, sign_in_id: Id) -> RedirectResponse:
    """End one of one's own sign-ins; ending this one leads to the form to sign in."""
    await service.end_own_sign_in(session, sign_in_id, account_id=actor.id, actor=actor.username, at=now)
    return redirect(request, "/account", "The sign-in has ended.")


@router.get("/account/password")
async def password_form(request: Request, actor: Actor) -> HTMLResponse:
    """A new password for oneself."""
    return render(request, "accounts/password.html", {"form": Form()})


@router.post("/account/password")
async def change_password(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Change it. A wrong current password is an answer: its count is committed."""
    form, body = await read_form(request, PasswordForm)
    if body is None:
        return render(request, "accounts/password.html", {"form": form}, 422)
    with or_again("accounts/password.html", form):
        ended = await service.change_own_password(
            session,
            actor.username,
            current=body.current_password,
            new=body.new_password,
            this=request.state.secret_hash,
            address=address_of(request),
            browser=request.cookies.get(BROWSER_COOKIE),
            at=now,
        )
    if ended is None:
        form.refuse("This is not your current password.", "current_password")
        return render(request, "accounts/password.html", {"form": form}, 422)
    others = "Your other sign-in has ended" if ended == 1 else f"Your {ended} other sign-ins have ended"
    where = f"{others}: sign in there with the new password." if ended else "You were signed in nowhere else."
    return redirect(request, "/account", f"Your password has been changed. {where}")


@router.get("/account/email")
async def email_form(request: Request, session: Session, actor: Actor) -> HTMLResponse:
    """Another e-mail address for oneself."""
    form = Form({"email": [await queries.find_email(session, actor.id) or ""]})
    return render(request, "accounts/email.html", {"form": form})


@router.post("/account/email")
async def change_email(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Change it. A wrong current password is an answer: its count is committed."""
    form, body = await read_form(request, EmailForm)
    if body is None:
        return render(request, "accounts/email.html", {"form": form}, 422)
    with or_again("accounts/email.html", form):
        right = await service.change_own_email(
            session,
            actor.username,
            email=body.email,
            current=body.current_password,
            address=address_of(request),
            browser=request.cookies.get(BROWSER_COOKIE),
            at=now,
        )
    if not right:
        form.refuse("This is not your current password.", "current_password")
        return render(request, "accounts/email.html", {"form": form}, 422)
    done = f"Messages to you now also go to {body.email}." if body.email else "Messages to you are now only shown here."
    return redirect(request, "/account", done)


@router.get("/audit")
async def audit_trail(
    request: Request,
    session: Session,
    actor: Actor,
    prefix: Prefix,
    who: Words = "",
    subject: Words = "",
    after: After = None,
) -> HTMLResponse:
    """What people did, newest first. A bare asset tag as the subject means the item."""
    wanted = subject_of(subject, prefix=prefix)
    rows = await queries.list_audit_events(
        session,
        subject=wanted or None,
        actor=who.strip() or None,
        before=number_cursor(after) or None,
        limit=AUDIT_PAGE,
    )
    page = page_of(rows, limit=AUDIT_PAGE, cursor=lambda row: row.id)
    query = {"who": who.strip(), "subject": wanted, "after": page.next}
    following = f"/audit?{urlencode({name: value for name, value in query.items() if value})}" if page.next else None
    context = {"events": page.items, "following": following, "who": who.strip(), "subject": wanted, "after": after}
    return render(request, "accounts/audit.html", context)


def subject_of(typed: str, *, prefix: str) -> str:
    """The subject as the trail writes it: an asset tag becomes `item:<tag>`, everything else stays."""
    reading = read_label_text(typed, prefix=prefix)
    if reading.kind is TagKind.OURS:
        return f"item:{reading.tag}"
    return typed.strip()


async def _open(request: Request, session: Session, body: SignInForm, now: datetime) -> service.Opened | None:
    settings: Settings = request.app.state.settings
    return await service.sign_in(
        session,
        body.username,
        body.password,
        kind=SignInKind.PAGE,
        device=request.headers.get("user-agent", ""),
        address=address_of(request),
        hours=settings.session_hours,
        at=now,
        browser=request.cookies.get(BROWSER_COOKIE),
    )


async def _ask(
    request: Request, session: Session, visit: Visit, form: Form, there: str, status: int = 200, *, ended: str = ""
) -> HTMLResponse:
    request.state.csrf_token = visit.token
    settings: Settings = request.app.state.settings
    context: Mapping[str, Any] = {
        "form": form,
        "there": there,
        "ended": ended,
        "kept": form.value("kept"),
        "people": await queries.list_demonstration_people(session) if settings.demonstration else [],
        "password": DEMONSTRATION_PASSWORD if settings.demonstration else None,
    }
    page = render(request, "accounts/sign_in.html", context, status)
    keep_visit(request, page, visit)
    if status == 429:
        page.headers["Retry-After"] = "900"
    return page
