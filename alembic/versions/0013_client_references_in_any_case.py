"""Client references differ by more than their case, and are found in any.

Revision: 0013, after: 0012. Made on 2026-11-24.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None

ALIKE = """
    SELECT string_agg(refs, '; ' ORDER BY refs COLLATE "C") FROM (
        SELECT string_agg(client_ref, ' and ' ORDER BY client_ref COLLATE "C") AS refs
        FROM client GROUP BY upper(client_ref) HAVING count(*) > 1
    ) AS found
"""


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    alike = op.get_bind().execute(sa.text(ALIKE)).scalar()
    if alike:
        raise RuntimeError(
            f"These client references differ only by their case: {alike}. Give all but one of each another reference "
            "(the records may be of one person), then migrate again. Nothing has been changed."
        )
    op.create_index("uq_client_client_ref_in_any_case", "client", [sa.text("upper(client_ref)")], unique=True)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("uq_client_client_ref_in_any_case", table_name="client")
