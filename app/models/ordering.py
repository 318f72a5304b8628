"""What prescribers order: orders, their lines and units, the answers to warnings, old equipment, and deliveries.

Whether a unit is held, dispatched or wanted is not stored: it follows from its reservation and its item
(the view `equipment_order_state`, and `domain/ordering.py`).
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.domain.loans import LoanKind
from app.domain.ordering import OrderDecision, OrderReason, Speed, SupersedeAction
from app.domain.stop_use import ItemFault
from app.models.base import (
    Table,
    both_or_neither,
    enum_column,
    id_column,
    instant_column,
    pence_column,
    reference_column,
    text_column,
)


class EquipmentOrder(Table, table=True):
    """Equipment for a client, asked for by a prescriber. `authority` holds how it was decided who must agree;
    `promised_on` is empty until something is held for each of its pieces."""

    __tablename__ = "equipment_order"
    __table_args__ = (
        CheckConstraint("(decision = 'draft') = (submitted_at IS NULL) OR decision = 'cancelled'", name="submitted"),
        CheckConstraint("promised_on IS NULL OR submitted_at IS NOT NULL", name="only_what_is_submitted_is_promised"),
        both_or_neither("decided_at_and_by_together", "decided_at", "decided_by"),
        both_or_neither("allocated_at_and_by_together", "allocated_at", "allocated_by"),
        CheckConstraint("decision <> 'declined' OR decision_reason IS NOT NULL", name="a_declined_order_has_a_reason"),
        UniqueConstraint("id", "client_id", name="uq_equipment_order_id_client_id"),
        Index("ix_equipment_order_client_id", "client_id"),
        Index("ix_equipment_order_made_by", "made_by", "id"),
        Index("ix_equipment_order_decision", "decision", "id"),
        Index("ix_equipment_order_team_id", "team_id"),
        Index("ix_equipment_order_promised_on", "promised_on"),
        Index("ix_equipment_order_number_in_any_case", text("upper(number)")),
    )

    id: int = id_column()
    number: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    client_id: int = Field(sa_column=reference_column("client.id"))
    funder_id: int = Field(sa_column=reference_column("funder.id"))
    team_id: int = Field(sa_column=reference_column("team.id"))
    store_id: int = Field(sa_column=reference_column("store.id"))
    speed: Speed = Field(sa_column=enum_column(Speed, "speed"))
    reason: OrderReason = Field(sa_column=enum_column(OrderReason, "reason"))
    clinical_reasoning: str = Field(sa_column=text_column())
    decision: OrderDecision = Field(sa_column=enum_column(OrderDecision, "decision"))
    authority: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default="{}"))
    decision_reason: str | None = Field(default=None, sa_column=text_column(nullable=True))
    made_at: datetime = Field(sa_column=instant_column())
    made_by: str = Field(sa_column=text_column())
    submitted_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    promised_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    decided_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    decided_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    allocated_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    allocated_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class OrderLine(Table, table=True):
    """A product and how many. `explanation` says why these items were chosen and why no others."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position", name="uq_order_line_order_id_position"),
        UniqueConstraint("id", "order_id", name="uq_order_line_id_order_id"),
        CheckConstraint("quantity BETWEEN 1 AND 50", name="quantity_sensible"),
        CheckConstraint("(kind = 'trial') = (trial_days IS NOT NULL)", name="only_a_trial_has_days"),
        CheckConstraint("trial_days BETWEEN 1 AND 366", name="trial_days_sensible"),
        CheckConstraint("NOT prefer_new OR reason_for_new IS NOT NULL", name="new_needs_a_reason"),
        Index("ix_order_line_product_id", "product_id"),
    )

    id: int = id_column()
    order_id: int = Field(sa_column=reference_column("equipment_order.id"))
    position: int = Field(sa_column=Column(Integer, nullable=False))
    product_id: int = Field(sa_column=reference_column("product.id"))
    quantity: int = Field(sa_column=Column(Integer, nullable=False))
    kind: LoanKind = Field(sa_column=enum_column(LoanKind, "kind"))
    trial_days: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    trial_goals: str | None = Field(default=None, sa_column=text_column(nullable=True))
    accept_equivalent: bool = False
    prefer_new: bool = False
    reason_for_new: str | None = Field(default=None, sa_column=text_column(nullable=True))
    unit_price_pence: int = Field(sa_column=pence_column())
    explanation: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default="{}"))


class OrderUnit(Table, table=True):
    """One wanted piece of a line: held by its reservation, and delivered once it has its loan.

    A trigger fills `order_id`, `client_id` and `item_id` from what the piece refers to. They are there for the foreign
    keys: its reservation and its loan are of the order's client, and of one item. That a live reservation belongs to an
    open piece of an order that still wants it, and that a submitted order has a unit for every piece, triggers check at
    the end of each transaction.
    """

    __tablename__ = "order_unit"
    __table_args__ = (
        UniqueConstraint("reservation_id", name="uq_order_unit_reservation_id"),
        UniqueConstraint("loan_id", name="uq_order_unit_loan_id"),
        both_or_neither("cancelled_at_and_by_together", "cancelled_at", "cancelled_by"),
        both_or_neither("reservation_and_item_together", "reservation_id", "item_id"),
        CheckConstraint("loan_id IS NULL OR cancelled_at IS NULL", name="not_both_delivered_and_cancelled"),
        CheckConstraint("loan_id IS NULL OR reservation_id IS NOT NULL", name="only_what_was_held_is_delivered"),
        ForeignKeyConstraint(
            ["order_line_id", "order_id"],
            ["order_line.id", "order_line.order_id"],
            name="fk_order_unit_line_is_of_its_order",
        ),
        ForeignKeyConstraint(
            ["order_id", "client_id"],
            ["equipment_order.id", "equipment_order.client_id"],
            name="fk_order_unit_client_is_that_of_its_order",
        ),
        ForeignKeyConstraint(
            ["reservation_id", "client_id", "item_id"],
            ["reservation.id", "reservation.client_id", "reservation.item_id"],
            name="fk_order_unit_reservation_is_of_its_client_and_item",
        ),
        ForeignKeyConstraint(
            ["loan_id", "client_id", "item_id"],
            ["loan.id", "loan.client_id", "loan.item_id"],
            name="fk_order_unit_loan_is_of_its_client_and_item",
        ),
        Index("ix_order_unit_order_line_id", "order_line_id"),
        Index(
            "ix_order_unit_order_line_id_while_open",
            "order_line_id",
            postgresql_where=text("loan_id IS NULL AND cancelled_at IS NULL"),
        ),
        Index("ix_order_unit_order_id", "order_id"),
        Index(
            "ix_order_unit_order_id_while_open",
            "order_id",
            postgresql_where=text("loan_id IS NULL AND cancelled_at IS NULL"),
        ),
        Index(
            "ix_order_unit_item_id_while_open",
            "item_id",
            postgresql_where=text("item_id IS NOT NULL AND loan_id IS NULL AND cancelled_at IS NULL"),
        ),
        Index("ix_order_unit_item_id_once_lent", "item_id", postgresql_where=text("loan_id IS NOT NULL")),
    )

    id: int = id_column()
    order_line_id: int = Field(sa_column=reference_column("order_line.id"))
    order_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    client_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    item_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    reservation_id: int | None = Field(default=None, sa_column=reference_column("reservation.id", nullable=True))
    loan_id: int | None = Field(default=None, sa_column=reference_column("loan.id", nullable=True))
    cancelled_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    cancelled_by: str | None = Field(default=None, sa_column=text_column(nullable=True))


class OrderAnswer(Table, table=True):
    """A warning that was shown, in its words of then, and what the prescriber answered. Without an answer: a short form
    of the API left it out (ADR 29), and somebody answers it afterwards."""

    __tablename__ = "order_answer"
    __table_args__ = (
        UniqueConstraint("order_id", "code", "subject", name="uq_order_answer_order_id_code_subject"),
        both_or_neither("answered_at_and_by_together", "answered_at", "answered_by"),
        both_or_neither("answer_and_when_together", "answer", "answered_at"),
        Index("ix_order_answer_order_id_while_unanswered", "order_id", postgresql_where=text("answer IS NULL")),
    )

    id: int = id_column()
    order_id: int = Field(sa_column=reference_column("equipment_order.id"))
    code: str = Field(sa_column=text_column())
    subject: str = Field(sa_column=text_column())
    warning: str = Field(sa_column=text_column())
    answer: str | None = Field(default=None, sa_column=text_column(nullable=True))
    answered_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    answered_by: str | None = Field(default=None, sa_column=text_column(nullable=True))


class OrderSupersedes(Table, table=True):
    """What becomes of an old item at the client's that this order replaces or adds to."""

    __tablename__ = "order_supersedes"
    __table_args__ = (
        UniqueConstraint("order_id", "loan_id", name="uq_order_supersedes_order_id_loan_id"),
        Index("ix_order_supersedes_collection_id", "collection_id"),
    )

    id: int = id_column()
    order_id: int = Field(sa_column=reference_column("equipment_order.id"))
    loan_id: int = Field(sa_column=reference_column("loan.id"))
    action: SupersedeAction = Field(sa_column=enum_column(SupersedeAction, "action"))
    reason: str = Field(sa_column=text_column())
    item_fault: ItemFault | None = Field(default=None, sa_column=enum_column(ItemFault, "item_fault", nullable=True))
    collection_id: int | None = Field(default=None, sa_column=reference_column("collection.id", nullable=True))


class StopUseNotice(Table, table=True):
    """An item at a client's that must not be used any more. Open until its loan ends, acknowledged or not.

    One that was given by mistake is withdrawn and stays on record: `loan_id` is empty then, and `withdrawn_loan_id`
    says whose it was, so that whatever looks for the notice of a loan finds only one that stands.

    Coroner's report 2023-0336 (Friend): a sling judged unsuitable was neither removed nor was its use stopped.
    """

    __tablename__ = "stop_use_notice"
    __table_args__ = (
        both_or_neither("acknowledged_at_and_by_together", "acknowledged_at", "acknowledged_by"),
        UniqueConstraint("loan_id", name="uq_stop_use_notice_loan_id"),
        CheckConstraint("(loan_id IS NULL) = (withdrawn_at IS NOT NULL)", name="stands_or_is_withdrawn"),
        CheckConstraint(
            "num_nonnulls(withdrawn_at, withdrawn_by, withdrawn_reason, withdrawn_loan_id) IN (0, 4)",
            name="withdrawn_with_all_facts",
        ),
        CheckConstraint("withdrawn_by <> given_by", name="withdrawn_by_another_person"),
        Index("ix_stop_use_notice_withdrawn_loan_id", "withdrawn_loan_id"),
        Index("ix_stop_use_notice_given_at", "given_at", "id"),
        Index("ix_stop_use_notice_id_while_unacknowledged", "id", postgresql_where=text("acknowledged_at IS NULL")),
    )

    id: int = id_column()
    loan_id: int | None = Field(default=None, sa_column=reference_column("loan.id", nullable=True))
    order_id: int | None = Field(default=None, sa_column=reference_column("equipment_order.id", nullable=True))
    reason: str = Field(sa_column=text_column())
    item_fault: ItemFault = Field(
        default=ItemFault.NOT_KNOWN, sa_column=enum_column(ItemFault, "item_fault", server_default="not_known")
    )
    care_provider_id: int | None = Field(default=None, sa_column=reference_column("care_provider.id", nullable=True))
    given_at: datetime = Field(sa_column=instant_column())
    given_by: str = Field(sa_column=text_column())
    told: str | None = Field(default=None, sa_column=text_column(nullable=True))
    acknowledged_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    acknowledged_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    acknowledged_how: str | None = Field(default=None, sa_column=text_column(nullable=True))
    chased_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    withdrawn_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    withdrawn_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    withdrawn_reason: str | None = Field(default=None, sa_column=text_column(nullable=True))
    withdrawn_loan_id: int | None = Field(default=None, sa_column=reference_column("loan.id", nullable=True))


class DeliveryVisit(Table, table=True):
    """One visit with an order: delivered to a named person, or failed with a reason."""

    __tablename__ = "delivery_visit"
    __table_args__ = (
        CheckConstraint("(received_by IS NULL) <> (failed_because IS NULL)", name="either_delivered_or_failed"),
        Index("ix_delivery_visit_order_id", "order_id"),
    )

    id: int = id_column()
    order_id: int = Field(sa_column=reference_column("equipment_order.id"))
    visited_at: datetime = Field(sa_column=instant_column())
    barcodes: list[str] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'[]'")))
    received_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    failed_because: str | None = Field(default=None, sa_column=text_column(nullable=True))
    note: str = Field(default="", sa_column=text_column(server_default=""))
    recorded_at: datetime = Field(sa_column=instant_column())
    recorded_by: str = Field(sa_column=text_column())
