"""People who sign in: accounts, their roles and stores, their sign-ins, their browsers and the failed tries."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Index, Integer, Text, UniqueConstraint, text
from sqlmodel import Field

from app.domain.access import Role
from app.models.base import (
    Table,
    both_or_neither,
    enum_column,
    id_column,
    instant_column,
    reference_column,
    text_column,
)


class Account(Table, table=True):
    """One person. A username is never used again, so that a history stays true."""

    id: int = id_column()
    username: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = Field(sa_column=text_column())
    password_hash: str = Field(sa_column=text_column())
    email: str | None = Field(default=None, sa_column=text_column(nullable=True))
    is_active: bool = True
    is_demonstration: bool = False
    created_at: datetime = Field(sa_column=instant_column())
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class AccountRole(Table, table=True):
    """A role that an account has now; who gave it when is in the audit trail."""

    __tablename__ = "account_role"

    account_id: int = Field(sa_column=reference_column("account.id", primary_key=True))
    role: Role = Field(sa_column=enum_column(Role, "role", primary_key=True))


class AccountStore(Table, table=True):
    """A store that an account works in."""

    __tablename__ = "account_store"

    account_id: int = Field(sa_column=reference_column("account.id", primary_key=True))
    store_id: int = Field(sa_column=reference_column("store.id", primary_key=True))


class SignInKind(StrEnum):
    """How the sign-in is carried: a browser's cookie or an API's bearer token."""

    PAGE = "page"
    API = "api"


class SignIn(Table, table=True):
    """One sign-in. Only the SHA-256 of its secret is kept."""

    __tablename__ = "sign_in"
    __table_args__ = (
        both_or_neither("ended_at_and_by_together", "ended_at", "ended_by"),
        Index("ix_sign_in_account_id", "account_id"),
        Index("ix_sign_in_account_id_while_open", "account_id", "id", postgresql_where=text("ended_at IS NULL")),
    )

    id: int = id_column()
    account_id: int = Field(sa_column=reference_column("account.id"))
    kind: SignInKind = Field(sa_column=enum_column(SignInKind, "kind"))
    secret_hash: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    device: str = Field(sa_column=text_column())
    started_at: datetime = Field(sa_column=instant_column())
    expires_at: datetime = Field(sa_column=instant_column())
    ended_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    ended_by: str | None = Field(default=None, sa_column=text_column(nullable=True))


class KnownBrowser(Table, table=True):
    """A browser in which a person signed in before. Only the SHA-256 of its cookie is kept; it signs nobody in.

    People who share a browser share its cookie, each with a line of their own.
    """

    __tablename__ = "known_browser"
    __table_args__ = (
        UniqueConstraint("secret_hash", "account_id"),
        Index("ix_known_browser_account_id", "account_id"),
    )

    id: int = id_column()
    account_id: int = Field(sa_column=reference_column("account.id"))
    secret_hash: str = Field(sa_column=text_column())
    expires_at: datetime = Field(sa_column=instant_column())


class SignInFailure(Table, table=True):
    """One failed try to sign in; counted to slow down guessing. With a known browser, only that browser pays for it."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (
        Index("ix_sign_in_failure_username_failed_at", "username", "failed_at"),
        Index("ix_sign_in_failure_address_failed_at", "address", "failed_at"),
        Index("ix_sign_in_failure_known_browser_id", "known_browser_id"),
    )

    id: int = id_column()
    username: str = Field(sa_column=text_column())
    address: str = Field(sa_column=text_column())
    failed_at: datetime = Field(sa_column=instant_column())
    known_browser_id: int | None = Field(default=None, sa_column=reference_column("known_browser.id", nullable=True))
