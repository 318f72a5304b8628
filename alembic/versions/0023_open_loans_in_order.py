"""An index of the loans that are open, in their order: the list of them does not walk through history.

Revision: 0023, after: 0022. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_index("ix_loan_id_while_open", "loan", ["id"], postgresql_where=sa.text("ended_at IS NULL"))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("ix_loan_id_while_open", table_name="loan")
