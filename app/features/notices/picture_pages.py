"""Pages for the pictures beside the questions of a notice: adding one, and the picture itself."""

from typing import Annotated, Any

from fastapi import Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.errors import NotFound
from app.domain.notice_parsing import read_scope
from app.features.notices import match_queries, pictures, tracing
from app.features.notices.tracing import Named
from app.uploads import MOST_BYTES
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Id
from app.web.files import at_the_file, read_file
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.shapes import Shape
from app.web.templating import render

PICTURE = "notices/picture.html"
Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
Place = Annotated[int, Query(ge=0, le=5_000)]

router = page_router()


class PictureForm(Shape):
    """What the picture shows; the file is read apart."""

    alt: Annotated[str, Field(max_length=300)] = ""


@router.get("/safety-notices/{notice_id}/pictures")
async def picture_form(
    request: Request, session: Session, actor: Actor, notice_id: Id, question: Place = 0
) -> HTMLResponse:
    """A question of the newest scope, with its picture, and a form for another one. `question`: its place."""
    return render(request, PICTURE, {"form": Form(), **await _context(session, notice_id, question)})


@router.post("/safety-notices/{notice_id}/pictures")
async def add(
    request: Request, session: Session, actor: Actor, now: Now, notice_id: Id, question: Place = 0
) -> Response:
    """Put a picture beside the question."""
    form, body = await read_form(request, PictureForm)
    context = await _context(session, notice_id, question)
    file = await read_file(request)
    if file is None:
        form.refuse("Choose a picture.", "file")
    if body is None or file is None or form.errors:
        return render(request, PICTURE, {"form": form, **context}, 422)
    notice: Named = context["notice"]
    asked: str = context["question"]
    with or_again(PICTURE, form, **context), at_the_file(PICTURE, form, context):
        alt = " ".join(body.alt.split())
        await pictures.add_picture(
            session, notice_id, notice.reference, asked, file.content, alt=alt, actor=actor.username, at=now
        )
    return redirect(request, f"/safety-notices/{notice_id}/preview", "The picture stands beside its question.")


@router.get("/safety-notices/{notice_id}/pictures/{sha256}")
async def get_picture(request: Request, session: Session, actor: Actor, notice_id: Id, sha256: Digest) -> Response:
    """The picture. It never changes under its address, and stays with whoever may see it."""
    file = await pictures.fetch_picture(session, notice_id, sha256)
    headers = {"Cache-Control": "private, max-age=86400, immutable", "Content-Disposition": "inline"}
    return Response(file.content, media_type=file.media_type.value, headers=headers)


async def _context(session: AsyncSession, notice_id: int, place: int) -> dict[str, Any]:
    notice = await tracing.get_named(session, notice_id)
    known = await match_queries.list_scopes(session, notice_id)
    questions = read_scope(known[0].lines).questions if known else ()
    if place >= len(questions):
        raise NotFound("unknown-question", "The notice's scope asks no such question. Look at what it says.")
    there = await pictures.list_pictures(session, notice_id)
    return {
        "notice": notice,
        "question": questions[place],
        "place": place,
        "picture": there.get(questions[place]),
        "most": MOST_BYTES // 1_000_000,
    }
