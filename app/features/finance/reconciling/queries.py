"""What is compared: every item's movements with their lines, streamed; and what the database itself can add up."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.charging import read_tariffs
from app.domain.charged_history import COSTING, Dated, Happened, History, Posted
from app.domain.corrections import BY_HAND
from app.domain.costs import ChargeKind
from app.domain.lifecycle import Move, State
from app.domain.panel_funding import Share
from app.features.finance.older_rate import AT_AN_OLDER_RATE

MOVES = sorted(move.value for move in COSTING)
EXAMINING = frozenset({Move.PASS_INSPECTION, Move.FAIL_INSPECTION})
"""The moves that an inspection is recorded with."""
RATES = text("SELECT * FROM tariff ORDER BY id")
# Whether a product can come back may have been said otherwise before its last change.
CHANGED = text("SELECT subject, max(at) AS at FROM audit_event WHERE action = 'product_changed' GROUP BY subject")
_A_LINE = f"""
    jsonb_build_object(
               'id', line.id, 'posting', line.posting_id, 'kind', line.kind, 'variant', line.variant,
               'funder', COALESCE(funder.code, ''), 'percent', line.percent::text, 'pence', line.amount_pence,
               'vat_pence', line.vat_pence, 'tariff_id', line.tariff_id, 'is_unpriced', line.is_unpriced,
               'is_issue', line.is_issue, 'on', to_char(line.happened_on, 'YYYY-MM-DD'),
               'period', to_char(line.period, 'YYYY-MM-DD'), 'order_id', line.order_id,
               'collection_id', line.collection_id, 'reversal_of', line.reversal_of, 'corrects_id', line.corrects_id,
               'undone_by', (SELECT undone.by_id FROM charge_taken_back AS undone WHERE undone.charge_id = line.id),
               'is_by_hand', line.basis = '{BY_HAND}', 'category', COALESCE(line.category, ''),
               'at', line.posted_at)
"""  # noqa: S608 - the part is a constant
# Of a hundred months, each is looked into once for all of these items, not once for each movement.
HISTORIES = text(f"""
    WITH moved AS MATERIALIZED (
        SELECT every.*, (at AT TIME ZONE 'Europe/London')::date AS happened_on,
               max(seq) FILTER (WHERE to_state = 'in_repair' AND from_state <> 'in_repair') OVER (
                   PARTITION BY item_id ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS repair_seq
        FROM movement AS every WHERE item_id = ANY(:items)
    ), posted AS MATERIALIZED (
        SELECT line.item_id, line.movement_seq AS seq, jsonb_agg({_A_LINE} ORDER BY line.id) AS lines
        FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
        WHERE line.item_id = ANY(:items) GROUP BY line.item_id, line.movement_seq
    ), drive AS MATERIALIZED (
        SELECT kind, order_id AS id, happened_on, count(DISTINCT posting_id) AS times FROM charge
        WHERE order_id = ANY(ARRAY(SELECT DISTINCT (lines -> 0 ->> 'order_id')::bigint FROM posted))
          AND kind = 'delivery' AND reversal_of IS NULL AND corrects_id IS NULL GROUP BY 1, 2, 3
        UNION ALL
        SELECT kind, collection_id, happened_on, count(DISTINCT posting_id) FROM charge
        WHERE collection_id = ANY(ARRAY(SELECT DISTINCT collection_id FROM collection_line WHERE item_id = ANY(:items)))
          AND kind = 'collection' AND reversal_of IS NULL AND corrects_id IS NULL GROUP BY 1, 2, 3
    )
    SELECT item.id, item.barcode, item.product_id, product.code, product.category, item.purchase_price_pence,
           item.received_on, item.times_issued, product.returnable AND NOT product.single_patient_use
           AND product.decontamination_route <> 'cannot' AS is_reusable, movement.seq, movement.move,
           movement.from_state, movement.at, movement.happened_on,
           movement.id > COALESCE((SELECT movement_id FROM charging_start), 0) AS is_charged, posted.lines,
           COALESCE(going.visit, coming.visit) AS visit, drive.times AS visits, bench.labour, bench.parts,
           (SELECT count(*) FROM inspection WHERE inspection.item_id = movement.item_id
            AND inspection.seq = movement.seq) AS inspections
    FROM moved AS movement JOIN item ON item.id = movement.item_id JOIN product ON product.id = item.product_id
    LEFT JOIN posted ON posted.item_id = movement.item_id AND posted.seq = movement.seq
    LEFT JOIN LATERAL (
        SELECT asked.id, 'Order ' || asked.number AS visit FROM equipment_order AS asked
        WHERE movement.move IN ('deliver', 'start_trial') AND asked.id = (posted.lines -> 0 ->> 'order_id')::bigint
    ) AS going ON true
    LEFT JOIN LATERAL (
        SELECT collection.id, 'Collection ' || collection.number AS visit
        FROM collection_line AS fetched JOIN collection ON collection.id = fetched.collection_id
        WHERE movement.move IN ('return', 'find') AND fetched.item_id = movement.item_id
          AND fetched.collected_at = movement.at
        LIMIT 1
    ) AS coming ON true
    LEFT JOIN drive ON drive.happened_on = movement.happened_on
      AND (drive.kind, drive.id) = (CASE WHEN going.id IS NULL THEN 'collection' ELSE 'delivery' END,
                                    COALESCE(going.id, coming.id))
    LEFT JOIN LATERAL (
        SELECT repair.labour_pence AS labour,
               (SELECT sum(quantity * cost_pence) FROM standing_part WHERE repair_id = repair.id) AS parts
        FROM repair WHERE movement.from_state = 'in_repair' AND repair.item_id = movement.item_id
          AND movement.to_state <> 'in_repair' AND repair.started_seq = movement.repair_seq
    ) AS bench ON true
    WHERE (movement.move = ANY(:moves) OR posted.lines IS NOT NULL)
      AND NOT EXISTS (SELECT FROM movement_put_aside AS gone WHERE gone.item_id = movement.item_id)
    ORDER BY movement.item_id, movement.seq
""")  # noqa: S608 - the part is a constant
TOGETHER = 2_000
"""The histories of so many items are read by one statement: each item in one state of the books."""
ITEMS = text("SELECT id FROM item ORDER BY id")
ITEMS_OF_A_MONTH = text("""
    SELECT item_id FROM charge WHERE period = :period AND item_id IS NOT NULL
    UNION
    SELECT item_id FROM movement
    WHERE at >= CAST(:period AS date)::timestamp AT TIME ZONE 'Europe/London'
      AND at < (CAST(:period AS date) + interval '1 month') AT TIME ZONE 'Europe/London'
    ORDER BY 1
""")

_IN_MONTH = """
    (CAST(:period AS date) IS NULL
     OR {0} >= CAST(:period AS date) AND {0} < CAST(:period AS date) + interval '1 month')
"""
_LIVES = (
    "line.reversal_of IS NULL AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id)"
)
_OF = "(CAST(:period AS date) IS NULL OR line.period = :period)"
# Most of a month's lines are of movements about then: all movements are looked through only for what is left.
ORPHANS = text(f"""
    WITH line AS MATERIALIZED (
        SELECT id, kind, amount_pence, item_id, movement_seq FROM charge AS line
        WHERE line.item_id IS NOT NULL AND {_OF}
          AND NOT EXISTS (
              SELECT FROM movement WHERE item_id = line.item_id AND seq = line.movement_seq
                AND (CAST(:period AS date) IS NULL
                     OR at >= CAST(:period AS date) - interval '1 month'
                        AND at < CAST(:period AS date) + interval '2 months'))
    )
    SELECT * FROM line
    WHERE NOT EXISTS (SELECT FROM movement WHERE item_id = line.item_id AND seq = line.movement_seq)
      AND NOT EXISTS (SELECT FROM movement_put_aside AS gone WHERE gone.item_id = line.item_id)
    ORDER BY id LIMIT 500
""")  # noqa: S608 - the parts are constants
# What came with a movement is looked at with it. The lines that came otherwise: by hand, or as a correction.
NOT_WHOLE = text(f"""
    SELECT min(line.id) AS id, sum(line.percent)::text AS percent, count(*) AS lines
    FROM charge AS line
    WHERE (line.item_id IS NULL OR line.corrects_id IS NOT NULL) AND line.reversal_of IS NULL AND {_OF}
    GROUP BY line.posting_id HAVING sum(line.percent) <> 100 OR min(line.kind) <> max(line.kind)
    ORDER BY 1 LIMIT 500
""")  # noqa: S608 - the parts are constants
OFF_THE_ORDER = text(f"""
    WITH asked AS (
        SELECT equipment_order.id, equipment_order.number, COALESCE(
            (SELECT string_agg(share.funder_id || '=' || share.percent::text, ' ' ORDER BY share.funder_id)
             FROM order_share AS share WHERE share.order_id = equipment_order.id),
            equipment_order.funder_id || '=100.00') AS shares
        FROM equipment_order
    ), charged AS (
        SELECT line.posting_id, min(line.id) AS id, min(line.order_id) AS order_id, min(line.kind) AS kind,
               sum(line.amount_pence) AS pence,
               string_agg(COALESCE(line.funder_id, 0) || '=' || line.percent::text, ' '
                          ORDER BY line.funder_id) AS shares
        FROM charge AS line
        WHERE line.order_id IS NOT NULL AND line.corrects_id IS NULL AND (line.is_issue OR line.kind = 'delivery')
          AND {_LIVES} AND {_OF}
        GROUP BY line.posting_id
    )
    SELECT charged.id, asked.number, charged.kind, charged.pence
    FROM charged JOIN asked ON asked.id = charged.order_id
    WHERE charged.shares <> asked.shares ORDER BY charged.id LIMIT 500
""")  # noqa: S608 - the parts are constants
# Settling takes all back that was charged before it, so nothing of that is still paid by anybody else.
NOT_AS_SETTLED = text(f"""
    SELECT line.id, asked.number FROM charge AS line JOIN equipment_order AS asked ON asked.id = line.order_id
    JOIN funder ON funder.id = line.funder_id
    WHERE line.posted_at < (SELECT max(settled_at) FROM funding_dispute AS said WHERE said.order_id = line.order_id)
      AND funder.kind <> 'person' AND NOT EXISTS (
          SELECT FROM order_share AS part WHERE part.order_id = asked.id AND part.funder_id = line.funder_id)
      AND (line.funder_id <> asked.funder_id
           OR EXISTS (SELECT FROM order_share AS part WHERE part.order_id = asked.id))
      AND {_LIVES} AND {_OF}
    ORDER BY line.id LIMIT 500
""")  # noqa: S608 - the parts are constants
# Provisional without a dispute, or charged in a dispute and final. Whoever opens one waits for scans that began before:
# their lines may bear a time of a moment later.
PROVISIONAL = text(f"""
    SELECT line.id, asked.number, line.is_provisional
    FROM charge AS line LEFT JOIN equipment_order AS asked ON asked.id = line.order_id
    LEFT JOIN funder ON funder.id = line.funder_id
    LEFT JOIN funding_dispute AS said ON said.order_id = line.order_id AND said.settled_at IS NULL
    WHERE (line.is_provisional AND (said.id IS NULL OR line.funder_id IS NULL)
           OR NOT line.is_provisional AND funder.kind <> 'person'
              AND line.posted_at > said.opened_at + interval '1 minute')
      AND {_LIVES} AND {_OF}
    ORDER BY line.id LIMIT 500
""")  # noqa: S608 - the parts are constants
REVERSALS = text(f"""
    SELECT line.id, line.amount_pence, line.vat_pence, undone.amount_pence AS was_pence, undone.vat_pence AS was_vat,
           undone.id AS undone_id, undone.reversal_of IS NOT NULL AS is_twice_over,
           count(*) OVER (PARTITION BY line.reversal_of) AS times
    FROM charge AS line LEFT JOIN charge AS undone ON undone.id = line.reversal_of
    WHERE line.reversal_of IS NOT NULL AND {_OF}
      AND (undone.id IS NOT NULL OR NOT EXISTS (SELECT FROM month_put_aside))
    ORDER BY line.id
""")  # noqa: S608 - the parts are constants
UNFOUNDED = text(f"""
    SELECT line.id, line.amount_pence, line.corrects_id FROM charge AS line
    WHERE line.corrects_id IS NOT NULL AND {_OF}
      AND NOT EXISTS (SELECT FROM charge AS undone WHERE undone.reversal_of = line.corrects_id)
      AND NOT (EXISTS (SELECT FROM month_put_aside)
               AND EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.corrects_id))
    ORDER BY line.id LIMIT 500
""")  # noqa: S608 - the parts are constants
_VISITED_ON = "(visited_at AT TIME ZONE 'Europe/London')::date"
_TRIED_ON = "(tried_at AT TIME ZONE 'Europe/London')::date"
# A visit for which nobody opened is charged once a day, to whoever pays for its order, for its collection, or for what
# was to be inspected at the same client's.
IN_VAIN = text(f"""
    WITH tried AS (
        SELECT 'delivery' AS what, order_id AS id, (visited_at AT TIME ZONE 'Europe/London')::date AS day,
               recorded_at, 0 AS visit
        FROM delivery_visit WHERE failed_because IS NOT NULL AND {_IN_MONTH.format(_VISITED_ON)}
        UNION ALL
        SELECT 'collection', collection_id, (visited_at AT TIME ZONE 'Europe/London')::date, recorded_at, 0
        FROM collection_visit WHERE {_IN_MONTH.format(_VISITED_ON)}
        UNION ALL
        SELECT 'inspection', visit.client_id, (tried_at AT TIME ZONE 'Europe/London')::date, recorded_at, visit.id
        FROM inspection_visit_try JOIN inspection_visit AS visit ON visit.id = visit_id
        WHERE {_IN_MONTH.format(_TRIED_ON)}
    ), wanted AS (
        SELECT what, id, day, count(DISTINCT visit) AS visits, count(DISTINCT visit) FILTER (
                   WHERE recorded_at >= COALESCE((SELECT began_at FROM charging_start), '-infinity')) AS due
        FROM tried GROUP BY 1, 2, 3
    ), charged AS (
        SELECT variant AS what, happened_on AS day, count(DISTINCT posting_id) AS times, min(id) AS line,
               CASE variant WHEN 'delivery' THEN order_id WHEN 'collection' THEN collection_id ELSE client_id END AS id
        FROM charge WHERE kind = 'failed_visit' AND reversal_of IS NULL AND corrects_id IS NULL
          AND {_IN_MONTH.format("happened_on")}
        GROUP BY variant, happened_on, 5
    )
    SELECT what, day, line, COALESCE(wanted.visits, 0) AS visits, COALESCE(wanted.due, 0) AS due,
           COALESCE(charged.times, 0) AS times
    FROM wanted FULL JOIN charged USING (what, id, day)
    WHERE day >= COALESCE((SELECT max(month) + interval '1 month' FROM month_put_aside), '-infinity')
    ORDER BY day, what, line
""")  # noqa: S608 - the parts are constants
APART = text(f"""
    SELECT jsonb_agg({_A_LINE} ORDER BY line.id) AS lines
    FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
    WHERE line.kind = 'failed_visit' AND line.reversal_of IS NULL AND line.corrects_id IS NULL AND {_OF}
    GROUP BY line.posting_id ORDER BY min(line.id)
""")  # noqa: S608 - the parts are constants
# What stands of a person's money against what they agreed to: the one way in which a person is ever charged.
PERSONS = text(f"""
    WITH charged AS (
        SELECT line.item_id, line.movement_seq, line.order_id, line.funder_id, min(line.id) AS line,
               sum(line.amount_pence + line.vat_pence)::bigint AS pence
        FROM charge AS line JOIN funder ON funder.id = line.funder_id AND funder.kind = 'person'
        WHERE {_LIVES} AND {_OF} GROUP BY 1, 2, 3, 4
    ), agreed AS (
        SELECT item_id, movement_seq, order_id, funder_id, pence FROM order_top_up WHERE withdrawn_at IS NULL
    )
    SELECT item.barcode, movement_seq, charged.line, COALESCE(agreed.pence, 0) AS agreed,
           COALESCE(charged.pence, 0) AS pence
    FROM agreed FULL JOIN charged USING (item_id, movement_seq, order_id, funder_id) LEFT JOIN item ON item.id = item_id
    WHERE (CAST(:period AS date) IS NULL OR charged.line IS NOT NULL)
      AND NOT EXISTS (SELECT FROM movement_put_aside AS gone WHERE gone.item_id = item.id)
    ORDER BY charged.line, item.barcode, movement_seq
""")  # noqa: S608 - the parts are constants
# No difference: a line keeps what was right when it was posted.
AT_OLDER_RATES = text(f"SELECT count(*) FROM charge AS line WHERE {AT_AN_OLDER_RATE} AND {_OF}")  # noqa: S608 - the parts are constants
# What triggers keep of orders and collections for the reports, beside what these say themselves.
KEPT = text(f"""
    SELECT (SELECT count(*) FROM order_timing WHERE {_IN_MONTH.format("approved_on")})
         + (SELECT count(*) FROM collection_timing WHERE {_IN_MONTH.format("requested_on")})
""")  # noqa: S608 - the parts are constants
# Which are of a month is found first: what is kept and what is recorded may say it differently of one.
_APPROVED_ON = "(COALESCE(asked.decided_at, asked.submitted_at) AT TIME ZONE 'Europe/London')::date"
_REQUESTED_ON = "(collection.requested_at AT TIME ZONE 'Europe/London')::date"
NOT_AS_KEPT = text(f"""
    WITH of_order AS MATERIALIZED (
        SELECT order_id FROM order_timing WHERE {_IN_MONTH.format("approved_on")}
        UNION
        SELECT id FROM equipment_order AS asked WHERE submitted_at IS NOT NULL AND {_IN_MONTH.format(_APPROVED_ON)}
    ), of_line AS MATERIALIZED (
        SELECT line_id FROM collection_timing WHERE {_IN_MONTH.format("requested_on")}
        UNION
        SELECT line.id FROM collection JOIN collection_line AS line ON line.collection_id = collection.id
        WHERE {_IN_MONTH.format(_REQUESTED_ON)}
    )
    SELECT 'Order ' || asked.number AS place
    FROM of_order JOIN equipment_order AS asked ON asked.id = of_order.order_id
    LEFT JOIN order_timing AS kept ON kept.order_id = asked.id
    LEFT JOIN LATERAL (SELECT * FROM order_timing_now AS told WHERE told.order_id = asked.id) AS found ON true
    WHERE ROW(kept.*) IS DISTINCT FROM ROW(found.*)
      AND {_IN_MONTH.format("COALESCE(found.approved_on, kept.approved_on)")}
    UNION ALL
    SELECT 'Collection ' || collection.number || ', ' || item.barcode
    FROM of_line JOIN collection_line AS line ON line.id = of_line.line_id
    JOIN collection ON collection.id = line.collection_id JOIN item ON item.id = line.item_id
    LEFT JOIN collection_timing AS kept ON kept.line_id = line.id
    LEFT JOIN LATERAL (SELECT * FROM collection_timing_now AS told WHERE told.line_id = line.id) AS found ON true
    WHERE ROW(kept.*) IS DISTINCT FROM ROW(found.*)
      AND {_IN_MONTH.format("COALESCE(found.requested_on, kept.requested_on)")}
    ORDER BY 1 LIMIT 500
""")  # noqa: S608 - the parts are constants


async def read_rates(session: AsyncSession) -> list[Dated]:
    """Every rate that there ever was."""
    rows = [dict(row) for row in (await session.execute(RATES)).mappings()]
    return [
        Dated(tariff, row["starts_on"], row["ends_on"], row["made_at"], row["ended_at"])
        for tariff, row in zip(read_tariffs(rows), rows, strict=True)
    ]


async def read_apart(session: AsyncSession, period: date | None) -> AsyncIterator[list[Posted]]:
    """The lines of each charge that came with no movement."""
    async for row in await session.stream(APART, {"period": period}):
        yield [_posted(line, 0) for line in row.lines]


async def read_items(session: AsyncSession, period: date | None) -> Sequence[int]:
    """The items that have to do with a month, or all."""
    wanted = ITEMS if period is None else ITEMS_OF_A_MONTH
    return (await session.scalars(wanted, {} if period is None else {"period": period})).all()


async def read_changed(session: AsyncSession) -> dict[str, Any]:
    """When each product was changed last."""
    return {row.subject: row.at for row in await session.execute(CHANGED)}


async def read_histories(
    session: AsyncSession, items: Sequence[int], changed: Mapping[str, Any]
) -> AsyncIterator[History]:
    """These items' movements that may cost something, with their lines; `TOGETHER` items at a time are in memory.

    `changed`: as `read_changed` says.
    """
    of_item: list[RowMapping] = []
    for row in (await session.execute(HISTORIES, {"moves": MOVES, "items": items})).mappings():
        if of_item and row["id"] != of_item[0]["id"]:
            yield _history(of_item, changed)
            of_item = []
        of_item.append(row)
    if of_item:
        yield _history(of_item, changed)


def _history(rows: list[RowMapping], changed: Mapping[str, Any]) -> History:
    first = rows[0]
    return History(
        barcode=first["barcode"],
        product_id=first["product_id"],
        category=first["category"],
        price_pence=first["purchase_price_pence"],
        received_on=first["received_on"],
        times_issued=first["times_issued"],
        is_reusable=first["is_reusable"],
        happened=tuple(_happened(row) for row in rows),
        changed_at=changed.get(f"product:{first['code']}"),
    )


def _happened(row: RowMapping) -> Happened:
    return Happened(
        seq=row["seq"],
        move=Move(row["move"]),
        state=State(row["from_state"]) if row["from_state"] else State.IN_STOCK,
        at=row["at"],
        on=row["happened_on"],
        lines=tuple(_posted(line, row["seq"]) for line in row["lines"] or ()),
        is_charged=row["is_charged"],
        visit=row["visit"] or "",
        visits=row["visits"] or 0,
        labour_pence=row["labour"] or 0,
        parts_pence=int(row["parts"] or 0),
        inspections=max(row["inspections"] - (row["move"] in EXAMINING), 0),
    )


def _posted(line: Mapping[str, Any], seq: int) -> Posted:
    return Posted(
        id=line["id"],
        posting=line["posting"],
        kind=ChargeKind(line["kind"]),
        variant=line["variant"],
        funder=line["funder"],
        share=Share(line["funder"], Decimal(line["percent"])),
        pence=line["pence"],
        vat_pence=line["vat_pence"],
        tariff_id=line["tariff_id"],
        is_unpriced=line["is_unpriced"],
        is_issue=line["is_issue"],
        on=date.fromisoformat(line["on"]),
        period=date.fromisoformat(line["period"]),
        seq=seq,
        reversal_of=line["reversal_of"],
        corrects_id=line["corrects_id"],
        undone_by=line["undone_by"],
        is_by_hand=line["is_by_hand"],
        category=line["category"],
        at=datetime.fromisoformat(line["at"]),
    )


def as_json(value: object) -> str:
    """As it is kept."""
    return json.dumps(value)
