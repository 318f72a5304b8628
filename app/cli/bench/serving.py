"""Serves the service for a benchmark, as a process whose memory can be looked at. Not for anything else."""

import json
import sys
from typing import Any

import uvicorn
from sqlalchemy import event
from starlette.types import ASGIApp, Receive, Scope, Send

from app.cli.reach import configure_logs
from app.cli.serve import make
from app.main import create_app
from app.settings import Settings

COUNTED = "/bench/statements"


def serve(port: int) -> None:
    """Serve on this port of this machine alone."""
    uvicorn.run(create_app(Settings()), host="127.0.0.1", port=port, log_level="warning")


def make_counting_app() -> ASGIApp:
    """The service by the settings of the environment, which says at `COUNTED` how many statements it has sent so far.
    Its speed is not measured."""
    settings = Settings()
    configure_logs(settings)
    app = make(settings)
    sent = 0

    def note(*_: Any) -> None:
        nonlocal sent
        sent += 1

    event.listen(app.state.database.engine.sync_engine, "before_cursor_execute", note)

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != COUNTED:
            await app(scope, receive, send)
            return
        body = json.dumps({"statements": sent}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return counting


if __name__ == "__main__":
    serve(int(sys.argv[1]))
