"""JSON routes of many labels in one file: ask for them, see how far they are, and fetch the file."""

from typing import Any, Final
from uuid import UUID

from fastapi import BackgroundTasks, Request, Response

from app.db import Session
from app.domain.errors import Conflict
from app.features.labels import jobs
from app.features.labels.answers import file_answer
from app.features.labels.api import FILES, target_of_body
from app.features.labels.jobs import LabelJob
from app.features.labels.schemas import LabelJobBody, LabelJobState, LabelsBody
from app.web.auth import Actor
from app.web.clock import Now
from app.web.once import api_router

router = api_router("labels")

ACCEPTED: Final[dict[int | str, dict[str, Any]]] = {
    202: {
        "description": "They are being made. Look at `Location` how far they are",
        "headers": {"Location": {"schema": {"type": "string"}, "description": "Where it stands how far they are"}},
    }
}


@router.post("/label-jobs", status_code=202, responses=ACCEPTED)
async def begin(
    request: Request,
    response: Response,
    session: Session,
    actor: Actor,
    now: Now,
    body: LabelsBody,
    behind: BackgroundTasks,
) -> LabelJobBody:
    """Make labels once the answer is sent: for many, up to a thousand. `Location` says how far they are."""
    target = await target_of_body(session, body, actor)
    settings = request.app.state.settings
    job_id, contents = await jobs.begin_with(
        session, body.barcodes, target, skip=body.skip, settings=settings, actor=actor.username, at=now
    )
    behind.add_task(jobs.make, request.app.state.database.sessions, job_id, contents, target, skip=body.skip)
    response.headers["Location"] = _here(job_id)
    return _body(await jobs.get_job(session, job_id, actor=actor.username))


@router.get("/label-jobs/{job_id}")
async def label_job(session: Session, actor: Actor, job_id: UUID) -> LabelJobBody:
    """How far your own labels are. They are kept for an hour."""
    return _body(await jobs.get_job(session, job_id, actor=actor.username))


@router.get("/label-jobs/{job_id}/file", response_class=Response, responses=FILES)
async def label_job_file(session: Session, actor: Actor, job_id: UUID) -> Response:
    """The file, once `state` is `ready`; before that, and when they could not be made, 409 says so."""
    job = await jobs.get_job(session, job_id, actor=actor.username)
    if job.is_made:
        return file_answer(await jobs.get_file(session, job_id, actor=actor.username))
    if job.is_over:
        raise Conflict("labels-not-made", job.why_not or "")
    detail = f"{job.done} of {job.wanted} labels are made. Ask for the file when the state is “ready”."
    raise Conflict("labels-not-ready", detail)


def _body(job: LabelJob) -> LabelJobBody:
    state = LabelJobState.READY if job.is_made else LabelJobState.FAILED if job.is_over else LabelJobState.MAKING
    file = f"{_here(job.id)}/file" if job.is_made else None
    return LabelJobBody(id=job.id, state=state, done=job.done, wanted=job.wanted, failure=job.why_not, file=file)


def _here(job_id: UUID) -> str:
    return f"/api/v1/label-jobs/{job_id}"
