"""What somebody asked to be fetched is found by who asked, without all that the county is to fetch.

Revision: 0079, after: 0078. Made on 2026-11-28.
"""

from alembic import op

revision: str = "0079"
down_revision = "0078"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("CREATE INDEX ix_collection_requested_by ON collection (requested_by, id)")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP INDEX ix_collection_requested_by")
