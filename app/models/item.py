"""Pieces of equipment, what happened to each (append-only), and the holds on them."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Sequence,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from app.domain.clearance import HoldKind
from app.domain.lifecycle import Move, State
from app.models.base import (
    Table,
    both_or_neither,
    checked_reference_column,
    enum_column,
    id_column,
    instant_column,
    metadata,
    pence_column,
    reference_column,
    text_column,
)

asset_number = Sequence("asset_number", start=1, maxvalue=9_999_999, metadata=metadata)
"""The running number inside an asset tag."""


class Precision(StrEnum):
    """How exactly a maker's date is known."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Item(Table, table=True):
    """One piece of equipment. Only `ledger.py` writes `state`, `store_id`, `bay` and the columns below them.

    `serial_key` is the serial number without case, blanks and dashes; leading zeros stay. `maker_label` is
    the maker's barcode as it was scanned, separators and all: what was read from it can be read again.
    `certified_load_kg`: of its newest report of thorough examination that stands; the item carries
    `LEAST(product.safe_working_load_kg, item.certified_load_kg)` (ADR 28), and every statement says it so.
    `load_lowered_at`: since when it carries less than its product, where it once carried more; `label_wanted_since`:
    since when its label may say too high a load, until one is printed. `last_seq` counts its movements: triggers let it
    grow only by one, with the movement of that number, whose state, hash and instant stand beside it (ADR 62).
    `repair_seq`: the movement that brought it to the repair bench last. `held_since`: when the oldest of its open holds
    was placed, which triggers on `hold` keep, for lists and counts; whether it may go out is asked of the holds.
    """

    __table_args__ = (
        # Each move writes into every index that holds the item: they leave out what it does not have.
        Index(
            "uq_item_serial_number_within_product",
            "serial_key",
            "product_id",
            unique=True,
            postgresql_where=text("serial_key IS NOT NULL"),
        ),
        Index("uq_item_import_ref", "import_ref", unique=True, postgresql_where=text("import_ref IS NOT NULL")),
        both_or_neither("manufactured_on_and_precision_together", "manufactured_on", "manufactured_precision"),
        both_or_neither("serial_number_and_key_together", "serial_number", "serial_key"),
        both_or_neither("certified_load_and_day_together", "certified_load_kg", "certified_on"),
        CheckConstraint("purchase_price_pence >= 0", name="price_not_negative"),
        CheckConstraint("certified_load_kg > 0", name="certified_load_positive"),
        Index("ix_item_product_id_state_times_issued", "product_id", "state", "times_issued"),
        Index("ix_item_state_store_id", "state", "store_id"),
        Index(
            "ix_item_barcode_trigrams", "barcode", postgresql_using="gin", postgresql_ops={"barcode": "gin_trgm_ops"}
        ),
        Index("ix_item_id_of_scrapped", "id", postgresql_where=text("state = 'scrapped'")),
        Index("ix_item_id_of_lowered_loads", "id", postgresql_where=text("load_lowered_at IS NOT NULL")),
        Index("ix_item_barcode_while_held", "barcode", postgresql_where=text("held_since IS NOT NULL")),
        Index(
            "ix_item_held_since_while_out",
            "held_since",
            "id",
            postgresql_where=text(
                "held_since IS NOT NULL AND state IN ('awaiting_collection', 'dispatched', 'on_loan', 'on_trial')"
            ),
        ),
    )

    id: int = id_column()
    barcode: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    product_id: int = Field(sa_column=reference_column("product.id"))
    serial_number: str | None = Field(default=None, sa_column=text_column(nullable=True))
    serial_key: str | None = Field(default=None, sa_column=text_column(nullable=True))
    lot_number: str | None = Field(default=None, sa_column=text_column(nullable=True))
    manufactured_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    manufactured_precision: Precision | None = Field(
        default=None, sa_column=enum_column(Precision, "manufactured_precision", nullable=True)
    )
    received_on: date = Field(sa_column=Column(Date, nullable=False))
    dispatched_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    purchase_price_pence: int = Field(sa_column=pence_column())
    udi_di: str | None = Field(default=None, sa_column=text_column(nullable=True))
    maker_label: str | None = Field(default=None, sa_column=text_column(nullable=True))
    import_ref: str | None = Field(default=None, sa_column=text_column(nullable=True))
    condition: str = Field(default="", sa_column=text_column(server_default=""))
    certified_load_kg: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    certified_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    load_lowered_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    label_wanted_since: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    state: State = Field(sa_column=enum_column(State, "state"))
    store_id: int = Field(sa_column=reference_column("store.id"))
    bay: str | None = Field(default=None, sa_column=text_column(nullable=True))
    times_issued: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    last_seq: int = Field(sa_column=Column(Integer, nullable=False))
    last_hash: str = Field(sa_column=text_column())
    last_moved_at: datetime = Field(sa_column=instant_column())
    returned_seq: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    inspectable_seq: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    repair_seq: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    held_since: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))


class Movement(Table, table=True):
    """One line of an item's history. A trigger refuses UPDATE, DELETE and TRUNCATE; each hash covers the one before.

    A partition for each month of `at`, in UTC. What is asked of one item and names no instant looks into them all:
    beside `item.last_seq` say `item.last_moved_at`, and it looks into one (ADR 62).
    """

    __table_args__ = (
        UniqueConstraint("item_id", "seq", "at", name="uq_movement_item_id_seq_at"),
        CheckConstraint("(from_state IS NULL) = (move = 'receive')", name="only_a_receipt_comes_from_nowhere"),
        CheckConstraint("(seq = 1) = (move = 'receive')", name="a_receipt_is_first"),
        Index("ix_movement_at", "at"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: int = id_column()
    item_id: int = Field(sa_column=checked_reference_column())
    seq: int = Field(sa_column=Column(Integer, nullable=False))
    move: Move = Field(sa_column=enum_column(Move, "move"))
    from_state: State | None = Field(default=None, sa_column=enum_column(State, "from_state", nullable=True))
    to_state: State = Field(sa_column=enum_column(State, "to_state"))
    actor: str = Field(sa_column=text_column())
    at: datetime = Field(sa_column=instant_column(primary_key=True))
    store_id: int = Field(sa_column=reference_column("store.id"))
    bay: str | None = Field(default=None, sa_column=text_column(nullable=True))
    reason: str | None = Field(default=None, sa_column=text_column(nullable=True))
    reference: str | None = Field(default=None, sa_column=text_column(nullable=True))
    hash: str = Field(sa_column=text_column())


class Hold(Table, table=True):
    """Something that keeps an item from going out until it is lifted; never deleted. `notice_id`: the safety notice
    that placed it."""

    __table_args__ = (
        both_or_neither("lifted_at_and_by_together", "lifted_at", "lifted_by"),
        both_or_neither("lifted_at_and_reason_together", "lifted_at", "lift_reason"),
        CheckConstraint("notice_id IS NULL OR kind = 'safety_notice'", name="a_notice_places_its_own_kind"),
        Index("ix_hold_item_id_while_open", "item_id", postgresql_where=text("lifted_at IS NULL")),
        Index("ix_hold_placed_at_while_open", "placed_at", "id", postgresql_where=text("lifted_at IS NULL")),
        Index("ix_hold_item_id", "item_id", "id"),
        Index(
            "uq_hold_notice_id_item_id_while_open",
            "notice_id",
            "item_id",
            unique=True,
            postgresql_where=text("lifted_at IS NULL AND notice_id IS NOT NULL"),
        ),
    )

    id: int = id_column()
    item_id: int = Field(sa_column=checked_reference_column())
    kind: HoldKind = Field(sa_column=enum_column(HoldKind, "kind"))
    reason: str = Field(sa_column=text_column())
    notice_id: int | None = Field(default=None, sa_column=checked_reference_column(nullable=True))
    placed_at: datetime = Field(sa_column=instant_column())
    placed_by: str = Field(sa_column=text_column())
    lifted_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    lifted_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    lift_reason: str | None = Field(default=None, sa_column=text_column(nullable=True))
