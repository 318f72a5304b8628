"""Spreadsheets that are being made, the journal's layout, and who asked for the monthly pack.

Revision: 0057, after: 0056. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0057"
down_revision = "0056"
branch_labels: str | None = None
depends_on: str | None = None

TABLES = ("pack_sent", "pack_reader", "pack_setting", "journal_layout", "export_chunk", "export_job")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    _create_jobs()
    op.execute("""
        CREATE TABLE journal_layout (
            id INTEGER NOT NULL,
            columns JSONB NOT NULL,
            date_format VARCHAR(40) NOT NULL,
            accounts JSONB NOT NULL,
            vat_account TEXT NOT NULL,
            contra TEXT NOT NULL,
            contras JSONB NOT NULL,
            own_cost_centre TEXT NOT NULL,
            changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
            changed_by TEXT NOT NULL,
            version INTEGER NOT NULL,
            CONSTRAINT pk_journal_layout PRIMARY KEY (id),
            CONSTRAINT ck_journal_layout_one_row CHECK (id = 1),
            CONSTRAINT ck_journal_layout_date_format
                CHECK (date_format IN ('YYYY-MM-DD', 'DD/MM/YYYY', 'DD.MM.YYYY', 'YYYYMMDD'))
        )
    """)
    _create_pack()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")


def _create_jobs() -> None:
    op.execute("""
        CREATE TABLE export_job (
            id UUID NOT NULL,
            made_by TEXT NOT NULL,
            made_at TIMESTAMP WITH TIME ZONE NOT NULL,
            title TEXT NOT NULL,
            file_name TEXT NOT NULL,
            wanted INTEGER NOT NULL,
            done INTEGER DEFAULT '0' NOT NULL,
            seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
            failure TEXT,
            size BIGINT,
            CONSTRAINT pk_export_job PRIMARY KEY (id),
            CONSTRAINT ck_export_job_made_or_failed CHECK (size IS NULL OR failure IS NULL)
        )
    """)
    op.execute("CREATE INDEX ix_export_job_made_at ON export_job (made_at)")
    op.execute("""
        CREATE TABLE export_chunk (
            job_id UUID NOT NULL,
            position INTEGER NOT NULL,
            content BYTEA NOT NULL,
            CONSTRAINT pk_export_chunk PRIMARY KEY (job_id, position),
            CONSTRAINT fk_export_chunk_job_id FOREIGN KEY(job_id) REFERENCES export_job (id)
        )
    """)
    # It is packed already: pieces are kept as they are.
    op.execute("ALTER TABLE export_chunk ALTER COLUMN content SET STORAGE EXTERNAL")


def _create_pack() -> None:
    op.execute("""
        CREATE TABLE pack_setting (
            id INTEGER NOT NULL,
            working_day INTEGER NOT NULL,
            changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
            changed_by TEXT NOT NULL,
            CONSTRAINT pk_pack_setting PRIMARY KEY (id),
            CONSTRAINT ck_pack_setting_one_row CHECK (id = 1),
            CONSTRAINT ck_pack_setting_working_day_sensible CHECK (working_day BETWEEN 1 AND 15)
        )
    """)
    op.execute("""
        CREATE TABLE pack_reader (
            account_id BIGINT NOT NULL,
            added_at TIMESTAMP WITH TIME ZONE NOT NULL,
            added_by TEXT NOT NULL,
            CONSTRAINT pk_pack_reader PRIMARY KEY (account_id),
            CONSTRAINT fk_pack_reader_account_id FOREIGN KEY(account_id) REFERENCES account (id)
        )
    """)
    op.execute("""
        CREATE TABLE pack_sent (
            period DATE NOT NULL,
            account_id BIGINT NOT NULL,
            sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT pk_pack_sent PRIMARY KEY (period, account_id),
            CONSTRAINT fk_pack_sent_account_id FOREIGN KEY(account_id) REFERENCES account (id)
        )
    """)
    op.execute("CREATE INDEX ix_pack_sent_account_id ON pack_sent (account_id)")
