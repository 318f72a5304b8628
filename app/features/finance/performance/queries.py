"""Reads of how far orders and collections came in time, from when they came as it is kept with them (ADR 55): the days
that depend on holidays are handed in."""

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
from app.features.finance.performance.listing import Listing
from app.features.finance.performance.schemas import Delivered, DueOrder, Kept, PerformanceReport
from app.web.bank_holidays import bank_holidays

ORDERS_ADDRESS = "/api/v1/finance/reports/performance/orders"
ALL = "all"
# An order is due as a whole: it has come when the last of its pieces has that is still wanted.
OUTCOME = """
    CASE WHEN delivered_on <= promised_on THEN 'on_time'
         WHEN delivered_on IS NOT NULL OR promised_on < :today THEN 'late'
         ELSE 'waiting' END
"""
# What came before its promised day counts at once, so that a period that ends today misses nothing that is known.
COUNTED_ON = "LEAST(promised_on, delivered_on)"
DUE = f"order_timing WHERE is_approved AND promised_on IS NOT NULL AND {COUNTED_ON} BETWEEN :since AND :until"
COUNTED = """
    COALESCE(sum(orders) FILTER (WHERE outcome = 'on_time'), 0)::bigint AS on_time,
    COALESCE(sum(orders) FILTER (WHERE outcome = 'late'), 0)::bigint AS late,
    COALESCE(sum(orders) FILTER (WHERE outcome = 'waiting'), 0)::bigint AS waiting
"""
# Counted once by all that they are told apart by, and grouped in five ways then: a few thousand rows.
SETS = "GROUP BY GROUPING SETS ((speed), (store.code, store.name), (team.code, team.name), (month), ()) ORDER BY 1, 2"
KIND = """
    CASE WHEN GROUPING(speed) = 0 THEN 'speed' WHEN GROUPING(store.code) = 0 THEN 'store'
         WHEN GROUPING(team.code) = 0 THEN 'team' WHEN GROUPING(month) = 0 THEN 'month' ELSE 'all' END AS kind,
    COALESCE(speed, store.code, team.code, to_char(month, 'YYYY-MM'), '') AS key,
    COALESCE(store.name, team.name, '') AS name
"""
FROM = "JOIN store ON store.id = store_id JOIN team ON team.id = team_id"
ORDERS = text(f"""
    WITH judged AS (
        SELECT speed, store_id, team_id, date_trunc('month', {COUNTED_ON}::timestamp) AS month, {OUTCOME} AS outcome,
               count(*) AS orders, sum(failed_visits) AS failed_visits
        FROM {DUE} GROUP BY 1, 2, 3, 4, 5
    )
    SELECT {KIND}, {COUNTED}, COALESCE(sum(failed_visits), 0)::bigint AS failed_visits FROM judged {FROM} {SETS}
""")  # noqa: S608 - the parts are constants
BY_MONTH = text(f"""
    WITH judged AS (
        SELECT date_trunc('month', {COUNTED_ON}::timestamp)::date AS month, {OUTCOME} AS outcome, count(*) AS orders
        FROM {DUE} GROUP BY 1, 2
    )
    SELECT month, {COUNTED} FROM judged GROUP BY month
""")  # noqa: S608 - the parts are constants
# `seventh`: for each day from `first` on, the seventh working day after it.
PIECES = text(f"""
    WITH handed AS (
        SELECT speed, store_id, team_id, approved_on, unnest(handed_on) AS delivered_on FROM order_timing
        WHERE handed_on[1] <= :until AND handed_on[cardinality(handed_on)] >= :since
    ), told AS (
        SELECT speed, store_id, team_id, date_trunc('month', delivered_on::timestamp) AS month,
               count(*) FILTER (WHERE delivered_on BETWEEN :since AND :until) AS pieces,
               count(*) FILTER (WHERE delivered_on BETWEEN :since AND :until
                                AND delivered_on <= (CAST(:seventh AS date[]))[approved_on - CAST(:first AS date) + 1]
                               ) AS within_seven
        FROM handed GROUP BY 1, 2, 3, 4
    )
    SELECT {KIND}, COALESCE(sum(pieces), 0)::bigint AS pieces, COALESCE(sum(within_seven), 0)::bigint AS within_seven
    FROM (SELECT * FROM told WHERE pieces > 0) AS told {FROM} {SETS}
""")  # noqa: S608 - the parts are constants
UNDATED = text("""
    SELECT count(*) FROM order_timing
    WHERE is_approved AND promised_on IS NULL AND delivered_on IS NULL AND approved_on BETWEEN :since AND :until
""")
# Most are fetched within days of the request: of one day there are few that differ.
COLLECTIONS = text("""
    WITH due AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:asked_on AS date[]), CAST(:speeds AS text[]), CAST(:by_on AS date[]))
                      AS due (requested_on, speed, by_on)
    ), wanted AS (
        SELECT speed, requested_on, fetched_on, count(*) AS lines, 0 AS failed_visits
        FROM collection_timing WHERE requested_on BETWEEN :first AND :until GROUP BY 1, 2, 3
        UNION ALL
        SELECT collection.speed, (requested_at AT TIME ZONE 'Europe/London')::date, NULL, 0, count(*)
        FROM collection_visit JOIN collection ON collection.id = collection_visit.collection_id
        WHERE EXISTS (SELECT FROM collection_line AS line
                      WHERE line.collection_id = collection.id AND line.cancelled_at IS NULL)
        GROUP BY 1, 2
    ), told AS (
        SELECT speed, to_char(by_on, 'YYYY-MM') AS month, sum(lines) FILTER (WHERE fetched_on <= by_on) AS on_time,
               sum(lines) FILTER (WHERE fetched_on > by_on OR fetched_on IS NULL AND by_on < :today) AS late,
               sum(lines) FILTER (WHERE fetched_on IS NULL AND by_on >= :today) AS waiting,
               sum(failed_visits) AS failed_visits
        FROM wanted JOIN due USING (requested_on, speed) WHERE by_on BETWEEN :since AND :until GROUP BY 1, 2
    )
    SELECT CASE WHEN GROUPING(speed) = 0 THEN 'speed' WHEN GROUPING(month) = 0 THEN 'month' ELSE 'all' END AS kind,
           COALESCE(speed, month, '') AS key, COALESCE(sum(on_time), 0)::bigint AS on_time,
           COALESCE(sum(late), 0)::bigint AS late, COALESCE(sum(waiting), 0)::bigint AS waiting,
           COALESCE(sum(failed_visits), 0)::bigint AS failed_visits
    FROM told GROUP BY GROUPING SETS ((speed), (month), ()) ORDER BY 1, 2
""")
LISTED = text(f"""
    WITH due AS (
        SELECT order_timing.*, {COUNTED_ON} AS counted_on, {OUTCOME} AS outcome FROM {DUE}
    )
    SELECT asked.id, asked.number, due.speed, store.name AS store, team.name AS team, approved_on, due.promised_on,
           delivered_on, failed_visits, outcome
    FROM due JOIN equipment_order AS asked ON asked.id = due.order_id
    JOIN store ON store.id = due.store_id JOIN team ON team.id = due.team_id
    WHERE outcome = :outcome AND asked.id > :after
      AND CASE CAST(:by AS text) WHEN 'speed' THEN due.speed = :key WHEN 'store' THEN store.code = :key
          WHEN 'team' THEN team.code = :key WHEN 'month' THEN to_char(due.counted_on, 'YYYY-MM') = :key
          ELSE true END
    ORDER BY asked.id LIMIT :limit
""")  # noqa: S608 - the parts are constants

Row = TypeVar("Row", bound=Kept)


async def read_performance(session: AsyncSession, *, since: date, until: date, today: date) -> PerformanceReport:
    """How orders and collections of the days stand today. Four statements. Raises BadValue as `check_days`."""
    check_days(since, until)
    span = {"since": since, "until": until}
    asked = span | {"today": today}
    looked_back = since - LOOKED_BACK
    holidays = frozenset[date]().union(
        *(bank_holidays(date(year, 1, 1)) for year in range(looked_back.year, until.year + 2))
    )
    days = {"first": looked_back, "seventh": [by for _, by in seventh_days(looked_back, until, holidays)]}
    asked_on, speeds, by_on = zip(*collection_days(looked_back, until, holidays), strict=True)
    fetching = asked | {"first": looked_back, "asked_on": asked_on, "speeds": speeds, "by_on": by_on}
    rows: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for found in (await session.execute(ORDERS, asked), await session.execute(PIECES, span | days)):
        for row in found.mappings():
            rows[row["kind"], row["key"]] |= dict(row)
    collections = (await session.execute(COLLECTIONS, fetching)).mappings().all()
    orders = {kind: _told(Delivered, kind, rows.values()) for kind in (ALL, *Grouping)}
    fetched = {kind: _told(Kept, kind, collections) for kind in (ALL, Grouping.SPEED, Grouping.MONTH)}
    period = {"from": since.isoformat(), "to": until.isoformat()}
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
        drill={one: f"{ORDERS_ADDRESS}?{urlencode({**period, 'outcome': one.value})}" for one in Outcome},
    )


async def read_months(session: AsyncSession, *, since: date, until: date, today: date) -> dict[date, Kept]:
    """The orders that were due in each month, by its first day; nothing where none was. One statement."""
    rows = await session.execute(BY_MONTH, {"since": since, "until": until, "today": today})
    return {
        row.month: Kept(
            key=f"{row.month:%Y-%m}",
            name=month_in_words(row.month),
            on_time=row.on_time,
            late=row.late,
            waiting=row.waiting,
        )
        for row in rows
    }


def due_asked(
    *,
    since: date,
    until: date,
    today: date,
    outcome: Outcome,
    by: Grouping | None,
    key: str,
    after: int,
    limit: int,
) -> Listing[DueOrder]:
    """Up to `limit` + 1 of the orders that were due in the days and came so, those of one speed, store, team or month
    where it is said. Raises BadValue as `check_days`."""
    check_days(since, until)
    asked = {"since": since, "until": until, "today": today, "outcome": outcome.value, "key": key}
    return Listing(LISTED, asked | {"by": by and by.value, "after": after, "limit": limit + 1}, DueOrder)


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
