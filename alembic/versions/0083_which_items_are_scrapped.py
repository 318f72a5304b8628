"""Which items are scrapped, by an index: the start page asks it of the items of open notices, and nothing else of them.

It is written when an item is scrapped, and never by a scan.

Revision: 0083, after: 0082. Made on 2026-11-28.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0083"
down_revision = "0082"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_index("ix_item_id_of_scrapped", "item", ["id"], postgresql_where=sa.text("state = 'scrapped'"))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("ix_item_id_of_scrapped", table_name="item")
