"""Safety notices: each with its versions, what was received, what triage decided, and what the organisation must do."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy import ForeignKey as Key
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.domain.safety_notices import DeadlineKind, Decision, NoticeState
from app.models.base import Table, enum_column, id_column, instant_column, reference_column, text_column


class NoticeSource(StrEnum):
    """How a version came: polled from GOV.UK, from a file, or entered by a person."""

    POLL = "poll"
    FILE = "file"
    BY_HAND = "by_hand"

    @property
    def text(self) -> str:
        """The source as people read it."""
        return {"poll": "GOV.UK", "file": "Imported file", "by_hand": "Entered by hand"}[self.value]


def _day() -> Column[date]:
    return Column(Date, nullable=True)


def _facts(server_default: str | None = None) -> Any:
    return Field(sa_column=Column(JSONB, nullable=False, server_default=server_default))


class SafetyNotice(Table, table=True):
    """A notice. `base_path` is the publication on GOV.UK that it comes from, of which there may be several notices.

    `version` is the number of its newest version, `triaged_version` of the one on which triage decided last. `found` is
    what the catalogue has that looks like it; `likelihood` sorts by that.
    """

    __tablename__ = "safety_notice"
    __table_args__ = (
        Index("uq_safety_notice_reference_in_any_case", text("upper(reference)"), unique=True),
        Index("ix_safety_notice_base_path", "base_path"),
        Index(
            "ix_safety_notice_id_while_open",
            "id",
            postgresql_where=text("state NOT IN ('not_relevant', 'not_held', 'closed')"),
        ),
        CheckConstraint("version >= 1 AND triaged_version BETWEEN 1 AND version", name="triaged_on_a_version"),
        CheckConstraint("underway_by <= complete_by AND own_target_on <= complete_by", name="deadlines_in_order"),
    )

    id: int = id_column()
    reference: str = Field(sa_column=text_column())
    base_path: str | None = Field(default=None, sa_column=text_column(nullable=True))
    is_by_hand: bool = Field(sa_column=Column(Boolean, nullable=False))
    kind: str = Field(sa_column=text_column())
    title: str = Field(sa_column=text_column())
    issuer: str = Field(sa_column=text_column())
    issued_on: date | None = Field(default=None, sa_column=_day())
    source_url: str = Field(default="", sa_column=text_column(server_default=""))
    underway_by: date | None = Field(default=None, sa_column=_day())
    complete_by: date | None = Field(default=None, sa_column=_day())
    own_target_on: date | None = Field(default=None, sa_column=_day())
    is_withdrawn: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))
    state: NoticeState = Field(sa_column=enum_column(NoticeState, "state"))
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
    triaged_version: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    likelihood: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    found: list[dict[str, Any]] = _facts("[]")
    received_at: datetime = Field(sa_column=instant_column())
    received_by: str = Field(sa_column=text_column())


class SafetyNoticePayload(Table, table=True):
    """What was received, byte for byte, under its SHA-256. Append-only."""

    __tablename__ = "safety_notice_payload"
    __table_args__ = (CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="is_its_hash"),)

    sha256: str = Field(sa_column=Column(Text, primary_key=True))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class SafetyNoticeVersion(Table, table=True):
    """What a notice said from some moment on. `body_html` is sanitised; the payload has it as it came. Append-only.

    A publication's version is known by its path and `public_updated_at`; `digest` is of what it says, since editors may
    correct a text without moving that instant. `changes` is what differs from the version before, in words.
    """

    __tablename__ = "safety_notice_version"
    __table_args__ = (
        UniqueConstraint("notice_id", "number", name="uq_safety_notice_version_notice_id_number"),
        Index("ix_safety_notice_version_payload_sha256", "payload_sha256"),
    )

    id: int = id_column()
    notice_id: int = Field(sa_column=reference_column("safety_notice.id"))
    number: int = Field(sa_column=Column(Integer, nullable=False))
    source: NoticeSource = Field(sa_column=enum_column(NoticeSource, "source"))
    public_updated_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    payload_sha256: str | None = Field(
        default=None, sa_column=Column(Text, Key("safety_notice_payload.sha256"), nullable=True)
    )
    digest: str = Field(sa_column=text_column())
    is_whole: bool = Field(sa_column=Column(Boolean, nullable=False))
    title: str = Field(sa_column=text_column())
    summary: str = Field(default="", sa_column=text_column(server_default=""))
    kind: str = Field(sa_column=text_column())
    body_html: str = Field(default="", sa_column=text_column(server_default=""))
    issued_on: date | None = Field(default=None, sa_column=_day())
    underway_by: date | None = Field(default=None, sa_column=_day())
    complete_by: date | None = Field(default=None, sa_column=_day())
    own_target_on: date | None = Field(default=None, sa_column=_day())
    is_withdrawn: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))
    change_note: str = Field(default="", sa_column=text_column(server_default=""))
    changes: list[dict[str, Any]] = _facts("[]")
    received_at: datetime = Field(sa_column=instant_column())
    received_by: str = Field(sa_column=text_column())


class SafetyNoticeTriage(Table, table=True):
    """A decision of triage on one version, with its reason and the catalogue search that was made. Append-only."""

    __tablename__ = "safety_notice_triage"
    __table_args__ = (Index("ix_safety_notice_triage_notice_id_id", "notice_id", "id"),)

    id: int = id_column()
    notice_id: int = Field(sa_column=reference_column("safety_notice.id"))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    decision: Decision = Field(sa_column=enum_column(Decision, "decision"))
    reason: str = Field(sa_column=text_column())
    search: dict[str, Any] = _facts()
    decided_at: datetime = Field(sa_column=instant_column())
    decided_by: str = Field(sa_column=text_column())


class SafetyNoticeAction(Table, table=True):
    """What the organisation does about a notice that wants more, or something else, than holding items."""

    __tablename__ = "safety_notice_action"
    __table_args__ = (
        CheckConstraint("num_nonnulls(done_at, done_by, done_note) IN (0, 3)", name="done_as_a_whole"),
        Index("ix_safety_notice_action_notice_id_id", "notice_id", "id"),
    )

    id: int = id_column()
    notice_id: int = Field(sa_column=reference_column("safety_notice.id"))
    action: str = Field(sa_column=text_column())
    owner: str = Field(sa_column=text_column())
    due_on: date = Field(sa_column=Column(Date, nullable=False))
    asked_at: datetime = Field(sa_column=instant_column())
    asked_by: str = Field(sa_column=text_column())
    done_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    done_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    done_note: str | None = Field(default=None, sa_column=text_column(nullable=True))


class SafetyNoticeReminder(Table, table=True):
    """That the people who handle notices were reminded of a deadline: once for each day and threshold."""

    __tablename__ = "safety_notice_reminder"

    notice_id: int = Field(sa_column=reference_column("safety_notice.id", primary_key=True))
    deadline: DeadlineKind = Field(sa_column=enum_column(DeadlineKind, "deadline", primary_key=True))
    due_on: date = Field(sa_column=Column(Date, primary_key=True))
    threshold: int = Field(sa_column=Column(Integer, primary_key=True))
    sent_at: datetime = Field(sa_column=instant_column())


class SafetyNoticePoll(Table, table=True):
    """When GOV.UK was asked last, and how that went: one row. `failure` is empty when all went well."""

    __tablename__ = "safety_notice_poll"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, sa_column=Column(Integer, primary_key=True, autoincrement=False))
    tried_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    succeeded_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    failure: str = Field(default="", sa_column=text_column(server_default=""))
