"""Is it alive, is it ready, how is it doing: /livez, /readyz and /metrics."""

import os
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.replica import health
from app.web.auth import Public

router = APIRouter(include_in_schema=False)

# The worker takes up its schedules every half minute.
IDLE_WORKER = text("""
    SELECT COALESCE(max(updated) < now() - interval '10 minutes', true) FROM jobs.pgqueuer_schedules
""")

IN_NO_MONTH = text("""
    SELECT EXISTS (SELECT FROM months.movement_other) OR EXISTS (SELECT FROM months.charge_other)
""")

ROOT = Path(__file__).resolve().parent.parent.parent
MIGRATIONS = ROOT / "alembic"


@router.get("/livez")
async def livez(_: Public) -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request, _: Public) -> JSONResponse:
    """200 when every part is ready, else 503; each part says for itself what is wrong.

    A worker that nobody has seen is a warning: people can work without it for a while. So is a replica of reports that
    is not read: the primary is read instead.
    """
    parts = {"database": "ok", "migrations": "ok", "assets": "ok"}
    warnings: dict[str, str] = {}
    try:
        async with request.app.state.database.engine.connect() as connection:
            row = await connection.execute(text("SELECT version_num FROM alembic_version"))
            found = row.scalar_one_or_none()
            is_newest = found == newest_migration()
            idle = is_newest and (await connection.execute(IDLE_WORKER)).scalar_one()
            astray = is_newest and (await connection.execute(IN_NO_MONTH)).scalar_one()
        if astray:
            warnings["months"] = (
                "movements or charges are in no month: the worker makes them at night, and at its start"
            )
        if idle:
            warnings["worker"] = "not seen for 10 minutes: start `stores worker`"
        if not is_newest:
            parts["migrations"] = f"at {found}, wants {newest_migration()}: run `stores db upgrade`"
    except (SQLAlchemyError, OSError) as error:
        missing = "alembic_version" in str(error)
        parts["migrations" if missing else "database"] = "run `stores db upgrade`" if missing else "cannot be reached"
    replica = request.app.state.database.replica
    if replica:
        warnings |= health(replica)
    if not (ROOT / "app/static/dist/app.css").is_file():
        parts["assets"] = "not built: run scripts/assets"
    ready = all(state == "ok" for state in parts.values())
    answer = {"status": "ok" if ready else "not ready", "parts": parts, "warnings": warnings}
    return JSONResponse(answer, 200 if ready else 503)


@router.get("/metrics")
async def metrics(_: Public) -> Response:
    """Counters and timings for Prometheus; nothing personal."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
    # One of several processes of `stores serve` answers, for all of them.
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@cache
def newest_migration() -> str:
    """The revision that this code was written for: they are numbered without gaps, and begin their files' names."""
    numbers = [script.name.partition("_")[0] for script in (MIGRATIONS / "versions").glob("[0-9]*_*.py")]
    return max(numbers)
