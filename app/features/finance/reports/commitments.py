"""Commitments: what was approved and is not delivered, at the order's prices, by the funders who will pay for it."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import in_words
from app.domain.panel_funding import allot
from app.features.finance.reports.costs import check_known
from app.features.finance.reports.outstanding import name_of, read_shares, totals_of
from app.features.finance.tables import Cell, Column, Table

# What was open on a day that is over is so still, or was lent or called off since.
OPEN_NOW: Final = "SELECT * FROM order_unit AS unit WHERE loan_id IS NULL AND cancelled_at IS NULL {only}"
_SINCE: Final = "(CAST(:on AS date) + 1)::timestamp AT TIME ZONE 'Europe/London'"
OPEN_THEN: Final = f"""
    {OPEN_NOW}
    UNION ALL SELECT * FROM order_unit AS unit WHERE loan_id IS NULL AND cancelled_at >= {_SINCE} {{only}}
    UNION ALL
    SELECT unit.* FROM order_unit AS unit JOIN loan ON loan.id = unit.loan_id WHERE started_at >= {_SINCE} {{only}}
"""  # noqa: S608 - the parts are constants
OF_AN_ORDER: Final = "AND unit.order_id = (SELECT id FROM equipment_order WHERE number = :order_number)"
# Who pays is what charges will say: the order's split, else what its panel approved, else its own funder.
PAYERS: Final = """
    COALESCE(
        (SELECT jsonb_agg(jsonb_build_object('id', payer.id, 'funder', payer.code, 'percent', part.percent::text)
                          ORDER BY part.position)
         FROM order_share AS part JOIN funder AS payer ON payer.id = part.funder_id WHERE part.order_id = asked.id),
        (SELECT jsonb_agg(jsonb_build_object('id', payer.id, 'funder', payer.code, 'percent', part.percent::text)
                          ORDER BY part.position)
         FROM panel_allotment AS part JOIN funder AS payer ON payer.id = part.funder_id
         WHERE part.decision_id = (
             SELECT max(made.id) FROM panel_decision AS made JOIN panel_case ON panel_case.id = made.case_id
             WHERE panel_case.order_id = asked.id AND panel_case.state <> 'withdrawn'
               AND made.kind IN ('approve', 'approve_with_conditions')
               AND NOT EXISTS (SELECT FROM panel_decision AS later WHERE later.supersedes_id = made.id))),
        jsonb_build_array(jsonb_build_object('id', funder.id, 'funder', funder.code, 'percent', '100'))) AS shares
"""
GOES_AHEAD: Final = "asked.decision = 'approved' AND asked.authority ->> 'panel_stopped' IS NULL"
# Of the few pieces that are open the order is looked for, each by itself (`OFFSET 0`). PostgreSQL takes orders that go
# ahead for one in two hundred, and with a plan that is kept would read the orders of each team first.
FROM: Final = f"""
    FROM unit CROSS JOIN LATERAL (
        SELECT asked.id, asked.number, asked.funder_id, team.code AS team, line.position, line.product_id,
               line.unit_price_pence,
               (COALESCE(asked.decided_at, asked.submitted_at) AT TIME ZONE 'Europe/London')::date AS approved_on
        FROM order_line AS line JOIN equipment_order AS asked ON asked.id = line.order_id
        JOIN team ON team.id = asked.team_id
        WHERE line.id = unit.order_line_id AND {GOES_AHEAD} {{of_a_team}} OFFSET 0
    ) AS asked
    JOIN funder ON funder.id = asked.funder_id
"""  # noqa: S608 - the part is a constant
COMMITTED: Final = f"""
    WITH unit AS MATERIALIZED ({{open}})
    SELECT asked.number AS order_number, min(brought.number) AS panel_case, asked.team, asked.approved_on,
           count(*) AS pieces, sum(asked.unit_price_pence)::bigint AS pence, {PAYERS},
           (SELECT jsonb_object_agg(code, name) FROM funder) AS funders
    {FROM.format(of_a_team="AND (CAST(:team AS text) = '' OR team.code = :team)")}
    LEFT JOIN LATERAL (SELECT number FROM panel_case WHERE order_id = asked.id AND state = 'decided'
                       ORDER BY id DESC LIMIT 1) AS brought ON true
    WHERE asked.approved_on <= :on
    GROUP BY asked.id, asked.number, asked.approved_on, asked.team, funder.id ORDER BY asked.approved_on, asked.id
"""  # noqa: S608 - the parts are constants
PIECES: Final = f"""
    WITH unit AS MATERIALIZED ({{open}})
    SELECT product.code AS product, product.name AS product_name, item.barcode, asked.unit_price_pence, {PAYERS},
           (SELECT jsonb_object_agg(code, name) FROM funder) AS funders
    {FROM.format(of_a_team="")} JOIN product ON product.id = asked.product_id LEFT JOIN item ON item.id = unit.item_id
    WHERE asked.approved_on <= :on ORDER BY asked.position, unit.id
"""  # noqa: S608 - the parts are constants
NOW, THEN = (text(COMMITTED.format(open=which.format(only=""))) for which in (OPEN_NOW, OPEN_THEN))
PIECES_NOW, PIECES_THEN = (text(PIECES.format(open=which.format(only=OF_AN_ORDER))) for which in (OPEN_NOW, OPEN_THEN))
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
    "recycled stock will cost less. Orders that a panel stopped are not counted. Pieces of a split order stand in the "
    "row of each of its funders, and once in the total."
)
PIECE_COLUMNS: Final = (
    Column("product", "Product: code"),
    Column("product_name", "Product"),
    Column("barcode", "Item held for it"),
    Column("pieces", "Pieces", Cell.COUNT),
    Column("price_pence", "Price", Cell.PENCE),
    Column("percent", "Share of this funder", Cell.PERCENT),
    Column("committed_pence", "Part of this funder", Cell.PENCE),
)
PIECE_DEFINITION: Final = (
    "Each piece of the order that is approved, not delivered and not called off, at the catalogue price that was "
    "approved, net of VAT. What each funder pays is split to the penny over the whole order."
)
PIECES_OF: Final = "/finance/reports/commitments/pieces"


async def commitments(
    session: AsyncSession, *, on: date, today: date, funder: str | None = None, team: str = ""
) -> Table:
    """A row for each order and funder, the oldest approval first; of one funder, or of one team's orders, where it is
    said. One statement; a second one where nothing was found. Raises BadValue `unknown-funder`, `unknown-team`."""
    statement = NOW if on >= today else THEN
    rows = (await session.execute(statement, {"on": on, "team": team})).mappings().all()
    found = [(row, line) for row in rows for line in _lines(row) if funder in {None, line["funder"]}]
    if not found:
        await check_known(session, {"funder": funder or "", "team": team})
    lines = [line for _, line in found]
    pieces = {row["order_number"]: row["pieces"] for row, _ in found}
    return Table(
        name="commitments",
        title="Commitments",
        definition=DEFINITION + _narrowed(funder, team),
        period=f"On {in_words(on)}",
        columns=COLUMNS,
        rows=lines,
        totals=totals_of(lines, COLUMNS) | {"pieces": sum(pieces.values())},
        links=[_pieces_at(line, on, today) for line in lines],
    )


async def committed_pieces(session: AsyncSession, *, order_number: str, funder: str, on: date, today: date) -> Table:
    """The pieces of one row of the report, with the funder's part of each. One statement; a second one where nothing
    was found. Raises BadValue `unknown-order`, `unknown-funder`."""
    statement = PIECES_NOW if on >= today else PIECES_THEN
    found = (await session.execute(statement, {"on": on, "order_number": order_number})).mappings().all()
    rows, begun = [], 0
    for row in found:
        shares = read_shares(row["shares"])
        # What is split is the sum of the order, so each piece has what it adds to the funder's part of that.
        before, begun = begun, begun + row["unit_price_pence"]
        parts = zip(allot(begun, shares), allot(before, shares), strict=True)
        rows += [
            {name: row[name] for name in ("product", "product_name", "barcode")}
            | {
                "pieces": 1,
                "price_pence": row["unit_price_pence"],
                "percent": now.percent,
                "committed_pence": now.pence - then.pence,
            }
            for now, then in parts
            if now.funder == funder
        ]
    if not rows:
        await check_known(session, {"order_number": order_number, "funder": funder})
    return Table(
        name=f"commitments-{order_number}",
        title=f"Commitments of order {order_number}",
        definition=PIECE_DEFINITION,
        period=f"{name_of(funder, found[0]['funders'] if found else None)}, on {in_words(on)}",
        columns=PIECE_COLUMNS,
        rows=rows,
        totals=totals_of(rows, PIECE_COLUMNS),
        links=[f"/items/{one['barcode']}" if one["barcode"] else None for one in rows],
    )


def _pieces_at(line: Mapping[str, Any], on: date, today: date) -> str:
    asked = {"order_number": line["order_number"], "funder": line["funder"]}
    return f"{PIECES_OF}?{urlencode(asked | ({'as_at': on.isoformat()} if on < today else {}))}"


def _narrowed(funder: str | None, team: str) -> str:
    only = [f"{name} {value}" for name, value in (("funder", funder), ("team", team)) if value]
    return f" Only: {', '.join(only)}." if only else ""


def _lines(row: RowMapping) -> list[dict[str, Any]]:
    facts = {name: row[name] for name in ("order_number", "panel_case", "approved_on", "team", "pieces")}
    return [
        facts
        | {
            "funder": part.funder,
            "funder_name": name_of(part.funder, row["funders"]),
            "percent": part.percent,
            "committed_pence": part.pence,
        }
        for part in allot(row["pence"], read_shares(row["shares"]))
    ]
