"""Who gets what: issues, cost, wait and trials by postcode district or age, small numbers always left out."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.charging import DISTRICT
from app.domain import small_numbers
from app.domain.cost_reports import year_span
from app.domain.equity import AGE_BANDS, NOT_RECORDED, Grouping, definition
from app.domain.panel_settings import year_in_words
from app.domain.promises import is_working_day
from app.domain.report_days import midnight
from app.domain.small_numbers import FEWEST
from app.features.finance import kept_since
from app.features.finance.tables import Cell, Column, Table
from app.web.bank_holidays import bank_holidays

LOOKED_BACK: Final = timedelta(days=2 * 366)
"""A wait of more than two years counts as so long."""
PEOPLE: Final = "people"
MEASURES: Final = {"issues": "lent_to", "trials": "tried", "waited": "waiters", "cost_pence": "payers"}
"""What is added up, and of whom it tells."""
_AGE: Final = "extract(year FROM age(CAST(:age_on AS date), client.date_of_birth))"
KEYS: Final = {
    Grouping.DISTRICT: f"COALESCE(NULLIF({DISTRICT}, ''), '{NOT_RECORDED}')",
    Grouping.AGE: f"CASE WHEN client.date_of_birth IS NULL THEN '{NOT_RECORDED}' "
    + " ".join(f"WHEN {_AGE} < {below} THEN '{words}'" for below, words in AGE_BANDS[:-1])
    + f" ELSE '{AGE_BANDS[-1][1]}' END",
}
# `nth`: for each day from `begins` on, how many working days there were by then.
LENT: Final = """
    SELECT loan.client_id, count(*) AS issues, count(loan.trial_ends_on) AS trials, count(waited.days) AS waited,
           sum(waited.days) AS days
    FROM loan LEFT JOIN order_unit AS unit ON unit.loan_id = loan.id
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    CROSS JOIN LATERAL (
        SELECT (CAST(:nth AS int[]))[
                   (loan.started_at AT TIME ZONE 'Europe/London')::date - CAST(:begins AS date) + 1]
               - (CAST(:nth AS int[]))[GREATEST(
                   (COALESCE(asked.decided_at, asked.submitted_at) AT TIME ZONE 'Europe/London')::date
                   - CAST(:begins AS date) + 1, 1)] AS days
        WHERE asked.id IS NOT NULL
        UNION ALL SELECT NULL WHERE asked.id IS NULL
    ) AS waited
    WHERE loan.started_at >= :from_at AND loan.started_at < :until_at GROUP BY loan.client_id
"""
PAID: Final = """
    SELECT client_id, sum(amount_pence) AS pence FROM charge
    WHERE happened_on BETWEEN :since AND :until AND client_id IS NOT NULL GROUP BY client_id
"""


def _sql(grouping: Grouping) -> str:
    people = {
        "people": "true",
        "lent_to": "lent.issues > 0",
        "tried": "lent.trials > 0",
        "waiters": "lent.waited > 0",
        "payers": "paid.client_id IS NOT NULL",
    }
    counted = ", ".join(
        f"count(*) FILTER (WHERE {true}) AS {name}, "
        f"(array_agg(client.id) FILTER (WHERE {true}))[1:{FEWEST}] AS {name}_known"
        for name, true in people.items()
    )
    return f"""
        WITH lent AS ({LENT}), paid AS ({PAID})
        SELECT {KEYS[grouping]} AS name, {counted}, COALESCE(sum(lent.issues), 0)::bigint AS issues,
               COALESCE(sum(lent.trials), 0)::bigint AS trials, COALESCE(sum(lent.waited), 0)::bigint AS waited,
               COALESCE(sum(lent.days), 0)::bigint AS days, COALESCE(sum(paid.pence), 0)::bigint AS cost_pence
        FROM client LEFT JOIN lent ON lent.client_id = client.id LEFT JOIN paid ON paid.client_id = client.id
        WHERE lent.client_id IS NOT NULL OR paid.client_id IS NOT NULL
        GROUP BY 1 ORDER BY 1
    """  # noqa: S608 - words of our own


COLUMNS: Final = (
    Column("people", "People", Cell.COUNT),
    Column("issues", "Issues", Cell.COUNT),
    Column("trials", "Of them trials", Cell.COUNT),
    Column("waited", "Issues by order", Cell.COUNT),
    Column("wait", "Wait, working days", Cell.DECIMAL),
    Column("cost_pence", "Cost", Cell.PENCE),
    Column("person_pence", "Cost for each person", Cell.PENCE),
)


async def equity(session: AsyncSession, *, by: Grouping, year: str, today: date) -> Table:
    """By district or by age. Two statements. Raises BadValue `bad-year`."""
    begun, span = year_span(year, today=today)
    begins = span.since - LOOKED_BACK
    holidays = frozenset[date]().union(
        *(bank_holidays(date(one, 1, 1)) for one in range(begins.year, span.until.year + 1))
    )
    days = (begins + timedelta(days=place) for place in range((span.until - begins).days + 1))
    asked: dict[str, Any] = {
        "since": span.since,
        "until": span.until,
        "from_at": midnight(span.since),
        "until_at": midnight(span.until + timedelta(days=1)),
        "begins": begins,
        "nth": list(accumulate(int(is_working_day(day, holidays)) for day in days)),
    }
    if by is Grouping.AGE:
        asked["age_on"] = min(span.until, today)
    found = [dict(row) for row in (await session.execute(text(_sql(by)), asked)).mappings()]
    if by is Grouping.AGE:
        order = [words for _, words in AGE_BANDS]
        found.sort(key=lambda row: order.index(row["name"]) if row["name"] in order else len(order))
    rows, totals = told(found)
    note = await kept_since.said_of(session, span.since)
    return Table(
        name=f"equity-by-{by.value}",
        title=f"Who gets what, by {by.text.lower()}",
        definition=f"{definition(by)} {note}".rstrip(),
        period=f"{year_in_words(begun)}: {span.words.partition(',')[0]}",
        columns=[Column("name", by.text), *COLUMNS],
        rows=rows,
        totals=totals,
    )


def told(found: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows and the totals as they may be told: groups of few put together, and figures that few are in left out."""
    hidden = small_numbers.hidden_groups([_group(row, PEOPLE) for row in found], FEWEST)
    if hidden is None:
        return [{"name": small_numbers.not_shown(FEWEST)}], {}
    rows = [row for place, row in enumerate(found) if place not in hidden]
    if hidden:
        rows.append(_together([found[place] for place in sorted(hidden)]))
    whole = _together(found) if found else {}
    for measure, who in MEASURES.items():
        left_out = small_numbers.hidden_groups([_group(row, who) for row in rows], FEWEST)
        if left_out is None:
            whole |= {measure: None}
        rows = [
            {**row, measure: None} if left_out is None or place in left_out else row for place, row in enumerate(rows)
        ]
    return [_cells(row) for row in rows], {key: value for key, value in _cells(whole).items() if key != "name"}


def _group(row: Mapping[str, Any], who: str) -> small_numbers.Group:
    return small_numbers.Group((row["name"],), row[who], frozenset(row[f"{who}_known"] or ()))


def _together(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several groups as one. Everybody is in one of them."""
    whole: dict[str, Any] = {"name": small_numbers.few(FEWEST)}
    for name in ("issues", "trials", "waited", "days", "cost_pence", PEOPLE, *MEASURES.values()):
        whole[name] = sum(row[name] for row in rows)
    for who in (PEOPLE, *MEASURES.values()):
        whole[f"{who}_known"] = [one for row in rows for one in row[f"{who}_known"] or ()]
    return whole


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    if not row:
        return {"name": "", **dict.fromkeys((column.key for column in COLUMNS), 0), "wait": None, "person_pence": None}
    waited, cost = row["waited"], row["cost_pence"]
    return {name: row[name] for name in ("name", "people", "issues", "trials", "waited", "cost_pence")} | {
        "wait": round(Decimal(row["days"]) / waited, 1) if waited else None,
        "person_pence": None if cost is None else round(Decimal(cost) / row["people"]),
    }
