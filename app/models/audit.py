"""The audit trail of acts that are not moves of an item, and the record of requests that must not be done twice."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import Table, id_column, instant_column, text_column


class AuditEvent(Table, table=True):
    """One act. `chain` is the actor's username: each actor's acts are numbered and hashed in a row.

    No foreign keys: a history never stands in the way, and nothing stands in the way of a history.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        UniqueConstraint("chain", "seq", name="uq_audit_event_chain_seq"),
        Index("ix_audit_event_subject", "subject"),
        Index("ix_audit_event_at", "at"),
    )

    id: int = id_column()
    chain: str = Field(sa_column=text_column())
    seq: int = Field(sa_column=Column(Integer, nullable=False))
    at: datetime = Field(sa_column=instant_column())
    action: str = Field(sa_column=text_column())
    subject: str = Field(sa_column=text_column())
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    hash: str = Field(sa_column=text_column())


class AuditHead(Table, table=True):
    """The newest number and hash of each chain: it locks the chain, and shows when its last lines are missing."""

    __tablename__ = "audit_head"

    chain: str = Field(sa_column=Column(Text, primary_key=True))
    seq: int = Field(sa_column=Column(Integer, nullable=False))
    hash: str = Field(sa_column=text_column())


class IdempotencyKey(Table, table=True):
    """The answer to a request that carried an Idempotency-Key, so that a replay answers the same."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("ix_idempotency_key_made_at", "made_at"),)

    username: str = Field(sa_column=Column(Text, primary_key=True))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    fingerprint: str = Field(sa_column=text_column())
    made_at: datetime = Field(sa_column=instant_column())
    status: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    headers: dict[str, str] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    body: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
