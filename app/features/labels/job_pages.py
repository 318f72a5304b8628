"""Pages of many labels in one file: how far they are, and the file."""

from uuid import UUID

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.features.labels import jobs
from app.features.labels.answers import file_answer
from app.web.auth import Actor
from app.web.once import page_router
from app.web.templating import render

router = page_router()


@router.get("/labels/made/{job_id}")
async def label_job(request: Request, session: Session, actor: Actor, job_id: UUID) -> HTMLResponse:
    """How far they are; with its script the page asks again by itself."""
    job = await jobs.get_job(session, job_id, actor=actor.username)
    return render(request, "labels/job.html", {"job": job})


@router.get("/labels/made/{job_id}/file")
async def label_job_file(session: Session, actor: Actor, job_id: UUID) -> Response:
    """The file, once it is made."""
    return file_answer(await jobs.get_file(session, job_id, actor=actor.username))
