"""Orders and stop-use notices as rows: here only what a client's record makes of them counts, not how they came."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

ORDER = text("""
    INSERT INTO equipment_order (number, client_id, funder_id, team_id, store_id, speed, reason, clinical_reasoning,
                                 decision, made_at, made_by, submitted_at, promised_on, decision_reason)
    SELECT :number, client.id, funder.id, team.id, store.id, 'next_day', 'prevention', 'Falls.',
           CAST(:decision AS text),
           now(), 'ot', CASE WHEN CAST(:decision AS text) <> 'draft' THEN now() END,
           CASE WHEN CAST(:decision AS text) <> 'draft' THEN DATE '2026-02-27' END, 'x'
    FROM client, funder, team, store WHERE client.client_ref = :client_ref ORDER BY funder.id, team.id, store.id LIMIT 1
    RETURNING id
""")
LINE = text("""
    INSERT INTO order_line (order_id, position, product_id, quantity, kind, accept_equivalent, prefer_new,
                            unit_price_pence)
    SELECT :order_id, 1, id, 1, 'loan', false, false, 0 FROM product ORDER BY id LIMIT 1 RETURNING id
""")
UNIT = text("INSERT INTO order_unit (order_line_id) VALUES (:line_id) RETURNING id")
NOTICE = text("""
    INSERT INTO stop_use_notice (loan_id, reason, given_at, given_by) VALUES (:loan_id, :reason, :at, 'senior.ot')
""")


async def add_order(session: AsyncSession, client_ref: str, decision: str, *, number: str = "O000001") -> int:
    """An order of one piece that nothing is held for yet; returns the piece's number. There must be a product."""
    values = {"number": number, "decision": decision, "client_ref": client_ref}
    order_id = (await session.execute(ORDER, values)).scalar_one()
    line_id = (await session.execute(LINE, {"order_id": order_id})).scalar_one()
    unit_id: int = (await session.execute(UNIT, {"line_id": line_id})).scalar_one()
    await session.commit()
    return unit_id
