"""Commitments: what was approved and is not delivered, at the order's prices, by the funders who will pay for it."""

from datetime import date
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import in_words
from app.domain.panel_funding import allot
from app.features.finance.reports.outstanding import name_of, read_shares, totals_of
from app.features.finance.tables import Cell, Column, Table

# What is open now is found by the index of open pieces; what was open on a day that is over, by looking at all.
OPEN_NOW: Final = "unit.loan_id IS NULL AND unit.cancelled_at IS NULL"
OPEN_THEN: Final = """
    (loan.id IS NULL OR (loan.started_at AT TIME ZONE 'Europe/London')::date > :on)
    AND (unit.cancelled_at IS NULL OR (unit.cancelled_at AT TIME ZONE 'Europe/London')::date > :on)
"""
COMMITTED: Final = """
    SELECT asked.number AS order_number, min(brought.number) AS panel_case, team.code AS team,
           (COALESCE(asked.decided_at, asked.submitted_at) AT TIME ZONE 'Europe/London')::date AS approved_on,
           count(*) AS pieces, sum(line.unit_price_pence)::bigint AS pence, min(funder.code) AS payer,
           (SELECT jsonb_agg(jsonb_build_object('funder', payer.code, 'percent', part.percent::text)
                             ORDER BY part.position)
            FROM order_share AS part JOIN funder AS payer ON payer.id = part.funder_id
            WHERE part.order_id = asked.id) AS shares,
           (SELECT jsonb_object_agg(code, name) FROM funder) AS funders
    FROM order_unit AS unit JOIN order_line AS line ON line.id = unit.order_line_id
    JOIN equipment_order AS asked ON asked.id = line.order_id JOIN funder ON funder.id = asked.funder_id
    JOIN team ON team.id = asked.team_id LEFT JOIN loan ON loan.id = unit.loan_id
    LEFT JOIN LATERAL (SELECT number FROM panel_case WHERE order_id = asked.id AND state = 'decided'
                       ORDER BY id DESC LIMIT 1) AS brought ON true
    WHERE {open} AND asked.decision = 'approved' AND asked.authority ->> 'panel_stopped' IS NULL
      AND (COALESCE(asked.decided_at, asked.submitted_at) AT TIME ZONE 'Europe/London')::date <= :on
    GROUP BY asked.id, team.id ORDER BY approved_on, asked.id
"""
NOW: Final = text(COMMITTED.format(open=OPEN_NOW))
THEN: Final = text(COMMITTED.format(open=OPEN_THEN))
COLUMNS: Final = (
    Column("order_number", "Order"),
    Column("panel_case", "Panel case"),
    Column("approved_on", "Approved", Cell.DAY),
    Column("team", "Team"),
    Column("funder", "Funder: code"),
    Column("funder_name", "Funder"),
    Column("percent", "Share", Cell.PERCENT),
    Column("pieces", "Pieces", Cell.COUNT),
    Column("committed_pence", "Committed", Cell.PENCE),
)
DEFINITION: Final = (
    "Pieces of approved orders that are not delivered and not called off, at the catalogue prices that were approved,"
    " net of VAT and without delivery; by the split of the order, otherwise by its funder. A piece that is met from "
    "recycled stock will cost less. Orders that a panel stopped are not counted. Pieces of a split order are counted "
    "once, with its first funder."
)


async def commitments(session: AsyncSession, *, on: date, today: date) -> Table:
    """A row for each order and funder, the oldest approval first. One statement."""
    rows = (await session.execute(NOW if on >= today else THEN, {"on": on})).mappings()
    lines = [line for row in rows for line in _lines(row)]
    return Table(
        name="commitments",
        title="Commitments",
        definition=DEFINITION,
        period=f"On {in_words(on)}",
        columns=COLUMNS,
        rows=lines,
        totals=totals_of(lines, COLUMNS),
        links=[f"/orders/{one['order_number']}" for one in lines],
    )


def _lines(row: RowMapping) -> list[dict[str, Any]]:
    shares = read_shares(row["shares"] or [{"funder": row["payer"], "percent": "100"}])
    facts = {name: row[name] for name in ("order_number", "panel_case", "approved_on", "team")}
    return [
        facts
        | {
            "funder": part.funder,
            "funder_name": name_of(part.funder, row["funders"]),
            "percent": part.percent,
            "pieces": 0 if place else row["pieces"],
            "committed_pence": part.pence,
        }
        for place, part in enumerate(allot(row["pence"], shares))
    ]
