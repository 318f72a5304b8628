"""Bodies of the catalogue."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from app.domain.hygiene import Route
from app.domain.identifiers import check_gtin
from app.domain.inspections import LONGEST_INTERVAL_MONTHS, InspectionKind
from app.models import Tier
from app.web.fields import Body, Code, Line, OptionalLine, Pence

Iso9999 = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\d{2}( ?\d{2}){0,2}$")]
Gtin = Annotated[str, AfterValidator(check_gtin)]
Millimetres = Annotated[int, Field(ge=1, le=20_000)]
DimensionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,30}_mm$")]
Kilograms = Annotated[int, Field(ge=1, le=2_000)]


class InspectionRule(Body):
    """An inspection that every item of the product needs, and how often."""

    kind: InspectionKind
    every_months: Annotated[int, Field(ge=1, le=LONGEST_INTERVAL_MONTHS)]


class ProductDetails(Body):
    """What may be said of a product. `category` is an ISO 9999 code, `dimensions` are in millimetres by name."""

    name: Line
    manufacturer: OptionalLine = ""
    model: OptionalLine = ""
    category: Iso9999
    purchase_price_pence: Pence
    tier: Tier = Tier.STANDARD
    returnable: bool = True
    single_patient_use: bool = False
    high_risk: bool = False
    decontamination_route: Route = Route.WASH_DOWN
    udi_di: Annotated[list[Gtin], Field(max_length=50)] = []
    safe_working_load_kg: Kilograms | None = None
    dimensions: dict[DimensionName, Millimetres] = {}
    inspections: Annotated[list[InspectionRule], Field(max_length=10)] = []
    compatible_with: Annotated[list[Code], Field(max_length=500)] = []
    incompatible_with: Annotated[list[Code], Field(max_length=500)] = []

    @model_validator(mode="after")
    def check_lists(self) -> "ProductDetails":
        """Each kind of inspection once; no product both compatible and incompatible."""
        kinds = [rule.kind for rule in self.inspections]
        if len(kinds) != len(set(kinds)):
            raise ValueError("Name each kind of inspection once.")
        both = sorted(set(self.compatible_with) & set(self.incompatible_with))
        if both:
            raise ValueError(f"A product cannot be both compatible and incompatible: {', '.join(both)}.")
        return self


class NewProduct(ProductDetails):
    """A product to add."""

    code: Code


class ProductChange(ProductDetails):
    """What to change of a product; what is left out stays."""

    name: Line = ""
    category: Iso9999 = ""
    purchase_price_pence: Pence = 0


class ProductBody(BaseModel):
    """A catalogue line, with what is on the shelf now: `in_stock` of which `in_stock_recycled` were issued before."""

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
    decontamination_route: Route
    udi_di: list[str]
    safe_working_load_kg: int | None
    dimensions: dict[str, int]
    inspections: list[InspectionRule]
    compatible_with: list[str]
    incompatible_with: list[str]
    in_stock: int
    in_stock_recycled: int
    version: int = Field(exclude=True)
    id: int = Field(exclude=True)
