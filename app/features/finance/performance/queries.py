"""Reads of how far orders and collections came in time: set-based, with the days that depend on holidays handed in."""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlencode

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.asked_period import check_days
from app.domain.months import month_in_words, read_month
from app.domain.ordering import Speed
from app.domain.performance import (
    COLLECTION_WORDS,
    LOOKED_BACK,
    PROMISED_WORDS,
    SEVEN_WORDS,
    Grouping,
    Outcome,
    collection_days,
    seventh_days,
)
from app.domain.report_days import midnight
from app.features.finance.performance.schemas import Delivered, DueOrder, Kept, PerformanceReport
from app.web.bank_holidays import bank_holidays

ORDERS_ADDRESS = "/api/v1/finance/reports/performance/orders"
ALL = "all"
# An order is due as a whole: it has come when the last of its pieces has that is still wanted.
DUE = """
    pieces AS (
        SELECT asked.id, count(*) AS wanted, count(loan.id) AS lent, max(loan.started_at) AS last_at
        FROM equipment_order AS asked JOIN order_unit AS unit ON unit.order_id = asked.id
        LEFT JOIN loan ON loan.id = unit.loan_id
        WHERE asked.decision = 'approved' AND asked.promised_on BETWEEN :since AND :until AND unit.cancelled_at IS NULL
        GROUP BY asked.id
    ), failed AS (
        SELECT order_id, count(*) AS visits FROM delivery_visit WHERE failed_because IS NOT NULL GROUP BY order_id
    ), due AS (
        SELECT asked.id, asked.number, asked.speed, asked.promised_on, store.code AS store, store.name AS store_name,
               team.code AS team, team.name AS team_name, to_char(asked.promised_on, 'YYYY-MM') AS month,
               (COALESCE(asked.decided_at, asked.submitted_at) AT TIME ZONE 'Europe/London')::date AS approved_on,
               CASE WHEN pieces.wanted = pieces.lent
                    THEN (pieces.last_at AT TIME ZONE 'Europe/London')::date END AS delivered_on,
               COALESCE(failed.visits, 0) AS failed_visits
        FROM pieces JOIN equipment_order AS asked ON asked.id = pieces.id
        JOIN store ON store.id = asked.store_id JOIN team ON team.id = asked.team_id
        LEFT JOIN failed ON failed.order_id = asked.id
    ), judged AS (
        SELECT due.*, CASE WHEN delivered_on <= promised_on THEN 'on_time'
                           WHEN delivered_on IS NOT NULL OR promised_on < :today THEN 'late'
                           ELSE 'waiting' END AS outcome
        FROM due
    )
"""
SETS = "GROUP BY GROUPING SETS ((speed), (store, store_name), (team, team_name), (month), ()) ORDER BY 1, 2"
KIND = """
    CASE WHEN GROUPING(speed) = 0 THEN 'speed' WHEN GROUPING(store) = 0 THEN 'store'
         WHEN GROUPING(team) = 0 THEN 'team' WHEN GROUPING(month) = 0 THEN 'month' ELSE 'all' END AS kind,
    COALESCE(speed, store, team, month, '') AS key, COALESCE(store_name, team_name, '') AS name
"""
ORDERS = text(f"""
    WITH {DUE}
    SELECT {KIND}, count(*) FILTER (WHERE outcome = 'on_time') AS on_time,
           count(*) FILTER (WHERE outcome = 'late') AS late, count(*) FILTER (WHERE outcome = 'waiting') AS waiting,
           COALESCE(sum(failed_visits), 0)::bigint AS failed_visits
    FROM judged {SETS}
""")  # noqa: S608 - the parts are constants
PIECES = text(f"""
    WITH handed AS (
        SELECT asked.speed, store.code AS store, store.name AS store_name, team.code AS team, team.name AS team_name,
               (loan.started_at AT TIME ZONE 'Europe/London')::date AS delivered_on,
               (COALESCE(asked.decided_at, asked.submitted_at) AT TIME ZONE 'Europe/London')::date AS approved_on
        FROM loan JOIN order_unit AS unit ON unit.loan_id = loan.id
        JOIN equipment_order AS asked ON asked.id = unit.order_id
        JOIN store ON store.id = asked.store_id JOIN team ON team.id = asked.team_id
        WHERE loan.started_at >= :from_at AND loan.started_at < :until_at
    ), told AS (
        SELECT handed.*, to_char(delivered_on, 'YYYY-MM') AS month,
               COALESCE(delivered_on <= day.by_on, false) AS is_within
        FROM handed LEFT JOIN jsonb_to_recordset(CAST(:days AS jsonb)) AS day ("on" date, by_on date)
            ON day."on" = handed.approved_on
    )
    SELECT {KIND}, count(*) AS pieces, count(*) FILTER (WHERE is_within) AS within_seven FROM told {SETS}
""")  # noqa: S608 - the parts are constants
UNDATED = text("""
    SELECT count(*) FROM equipment_order AS asked
    WHERE asked.decision = 'approved' AND asked.promised_on IS NULL
      AND COALESCE(asked.decided_at, asked.submitted_at) >= :from_at
      AND COALESCE(asked.decided_at, asked.submitted_at) < :until_at
      AND EXISTS (SELECT FROM order_unit WHERE order_id = asked.id AND loan_id IS NULL AND cancelled_at IS NULL)
""")
COLLECTIONS = text("""
    WITH due AS (
        SELECT collection.speed, to_char(day.by_on, 'YYYY-MM') AS month, day.by_on, collection.id
        FROM collection JOIN jsonb_to_recordset(CAST(:days AS jsonb)) AS day ("on" date, speed text, by_on date)
            ON day."on" = (collection.requested_at AT TIME ZONE 'Europe/London')::date
            AND day.speed = collection.speed
        WHERE day.by_on BETWEEN :since AND :until AND collection.requested_at >= :looked_back_at
          AND collection.requested_at < :until_at
    ), told AS (
        SELECT due.speed, due.month, lines.*,
               (SELECT count(*) FROM collection_visit WHERE collection_id = due.id) AS failed_visits
        FROM due CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE fetched.on_day <= due.by_on) AS on_time,
                   count(*) FILTER (WHERE fetched.on_day > due.by_on
                                    OR fetched.on_day IS NULL AND due.by_on < :today) AS late,
                   count(*) FILTER (WHERE fetched.on_day IS NULL AND due.by_on >= :today) AS waiting
            FROM collection_line AS line CROSS JOIN LATERAL (
                SELECT (COALESCE(line.picked_up_at, line.collected_at) AT TIME ZONE 'Europe/London')::date AS on_day
            ) AS fetched
            WHERE line.collection_id = due.id AND line.cancelled_at IS NULL) AS lines
        WHERE lines.on_time + lines.late + lines.waiting > 0
    )
    SELECT CASE WHEN GROUPING(speed) = 0 THEN 'speed' WHEN GROUPING(month) = 0 THEN 'month' ELSE 'all' END AS kind,
           COALESCE(speed, month, '') AS key, COALESCE(sum(on_time), 0)::bigint AS on_time,
           COALESCE(sum(late), 0)::bigint AS late, COALESCE(sum(waiting), 0)::bigint AS waiting,
           COALESCE(sum(failed_visits), 0)::bigint AS failed_visits
    FROM told GROUP BY GROUPING SETS ((speed), (month), ()) ORDER BY 1, 2
""")
LISTED = text(f"""
    WITH {DUE}
    SELECT id, number, speed, store_name AS store, team_name AS team, approved_on, promised_on, delivered_on,
           failed_visits, outcome
    FROM judged
    WHERE outcome = :outcome AND id > :after
      AND CASE CAST(:by AS text) WHEN 'speed' THEN speed = :key WHEN 'store' THEN store = :key
          WHEN 'team' THEN team = :key WHEN 'month' THEN month = :key ELSE true END
    ORDER BY id LIMIT :limit
""")  # noqa: S608 - the parts are constants

Row = TypeVar("Row", bound=Kept)


async def read_performance(session: AsyncSession, *, since: date, until: date, today: date) -> PerformanceReport:
    """How orders and collections of the days stand today. Four statements. Raises BadValue as `check_days`."""
    check_days(since, until)
    asked = {"since": since, "until": until, "today": today}
    span = {"from_at": midnight(since), "until_at": midnight(date.fromordinal(until.toordinal() + 1))}
    looked_back = since - LOOKED_BACK
    holidays = frozenset[date]().union(
        *(bank_holidays(date(year, 1, 1)) for year in range(looked_back.year, until.year + 2))
    )
    sevenths = [{"on": f"{on}", "by_on": f"{by}"} for on, by in seventh_days(looked_back, until, holidays)]
    fetched_by = [
        {"on": f"{on}", "speed": speed.value, "by_on": f"{by}"}
        for on, speed, by in collection_days(looked_back, until, holidays)
    ]
    rows: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for found in (
        await session.execute(ORDERS, asked),
        await session.execute(PIECES, span | {"days": json.dumps(sevenths)}),
    ):
        for row in found.mappings():
            rows[row["kind"], row["key"]] |= dict(row)
    fetching = asked | {"until_at": span["until_at"], "looked_back_at": midnight(looked_back)}
    collections = (await session.execute(COLLECTIONS, fetching | {"days": json.dumps(fetched_by)})).mappings().all()
    orders = {kind: _told(Delivered, kind, rows.values()) for kind in (ALL, *Grouping)}
    fetched = {kind: _told(Kept, kind, collections) for kind in (ALL, Grouping.SPEED, Grouping.MONTH)}
    days = {"from": since.isoformat(), "to": until.isoformat()}
    return PerformanceReport(
        since=since,
        until=until,
        promised_words=PROMISED_WORDS,
        seven_words=SEVEN_WORDS,
        collection_words=COLLECTION_WORDS,
        undated=await session.scalar(UNDATED, span) or 0,
        in_all=orders[ALL][0],
        by_speed=orders[Grouping.SPEED],
        by_store=orders[Grouping.STORE],
        by_team=orders[Grouping.TEAM],
        by_month=orders[Grouping.MONTH],
        collections=fetched[ALL][0],
        collections_by_speed=fetched[Grouping.SPEED],
        collections_by_month=fetched[Grouping.MONTH],
        drill={one: f"{ORDERS_ADDRESS}?{urlencode({**days, 'outcome': one.value})}" for one in Outcome},
    )


async def list_due(
    session: AsyncSession,
    *,
    since: date,
    until: date,
    today: date,
    outcome: Outcome,
    by: Grouping | None,
    key: str,
    after: int,
    limit: int,
) -> list[DueOrder]:
    """Up to `limit` + 1 of the orders that were due in the days and came so, those of one speed, store, team or month
    where it is said. One statement. Raises BadValue as `check_days`."""
    check_days(since, until)
    asked = {"since": since, "until": until, "today": today, "outcome": outcome.value, "key": key}
    rows = await session.execute(LISTED, asked | {"by": by and by.value, "after": after, "limit": limit + 1})
    return [DueOrder.model_validate(dict(row)) for row in rows.mappings()]


def _told(model: type[Row], kind: str, rows: Any) -> list[Row]:
    wanted = [row for row in rows if row["kind"] == kind]
    order = list(Speed) if kind == Grouping.SPEED else []
    wanted.sort(key=lambda row: (order.index(row["key"]) if row["key"] in order else 0, row["key"]))
    return [
        model.model_validate({name: row[name] for name in row if name != "kind"} | {"name": _name(kind, row)})
        for row in wanted
    ]


def _name(kind: str, row: Mapping[str, Any]) -> str:
    key = str(row["key"])
    if kind == Grouping.MONTH:
        return month_in_words(read_month(key))
    if kind == Grouping.SPEED:
        return Speed(key).text if key in list(Speed) else key.capitalize()
    return row.get("name") or key
