"""What was charged is put right: lines that take others back, and lines that come instead, written by one statement.

Which, and why, the callers say: what a record that is put right takes back (`charging_apart.py`), another split
(`funding.py`), and finance's own corrections. A line is never changed (ADR 46).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.charging import IS_DISPUTED

COUNTED_UNDER: Final = (
    "item_id",
    "movement_seq",
    "product_id",
    "category",
    "recycled",
    "store_id",
    "order_id",
    "collection_id",
    "client_id",
    "team_id",
    "prescriber",
    "reason",
    "district",
)
"""The columns that a line has in common with the one that takes it back, or that comes instead."""
_OF_OLD: Final = ", ".join(f"old.{name}" for name in COUNTED_UNDER)
_COLUMNS: Final = f"""
    posting_id, kind, variant, happened_on, posted_at, posted_by, funder_id, percent, quantity, amount_pence, vat_pence,
    tariff_id, basis, is_unpriced, is_issue, is_provisional, reversal_of, corrects_id, because,
    {", ".join(COUNTED_UNDER)}
"""
# Of the day of what it is about; the month is given by the database, and is an open one.
WRITE: Final = text(f"""
    WITH undo AS (
        SELECT * FROM jsonb_to_recordset(:undo) AS one (place int, id bigint, posting_id uuid)
    ), instead AS (
        SELECT * FROM jsonb_to_recordset(:instead) AS one (
            place int, id bigint, posting_id uuid, funder text, percent numeric, amount_pence bigint, vat_pence bigint,
            keeps_price boolean, tariff_id bigint, basis text, is_unpriced boolean)
    )
    INSERT INTO charge (period, {_COLUMNS})
    SELECT month_to_post(happened_on), {_COLUMNS} FROM (
        SELECT undo.place, undo.posting_id, old.kind, old.variant, old.happened_on, CAST(:at AS timestamptz),
               CAST(:actor AS text), old.funder_id, old.percent, old.quantity, -old.amount_pence, -old.vat_pence,
               old.tariff_id, 'Takes line ' || old.id || ' back', false, old.is_issue, old.is_provisional, old.id,
               NULL, CAST(:because AS text), {_OF_OLD}
        FROM undo JOIN charge AS old ON old.id = undo.id
        UNION ALL
        SELECT instead.place, instead.posting_id, old.kind, old.variant, old.happened_on, CAST(:at AS timestamptz),
               CAST(:actor AS text), funder.id, instead.percent, old.quantity, instead.amount_pence, instead.vat_pence,
               CASE WHEN instead.keeps_price THEN old.tariff_id ELSE instead.tariff_id END,
               CASE WHEN instead.keeps_price THEN old.basis ELSE instead.basis END,
               CASE WHEN instead.keeps_price THEN old.is_unpriced ELSE instead.is_unpriced END, old.is_issue,
               instead.funder <> '' AND {IS_DISPUTED.format("old")}, NULL, old.id, CAST(:because AS text), {_OF_OLD}
        FROM instead JOIN charge AS old ON old.id = instead.id LEFT JOIN funder ON funder.code = instead.funder
    ) AS line (place, {_COLUMNS}) ORDER BY place
""").bindparams(bindparam("undo", type_=JSONB), bindparam("instead", type_=JSONB))  # noqa: S608 - constants

SAME_PRICE: Final[Mapping[str, Any]] = {"keeps_price": True}
"""For a line that comes instead: it is priced as the one of before was."""


async def put_right(
    session: AsyncSession,
    undo: Sequence[Mapping[str, Any]],
    instead: Sequence[Mapping[str, Any]] = (),
    *,
    because: str,
    actor: str,
    at: datetime,
) -> None:
    """Write what takes back, and then what comes instead, numbered in the order in which they are said. One statement.

    `undo`: as `taking_back` gives them. `instead`: `id` of the line that it corrects, `posting_id`, `funder` (a code),
    `percent`, `amount_pence`, `vat_pence`, and either `SAME_PRICE` or `tariff_id`, `basis` and `is_unpriced`. Whether
    it is provisional is asked anew: a dispute may have been opened or settled since.
    """
    lines = [{**line, "place": place} for place, line in enumerate([*undo, *instead])]
    values = {"undo": lines[: len(undo)], "instead": lines[len(undo) :], "because": because, "actor": actor, "at": at}
    await session.execute(WRITE, values)


def taking_back(ids: Iterable[int]) -> list[dict[str, Any]]:
    """For all lines of one charge: to be taken back by one posting."""
    posting = str(uuid4())
    return [{"id": number, "posting_id": posting} for number in ids]
