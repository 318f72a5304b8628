"""What triggers keep beside the lines: the account of each item, and which lines were taken back. Both follow from the
lines, and are counted anew from them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.reconciling import Books, Check, Difference

# An item with lines in a month that was put aside cannot be counted anew: it is told apart.
ACCOUNTS: Final = text("""
    WITH line AS MATERIALIZED (
        SELECT charge.id, charge.item_id, charge.movement_seq AS seq, charge.kind, charge.period, charge.happened_on,
               charge.posting_id, charge.funder_id, charge.percent, charge.amount_pence, charge.is_issue,
               charge.is_unpriced, charge.is_provisional, charge.order_id, charge.team_id, charge.client_id,
               charge.prescriber, charge.reason, charge.district, charge.reversal_of, charge.corrects_id,
               undone.charge_id IS NULL AS stands
        FROM charge LEFT JOIN charge_taken_back AS undone ON undone.charge_id = charge.id
        WHERE charge.item_id = ANY(:items)
          AND (charge.is_issue OR charge.kind IN ('new_purchase', 'recycled_issue', 'credit', 'write_off', 'hire',
                                                  'top_up'))
    ), last AS (
        SELECT DISTINCT ON (item_id) item_id, seq, min(period) AS month FROM line
        WHERE is_issue AND reversal_of IS NULL GROUP BY item_id, seq ORDER BY item_id, seq DESC
    ), added AS (
        SELECT item_id, seq, sum(amount_pence) AS pence
        FROM line LEFT JOIN funder AS giver ON giver.id = line.funder_id
        WHERE line.kind = 'top_up' AND giver.kind IS DISTINCT FROM 'person' GROUP BY 1, 2
    ), newest AS (
        SELECT last.item_id, jsonb_build_object(
                   'seq', last.seq, 'on', min(line.happened_on),
                   'pence', sum(line.amount_pence) + COALESCE(min(added.pence), 0),
                   'is_hire', bool_or(line.kind = 'hire'), 'is_unpriced', bool_or(line.is_unpriced),
                   'order_id', min(line.order_id), 'team_id', min(line.team_id), 'client_id', min(line.client_id),
                   'prescriber', min(line.prescriber), 'reason', min(line.reason), 'district', min(line.district),
                   'is_provisional', bool_or(line.is_provisional),
                   'shares', jsonb_agg(jsonb_build_object(
                       'funder', COALESCE(funder.code, ''), 'percent', line.percent::text) ORDER BY line.id)) AS issue
        FROM last JOIN line ON line.item_id = last.item_id AND line.seq = last.seq
        LEFT JOIN funder ON funder.id = line.funder_id
        LEFT JOIN added ON added.item_id = last.item_id AND added.seq = last.seq
        WHERE line.is_issue AND line.reversal_of IS NULL AND line.stands GROUP BY last.item_id, last.seq
    ), summed AS (
        SELECT item_id, COALESCE(sum(amount_pence) FILTER (WHERE kind = 'write_off'), 0)::bigint AS written_off_pence,
               count(DISTINCT posting_id) FILTER (
                   WHERE is_issue AND reversal_of IS NULL AND corrects_id IS NULL) AS issues,
               COALESCE(sum(amount_pence) FILTER (
                   WHERE kind IN ('new_purchase', 'recycled_issue', 'credit')), 0)::bigint AS paid_pence,
               COALESCE(max(seq) FILTER (WHERE is_credit), 0) AS credit_seq,
               COALESCE(max(seq) FILTER (WHERE is_credit AND stands), 0) AS standing_credit_seq
        FROM line CROSS JOIN LATERAL (
            SELECT kind IN ('credit', 'hire') AND NOT is_issue AND reversal_of IS NULL AS is_credit) AS told
        GROUP BY item_id
    ), found AS (
        SELECT summed.item_id, newest.issue, last.seq AS issue_seq, last.month AS issue_month,
               written_off_pence, issues, paid_pence,
               newest.issue IS NOT NULL AND standing_credit_seq > last.seq AS is_credited,
               newest.issue IS NOT NULL AND credit_seq > last.seq AS was_credited
        FROM summed LEFT JOIN last ON last.item_id = summed.item_id LEFT JOIN newest ON newest.item_id = summed.item_id
    ), nothing AS (
        SELECT NULL::jsonb AS issue, NULL::int AS issue_seq, NULL::date AS issue_month, 0::bigint AS written_off_pence,
               0 AS issues, 0::bigint AS paid_pence, false AS is_credited, false AS was_credited
    ), side AS (
        SELECT item.id, item.barcode, to_jsonb(kept) - 'item_id' AS kept,
               COALESCE(to_jsonb(found) - 'item_id', to_jsonb(nothing)) AS found,
               EXISTS (SELECT FROM movement_put_aside AS gone WHERE gone.item_id = item.id) AS is_apart
        FROM item CROSS JOIN nothing LEFT JOIN found ON found.item_id = item.id
        LEFT JOIN item_account AS kept ON kept.item_id = item.id
        WHERE item.id = ANY(:items) AND (found.item_id IS NOT NULL OR kept.item_id IS NOT NULL)
    )
    SELECT count(*) FILTER (WHERE NOT is_apart) AS counted, count(*) FILTER (WHERE is_apart) AS apart,
           COALESCE(sum((found ->> 'paid_pence')::bigint + (found ->> 'written_off_pence')::bigint)
                    FILTER (WHERE NOT is_apart), 0)::bigint AS expected,
           COALESCE(sum((kept ->> 'paid_pence')::bigint + (kept ->> 'written_off_pence')::bigint)
                    FILTER (WHERE NOT is_apart), 0)::bigint AS kept,
           (SELECT jsonb_agg(to_jsonb(differs) ORDER BY barcode) FROM (
                SELECT * FROM side WHERE NOT is_apart AND kept IS DISTINCT FROM found ORDER BY barcode LIMIT 500
            ) AS differs) AS differ
    FROM side
""")
# What takes a line back may stand in a month that was put aside: that it cannot be seen says nothing then.
TAKEN_BACK: Final = text("""
    SELECT count(*) OVER () AS differences, COALESCE(line.reversal_of, kept.charge_id) AS charge_id, line.id AS by_id,
           kept.by_id AS kept_by_id, item.barcode, COALESCE(line.movement_seq, was.movement_seq) AS movement_seq
    FROM (SELECT id, reversal_of, item_id, movement_seq, posted_at FROM charge WHERE reversal_of IS NOT NULL) AS line
    FULL JOIN charge_taken_back AS kept ON kept.charge_id = line.reversal_of
    LEFT JOIN LATERAL (
        SELECT item_id, movement_seq FROM charge WHERE id = kept.charge_id AND line.id IS NULL
    ) AS was ON true
    LEFT JOIN item ON item.id = COALESCE(line.item_id, was.item_id)
    WHERE (line.id, line.posted_at) IS DISTINCT FROM (kept.by_id, kept.posted_at)
      AND (line.id IS NOT NULL OR NOT EXISTS (SELECT FROM month_put_aside WHERE whole = 'charge'))
    ORDER BY 2 LIMIT 500
""")
WORDS: Final = {
    "paid_pence": "what stands paid of its price",
    "written_off_pence": "what is written off",
    "issues": "how many issues were charged",
    "issue": "its newest issue",
    "issue_seq": "the movement of that",
    "issue_month": "the month of that",
    "is_credited": "whether that is credited",
    "was_credited": "whether that was ever credited",
}
"""What is kept in an account, in words."""


async def look_at_accounts(session: AsyncSession, books: Books, items: Sequence[int]) -> None:
    """Compare the accounts of these items with their lines, in one state of the books. One statement."""
    row = (await session.execute(ACCOUNTS, {"items": items})).one()
    told = books.sums[Check.ACCOUNTS]
    told.counted += row.counted
    told.apart += row.apart
    told.expected += row.expected
    told.found += row.kept
    for one in row.differ or ():
        books.differences.append(_difference(one))


async def look_at_what_was_taken_back(session: AsyncSession, books: Books, _asked: Mapping[str, Any]) -> None:
    """Compare which lines are known to be taken back, and by which, with the lines that do it. One statement."""
    if books.period is not None:
        return
    for row in (await session.execute(TAKEN_BACK)).mappings():
        books.differences.append(_taken_back(row))


def _difference(one: Mapping[str, Any]) -> Difference:
    """All that is wrong with an account; the two sides are those of the first sum that is."""
    lines, kept = one["found"], one["kept"]
    at: dict[str, Any] = {"barcode": one["barcode"], "movement": lines["issue_seq"] or 1}
    if kept is None:
        return Difference(Check.ACCOUNTS, "no-account", "It has charges, and nothing is kept of them.", **at)
    wrong = [name for name in WORDS if lines[name] != kept[name]]
    detail = f"What is kept of it is not what its lines say: {', '.join(WORDS[name] for name in wrong)}."
    sides = next(((lines[name], kept[name]) for name in wrong if name in {"paid_pence", "written_off_pence"}), None)
    if sides is None and "issue" in wrong:
        sides = (lines["issue"] or {}).get("pence", 0), (kept["issue"] or {}).get("pence", 0)
    return Difference(Check.ACCOUNTS, "not-as-lines", detail, *(sides or (None, None)), **at)


def _taken_back(row: RowMapping) -> Difference:
    if row["by_id"] is None:
        code, detail = "taken-back-by-nothing", f"Line {row['charge_id']} is kept as taken back, and no line does that."
    elif row["kept_by_id"] is None:
        code, detail = (
            "not-kept-as-taken-back",
            f"Line {row['by_id']} takes line {row['charge_id']} back, and that is not kept.",
        )
    else:
        code = "taken-back-by-another"
        detail = f"Line {row['charge_id']} is taken back by line {row['by_id']}, and line {row['kept_by_id']} is kept."
    if row["barcode"]:
        return Difference(Check.ACCOUNTS, code, detail, barcode=row["barcode"], movement=row["movement_seq"])
    return Difference(Check.ACCOUNTS, code, detail, where=f"Line {row['charge_id']}")
