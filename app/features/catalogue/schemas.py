"""Bodies of the catalogue."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from app.domain.catalogue import advise_examination, advise_strike_through, as_iso_9999, as_link, unprintable_letters
from app.domain.hygiene import Route
from app.domain.identifiers import check_gtin
from app.domain.inspections import LONGEST_INTERVAL_MONTHS, InspectionKind
from app.models import Tier
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Line, OptionalLine, OptionalParagraph, Pence
from app.web.shapes import Shape
from app.web.typed import pence_from


def as_product_name(text: str) -> str:
    """The name, if the labels can print all of it."""
    lacking = unprintable_letters(text)
    if lacking:
        letters = " ".join(lacking[:MOST_NAMED])
        raise ValueError(f"Labels cannot print {letters}. Write the name in Latin, Greek or Cyrillic letters.")
    return text


def as_dimension(name: str) -> str:
    """The name, if it is one of a dimension in millimetres."""
    if not re.fullmatch(DIMENSION, name):
        raise ValueError("Name a dimension in small letters, with the millimetres at its end, such as seat_width_mm.")
    return name


def each_kind_once(rules: list["InspectionRule"]) -> list["InspectionRule"]:
    """The rules, if no kind of inspection comes twice."""
    if len({rule.kind for rule in rules}) < len(rules):
        raise ValueError("Name each kind of inspection once.")
    return rules


def not_compatible_too(codes: list[str], info: ValidationInfo) -> list[str]:
    """The incompatible products, if none of them is compatible at the same time."""
    both = sorted(set(info.data.get("compatible_with", [])) & set(codes))
    if both:
        raise ValueError(f"A product cannot be both compatible and incompatible: {', '.join(both)}.")
    return codes


DIMENSION = "[a-z][a-z_]{0,30}_mm"
Iso9999 = Annotated[str, AfterValidator(as_iso_9999)]
ProductName = Annotated[Line, AfterValidator(as_product_name)]
Gtin = Annotated[str, AfterValidator(check_gtin)]
Millimetres = Annotated[int, Field(ge=1, le=20_000)]
DimensionName = Annotated[str, AfterValidator(as_dimension), Field(json_schema_extra={"pattern": f"^{DIMENSION}$"})]
Link = Annotated[OptionalLine, AfterValidator(as_link)]
MOST_NAMED = 10
Kilograms = Annotated[int, Field(ge=1, le=2_000)]
LifeMonths = Annotated[int, Field(ge=1, le=600)]


class InspectionRule(Body):
    """An inspection that every item of the product needs, and how often."""

    kind: InspectionKind
    every_months: Annotated[int, Field(ge=1, le=LONGEST_INTERVAL_MONTHS)]


class ProductDetails(Body):
    """What may be said of a product. `category` is an ISO 9999 code, `dimensions` are in millimetres by name.

    `expected_life_months`: how long one lasts, for the advice to repair or to scrap it.

    `instructions` are for the people who use it, `instructions_link` is where the maker has theirs: anybody can read
    both on the page that the label's QR code opens.
    """

    name: ProductName
    manufacturer: OptionalLine = ""
    model: OptionalLine = ""
    category: Iso9999
    purchase_price_pence: Pence
    tier: Tier = Tier.STANDARD
    returnable: bool = True
    single_patient_use: bool = False
    high_risk: bool = False
    non_catalogue: bool = False
    strike_through_test: bool = False
    decontamination_route: Route = Route.WASH_DOWN
    udi_di: Annotated[list[Gtin], Field(max_length=50)] = []
    safe_working_load_kg: Kilograms | None = None
    expected_life_months: LifeMonths | None = None
    instructions: OptionalParagraph = ""
    instructions_link: Link = ""
    dimensions: dict[DimensionName, Millimetres] = {}
    inspections: Annotated[list[InspectionRule], Field(max_length=10), AfterValidator(each_kind_once)] = []
    compatible_with: Annotated[list[Code], Field(max_length=500)] = []
    incompatible_with: Annotated[list[Code], Field(max_length=500), AfterValidator(not_compatible_too)] = []


class NewProduct(ProductDetails):
    """A product to add."""

    code: Code


class ProductChange(ProductDetails):
    """What to change of a product; what is left out stays."""

    name: ProductName = ""
    category: Iso9999 = ""
    purchase_price_pence: Pence = 0


class Availability(Shape):
    """What of a product a store can give now, and what it may give soon.

    `recycled`, `new`: on the shelf and clear to go out today. `in_decontamination`: came back, and not released yet.
    `due_back_this_week`: on a trial that ends within seven days, or to be collected. `ring_fenced_for`: of each on the
    shelf that a panel keeps for one team, which; it is counted nowhere else.
    """

    store: str
    recycled: int = 0
    new: int = 0
    in_decontamination: int = 0
    due_back_this_week: int = 0
    ring_fenced_for: list[str] = []
    store_name: str = Field("", exclude=True)

    @property
    def now(self) -> int:
        """How many can be had now."""
        return self.recycled + self.new

    @property
    def soon(self) -> int:
        """How many may be had soon."""
        return self.in_decontamination + self.due_back_this_week


class ProductBody(Shape):
    """A catalogue line, with what may go out today: `in_stock`, of which `in_stock_recycled` were issued before.

    These two are the sums of `availability`, which counts store by store; of a list that was asked for one store, they
    are of that store. What is on the shelf and on hold, reserved, or without an examination in date is not counted.
    `advice`: what is better put right, such as a hoist without a LOLER examination.
    """

    code: str
    name: str
    manufacturer: str
    model: str
    category: str
    purchase_price_pence: int
    tier: Tier
    returnable: bool
    single_patient_use: bool
    high_risk: bool
    non_catalogue: bool
    strike_through_test: bool
    decontamination_route: Route
    udi_di: list[str]
    safe_working_load_kg: int | None
    expected_life_months: int | None
    instructions: str
    instructions_link: str
    dimensions: dict[str, int]
    inspections: list[InspectionRule]
    compatible_with: list[str]
    incompatible_with: list[str]
    in_stock: int = 0
    in_stock_recycled: int = 0
    availability: list[Availability] = []
    advice: list[str] = []
    version: int = Field(exclude=True)
    id: int = Field(exclude=True)
    rank: int = Field(0, exclude=True)

    @model_validator(mode="after")
    def add_up(self) -> "ProductBody":
        """Count what may go out today in the stores that are listed."""
        self.in_stock_recycled = sum(one.recycled for one in self.availability)
        self.in_stock = self.in_stock_recycled + sum(one.new for one in self.availability)
        return self

    @model_validator(mode="after")
    def give_advice(self) -> "ProductBody":
        """Say what is better put right, though nothing refuses it."""
        loler = next((rule.every_months for rule in self.inspections if rule.kind is InspectionKind.LOLER), None)
        advice = (
            advise_examination(self.category, loler),
            advise_strike_through(self.category, tested=self.strike_through_test or self.single_patient_use),
        )
        self.advice = [one for one in advice if one]
        return self


INSPECTIONS_ASKED: dict[InspectionKind, str] = {
    InspectionKind.LOLER: "loler_months",
    InspectionKind.PAT: "pat_months",
    InspectionKind.SERVICE: "service_months",
    InspectionKind.FUNCTIONAL: "functional_months",
}
"""The field of the form that says how often each kind is made."""

DIMENSIONS_ASKED = ("length_mm", "width_mm", "height_mm", "seat_width_mm")
"""The fields of the form that are dimensions, by their names in the record."""


def _split(given: Any) -> Any:
    """Entries that are typed into one box, one a line or with commas between."""
    return [entry.strip() for text in given for entry in re.split(r"[\n,]", text) if entry.strip()]


Months = Annotated[int, Field(ge=1, le=LONGEST_INTERVAL_MONTHS)]


class ProductForm(Shape):
    """A product as its page asks for it: pounds instead of pence, lists in one box, one field for each inspection."""

    code: Annotated[Code, asked("Enter a code for the product.")] = needed()
    name: Annotated[ProductName, asked("Enter the name of the product.")] = needed()
    manufacturer: OptionalLine = ""
    model: OptionalLine = ""
    category: Annotated[Iso9999, asked("Enter its ISO 9999 code.")] = needed()
    price: Annotated[int, BeforeValidator(pence_from), asked("Enter what one item costs.")] = needed()
    tier: Tier = Tier.STANDARD
    decontamination_route: Route = Route.WASH_DOWN
    consumable: bool = False
    single_patient_use: bool = False
    high_risk: bool = False
    non_catalogue: bool = False
    strike_through_test: bool = False
    udi_di: Annotated[list[Gtin], Field(max_length=50), BeforeValidator(_split)] = []
    safe_working_load_kg: Kilograms | None = None
    expected_life_months: LifeMonths | None = None
    instructions: OptionalParagraph = ""
    instructions_link: Link = ""
    length_mm: Millimetres | None = None
    width_mm: Millimetres | None = None
    height_mm: Millimetres | None = None
    seat_width_mm: Millimetres | None = None
    loler_months: Months | None = None
    pat_months: Months | None = None
    service_months: Months | None = None
    functional_months: Months | None = None
    compatible_with: Annotated[list[Code], Field(max_length=500), BeforeValidator(_split)] = []
    incompatible_with: Annotated[list[Code], Field(max_length=500), BeforeValidator(_split)] = []

    @model_validator(mode="after")
    def check_fits(self) -> "ProductForm":
        """No product both compatible and incompatible."""
        both = sorted(set(self.compatible_with) & set(self.incompatible_with))
        if both:
            raise ValueError(f"A product cannot be both compatible and incompatible: {', '.join(both)}.")
        return self

    def as_product(self) -> NewProduct:
        """The product that the catalogue keeps."""
        own = set(ProductForm.model_fields) & set(NewProduct.model_fields)
        values = {name: getattr(self, name) for name in own}
        sizes = {name: getattr(self, name) for name in DIMENSIONS_ASKED}
        months = {kind: getattr(self, field) for kind, field in INSPECTIONS_ASKED.items()}
        return NewProduct(
            **values,
            purchase_price_pence=self.price,
            returnable=not self.consumable,
            dimensions={name: size for name, size in sizes.items() if size},
            inspections=[InspectionRule(kind=kind, every_months=every) for kind, every in months.items() if every],
        )


class ProductChangeForm(ProductForm):
    """The same page for a product that is there already; `version` is the one that it showed."""

    version: Annotated[int, Field(ge=1, lt=2**31)]

    def as_change(self, before: ProductBody) -> ProductChange:
        """What is different from the product as it was. Dimensions that the page does not ask for stay."""
        asked_for = self.as_product().model_dump(exclude={"code"})
        others = {name: size for name, size in before.dimensions.items() if name not in DIMENSIONS_ASKED}
        asked_for["dimensions"] |= others
        was = before.model_dump()
        changed = {name: value for name, value in asked_for.items() if _in_order(value) != _in_order(was[name])}
        return ProductChange.model_validate(changed)


def as_typed(product: ProductBody) -> dict[str, list[str]]:
    """The product as somebody would have typed it into its page."""
    months = {rule.kind: rule.every_months for rule in product.inspections}
    pounds, pence = divmod(product.purchase_price_pence, 100)
    shown = {
        **{name: getattr(product, name) for name in set(ProductForm.model_fields) & set(ProductBody.model_fields)},
        **product.dimensions,
        **{field: months.get(kind) for kind, field in INSPECTIONS_ASKED.items()},
        "price": f"{pounds}.{pence:02}",
        "consumable": not product.returnable,
        "version": product.version,
    }
    return {name: [_typed(value)] if value else [] for name, value in shown.items()}


def _typed(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(value)
    return "true" if value is True else str(value)


def _in_order(value: Any) -> Any:
    """A list whose order says nothing, in one order."""
    return sorted(value, key=str) if isinstance(value, list) else value
