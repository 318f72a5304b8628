"""Similar cases that were decided before, beside a new one: nothing of the person, and words only for their readers."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.panel import DecisionKind
from app.web.shapes import Shape

MOST = 10
SHORT = 200
# The same product is nearer than one of its category and tier. Reasons are somebody's words about somebody.
SIMILAR = text("""
    WITH here AS (
        SELECT DISTINCT brought.id AS case_id, product.id AS product_id, product.category, product.tier
        FROM panel_case AS brought JOIN order_line AS line ON line.order_id = brought.order_id
        JOIN product ON product.id = line.product_id WHERE brought.id = :case_id
    ), me AS (SELECT id, username FROM account WHERE username = :actor)
    SELECT past.number, made.kind AS decision, (made.decided_at AT TIME ZONE 'Europe/London')::date AS decided_on,
           near.products, near.is_same_product,
           CASE WHEN past.made_by = me.username OR asked.made_by = me.username
                  OR EXISTS (SELECT FROM prescriber WHERE account_id = me.id AND team_id = asked.team_id
                               AND NOT is_supervised)
                  OR EXISTS (SELECT FROM panel_member WHERE account_id = me.id AND panel_id = past.panel_id)
                THEN made.reasons END AS reasons
    FROM panel_case AS past CROSS JOIN me JOIN equipment_order AS asked ON asked.id = past.order_id
    JOIN LATERAL (SELECT kind, reasons, decided_at FROM panel_decision WHERE case_id = past.id
                  ORDER BY id DESC LIMIT 1) AS made ON true
    JOIN LATERAL (
        SELECT string_agg(DISTINCT product.name, ', ') AS products,
               bool_or(product.id = here.product_id) AS is_same_product
        FROM order_line AS line JOIN product ON product.id = line.product_id
        JOIN here ON here.product_id = product.id
          OR here.category = product.category AND here.category <> '' AND here.tier = product.tier
        WHERE line.order_id = past.order_id
    ) AS near ON near.products IS NOT NULL
    WHERE past.id <> :case_id AND past.state = 'decided'
    ORDER BY near.is_same_product DESC, made.decided_at DESC, past.id DESC LIMIT :most
""")


class SimilarCase(Shape):
    """A case that was decided before. `reasons`: in short, to who may read that case; else empty (`may_read`)."""

    number: str
    decision: DecisionKind
    decided_on: date
    products: str
    is_same_product: bool
    may_read: bool
    reasons: str


async def list_similar(session: AsyncSession, case_id: int, *, actor: str) -> list[SimilarCase]:
    """The nearest and newest decided cases about the same product, or one of its category and tier. One statement."""
    rows = (await session.execute(SIMILAR, {"case_id": case_id, "actor": actor, "most": MOST})).mappings()
    return [_shown(dict(row)) for row in rows]


def _shown(row: dict[str, object]) -> SimilarCase:
    said = row["reasons"]
    short = "" if said is None else " ".join(str(said).split())
    if len(short) > SHORT:
        short = f"{short[:SHORT].rsplit(' ', 1)[0]} …"
    return SimilarCase.model_validate(row | {"may_read": said is not None, "reasons": short})
