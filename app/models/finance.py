"""Money: dated rates, charges of movements (append-only), how an order's cost is split, and closed periods."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Numeric,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.domain.costs import ChargeKind
from app.models.base import (
    Table,
    both_or_neither,
    checked_reference_column,
    enum_column,
    id_column,
    instant_column,
    pence_column,
    reference_column,
    text_column,
)


class Tariff(Table, table=True):
    """One dated rate: fixed, a percentage, or a percentage that tapers with age. `ends_on`: its last day.

    Nothing of it changes but its end, and no two for the same thing are in force on one day (an exclusion constraint).
    `replaced_at`: another has replaced it; `replaced_end`: its last day until then, none for good.
    """

    __table_args__ = (
        CheckConstraint("num_nonnulls(pence, percent, taper) = 1", name="one_way_to_price"),
        CheckConstraint("pence >= 0 AND percent >= 0 AND floor_pence >= 0", name="not_negative"),
        CheckConstraint("vat_percent BETWEEN 0 AND 100", name="vat_sensible"),
        CheckConstraint("product_id IS NULL OR category IS NULL", name="for_a_product_or_a_category"),
        CheckConstraint("ends_on >= starts_on", name="ends_after_it_starts"),
        both_or_neither("ended_at_and_by_together", "ended_at", "ended_by"),
        CheckConstraint(
            "replaced_end IS NULL OR replaced_at IS NOT NULL AND replaced_end > ends_on",
            name="what_was_replaced_had_an_end",
        ),
        Index("ix_tariff_product_id", "product_id"),
    )

    id: int = id_column()
    kind: ChargeKind = Field(sa_column=enum_column(ChargeKind, "kind"))
    variant: str = Field(default="", sa_column=text_column(server_default=""))
    product_id: int | None = Field(default=None, sa_column=reference_column("product.id", nullable=True))
    category: str | None = Field(default=None, sa_column=text_column(nullable=True))
    starts_on: date = Field(sa_column=Column(Date, nullable=False))
    ends_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    pence: int | None = Field(default=None, sa_column=pence_column(nullable=True))
    percent: Decimal | None = Field(default=None, sa_column=Column(Numeric(6, 2), nullable=True))
    taper: list[dict[str, Any]] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    floor_pence: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    vat_percent: Decimal = Field(
        default=Decimal(0), sa_column=Column(Numeric(5, 2), nullable=False, server_default="0")
    )
    note: str = Field(default="", sa_column=text_column(server_default=""))
    made_at: datetime = Field(sa_column=instant_column())
    made_by: str = Field(sa_column=text_column())
    ended_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    ended_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    replaced_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    replaced_end: date | None = Field(default=None, sa_column=Column(Date, nullable=True))


class WithdrawnTariff(Table, table=True):
    """A rate that was withdrawn before its first day, as it was (`rate`), and why. A trigger lets no other be deleted,
    and what has priced a line cannot go at all."""

    __tablename__ = "withdrawn_tariff"

    tariff_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    rate: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    because: str = Field(sa_column=text_column())
    withdrawn_at: datetime = Field(sa_column=instant_column())
    withdrawn_by: str = Field(sa_column=text_column())


class OrderShare(Table, table=True):
    """What part of an order a funder pays, where it is not all its own funder's."""

    __tablename__ = "order_share"
    __table_args__ = (
        CheckConstraint("percent > 0 AND percent <= 100", name="a_part_of_the_whole"),
        Index("ix_order_share_funder_id", "funder_id"),
    )

    order_id: int = Field(sa_column=reference_column("equipment_order.id", primary_key=True))
    funder_id: int = Field(sa_column=reference_column("funder.id", primary_key=True))
    position: int = Field(sa_column=Column(Integer, nullable=False))
    percent: Decimal = Field(sa_column=Column(Numeric(5, 2), nullable=False))


class FundingDispute(Table, table=True):
    """That funders do not agree who pays: the equipment is provided, the split is provisional until it is settled."""

    __tablename__ = "funding_dispute"
    __table_args__ = (
        CheckConstraint("num_nonnulls(settled_at, settled_by, settlement) IN (0, 3)", name="settled_with_all_facts"),
        CheckConstraint("settle_by >= opened_at::date", name="the_clock_runs_forward"),
        Index(
            "uq_funding_dispute_one_open_per_order",
            "order_id",
            unique=True,
            postgresql_where=text("settled_at IS NULL"),
        ),
        Index("ix_funding_dispute_order_id", "order_id"),
    )

    id: int = id_column()
    order_id: int = Field(sa_column=reference_column("equipment_order.id"))
    reason: str = Field(sa_column=text_column())
    settle_by: date = Field(sa_column=Column(Date, nullable=False))
    opened_at: datetime = Field(sa_column=instant_column())
    opened_by: str = Field(sa_column=text_column())
    settled_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    settled_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    settlement: str | None = Field(default=None, sa_column=text_column(nullable=True))


class OrderTopUp(Table, table=True):
    """What a person adds of their own wish to what one item of an order cost, above what would meet the need free of
    charge. The only way in which a person is ever charged (`domain/funders.py`). `confirmed_by`: the prescriber who
    says that the free one does meet it."""

    __tablename__ = "order_top_up"
    __table_args__ = (
        CheckConstraint("pence > 0 AND pence <= charged_pence - alternative_pence", name="no_more_than_it_is_dearer"),
        CheckConstraint(
            "num_nonnulls(withdrawn_at, withdrawn_by, withdrawn_because) IN (0, 3)", name="withdrawn_with_all_facts"
        ),
        Index(
            "uq_order_top_up_one_per_issue",
            "item_id",
            "movement_seq",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        Index("ix_order_top_up_order_id", "order_id"),
        Index("ix_order_top_up_funder_id", "funder_id"),
        Index("ix_order_top_up_alternative_product_id", "alternative_product_id"),
    )

    id: int = id_column()
    order_id: int = Field(sa_column=reference_column("equipment_order.id"))
    item_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    movement_seq: int = Field(sa_column=Column(Integer, nullable=False))
    funder_id: int = Field(sa_column=reference_column("funder.id"))
    pence: int = Field(sa_column=pence_column())
    charged_pence: int = Field(sa_column=pence_column())
    alternative_product_id: int = Field(sa_column=reference_column("product.id"))
    alternative_pence: int = Field(sa_column=pence_column())
    agreed_on: date = Field(sa_column=Column(Date, nullable=False))
    agreement: str = Field(sa_column=text_column())
    confirmed_by: str = Field(default="", sa_column=text_column(server_default=""))
    made_at: datetime = Field(sa_column=instant_column())
    made_by: str = Field(sa_column=text_column())
    withdrawn_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    withdrawn_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    withdrawn_because: str | None = Field(default=None, sa_column=text_column(nullable=True))


class Charge(Table, table=True):
    """One line: what one funder pays of one charge. The lines of one `posting_id` are its split, and come to 100 %.

    Append-only. A partition for each month of `period`, its first day; who writes asks `month_to_post(happened_on)` for
    it: that month, or the first one after it that is not closed; a trigger refuses a closed one (ADR 62).
    `funder_id` empty: the service itself bears it. `percent`: this funder's part. `basis`: the arithmetic in words. A
    line that takes another back names it in `reversal_of`, with the same sum below zero; one that comes instead names
    it in `corrects_id`.
    `is_issue`: it is what an issue was charged as, so that a return knows who paid.
    """

    __table_args__ = (
        CheckConstraint("percent > 0 AND percent <= 100", name="a_part_of_the_whole"),
        CheckConstraint("period = date_trunc('month', period)", name="period_is_a_month"),
        CheckConstraint(
            "(reversal_of IS NOT NULL OR corrects_id IS NOT NULL) = (because IS NOT NULL)",
            name="a_correction_has_a_reason",
        ),
        CheckConstraint("reversal_of IS NULL OR corrects_id IS NULL", name="takes_back_or_comes_instead"),
        CheckConstraint("(item_id IS NULL) = (movement_seq IS NULL)", name="an_item_by_its_movement"),
        Index("ix_charge_item_id_movement_seq", "item_id", "movement_seq"),
        Index("ix_charge_posting_id", "posting_id"),
        Index("ix_charge_order_id", "order_id"),
        Index("ix_charge_collection_id", "collection_id"),
        Index("ix_charge_tariff_id", "tariff_id"),
        Index("ix_charge_corrects_id", "corrects_id", postgresql_where=text("corrects_id IS NOT NULL")),
        Index("ix_charge_happened_on", "happened_on"),
        Index("ix_charge_item_id_of_hire", "item_id", postgresql_where=text("kind = 'hire' AND is_issue")),
        Index("ix_charge_period_without_funder", "period", postgresql_where=text("funder_id IS NULL")),
        Index("ix_charge_id_of_unpriced", "id", postgresql_where=text("is_unpriced")),
        Index(
            "ix_charge_period_of_nobodys",
            "period",
            postgresql_where=text("funder_id IS NULL AND is_issue AND reversal_of IS NULL"),
        ),
        {"postgresql_partition_by": "RANGE (period)"},
    )

    id: int = id_column()
    posting_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    kind: ChargeKind = Field(sa_column=enum_column(ChargeKind, "kind"))
    variant: str = Field(default="", sa_column=text_column(server_default=""))
    period: date = Field(sa_column=Column(Date, primary_key=True))
    happened_on: date = Field(sa_column=Column(Date, nullable=False))
    posted_at: datetime = Field(sa_column=instant_column())
    posted_by: str = Field(sa_column=text_column())
    funder_id: int | None = Field(default=None, sa_column=reference_column("funder.id", nullable=True))
    percent: Decimal = Field(sa_column=Column(Numeric(5, 2), nullable=False))
    quantity: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
    amount_pence: int = Field(sa_column=Column(BigInteger, nullable=False))
    vat_pence: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    tariff_id: int | None = Field(default=None, sa_column=reference_column("tariff.id", nullable=True))
    basis: str = Field(default="", sa_column=text_column(server_default=""))
    is_unpriced: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))
    is_issue: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))
    is_provisional: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))
    item_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    movement_seq: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    product_id: int | None = Field(default=None, sa_column=reference_column("product.id", nullable=True))
    category: str | None = Field(default=None, sa_column=text_column(nullable=True))
    recycled: bool | None = Field(default=None, sa_column=Column(Boolean, nullable=True))
    store_id: int | None = Field(default=None, sa_column=reference_column("store.id", nullable=True))
    order_id: int | None = Field(default=None, sa_column=reference_column("equipment_order.id", nullable=True))
    collection_id: int | None = Field(default=None, sa_column=reference_column("collection.id", nullable=True))
    client_id: int | None = Field(default=None, sa_column=reference_column("client.id", nullable=True))
    team_id: int | None = Field(default=None, sa_column=reference_column("team.id", nullable=True))
    prescriber: str | None = Field(default=None, sa_column=text_column(nullable=True))
    reason: str | None = Field(default=None, sa_column=text_column(nullable=True))
    district: str | None = Field(default=None, sa_column=text_column(nullable=True))
    reversal_of: int | None = Field(default=None, sa_column=checked_reference_column(nullable=True))
    corrects_id: int | None = Field(default=None, sa_column=checked_reference_column(nullable=True))
    because: str | None = Field(default=None, sa_column=text_column(nullable=True))


class ChargeTakenBack(Table, table=True):
    """That a line was taken back, and by which: once. A trigger writes it with that line, and nothing else does."""

    __tablename__ = "charge_taken_back"

    charge_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    by_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    posted_at: datetime = Field(sa_column=instant_column())


class ChargeToSeeTo(Table, table=True):
    """A line that stands and that finance has to see to, so that these few are found without looking into every month:
    no rate was in force, or it is nobody's (`NOBODYS` in app/charging.py). A trigger keeps it with the lines."""

    __tablename__ = "charge_to_see_to"
    __table_args__ = (
        Index("ix_charge_to_see_to_period_of_unpriced", "period", postgresql_where=text("is_unpriced")),
        Index("ix_charge_to_see_to_period_of_nobodys", "period", postgresql_where=text("is_nobodys")),
    )

    charge_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    period: date = Field(sa_column=Column(Date, nullable=False))
    is_unpriced: bool = Field(sa_column=Column(Boolean, nullable=False))
    is_nobodys: bool = Field(sa_column=Column(Boolean, nullable=False))


class ItemAccount(Table, table=True):
    """What the next charge of an item follows from, kept by a trigger with its lines, so that no scan reads them.

    `issue`: its newest issue as it is charged now (`app/charging.py` reads it), empty where that was taken back and
    nothing came instead; `issue_seq`, `issue_month`: its movement, and the first month of its lines. `is_credited`: it
    was credited, or its hire charged, since; `was_credited`: also if that was taken back. `issues`: how many were ever
    charged. Sums of all its lines: of write-offs; of what is paid of its price, by issues (not hire) less credits.
    """

    __tablename__ = "item_account"

    item_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    issue: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    issue_seq: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    issue_month: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    is_credited: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))
    written_off_pence: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    was_credited: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))
    issues: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    paid_pence: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))


class ChargedVisit(Table, table=True):
    """That a visit has been charged: a drive with several things, scanned one by one, is charged once a day."""

    __tablename__ = "charged_visit"

    key: str = Field(sa_column=Column(Text, primary_key=True))


class FinancePeriod(Table, table=True):
    """A month that is closed, for good, with its sums of then. Months are closed in their order, none is left out.

    `digest`: SHA-256 over its lines in the order of their numbers, so that a later look can tell whether they are still
    what was closed.
    """

    __tablename__ = "finance_period"
    __table_args__ = (CheckConstraint("period = date_trunc('month', period)", name="period_is_a_month"),)

    period: date = Field(sa_column=Column(Date, primary_key=True))
    closed_at: datetime = Field(sa_column=instant_column())
    closed_by: str = Field(sa_column=text_column())
    lines: int = Field(sa_column=Column(Integer, nullable=False))
    totals: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    digest: str = Field(sa_column=text_column())


class ReconciliationRun(Table, table=True):
    """What came of comparing movements, charges and sums. `period`: of one month, or (empty) of all.

    `sums`: for each check what it counted, and its two sides. `differences`: the first of what does not add up.
    Of a month that is compared behind a page also how far it is: `done` of its `wanted` items, when its maker was seen
    last, and why nothing came of it; `is_ok` is empty until it is over.
    """

    __tablename__ = "reconciliation_run"
    __table_args__ = (CheckConstraint("is_ok IS NOT NULL OR wanted IS NOT NULL", name="is_over_or_under_way"),)

    id: int = id_column()
    at: datetime = Field(sa_column=instant_column())
    made_by: str = Field(sa_column=text_column())
    period: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    is_ok: bool | None = Field(default=None, sa_column=Column(Boolean, nullable=True))
    sums: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    differences: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    wanted: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    done: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    failure: str | None = Field(default=None, sa_column=text_column(nullable=True))
    seen_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))


class ChargingStart(Table, table=True):
    """The newest movement before charges began: what is older was never charged here. One row."""

    __tablename__ = "charging_start"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    movement_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    began_at: datetime = Field(sa_column=instant_column())
