"""The search of the shelves that is frozen into a case: recycled stock, and close equivalents, with why not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.allocation import Candidate, Explanation, ProductFacts, Wanted, choose, find_equivalents
from app.domain.authority import Tier
from app.domain.clearance import find_blockers
from app.domain.dates import uk_date
from app.domain.inspections import InspectionKind
from app.on_the_shelf import CANNOT_GO, CARRIED, PROMISED

LINES = text("""
    SELECT line.position, line.quantity, line.explanation, product.code, store.code AS store, client.weight_kg,
           product.safe_working_load_kg, asked.team_id
    FROM order_line AS line JOIN product ON product.id = line.product_id
    JOIN equipment_order AS asked ON asked.id = line.order_id JOIN store ON store.id = asked.store_id
    JOIN client ON client.id = asked.client_id
    WHERE line.order_id = :order_id ORDER BY line.position
""")
PRODUCTS = text("""
    SELECT code, name, category, tier, safe_working_load_kg, dimensions, purchase_price_pence FROM product
    WHERE code = ANY(:codes) OR (category <> '' AND category IN (SELECT category FROM product WHERE code = ANY(:codes)))
    ORDER BY code
""")
# Of each product fifty recycled and fifty new ones at most, those that can go out first and what carries most: nobody
# reads why a thousand will not do, and fifty on hold would hide the one that is free.
SHELF = text(f"""
    WITH there AS (
        SELECT item.barcode, product.code AS product_code, store.code AS store, item.times_issued > 0 AS is_recycled,
               {CARRIED} AS safe_working_load_kg, {PROMISED} AS is_promised,
               row_number() OVER (PARTITION BY product.id, item.times_issued > 0
                                  ORDER BY {CANNOT_GO}, {CARRIED} DESC NULLS FIRST, item.barcode) AS place
        FROM item JOIN product ON product.id = item.product_id JOIN store ON store.id = item.store_id
        WHERE product.code = ANY(:codes) AND item.state = 'in_stock'
    )
    SELECT * FROM there WHERE place <= 50 ORDER BY barcode
""")  # noqa: S608 - the parts are constants


async def search_stock(session: AsyncSession, order_id: int, client_id: int, *, at: datetime) -> dict[str, Any]:
    """What the shelves hold for each line of the order, in the form in which a case keeps it: what is held for it, what
    else is recycled and why not that, and the close technical equivalents. Four statements."""
    lines = (await session.execute(LINES, {"order_id": order_id})).mappings().all()
    rows = (await session.execute(PRODUCTS, {"codes": [line["code"] for line in lines]})).mappings()
    products = {row["code"]: row for row in rows}
    values = {"codes": sorted(products), "client_id": client_id, "today": uk_date(at)}
    values |= {"team_id": lines[0]["team_id"] if lines else None}
    shelf = (await session.execute(SHELF, values)).mappings().all()
    items = await ledger.read_items(session, [row["barcode"] for row in shelf]) if shelf else {}
    there = [_candidate(row, items[row["barcode"]], at) for row in shelf if row["barcode"] in items]
    return {"searched_at": at.isoformat(), "lines": [_line(line, products, there, at) for line in lines]}


def _candidate(row: RowMapping, item: ledger.ItemRecord, at: datetime) -> Candidate:
    examined = [due for due in item.evidence.due if due.kind is InspectionKind.LOLER]
    facts = {name: row[name] for name in ("barcode", "product_code", "store", "is_recycled", "is_promised")}
    return Candidate(
        **facts,
        is_examined=bool(examined),
        examination_due_on=examined[0].due_on if examined else None,
        safe_working_load_kg=row["safe_working_load_kg"],
        blockers=tuple(find_blockers(item.evidence, on=uk_date(at))),
        ring_fence=item.ring_fence,
    )


def _line(
    line: RowMapping, products: Mapping[str, RowMapping], there: Sequence[Candidate], at: datetime
) -> dict[str, Any]:
    """One line of the order. Of the product itself each recycled item is named with why it is not the one that is held;
    of each equivalent those that are free."""
    free = {code: _free(line, code, there, at) for code in products}
    facts = {code: _facts(product, free[code]) for code, product in products.items()}
    own = free[line["code"]]
    spare = [{"barcode": one.barcode, "code": "free", "detail": f"Free. {one.detail}"} for one in own.chosen]
    return {
        "position": line["position"],
        "product_code": line["code"],
        "product": products[line["code"]]["name"],
        "quantity": line["quantity"],
        "held": line["explanation"].get("chosen", []),
        "others": [*spare, *own.as_json()["others"]],  # type: ignore[misc]  # It is a list of what JSON takes.
        "equivalents": [
            {
                "product_code": one.code,
                "product": products[one.code]["name"],
                "recycled": one.recycled,
                "new": one.new,
                "price_pence": one.price_pence,
            }
            for one in find_equivalents(facts[line["code"]], list(facts.values()))
        ],
    }


def _free(line: RowMapping, code: str, there: Sequence[Candidate], at: datetime) -> Explanation:
    """What of that product could go out to this client today, and why not the rest."""
    pool = [one for one in there if one.product_code == code]
    wanted = Wanted(
        product_code=code,
        quantity=len(pool),
        store=line["store"],
        on=uk_date(at),
        client_weight_kg=line["weight_kg"],
        ordered_load_kg=line["safe_working_load_kg"],
        team_id=line["team_id"],
    )
    return choose(wanted, pool)


def _facts(product: RowMapping, free: Explanation) -> ProductFacts:
    kinds = [one.code for one in free.chosen]
    return ProductFacts(
        code=product["code"],
        category=product["category"],
        tier=Tier(product["tier"]),
        safe_working_load_kg=product["safe_working_load_kg"],
        price_pence=product["purchase_price_pence"],
        dimensions=product["dimensions"],
        recycled=kinds.count("recycled"),
        new=kinds.count("new"),
    )
