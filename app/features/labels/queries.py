"""What labels say of items."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.labels.rows import LabelContent

CONTENTS = text("""
    SELECT item.barcode, product.name AS product_name, product.single_patient_use, store.name AS store_name,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS safe_working_load_kg
    FROM item JOIN product ON product.id = item.product_id JOIN store ON store.id = item.store_id
    WHERE item.barcode = ANY(:barcodes)
""")

PRINTED = text("""
    WITH wanted AS (
        SELECT id FROM item WHERE barcode = ANY(:barcodes) AND label_wanted_since IS NOT NULL
        ORDER BY barcode FOR NO KEY UPDATE
    )
    UPDATE item SET label_wanted_since = NULL FROM wanted WHERE item.id = wanted.id RETURNING item.barcode
""")


async def find_contents(
    session: AsyncSession, tags: Sequence[str], *, service_name: str, return_phone: str
) -> dict[str, LabelContent]:
    """The label of each tag; those that no item has are left out. Who has an item is never on its label."""
    rows = await session.execute(CONTENTS, {"barcodes": list(tags)})
    return {
        row.barcode: LabelContent(
            tag=row.barcode,
            product_name=row.product_name,
            service_name=service_name,
            return_phone=return_phone,
            store_name=row.store_name,
            single_patient_use=row.single_patient_use,
            safe_working_load_kg=row.safe_working_load_kg,
        )
        for row in rows
    }
