"""What safety notices cover, which items that is, and what was done about each."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.domain.lifecycle import Move
from app.domain.notice_work import Cause, Handling, MatchAction, MatchOutcome, ReviewOutcome
from app.domain.notices import Result
from app.models.base import (
    Table,
    both_or_neither,
    checked_reference_column,
    enum_column,
    id_column,
    instant_column,
    reference_column,
    text_column,
)


def _facts(server_default: str | None = None) -> Any:
    return Field(sa_column=Column(JSONB, nullable=False, server_default=server_default))


def _count() -> Any:
    return Field(sa_column=Column(Integer, nullable=False))


class NoticeScope(Table, table=True):
    """What a notice covers, as it was entered: `lines` as `notice_json.scope_as_json` has them. Append-only.

    The newest is the draft, unless it has been activated. `notice_version`: the text that it was taken from. `digest`:
    SHA-256 of the lines, under which a process remembers them.
    """

    __tablename__ = "notice_scope"
    __table_args__ = (
        UniqueConstraint("notice_id", "number", name="uq_notice_scope_notice_id_number"),
        CheckConstraint("number >= 1", name="counted_from_one"),
    )

    id: int = id_column()
    notice_id: int = Field(sa_column=reference_column("safety_notice.id"))
    number: int = _count()
    notice_version: int = _count()
    lines: list[dict[str, Any]] = _facts()
    digest: str = Field(sa_column=text_column())
    handling: Handling = Field(sa_column=enum_column(Handling, "handling"))
    drafted_at: datetime = Field(sa_column=instant_column())
    drafted_by: str = Field(sa_column=text_column())


class NoticePreview(Table, table=True):
    """What somebody saw last of what a scope would hit: they put nothing else into force without having seen it."""

    __tablename__ = "notice_preview"

    notice_id: int = Field(sa_column=reference_column("safety_notice.id", primary_key=True))
    seen_by: str = Field(sa_column=text_column(primary_key=True))
    scope_number: int = _count()
    affected: int = _count()
    possible: int = _count()
    seen_at: datetime = Field(sa_column=instant_column())


class NoticeActivation(Table, table=True):
    """That a scope was put into force, by another person than its author, and what it covered then. Append-only.

    The newest of a notice is in force, also when the notice is closed: what comes later is still caught.
    """

    __tablename__ = "notice_activation"
    __table_args__ = (
        UniqueConstraint("scope_id", name="uq_notice_activation_scope_id"),
        CheckConstraint("activated_by <> scope_author", name="by_a_second_person"),
        Index("ix_notice_activation_notice_id_id", "notice_id", "id"),
    )

    id: int = id_column()
    notice_id: int = Field(sa_column=reference_column("safety_notice.id"))
    scope_id: int = Field(sa_column=reference_column("notice_scope.id"))
    scope_author: str = Field(sa_column=text_column())
    affected: int = _count()
    possible: int = _count()
    not_affected: int = _count()
    activated_at: datetime = Field(sa_column=instant_column())
    activated_by: str = Field(sa_column=text_column())


class NoticeMatch(Table, table=True):
    """What a notice means for an item, as it stands: an item that was never covered has no row.

    `evidence` is read with the lines of `scope_id` (`notice_evidence.read_findings`). `cause`: when that result came.
    `hold_id`: the newest hold that it placed. The work on it is open until it has an `outcome`. `weakened_by`: who
    changed what is recorded so that it is covered less; somebody else must clear it.
    """

    __tablename__ = "notice_match"
    __table_args__ = (
        UniqueConstraint("notice_id", "item_id", name="uq_notice_match_notice_id_item_id"),
        CheckConstraint("num_nonnulls(finished_at, finished_by, outcome) IN (0, 3)", name="finished_as_a_whole"),
        CheckConstraint("hold_id IS NULL OR first_blocked_at IS NOT NULL", name="a_hold_blocks"),
        Index("ix_notice_match_item_id", "item_id"),
        Index("ix_notice_match_hold_id", "hold_id"),
        Index("ix_notice_match_notice_id_while_open", "notice_id", postgresql_where=text("finished_at IS NULL")),
    )

    id: int = id_column()
    notice_id: int = Field(sa_column=checked_reference_column())
    item_id: int = Field(sa_column=checked_reference_column())
    scope_id: int = Field(sa_column=checked_reference_column())
    result: Result = Field(sa_column=enum_column(Result, "result"))
    evidence: str = Field(sa_column=text_column())
    cause: Cause = Field(sa_column=enum_column(Cause, "cause"))
    found_at: datetime = Field(sa_column=instant_column())
    found_by: str = Field(sa_column=text_column())
    first_blocked_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    hold_id: int | None = Field(default=None, sa_column=checked_reference_column(nullable=True))
    is_after_closing: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="false"))
    finished_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    finished_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    outcome: MatchOutcome | None = Field(default=None, sa_column=enum_column(MatchOutcome, "outcome", nullable=True))
    weakened_by: str | None = Field(default=None, sa_column=text_column(nullable=True))


class NoticeMatchAction(Table, table=True):
    """Something that was done about an item that a notice covers. Append-only.

    `channel`: how somebody was contacted. `answers`: what was seen, by the question. `serial_read`: the serial number
    that was read off its label, `serial_before` what our record said until then. `to_confirm`: it counts when
    another person has said the same. `sound`: what whoever looked at it says of it, if they can tell.
    """

    __tablename__ = "notice_match_action"
    __table_args__ = (
        Index("ix_notice_match_action_match_id_id", "match_id", "id"),
        Index(
            "ix_notice_match_action_match_id_where_read", "match_id", postgresql_where=text("serial_read IS NOT NULL")
        ),
    )

    id: int = id_column()
    match_id: int = Field(sa_column=reference_column("notice_match.id"))
    action: MatchAction = Field(sa_column=enum_column(MatchAction, "action"))
    channel: str = Field(default="", sa_column=text_column(server_default=""))
    notes: str = Field(default="", sa_column=text_column(server_default=""))
    answers: dict[str, bool] = _facts("{}")
    serial_read: str | None = Field(default=None, sa_column=text_column(nullable=True))
    serial_before: str | None = Field(default=None, sa_column=text_column(nullable=True))
    to_confirm: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))
    sound: bool | None = Field(default=None, sa_column=Column(Boolean, nullable=True))
    recorded_at: datetime = Field(sa_column=instant_column())
    recorded_by: str = Field(sa_column=text_column())


class NoticeAnswer(Table, table=True):
    """What was seen on an item, by the question (`notice_scope.question_of`); the newest counts. Append-only."""

    __tablename__ = "notice_answer"
    __table_args__ = (
        Index("ix_notice_answer_item_id_question_id", "item_id", "question", "id"),
        Index("ix_notice_answer_match_action_id", "match_action_id"),
    )

    id: int = id_column()
    item_id: int = Field(sa_column=reference_column("item.id"))
    question: str = Field(sa_column=text_column())
    is_so: bool = Field(sa_column=Column(Boolean, nullable=False))
    match_action_id: int | None = Field(
        default=None, sa_column=reference_column("notice_match_action.id", nullable=True)
    )
    seen_at: datetime = Field(sa_column=instant_column())
    seen_by: str = Field(sa_column=text_column())


class NoticePicture(Table, table=True):
    """What to look for, shown beside a question of the notice's scope; the newest counts. Append-only.

    `alt` says the same in words. `sha256` is of the file (`kept_file`).
    """

    __tablename__ = "notice_picture"
    __table_args__ = (
        CheckConstraint("alt <> ''", name="said_in_words"),
        Index("ix_notice_picture_notice_id_question_id", "notice_id", "question", "id"),
    )

    id: int = id_column()
    notice_id: int = Field(sa_column=reference_column("safety_notice.id"))
    question: str = Field(sa_column=text_column())
    sha256: str = Field(sa_column=Column(Text, ForeignKey("kept_file.sha256"), nullable=False))
    alt: str = Field(sa_column=text_column())
    added_at: datetime = Field(sa_column=instant_column())
    added_by: str = Field(sa_column=text_column())


class NoticeReview(Table, table=True):
    """That what a notice of advice says is looked at with one person who has such equipment; open until it is done.

    `because`: the barcodes of what they had when that was asked. What comes to them after it was done is reviewed anew.
    `tries`: on how many days nobody reached them, `tried_on` the last. `escalated_at`: when those who handle notices
    were told of that.
    """

    __tablename__ = "notice_review"
    __table_args__ = (
        CheckConstraint("num_nonnulls(done_at, done_by, outcome) IN (0, 3)", name="done_as_a_whole"),
        CheckConstraint("(tries > 0) = (tried_on IS NOT NULL)", name="tries_have_a_day"),
        Index(
            "uq_notice_review_notice_id_client_id_while_open",
            "notice_id",
            "client_id",
            unique=True,
            postgresql_where=text("done_at IS NULL"),
        ),
        Index("ix_notice_review_notice_id_client_id", "notice_id", "client_id"),
        Index("ix_notice_review_client_id", "client_id"),
    )

    id: int = id_column()
    notice_id: int = Field(sa_column=reference_column("safety_notice.id"))
    client_id: int = Field(sa_column=reference_column("client.id"))
    because: list[str] = _facts()
    asked_at: datetime = Field(sa_column=instant_column())
    done_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    done_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    outcome: ReviewOutcome | None = Field(default=None, sa_column=enum_column(ReviewOutcome, "outcome", nullable=True))
    note: str = Field(default="", sa_column=text_column(server_default=""))
    tries: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    tried_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    escalated_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))


class NoticeClosing(Table, table=True):
    """That somebody asked for a notice to be closed, with the counts that added up, and that a second person closed it.

    A notice that was put into force again is closed again: one row for each time. The last row is final once closed.
    """

    __tablename__ = "notice_closing"
    __table_args__ = (
        both_or_neither("closed_at_and_by_together", "closed_at", "closed_by"),
        CheckConstraint("closed_by <> asked_by", name="by_a_second_person"),
        Index(
            "uq_notice_closing_notice_id_while_asked",
            "notice_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_notice_closing_notice_id_id", "notice_id", "id"),
    )

    id: int = id_column()
    notice_id: int = Field(sa_column=reference_column("safety_notice.id"))
    counts: dict[str, Any] = _facts()
    asked_at: datetime = Field(sa_column=instant_column())
    asked_by: str = Field(sa_column=text_column())
    closed_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    closed_by: str | None = Field(default=None, sa_column=text_column(nullable=True))


class NoticePack(Table, table=True):
    """The evidence of a notice as it was when it was closed: `evidence.Pack` as JSON, byte for byte. Append-only."""

    __tablename__ = "notice_pack"

    closing_id: int = Field(sa_column=reference_column("notice_closing.id", primary_key=True))
    content: str = Field(sa_column=text_column())
    sha256: str = Field(sa_column=text_column())


class NoticePrevented(Table, table=True):
    """That an item was not reserved, issued, sent out or released because of a notice. Append-only."""

    __tablename__ = "notice_prevented"
    __table_args__ = (
        Index("ix_notice_prevented_notice_id_id", "notice_id", "id"),
        Index("ix_notice_prevented_item_id", "item_id"),
    )

    id: int = id_column()
    notice_id: int = Field(sa_column=reference_column("safety_notice.id"))
    item_id: int = Field(sa_column=reference_column("item.id"))
    move: Move = Field(sa_column=enum_column(Move, "move"))
    actor: str = Field(sa_column=text_column())
    at: datetime = Field(sa_column=instant_column())
