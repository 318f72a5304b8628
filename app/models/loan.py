"""Who has what: reservations, loans and trials, collections and their lines."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from app.domain.loans import CollectionSpeed, LoanKind, TrialOutcome
from app.models.base import (
    Table,
    both_or_neither,
    enum_column,
    id_column,
    instant_column,
    reference_column,
    text_column,
)


class ReservationEnd(StrEnum):
    """Why a reservation is over."""

    GIVEN_UP = "given_up"
    TAKEN = "taken"
    EXPIRED = "expired"
    ITEM_UNFIT = "item_unfit"
    ITEM_MISSING = "item_missing"
    ORDER_ENDED = "order_ended"
    CLIENT_DIED = "client_died"


class Reservation(Table, table=True):
    """An item kept for a client from a day until a day. The days of one item's live reservations never overlap."""

    __table_args__ = (
        both_or_neither("ended_at_and_by_together", "ended_at", "ended_by"),
        CheckConstraint("until_on >= from_on", name="ends_after_it_starts"),
        ExcludeConstraint(
            (Column("item_id"), "="),
            (func.daterange(Column("from_on"), Column("until_on"), text("'[]'")), "&&"),
            name="ex_reservation_dates_of_one_item",
            using="gist",
            where=text("ended_at IS NULL"),
        ),
        UniqueConstraint("id", "client_id", "item_id", name="uq_reservation_id_client_id_item_id"),
        Index("ix_reservation_client_id", "client_id"),
        Index("ix_reservation_id_while_live", "id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_reservation_made_by", "made_by", "id"),
        Index("ix_reservation_until_on_while_live", "until_on", postgresql_where=text("ended_at IS NULL")),
        Index(
            "ix_reservation_ended_at_of_lost_ones",
            "ended_at",
            postgresql_where=text("ended_because IN ('item_unfit', 'item_missing')"),
        ),
    )

    id: int = id_column()
    item_id: int = Field(sa_column=reference_column("item.id"))
    client_id: int = Field(sa_column=reference_column("client.id"))
    from_on: date = Field(sa_column=Column(Date, nullable=False))
    until_on: date = Field(sa_column=Column(Date, nullable=False))
    made_at: datetime = Field(sa_column=instant_column())
    made_by: str = Field(sa_column=text_column())
    warned_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    ended_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    ended_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    ended_because: ReservationEnd | None = Field(
        default=None, sa_column=enum_column(ReservationEnd, "ended_because", nullable=True)
    )


class Loan(Table, table=True):
    """An item at a client's: open until it is scanned back. One open loan per item. `weight_wanted_since`: it was
    handed over although it carries less than what was asked for, and nobody knew what the client weighs."""

    __table_args__ = (
        both_or_neither("ended_at_and_by_together", "ended_at", "ended_by"),
        CheckConstraint("kind <> 'trial' OR trial_ends_on IS NOT NULL", name="a_trial_has_an_end"),
        Index("uq_loan_one_open_per_item", "item_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        UniqueConstraint("id", "client_id", "item_id", name="uq_loan_id_client_id_item_id"),
        Index("ix_loan_client_id", "client_id"),
        Index("ix_loan_item_id", "item_id"),
        Index("ix_loan_started_at", "started_at"),
        Index("ix_loan_id_while_open", "id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_loan_id_of_trials", "id", postgresql_where=text("kind = 'trial'")),
        Index(
            "ix_loan_trial_ends_on_while_open",
            "trial_ends_on",
            "id",
            postgresql_where=text("ended_at IS NULL AND kind = 'trial'"),
        ),
        Index(
            "ix_loan_id_while_weight_is_wanted",
            "id",
            postgresql_where=text("weight_wanted_since IS NOT NULL AND ended_at IS NULL"),
        ),
    )

    id: int = id_column()
    item_id: int = Field(sa_column=reference_column("item.id"))
    client_id: int = Field(sa_column=reference_column("client.id"))
    kind: LoanKind = Field(sa_column=enum_column(LoanKind, "kind"))
    trial_ends_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    trial_goals: str | None = Field(default=None, sa_column=text_column(nullable=True))
    warned_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    started_at: datetime = Field(sa_column=instant_column())
    started_by: str = Field(sa_column=text_column())
    ended_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    ended_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    weight_wanted_since: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))


class LoanAnswer(Table, table=True):
    """A warning that was shown at the counter, in its words of then, and what was answered; the same as of an order.

    What is kept after a trial, or tried on, is warned of and answered anew. Without an answer: a short form of the API
    left it out (ADR 29), and somebody answers it afterwards.
    """

    __tablename__ = "loan_answer"
    __table_args__ = (
        UniqueConstraint("loan_id", "code", "subject", "answered_at", name="uq_loan_answer_one_each_time"),
        both_or_neither("answered_at_and_by_together", "answered_at", "answered_by"),
        both_or_neither("answer_and_when_together", "answer", "answered_at"),
        Index(
            "uq_loan_answer_one_while_unanswered",
            "loan_id",
            "code",
            "subject",
            unique=True,
            postgresql_where=text("answer IS NULL"),
        ),
    )

    id: int = id_column()
    loan_id: int = Field(sa_column=reference_column("loan.id"))
    code: str = Field(sa_column=text_column())
    subject: str = Field(sa_column=text_column())
    warning: str = Field(sa_column=text_column())
    answer: str | None = Field(default=None, sa_column=text_column(nullable=True))
    answered_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    answered_by: str | None = Field(default=None, sa_column=text_column(nullable=True))


class TrialReview(Table, table=True):
    """One decision about a trial; the newest counts."""

    __tablename__ = "trial_review"
    __table_args__ = (
        CheckConstraint("(outcome = 'extend') = (until_on IS NOT NULL)", name="only_an_extension_has_a_new_end"),
        Index("ix_trial_review_loan_id", "loan_id"),
    )

    id: int = id_column()
    loan_id: int = Field(sa_column=reference_column("loan.id"))
    outcome: TrialOutcome = Field(sa_column=enum_column(TrialOutcome, "outcome"))
    notes: str = Field(sa_column=text_column())
    tried_what: str = Field(default="", sa_column=text_column(server_default=""))
    tried_where: str = Field(default="", sa_column=text_column(server_default=""))
    who_was_there: str = Field(default="", sa_column=text_column(server_default=""))
    result: str = Field(default="", sa_column=text_column(server_default=""))
    until_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    reviewed_at: datetime = Field(sa_column=instant_column())
    reviewed_by: str = Field(sa_column=text_column())


class Collection(Table, table=True):
    """A request to fetch equipment from a client; it is done when none of its lines is open."""

    __table_args__ = (
        both_or_neither("list_agreed_at_and_by_together", "list_agreed_at", "list_agreed_by"),
        CheckConstraint("NOT is_bereavement OR contact_name <> ''", name="bereavement_has_one_contact"),
        Index("ix_collection_client_id", "client_id"),
        Index("ix_collection_requested_by", "requested_by", "id"),
        Index("ix_collection_scheduled_on", "scheduled_on", "id"),
    )

    id: int = id_column()
    number: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    client_id: int = Field(sa_column=reference_column("client.id"))
    reason: str = Field(sa_column=text_column())
    speed: CollectionSpeed = Field(sa_column=enum_column(CollectionSpeed, "speed"))
    requested_at: datetime = Field(sa_column=instant_column())
    requested_by: str = Field(sa_column=text_column())
    contact_name: str = Field(default="", sa_column=text_column(server_default=""))
    contact_phone: str = Field(default="", sa_column=text_column(server_default=""))
    is_bereavement: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))
    list_agreed_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    list_agreed_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    scheduled_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))


class CollectionLine(Table, table=True):
    """One item of a collection: open, collected, or cancelled.

    `picked_up_at`: since when it is on the van. The line stays open until the item is scanned in at a store.
    """

    __tablename__ = "collection_line"
    __table_args__ = (
        both_or_neither("picked_up_at_and_by_together", "picked_up_at", "picked_up_by"),
        both_or_neither("collected_at_and_by_together", "collected_at", "collected_by"),
        both_or_neither("cancelled_at_and_by_together", "cancelled_at", "cancelled_by"),
        CheckConstraint("collected_at IS NULL OR cancelled_at IS NULL", name="not_both_collected_and_cancelled"),
        Index(
            "uq_collection_line_one_open_per_item",
            "item_id",
            unique=True,
            postgresql_where=text("collected_at IS NULL AND cancelled_at IS NULL"),
        ),
        Index("ix_collection_line_collection_id", "collection_id"),
        Index(
            "ix_collection_line_collection_id_while_open",
            "collection_id",
            postgresql_where=text("collected_at IS NULL AND cancelled_at IS NULL"),
        ),
        Index("ix_collection_line_item_id_of_collected", "item_id", postgresql_where=text("collected_at IS NOT NULL")),
    )

    id: int = id_column()
    collection_id: int = Field(sa_column=reference_column("collection.id"))
    item_id: int = Field(sa_column=reference_column("item.id"))
    loan_id: int = Field(sa_column=reference_column("loan.id"))
    picked_up_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    picked_up_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    collected_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    collected_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    cancelled_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    cancelled_by: str | None = Field(default=None, sa_column=text_column(nullable=True))


class CollectionVisit(Table, table=True):
    """A visit that came back without what it was to fetch, and why."""

    __tablename__ = "collection_visit"
    __table_args__ = (Index("ix_collection_visit_collection_id", "collection_id"),)

    id: int = id_column()
    collection_id: int = Field(sa_column=reference_column("collection.id"))
    visited_at: datetime = Field(sa_column=instant_column())
    failed_because: str = Field(sa_column=text_column())
    recorded_at: datetime = Field(sa_column=instant_column())
    recorded_by: str = Field(sa_column=text_column())


class CollectionFound(Table, table=True):
    """Something found at the client's that is not on the collection's list: taken, never refused, and reconciled."""

    __tablename__ = "collection_found"
    __table_args__ = (
        both_or_neither("reconciled_at_and_by_together", "reconciled_at", "reconciled_by"),
        Index("ix_collection_found_collection_id", "collection_id"),
    )

    id: int = id_column()
    collection_id: int = Field(sa_column=reference_column("collection.id"))
    label: str = Field(default="", sa_column=text_column(server_default=""))
    description: str = Field(default="", sa_column=text_column(server_default=""))
    item_id: int | None = Field(default=None, sa_column=reference_column("item.id", nullable=True))
    taken_at: datetime = Field(sa_column=instant_column())
    taken_by: str = Field(sa_column=text_column())
    reconciled_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    reconciled_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    reconciled_note: str | None = Field(default=None, sa_column=text_column(nullable=True))
