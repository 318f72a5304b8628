"""Reads of the catalogue."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.catalogue import find_pairs
from app.domain.errors import NotFound
from app.features.catalogue.schemas import ProductBody
from app.models import Tier

PRODUCTS = """
    SELECT product.*,
           COALESCE((SELECT jsonb_agg(jsonb_build_object('kind', kind, 'every_months', every_months) ORDER BY kind)
                     FROM product_inspection WHERE product_id = product.id), '[]') AS inspections,
           ARRAY(SELECT other.code FROM product_fit JOIN product AS other ON other.id = other_product_id
                 WHERE product_id = product.id AND compatible ORDER BY other.code) AS compatible_with,
           ARRAY(SELECT other.code FROM product_fit JOIN product AS other ON other.id = other_product_id
                 WHERE product_id = product.id AND NOT compatible ORDER BY other.code) AS incompatible_with,
           shelf.in_stock, shelf.in_stock_recycled
    FROM product
    LEFT JOIN LATERAL (
        SELECT count(*) AS in_stock, count(*) FILTER (WHERE times_issued > 0) AS in_stock_recycled
        FROM item WHERE item.product_id = product.id AND item.state = 'in_stock'
          AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND lifted_at IS NULL)
    ) AS shelf ON true
"""
ONE = text(f"{PRODUCTS} WHERE product.code = :code")
MANY = text(f"""{PRODUCTS}
    WHERE product.code > :after
      AND (CAST(:q AS text) IS NULL OR concat_ws(' ', product.code, product.name, product.manufacturer, product.model)
           ILIKE '%' || :q || '%')
      AND (CAST(:category AS text) IS NULL OR replace(product.category, ' ', '') LIKE :category || '%')
      AND (CAST(:specialist AS boolean) IS NULL OR (product.tier <> 'standard') = :specialist)
      AND (CAST(:tier AS text) IS NULL OR product.tier = :tier)
      AND (CAST(:available AS boolean) IS NULL OR (shelf.in_stock > 0) = :available)
    ORDER BY product.code LIMIT :limit
""")


async def get_product(session: AsyncSession, code: str) -> ProductBody:
    """The product of that code. Raises NotFound `unknown-product`."""
    row = (await session.execute(ONE, {"code": code})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-product", "There is no product with this code.", field="code")
    return ProductBody.model_validate(dict(row))


async def list_products(
    session: AsyncSession,
    *,
    q: str | None = None,
    category: str | None = None,
    specialist: bool | None = None,
    tier: Tier | None = None,
    available: bool | None = None,
    after: str = "",
    limit: int = 50,
) -> list[ProductBody]:
    """Products by code, `limit + 1` of them; `q` is looked for in code, name, manufacturer and model.

    `category` is the beginning of an ISO 9999 code.
    """
    values = {
        "q": q and _literal(q),
        "category": category and "".join(find_pairs(category)),
        "specialist": specialist,
        "tier": tier and tier.value,
        "available": available,
        "after": after,
        "limit": limit + 1,
    }
    rows = (await session.execute(MANY, values)).mappings()
    return [ProductBody.model_validate(dict(row)) for row in rows]


def _literal(pattern: str) -> str:
    """The text with LIKE's own signs taken as they are."""
    return pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
