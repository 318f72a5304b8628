"""Keeping the catalogue."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, rematching
from app.domain.errors import BadValue, Conflict, NotFound, Stale
from app.domain.overloads import check_load_stays
from app.features.catalogue.schemas import InspectionRule, NewProduct, ProductChange
from app.models import Product, ProductFit, ProductInspection
from app.web.lowered_products import LoadChange, lower_product

ASKED_FOR = {"manufacturer", "model", "category", "udi_di"}
"""What safety notices ask of a product."""
LOAD = text("SELECT safe_working_load_kg FROM product WHERE code = :code FOR NO KEY UPDATE")
LISTS = {"inspections", "compatible_with", "incompatible_with"}


async def add_product(session: AsyncSession, new: NewProduct, *, actor: str, at: datetime) -> None:
    """Add a catalogue line. Raises Conflict `duplicate-code`, BadValue `unknown-product`."""
    if await session.scalar(select(col(Product.id)).where(col(Product.code) == new.code)):
        raise Conflict("duplicate-code", "Another product has this code. Choose a new one.", field="code")
    added = insert(Product).values(**new.model_dump(exclude=LISTS)).returning(col(Product.id))
    product_id = (await session.execute(added)).scalar_one()
    await _write_inspections(session, product_id, new.inspections)
    await _write_fits(session, product_id, new.compatible_with, compatible=True)
    await _write_fits(session, product_id, new.incompatible_with, compatible=False)
    await audit.record(session, "product_added", f"product:{new.code}", actor=actor, at=at, name=new.name)


async def change_product(
    session: AsyncSession, code: str, change: ProductChange, *, version: int, actor: str, at: datetime
) -> None:
    """Change what `change` sets of a product as it was read at `version`.

    Raises NotFound `unknown-product`, Stale `stale`, BadValue `unknown-product`, Conflict `load-is-known`.
    """
    fields: dict[str, Any] = change.model_dump(exclude_unset=True)
    values = {name: value for name, value in fields.items() if name not in LISTS}
    is_asked_for = bool(ASKED_FOR & fields.keys())
    in_force = await rematching.read_in_force(session) if is_asked_for else []
    changed = (
        update(Product)
        .where(col(Product.code) == code, col(Product.version) == version)
        .values(**values, version=version + 1)
        .returning(col(Product.id), col(Product.name), col(Product.category), col(Product.safe_working_load_kg))
    )
    was_kg = await session.scalar(LOAD, {"code": code}) if "safe_working_load_kg" in fields else None
    product = (await session.execute(changed)).one_or_none()
    if product is None:
        if await session.scalar(select(col(Product.id)).where(col(Product.code) == code)) is None:
            raise NotFound("unknown-product", "There is no product with this code.", field="code")
        raise Stale("stale", "Somebody changed this product since you read it. Read it again, then change it.")
    product_id: int = product.id
    if "inspections" in fields:
        await session.execute(delete(ProductInspection).where(col(ProductInspection.product_id) == product_id))
        await _write_inspections(session, product_id, change.inspections)
    lists = [(name, name == "compatible_with") for name in ("compatible_with", "incompatible_with") if name in fields]
    # Both are emptied before either is written, so that a product may change from one list to the other.
    for _, compatible in lists:
        mine = (col(ProductFit.product_id) == product_id) & (col(ProductFit.compatible).is_(compatible))
        await session.execute(delete(ProductFit).where(mine))
    for name, compatible in lists:
        await _write_fits(session, product_id, fields[name], compatible=compatible)
    names = ", ".join(sorted(fields))
    await audit.record(session, "product_changed", f"product:{code}", actor=actor, at=at, fields=names)
    await rematching.ask_about_products(session, in_force, [product_id], actor=actor, at=at)
    if "safe_working_load_kg" in fields:
        check_load_stays(product.safe_working_load_kg, was_kg)
        load = LoadChange(product_id, code, product.name, product.category, was_kg, product.safe_working_load_kg)
        await lower_product(session, load, actor=actor, at=at)


async def _write_inspections(session: AsyncSession, product_id: int, rules: Sequence[InspectionRule]) -> None:
    if rules:
        rows = [{"product_id": product_id, "kind": rule.kind, "every_months": rule.every_months} for rule in rules]
        await session.execute(insert(ProductInspection), rows)


async def _write_fits(session: AsyncSession, product_id: int, codes: Sequence[str], *, compatible: bool) -> None:
    if not codes:
        return
    wanted = select(col(Product.code), col(Product.id)).where(col(Product.code).in_(codes))
    known = {row.code: row.id for row in await session.execute(wanted)}
    unknown = sorted(set(codes) - set(known))
    field = "compatible_with" if compatible else "incompatible_with"
    if unknown:
        raise BadValue("unknown-product", f"There is no product {', '.join(unknown)}. Add it first.", field=field)
    if product_id in known.values():
        raise BadValue("fits-itself", "A product is not named among those that go with it.", field=field)
    taken = select(col(ProductFit.other_product_id)).where(
        col(ProductFit.product_id) == product_id, col(ProductFit.other_product_id).in_(known.values())
    )
    if (await session.execute(taken)).first():
        raise BadValue("both-ways", "A product cannot be both compatible and incompatible.", field=field)
    rows = [
        {"product_id": product_id, "other_product_id": other, "compatible": compatible} for other in set(known.values())
    ]
    await session.execute(insert(ProductFit), rows)
