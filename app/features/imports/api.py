"""JSON route of imports."""

from typing import Annotated, Any

from fastapi import Query, Request, Response

from app.db import Session
from app.domain.errors import BadValue
from app.features.imports import service
from app.features.imports.columns import Kind
from app.features.imports.schemas import ImportReport
from app.web.auth import Actor
from app.web.clock import Now
from app.web.once import api_router
from app.web.problems import problem
from app.web.tags import Prefix

router = api_router("imports")

BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file: CSV in UTF-8, headings first.",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


@router.post("/imports/{kind}", openapi_extra=BODY, response_model=ImportReport)
async def import_file(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    prefix: Prefix,
    kind: Kind,
    dry_run: Annotated[bool, Query()] = False,
) -> ImportReport | Response:
    """Import a CSV file whole, or nothing of it. `dry_run=true` only checks it. The columns are in docs/imports.md.

    With faults: 422 `import-faults`, with the same report beside it.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/csv":
        raise BadValue("not-csv", "Send the file itself as the body, with Content-Type: text/csv.")
    report = await service.import_file(
        session,
        kind,
        await request.body(),
        dry_run=dry_run,
        stores=actor.stores,
        prefix=prefix,
        actor=actor.username,
        at=now,
    )
    if not report.fault_count:
        return report
    detail = f"The file has {report.fault_count:,} faults. Nothing was written. Correct them and send it again."
    # Answered and not raised, so that the line about the check of clients stays in the audit trail.
    return problem(request, 422, "import-faults", detail, **report.model_dump(mode="json"))
