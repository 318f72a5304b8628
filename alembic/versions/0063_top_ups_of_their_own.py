"""What a person adds is a charge of its own kind, and a prescriber confirms that the free one meets the need.

Revision: 0063, after: 0062. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0063"
down_revision = "0062"
branch_labels: str | None = None
depends_on: str | None = None

BEFORE = (
    "'new_purchase', 'recycled_issue', 'hire', 'delivery', 'collection', 'failed_visit', "
    "'decontamination', 'inspection', 'repair', 'parts', 'credit', 'write_off', 'scrap'"
)
KINDS = {"top_up": f"{BEFORE}, 'top_up'", "issue": BEFORE}
OF_A_PERSON = {"top_up": "('top_up')", "issue": "('new_purchase', 'recycled_issue')"}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("ALTER TABLE order_top_up ADD COLUMN confirmed_by TEXT DEFAULT '' NOT NULL")
    _charged_as("top_up")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    _charged_as("issue")
    op.execute("ALTER TABLE order_top_up DROP COLUMN confirmed_by")


def _charged_as(kind: str) -> None:
    for table in ("charge", "tariff", "charge_month"):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_kind")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_kind CHECK (kind IN ({KINDS[kind]}))")
    # A person pays what they agreed to add, and no more; taking a line back is always right.
    op.execute(f"""
        CREATE OR REPLACE FUNCTION charge_is_no_persons() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (
                SELECT FROM written JOIN funder ON funder.id = written.funder_id AND funder.kind = 'person'
                LEFT JOIN order_top_up AS agreed
                    ON agreed.item_id = written.item_id AND agreed.movement_seq = written.movement_seq
                   AND agreed.order_id = written.order_id AND agreed.funder_id = written.funder_id
                   AND agreed.withdrawn_at IS NULL
                WHERE written.reversal_of IS NULL
                  AND (agreed.id IS NULL OR written.kind NOT IN {OF_A_PERSON[kind]}
                       OR agreed.pence < (
                           SELECT sum(line.amount_pence + line.vat_pence) FROM charge AS line
                           WHERE line.item_id = written.item_id AND line.movement_seq = written.movement_seq
                             AND line.order_id = written.order_id AND line.funder_id = written.funder_id))) THEN
                RAISE EXCEPTION 'A person is never charged for an aid or a minor adaptation.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_person_never_charged', TABLE = 'charge';
            END IF;
            RETURN NULL;
        END $$
    """)  # noqa: S608 - the parts are constants
