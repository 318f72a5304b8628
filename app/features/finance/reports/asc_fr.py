"""The line “Assistive equipment and technology” of the national return of adult social care finance (ASC-FR)."""

from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.cost_reports import year_span
from app.domain.panel_settings import year_in_words
from app.features.finance import kept_since
from app.features.finance.reports.asking import Asked
from app.features.finance.reports.outstanding import totals_of
from app.features.finance.tables import Cell, Column, Table

FUNDERS: Final = text("""
    SELECT funder.code AS funder, funder.name AS funder_name, count(line.id) AS lines,
           COALESCE(sum(line.amount_pence) FILTER (WHERE line.kind <> 'credit'), 0)::bigint AS expenditure_pence,
           COALESCE(-sum(line.amount_pence) FILTER (WHERE line.kind = 'credit'), 0)::bigint AS income_pence
    FROM funder LEFT JOIN charge AS line ON line.funder_id = funder.id AND line.period BETWEEN :since AND :until
    WHERE funder.kind = 'adult_social_care'
    GROUP BY funder.id ORDER BY funder.code
""")
COLUMNS: Final = (
    Column("funder", "Funder: code"),
    Column("funder_name", "Funder"),
    Column("lines", "Lines", Cell.COUNT),
    Column("expenditure_pence", "Expenditure", Cell.PENCE),
    Column("income_pence", "Income", Cell.PENCE),
    Column("capital_pence", "Capital charges", Cell.PENCE),
    Column("net_pence", "Net", Cell.PENCE),
)
DEFINITION: Final = (
    "Adult Social Care Finance Return, line “Assistive equipment and technology”: what the funders of adult social "
    "care were charged in the financial year, by the months of the books, net of VAT. Expenditure: all lines but "
    "credits. Income: credits on collection. Capital charges: none, as no charge here is flagged as capital. What "
    "health, children's services, education and people themselves pay is not in it. Source: NHS England, ASC-FR, non-"
    "SALT totals; Department of Health and Social Care, ASC-FR terminology and its usage, 2025 to 2026."
)


async def asc_fr(session: AsyncSession, *, year: str, today: date) -> Table:
    """By funder of adult social care. Two statements. Raises BadValue `bad-year`."""
    begun, span = year_span(year, today=today)
    found = (await session.execute(FUNDERS, {"since": span.since, "until": span.until})).mappings()
    rows = [
        dict(row) | {"capital_pence": 0, "net_pence": row["expenditure_pence"] - row["income_pence"]} for row in found
    ]
    return Table(
        name="asc-fr",
        title="ASC-FR: Assistive equipment and technology",
        definition=f"{DEFINITION} {await kept_since.said_of(session, span.since)}".rstrip(),
        period=f"{year_in_words(begun)}: {span.words}",
        columns=COLUMNS,
        rows=rows,
        totals=totals_of(rows, COLUMNS),
        links=[Asked(span, filters={"funder": row["funder"]}).lines_at() for row in rows],
    )
