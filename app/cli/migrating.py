"""How Alembic is called, from wherever a command was started."""

from alembic.config import Config

from app.web.health import MIGRATIONS


def alembic_config(url: str | None = None) -> Config:
    """Alembic's settings, for the database at this address."""
    config = Config(str(MIGRATIONS.parent / "alembic.ini"))
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config
