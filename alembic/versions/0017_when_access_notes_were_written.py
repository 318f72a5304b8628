"""When access notes were written, so that those of somebody for whom nothing goes on do not stay for ever.

Revision: 0017, after: 0016. Made on 2026-11-26.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | None = None
depends_on: str | None = None

# The audit trail knows it of what is there. The default is for the code that still runs and knows no such column.
WRITTEN = """
    UPDATE client_access AS access SET written_at = line.at
    FROM client, LATERAL (
        SELECT max(event.at) AS at FROM audit_event AS event
        WHERE event.subject = 'client:' || client.client_ref
          AND (event.action = 'client_added'
               OR event.action = 'client_changed'
                  AND 'access_notes' = ANY (string_to_array(event.detail ->> 'fields', ', ')))
    ) AS line
    WHERE client.id = access.client_id AND line.at IS NOT NULL
"""


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column(
        "client_access",
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.execute(WRITTEN)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_column("client_access", "written_at")
