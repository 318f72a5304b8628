"""Reads of clients: lists, and what a client has."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.clients.schemas import ClientLine, EquipmentLine

CLIENTS = text("""
    SELECT client.client_ref, client.name, client.date_of_birth, client.postcode,
           (SELECT count(*) FROM loan WHERE loan.client_id = client.id AND loan.ended_at IS NULL) AS open_loans
    FROM client
    WHERE client.client_ref > :after
      AND (CAST(:q AS text) IS NULL OR client.client_ref ILIKE :begins OR client.name ILIKE :holds
           OR client.nhs_number = :digits OR replace(client.postcode, ' ', '') ILIKE :postcode)
    ORDER BY client.client_ref LIMIT :limit
""")
EQUIPMENT = text("""
    SELECT loan.id AS loan_id, item.barcode, product.code AS product_code, product.name AS product_name,
           item.serial_number, loan.kind, item.state, loan.started_at, loan.trial_ends_on,
           COALESCE(loan.kind = 'trial' AND loan.trial_ends_on < :today, false) AS is_overdue,
           EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND lifted_at IS NULL) AS held,
           collection.number AS collection
    FROM loan
    JOIN client ON client.id = loan.client_id
    JOIN item ON item.id = loan.item_id
    JOIN product ON product.id = item.product_id
    LEFT JOIN collection_line AS line
      ON line.item_id = item.id AND line.collected_at IS NULL AND line.cancelled_at IS NULL
    LEFT JOIN collection ON collection.id = line.collection_id
    WHERE client.client_ref = :client_ref AND loan.ended_at IS NULL
    ORDER BY loan.id
""")


async def list_clients(session: AsyncSession, *, q: str | None, after: str = "", limit: int = 50) -> list[ClientLine]:
    """Clients by reference, `limit + 1` of them; `q`: a reference, a name, an NHS number or a postcode."""
    literal = (q or "").strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values = {
        "q": q,
        "begins": f"{literal}%",
        "holds": f"%{literal}%",
        "digits": "".join(character for character in literal if character.isdigit()),
        "postcode": f"{literal.replace(' ', '')}%",
        "after": after,
        "limit": limit + 1,
    }
    return [ClientLine(**row) for row in (await session.execute(CLIENTS, values)).mappings()]


async def list_equipment(session: AsyncSession, client_ref: str, *, today: date) -> list[EquipmentLine]:
    """What the client has now, oldest loan first."""
    rows = await session.execute(EQUIPMENT, {"client_ref": client_ref, "today": today})
    return [EquipmentLine(**row) for row in rows.mappings()]
