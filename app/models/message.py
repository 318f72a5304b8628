"""Messages to people: written in the same transaction as what they tell of, sent by the worker."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, Integer, text
from sqlmodel import Field

from app.models.base import Table, id_column, instant_column, reference_column, text_column


class Message(Table, table=True):
    """One message and how its sending goes. It has an address to send to, or somebody's account to show it on."""

    __table_args__ = (
        CheckConstraint("to_account_id IS NOT NULL OR to_email IS NOT NULL", name="to_somebody"),
        CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name="not_both_sent_and_given_up"),
        Index(
            "ix_message_next_try_at_while_open",
            "next_try_at",
            postgresql_where=text("sent_at IS NULL AND given_up_at IS NULL"),
        ),
        Index("ix_message_to_account_id_id", "to_account_id", "id"),
        Index("ix_message_to_account_id_unseen_first", "to_account_id", text("(seen_at IS NULL)"), "id"),
        Index("ix_message_to_account_id_while_unseen", "to_account_id", postgresql_where=text("seen_at IS NULL")),
        Index("ix_message_id_while_open", "id", postgresql_where=text("sent_at IS NULL AND given_up_at IS NULL")),
        Index("ix_message_about", "about"),
    )

    id: int = id_column()
    purpose: str = Field(sa_column=text_column())
    about: str = Field(default="", sa_column=text_column(server_default=""))
    to_account_id: int | None = Field(default=None, sa_column=reference_column("account.id", nullable=True))
    to_email: str | None = Field(default=None, sa_column=text_column(nullable=True))
    to_name: str = Field(default="", sa_column=text_column(server_default=""))
    subject: str = Field(sa_column=text_column())
    body: str = Field(sa_column=text_column())
    made_at: datetime = Field(sa_column=instant_column())
    made_by: str = Field(sa_column=text_column())
    next_try_at: datetime = Field(sa_column=instant_column())
    tries: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    sent_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    sent_as: str | None = Field(default=None, sa_column=text_column(nullable=True))
    given_up_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    last_error: str | None = Field(default=None, sa_column=text_column(nullable=True))
    seen_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
