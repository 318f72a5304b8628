"""The page on which makers' other names are kept."""

from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.features.makers.queries import sort_aliases
from app.features.makers.schemas import AliasForm
from app.features.makers.service import add_alias, remove_alias
from app.notice_matches import Caught
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.templating import render

PAGE = "makers/aliases.html"

router = page_router()


@router.get("/maker-aliases")
async def aliases(request: Request, session: Session, actor: Actor) -> HTMLResponse:
    """Those that are kept, and a form for one more."""
    return render(request, PAGE, {"form": Form(), "aliases": await sort_aliases(session)})


@router.post("/maker-aliases")
async def keep_alias(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Record one."""
    form, body = await read_form(request, AliasForm)
    context = {"aliases": await sort_aliases(session)}
    if body is None:
        return render(request, PAGE, {"form": form, **context}, 422)
    with or_again(PAGE, form, **context):
        _, caught = await add_alias(session, body.alias(), actor=actor.username, at=now)
    said = f"{body.name} is recorded as another name of {body.resolves_to}. {_newly_covered(caught)}"
    return redirect(request, "/maker-aliases", said.strip())


@router.post("/maker-aliases/{alias_id}/remove")
async def forget_alias(request: Request, session: Session, actor: Actor, now: Now, alias_id: Id) -> Response:
    """Take one away again."""
    gone, caught = await remove_alias(session, alias_id, actor=actor.username, at=now)
    said = f"{gone.name} is no longer another name of {gone.resolves_to}. {_newly_covered(caught)}"
    return redirect(request, "/maker-aliases", said.strip())


def _newly_covered(caught: Sequence[Caught]) -> str:
    """What safety notices cover by that: nothing is said where it is nothing."""
    if not caught:
        return ""
    count = len({one.item_id for one in caught})
    references = ", ".join(sorted({one.reference for one in caught}))
    return f"Safety notices newly cover {count} {'item' if count == 1 else 'items'} by that, or may: {references}."
