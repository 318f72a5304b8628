"""Serves the service for a benchmark, as a process whose memory can be looked at. Not for anything else."""

import sys

import uvicorn

from app.main import create_app
from app.settings import Settings


def serve(port: int) -> None:
    """Serve on this port of this machine alone."""
    uvicorn.run(create_app(Settings()), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    serve(int(sys.argv[1]))
