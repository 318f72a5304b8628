"""The catalogue: products, the inspections they ask for, and what goes with what."""

from sqlalchemy import Boolean, CheckConstraint, Column, Computed, Index, Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from app.domain.authority import Tier
from app.domain.hygiene import Route
from app.domain.inspections import InspectionKind
from app.models.base import Table, enum_column, id_column, pence_column, reference_column, text_column


class Product(Table, table=True):
    """A catalogue line. `category` is an ISO 9999 code (codes only: the classification's text is copyright)."""

    __table_args__ = (
        CheckConstraint("purchase_price_pence >= 0", name="price_not_negative"),
        CheckConstraint("safe_working_load_kg > 0", name="safe_working_load_positive"),
        CheckConstraint("expected_life_months BETWEEN 1 AND 600", name="expected_life_sensible"),
        Index(
            "ix_product_search_text_trigrams",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
        Index("ix_product_category", "category"),
    )

    id: int = id_column()
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = Field(sa_column=text_column())
    manufacturer: str = Field(sa_column=text_column())
    model: str = Field(sa_column=text_column())
    category: str = Field(sa_column=text_column())
    purchase_price_pence: int = Field(sa_column=pence_column())
    tier: Tier = Field(sa_column=enum_column(Tier, "tier"))
    returnable: bool = True
    single_patient_use: bool = False
    high_risk: bool = False
    non_catalogue: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))
    strike_through_test: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))
    decontamination_route: Route = Field(sa_column=enum_column(Route, "decontamination_route"))
    udi_di: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False, server_default="{}"))
    safe_working_load_kg: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    expected_life_months: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    instructions: str = Field(default="", sa_column=text_column(server_default=""))
    instructions_link: str = Field(default="", sa_column=text_column(server_default=""))
    dimensions: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False, server_default="{}"))
    search_text: str = Field(
        default=None,
        sa_column=Column(
            Text,
            Computed(
                "lower(code || ' ' || name || ' ' || manufacturer || ' ' || model || ' ' || category)", persisted=True
            ),
            nullable=False,
        ),
    )
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class ProductInspection(Table, table=True):
    """An inspection that every item of the product needs, and how often."""

    __tablename__ = "product_inspection"
    __table_args__ = (CheckConstraint("every_months BETWEEN 1 AND 120", name="every_months_sensible"),)

    product_id: int = Field(sa_column=reference_column("product.id", primary_key=True))
    kind: InspectionKind = Field(sa_column=enum_column(InspectionKind, "kind", primary_key=True))
    every_months: int


class ProductFit(Table, table=True):
    """Whether another product may be used with this one; no row means nobody has said."""

    __tablename__ = "product_fit"
    __table_args__ = (CheckConstraint("product_id <> other_product_id", name="not_with_itself"),)

    product_id: int = Field(sa_column=reference_column("product.id", primary_key=True))
    other_product_id: int = Field(sa_column=reference_column("product.id", primary_key=True))
    compatible: bool
