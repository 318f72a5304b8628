"""Makers' labels at goods-in: what a scan says of the goods, beside what a person says of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import BadValue
from app.domain.goods import Said, fill_in, find_contradictions, serial_key
from app.domain.makers_labels import LabelFacts, LabelKind, LabelReading, Remark, facts_of
from app.features.stock.queries import Named, list_products_of
from app.features.stock.schemas import GoodsIn, Warned
from app.later import Later

if TYPE_CHECKING:
    from app.integrations import gs1
else:
    gs1 = Later("app.integrations.gs1")  # It reads all that GS1 has given away.

SAID = ("quantity", "serial_numbers", "lot_number", "udi_di", "manufactured_on", "manufactured_precision")


NOTHING = LabelFacts()


@dataclass(frozen=True, slots=True)
class MakersLabel:
    """What is sure on a label, which products have its GTIN, and what to look at."""

    facts: LabelFacts = NOTHING
    products: Sequence[Named] = ()
    warnings: Sequence[Warned] = ()

    def is_on(self, key: str | None) -> bool:
        """Whether the label is that of the item with this serial key: one without a serial number is on all of them."""
        return self.facts.serial_number is None or key == serial_key(self.facts.serial_number)


def read_label_in(field: str, raw: str, *, prefix: str) -> LabelReading:
    """What the label says (`read_label`); a refusal is about this field."""
    try:
        return gs1.read_label(raw, prefix=prefix)
    except BadValue as error:
        raise BadValue(error.code, error.detail, field=field) from error


def warned(remarks: Sequence[Remark]) -> list[Warned]:
    """The remarks as they are answered."""
    return [Warned(code=remark.code, detail=remark.detail) for remark in remarks]


async def look_up_label(session: AsyncSession, raw: str, *, prefix: str, today: date) -> MakersLabel:
    """What a maker's label says, and of which product it is.

    Raises BadValue about `maker_label`: as `read_label`, and `own-label` for one of our own asset tags.
    """
    reading = read_label_in("maker_label", raw, prefix=prefix)
    if reading.kind is LabelKind.OURS:
        detail = "This is one of our own asset tags, which new goods do not have yet. Scan the maker's label."
        raise BadValue("own-label", detail, field="maker_label")
    facts = facts_of(reading, today=today)
    products = await list_products_of(session, facts.udi_di) if facts.udi_di else []
    return MakersLabel(facts, products, [*warned(reading.remarks), *_about_the_catalogue(facts, products)])


async def with_label(
    session: AsyncSession, goods: GoodsIn, *, prefix: str, today: date, fill: bool
) -> tuple[GoodsIn, MakersLabel]:
    """The goods with what is sure on their label where nothing was said (`fill`), and the label.

    Raises BadValue as `look_up_label`, `label-contradicts` at the field that the label contradicts, and
    `product-missing` or `quantity-missing` when the label does not say it either.
    """
    if not goods.maker_label:
        return goods, MakersLabel()
    label = await look_up_label(session, goods.maker_label, prefix=prefix, today=today)
    said = Said(**{name: getattr(goods, name) for name in SAID})
    _check_product(goods.product_code, label)
    for fault in find_contradictions(said, label.facts):
        raise fault
    filled = fill_in(said, label.facts) if fill else said
    values = {name: getattr(filled, name) for name in SAID}
    complete = goods.model_dump() | values | {"product_code": goods.product_code or _only_product(label)}
    if not filled.quantity and not filled.serial_numbers:
        detail = "The label does not say for sure which item it is on. Give the serial number, or the quantity."
        raise BadValue("quantity-missing", detail, field="quantity")
    return GoodsIn.model_validate(complete | {"lot_number": filled.lot_number or ""}), label


def _about_the_catalogue(facts: LabelFacts, products: Sequence[Named]) -> list[Warned]:
    if facts.udi_di is None:
        return [
            Warned(code="no-gtin", detail="The label does not say for sure which product it is of. Give the product.")
        ]
    if not products:
        detail = f"No product in the catalogue has the UDI-DI {facts.udi_di}. Have it added to the product."
        return [Warned(code="unknown-gtin", detail=detail)]
    return []


def _check_product(given: str | None, label: MakersLabel) -> None:
    if given and label.products and given not in {product.code for product in label.products}:
        named = _named(label.products)
        detail = f"By its UDI-DI {label.facts.udi_di} the label is of {named}, and here it is {given}. Correct this."
        raise BadValue("label-contradicts", detail, field="product_code")


def _only_product(label: MakersLabel) -> str:
    if len(label.products) == 1:
        return label.products[0].code
    if label.products:
        detail = f"The label may be of {_named(label.products)}. Give the product."
    else:
        detail = "The label does not say which product of the catalogue it is of. Give the product."
    raise BadValue("product-missing", detail, field="product_code")


def _named(products: Sequence[Named]) -> str:
    return " or ".join(f"{product.name} ({product.code})" for product in products)
