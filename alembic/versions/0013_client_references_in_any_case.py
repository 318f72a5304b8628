"""Client references differ by more than their case, and are found in any.

Revision: 0013, after: 0012. Made on 2026-11-24.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_index("uq_client_client_ref_in_any_case", "client", [sa.text("upper(client_ref)")], unique=True)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("uq_client_client_ref_in_any_case", table_name="client")
