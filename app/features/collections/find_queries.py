"""Reads of finds, and of clients by what somebody on the phone can say."""

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import literally
from app.domain.collecting import Find, what_it_is
from app.domain.errors import NotFound
from app.domain.lifecycle import State
from app.features.collections.finds import as_tag
from app.features.collections.schemas import Caller, FindBody

# Where the item was, and with whom, is read as of when it was taken: scanning it in must not change what it was. What
# moved it since says where it was before, which may be put aside with its month.
FINDS = text("""
    SELECT found.id, collection.number AS collection, client.client_ref, collection.client_id, found.label,
           found.description, item.barcode, product.name AS product_name, item.state, was.to_state AS state_then,
           lent.client_id AS lent_to_id, lent.client_ref AS lent_to, found.taken_at, found.taken_by,
           found.reconciled_at, found.reconciled_by, found.reconciled_note
    FROM collection_found AS found
    JOIN collection ON collection.id = found.collection_id JOIN client ON client.id = collection.client_id
    LEFT JOIN item ON item.id = found.item_id LEFT JOIN product ON product.id = item.product_id
    LEFT JOIN LATERAL (
        SELECT CASE WHEN item.last_moved_at > found.taken_at THEN (
            SELECT from_state FROM movement WHERE item_id = item.id AND at > found.taken_at ORDER BY seq LIMIT 1
        ) ELSE item.state END AS to_state
    ) AS was ON true
    LEFT JOIN LATERAL (
        SELECT loan.client_id, other.client_ref FROM loan JOIN client AS other ON other.id = loan.client_id
        WHERE loan.item_id = item.id AND loan.started_at <= found.taken_at
          AND (loan.ended_at IS NULL OR loan.ended_at > found.taken_at)
        ORDER BY loan.id DESC LIMIT 1
    ) AS lent ON true
    WHERE found.id > :after
      AND (CAST(:find_id AS bigint) IS NULL OR found.id = :find_id)
      AND (CAST(:collection_id AS bigint) IS NULL OR found.collection_id = :collection_id)
      AND (CAST(:only_open AS boolean) IS NOT true OR found.reconciled_at IS NULL)
    ORDER BY found.id LIMIT :limit
""")
# Each way to be found is an arm of its own, so that each uses its own index.
CALLERS = text("""
    WITH found AS (
        (SELECT id FROM client WHERE upper(client_ref) LIKE upper(:begins) ORDER BY client_ref LIMIT :limit)
        UNION (SELECT id FROM client WHERE name ILIKE :holds ORDER BY client_ref LIMIT :limit)
        UNION (SELECT id FROM client WHERE replace(postcode, ' ', '') LIKE upper(:postcode)
               ORDER BY client_ref LIMIT :limit)
        UNION SELECT id FROM client WHERE nhs_number = :digits
        UNION SELECT loan.client_id FROM loan JOIN item ON item.id = loan.item_id
              WHERE item.barcode = :tag AND loan.ended_at IS NULL
    )
    SELECT client.client_ref, client.name, client.postcode,
           (SELECT count(*) FROM loan WHERE loan.client_id = client.id AND loan.ended_at IS NULL) AS open_loans
    FROM client JOIN found ON found.id = client.id
    ORDER BY client.client_ref LIMIT :limit
""")
MOST = 500


async def list_finds(
    session: AsyncSession,
    *,
    prefix: str,
    find_id: int | None = None,
    collection_id: int | None = None,
    only_open: bool = False,
    after: int = 0,
    limit: int = MOST,
) -> list[FindBody]:
    """Finds, oldest first, `limit + 1` of them."""
    values = {"find_id": find_id, "collection_id": collection_id, "only_open": only_open, "after": after}
    rows = await session.execute(FINDS, values | {"limit": limit + 1})
    return [_find(row, prefix=prefix) for row in rows.mappings()]


async def get_find(session: AsyncSession, find_id: int, *, prefix: str) -> FindBody:
    """One find. Raises NotFound `unknown-find`."""
    found = await list_finds(session, prefix=prefix, find_id=find_id)
    if not found:
        raise NotFound("unknown-find", "There is no find with this number.")
    return found[0]


async def find_callers(session: AsyncSession, q: str, *, prefix: str, limit: int) -> list[Caller]:
    """Clients by a reference, a name, an NHS number, a postcode, or the label of something that they have."""
    literal = literally(q)
    values = {
        "begins": f"{literal}%",
        "holds": f"%{literal}%",
        "digits": "".join(character for character in q if character.isdigit()),
        "postcode": f"{literal.replace(' ', '')}%",
        "tag": as_tag(q, prefix=prefix),
        "limit": limit,
    }
    return [Caller(**row) for row in (await session.execute(CALLERS, values)).mappings()]


def _find(row: RowMapping, *, prefix: str) -> FindBody:
    find = Find(
        label=row["label"],
        is_our_label=as_tag(row["label"], prefix=prefix) is not None,
        state=State(row["state_then"]) if row["state_then"] else None,
        lent_to=row["lent_to_id"],
    )
    what = what_it_is(find, client_id=row["client_id"])
    facts = {name: row[name] for name in FindBody.model_fields if name in row}
    return FindBody(**facts, what=what, detail=what.text, next_step=what.next_step)
