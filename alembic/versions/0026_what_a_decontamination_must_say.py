"""What a decontamination must say: risk, method, product used, strike-through test, contractor, quarantine.

One that is finished cannot be changed any more; a wrong pass is corrected by a line of its own.

Revision: 0026, after: 0025. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0026"
down_revision = "0025"
branch_labels: str | None = None
depends_on: str | None = None

TEXTS = ("method", "product_used", "contractor", "contractor_reference")
BANDS = ("low", "medium", "high")
CHECKS = {
    "a_correction_takes_a_pass_back": "corrects_id IS NULL OR (outcome <> 'passed' AND notes <> '')",
    "only_quarantine_has_its_day": "quarantine_until IS NULL OR route = 'quarantine_then_clean'",
    "no_pass_with_a_cover_that_leaks": "outcome <> 'passed' OR strike_through IS DISTINCT FROM 'failed'",
}
# ISO 9999 04 33: what protects tissue, mattresses too. The covers of those that are there are tested from now on.
COVERED = """
    UPDATE product SET strike_through_test = true
    WHERE category LIKE '04 33%' AND NOT single_patient_use AND decontamination_route <> 'cannot'
"""
FINAL = """
    CREATE TRIGGER finished_decontamination_is_final BEFORE UPDATE OR DELETE ON decontamination
    FOR EACH ROW WHEN (OLD.finished_at IS NOT NULL) EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("product", sa.Column("strike_through_test", sa.Boolean(), server_default="false", nullable=False))
    op.execute(COVERED)
    for name in TEXTS:
        op.add_column("decontamination", sa.Column(name, sa.Text(), server_default="", nullable=False))
    for name, values in (("infection_risk", BANDS), ("strike_through", ("passed", "failed"))):
        kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=False, length=40)
        op.add_column("decontamination", sa.Column(name, kind, nullable=True))
        known = ", ".join(f"'{value}'" for value in values)
        op.create_check_constraint(op.f(f"ck_decontamination_{name}"), "decontamination", f"{name} IN ({known})")
    op.add_column("decontamination", sa.Column("quarantine_until", sa.Date(), nullable=True))
    op.add_column("decontamination", sa.Column("corrects_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_decontamination_corrects_id"), "decontamination", "decontamination", ["corrects_id"], ["id"]
    )
    for name, check in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_decontamination_{name}"), "decontamination", check)
    op.create_index(
        "uq_decontamination_corrects_id",
        "decontamination",
        ["corrects_id"],
        unique=True,
        postgresql_where=sa.text("corrects_id IS NOT NULL"),
    )
    op.execute(FINAL)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP TRIGGER finished_decontamination_is_final ON decontamination")
    op.drop_index("uq_decontamination_corrects_id", table_name="decontamination")
    for name in ("infection_risk", "strike_through", *CHECKS):
        op.drop_constraint(op.f(f"ck_decontamination_{name}"), "decontamination", type_="check")
    for name in (*TEXTS, "infection_risk", "strike_through", "quarantine_until", "corrects_id"):
        op.drop_column("decontamination", name)
    op.drop_column("product", "strike_through_test")
