"""What the figures of deliveries and collections in time count, one by one: pieces, items fetched, visits, orders that
wait without a day. Read from orders and collections themselves, whatever the figures were reckoned from."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from urllib.parse import urlencode

from sqlalchemy import text

from app.domain.asked_period import check_days
from app.domain.performance import LOOKED_BACK, Grouping, Outcome, collection_days, seventh_days
from app.domain.report_days import midnight
from app.features.finance.performance.listing import Listing
from app.features.finance.performance.schemas import (
    Delivered,
    DueCollection,
    FailedVisit,
    HandedPiece,
    Kept,
    PerformanceReport,
    UndatedOrder,
)
from app.web.bank_holidays import bank_holidays

REPORT: Final = "/finance/reports/performance"
PAGE: Final = "/finance/performance"
Within = Literal["any", "yes", "no"]
VisitsOf = Literal["orders", "collections"]

APPROVED_AT: Final = "COALESCE(asked.decided_at, asked.submitted_at)"
BY_KEY: Final = """
    CASE CAST(:by AS text) WHEN 'speed' THEN asked.speed = :key WHEN 'store' THEN store.code = :key
        WHEN 'team' THEN team.code = :key WHEN 'month' THEN to_char({day}, 'YYYY-MM') = :key ELSE true END
"""
PIECES: Final = text(f"""
    SELECT loan.id, asked.number, item.barcode, product.name AS product, asked.speed, store.name AS store,
           team.name AS team, day."on" AS approved_on, day.by_on AS within_seven_until, came.on_day AS delivered_on,
           COALESCE(came.on_day <= day.by_on, false) AS is_within
    FROM loan JOIN order_unit AS unit ON unit.loan_id = loan.id
    JOIN equipment_order AS asked ON asked.id = unit.order_id
    JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    JOIN store ON store.id = asked.store_id JOIN team ON team.id = asked.team_id
    CROSS JOIN LATERAL (SELECT (loan.started_at AT TIME ZONE 'Europe/London')::date AS on_day) AS came
    LEFT JOIN jsonb_to_recordset(CAST(:days AS jsonb)) AS day ("on" date, by_on date)
        ON day."on" = ({APPROVED_AT} AT TIME ZONE 'Europe/London')::date
    WHERE loan.started_at >= :from_at AND loan.started_at < :until_at AND loan.id > :after
      AND CASE CAST(:within AS text) WHEN 'any' THEN true
          ELSE COALESCE(came.on_day <= day.by_on, false) = (:within = 'yes') END
      AND {BY_KEY.format(day="came.on_day")}
    ORDER BY loan.id LIMIT :limit
""")  # noqa: S608 - the parts are constants
COLLECTIONS: Final = text("""
    SELECT line.id, collection.number, item.barcode, product.name AS product, collection.speed,
           day."on" AS requested_on, day.by_on AS due_on, fetched.on_day AS fetched_on, judged.outcome
    FROM collection JOIN jsonb_to_recordset(CAST(:days AS jsonb)) AS day ("on" date, speed text, by_on date)
        ON day."on" = (collection.requested_at AT TIME ZONE 'Europe/London')::date AND day.speed = collection.speed
    JOIN collection_line AS line ON line.collection_id = collection.id AND line.cancelled_at IS NULL
    JOIN item ON item.id = line.item_id JOIN product ON product.id = item.product_id
    CROSS JOIN LATERAL (
        SELECT (COALESCE(line.picked_up_at, line.collected_at) AT TIME ZONE 'Europe/London')::date AS on_day
    ) AS fetched
    CROSS JOIN LATERAL (
        SELECT CASE WHEN fetched.on_day <= day.by_on THEN 'on_time'
                    WHEN fetched.on_day IS NOT NULL OR day.by_on < :today THEN 'late' ELSE 'waiting' END AS outcome
    ) AS judged
    WHERE day.by_on BETWEEN :since AND :until AND judged.outcome = :outcome AND line.id > :after
      AND CASE CAST(:by AS text) WHEN 'speed' THEN collection.speed = :key
          WHEN 'month' THEN to_char(day.by_on, 'YYYY-MM') = :key ELSE true END
    ORDER BY line.id LIMIT :limit
""")
DELIVERY_VISITS: Final = text(f"""
    SELECT visit.id, asked.number, asked.speed, asked.promised_on AS due_on,
           (visit.visited_at AT TIME ZONE 'Europe/London')::date AS visited_on
    FROM delivery_visit AS visit JOIN equipment_order AS asked ON asked.id = visit.order_id
    JOIN store ON store.id = asked.store_id JOIN team ON team.id = asked.team_id
    JOIN order_timing AS timing ON timing.order_id = asked.id
    CROSS JOIN LATERAL (SELECT LEAST(asked.promised_on, timing.delivered_on) AS on_day) AS counted
    WHERE visit.failed_because IS NOT NULL AND asked.decision = 'approved' AND asked.promised_on IS NOT NULL
      AND counted.on_day BETWEEN :since AND :until AND visit.id > :after
      AND EXISTS (SELECT FROM order_unit WHERE order_id = asked.id AND cancelled_at IS NULL)
      AND {BY_KEY.format(day="counted.on_day")}
    ORDER BY visit.id LIMIT :limit
""")  # noqa: S608 - the parts are constants
COLLECTION_VISITS: Final = text("""
    SELECT visit.id, collection.number, collection.speed, day.by_on AS due_on,
           (visit.visited_at AT TIME ZONE 'Europe/London')::date AS visited_on
    FROM collection_visit AS visit JOIN collection ON collection.id = visit.collection_id
    JOIN jsonb_to_recordset(CAST(:days AS jsonb)) AS day ("on" date, speed text, by_on date)
        ON day."on" = (collection.requested_at AT TIME ZONE 'Europe/London')::date AND day.speed = collection.speed
    WHERE day.by_on BETWEEN :since AND :until AND visit.id > :after
      AND EXISTS (SELECT FROM collection_line AS line
                  WHERE line.collection_id = collection.id AND line.cancelled_at IS NULL)
      AND CASE CAST(:by AS text) WHEN 'speed' THEN collection.speed = :key
          WHEN 'month' THEN to_char(day.by_on, 'YYYY-MM') = :key ELSE true END
    ORDER BY visit.id LIMIT :limit
""")
UNDATED: Final = text(f"""
    SELECT asked.id, asked.number, asked.speed, store.name AS store, team.name AS team,
           ({APPROVED_AT} AT TIME ZONE 'Europe/London')::date AS approved_on
    FROM equipment_order AS asked JOIN store ON store.id = asked.store_id JOIN team ON team.id = asked.team_id
    WHERE asked.decision = 'approved' AND asked.promised_on IS NULL AND {APPROVED_AT} >= :from_at
      AND {APPROVED_AT} < :until_at AND asked.id > :after
      AND EXISTS (SELECT FROM order_unit WHERE order_id = asked.id AND loan_id IS NULL AND cancelled_at IS NULL)
    ORDER BY asked.id LIMIT :limit
""")  # noqa: S608 - the parts are constants


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which days, which of their groups, and where in the list. Raises BadValue as `check_days` when it is made."""

    since: date
    until: date
    today: date
    after: int = 0
    limit: int = 50
    by: Grouping | None = None
    key: str = ""

    def __post_init__(self) -> None:
        check_days(self.since, self.until)

    @property
    def values(self) -> dict[str, Any]:
        """As statements take it."""
        return {
            "since": self.since,
            "until": self.until,
            "today": self.today,
            "from_at": midnight(self.since),
            "until_at": midnight(date.fromordinal(self.until.toordinal() + 1)),
            "by": self.by and self.by.value,
            "key": self.key,
            "after": self.after,
            "limit": self.limit + 1,
        }

    def sevenths(self) -> str:
        """For each day of an approval the seventh working day after it, as JSON."""
        days = seventh_days(self.since - LOOKED_BACK, self.until, self._holidays())
        return json.dumps([{"on": f"{on}", "by_on": f"{by}"} for on, by in days])

    def fetched_by(self) -> str:
        """For each day of a request and each speed the last day in time, as JSON."""
        days = collection_days(self.since - LOOKED_BACK, self.until, self._holidays())
        return json.dumps([{"on": f"{on}", "speed": speed.value, "by_on": f"{by}"} for on, speed, by in days])

    def _holidays(self) -> frozenset[date]:
        years = range((self.since - LOOKED_BACK).year, self.until.year + 2)
        return frozenset[date]().union(*(bank_holidays(date(year, 1, 1)) for year in years))


def pieces(wanted: Wanted, *, within: Within) -> Listing[HandedPiece]:
    """The pieces handed over in the days; those within seven working days, or not."""
    return Listing(PIECES, wanted.values | {"within": within, "days": wanted.sevenths()}, HandedPiece)


def collected(wanted: Wanted, *, outcome: Outcome) -> Listing[DueCollection]:
    """The items that were to be fetched in the days, by what came of it."""
    return Listing(COLLECTIONS, wanted.values | {"outcome": outcome.value, "days": wanted.fetched_by()}, DueCollection)


def visits(wanted: Wanted, *, of: VisitsOf) -> Listing[FailedVisit]:
    """The visits in vain, for orders or for collections that were due in the days."""
    if of == "orders":
        return Listing(DELIVERY_VISITS, wanted.values, FailedVisit)
    return Listing(COLLECTION_VISITS, wanted.values | {"days": wanted.fetched_by()}, FailedVisit)


def undated(wanted: Wanted) -> Listing[UndatedOrder]:
    """The orders that were approved in the days and wait without a promised day."""
    return Listing(UNDATED, wanted.values, UndatedOrder)


def drill(row: Kept, days: dict[str, str], by: Grouping | None, root: str, *, fetched: bool = False) -> dict[str, str]:
    """For each figure of a row that is not nothing, the address of what it counts; `root`: of the API or the pages."""
    group = {"by": by.value, "key": row.key} if by else {}
    what = "collections" if fetched else "orders"
    asked: dict[str, tuple[str, dict[str, str]]] = {
        outcome.value: (what, {"outcome": outcome.value}) for outcome in Outcome
    }
    asked["failed_visits"] = ("visits", {"of": what})
    if isinstance(row, Delivered):
        asked |= {"pieces": ("pieces", {}), "within_seven": ("pieces", {"within": "yes"})}
    return {
        name: f"{root}/{page}?{urlencode(days | more | group)}"
        for name, (page, more) in asked.items()
        if getattr(row, name)
    }


def with_drills(report: PerformanceReport, days: dict[str, str]) -> PerformanceReport:
    """The report with the addresses, in the API, of what each of its figures counts."""
    root = f"/api/v1{REPORT}"

    def rows(found: list[Any], by: Grouping, *, fetched: bool = False) -> list[Any]:
        return [one.model_copy(update={"drill": drill(one, days, by, root, fetched=fetched)}) for one in found]

    told = {
        "in_all": report.in_all.model_copy(update={"drill": drill(report.in_all, days, None, root)}),
        "collections": report.collections.model_copy(
            update={"drill": drill(report.collections, days, None, root, fetched=True)}
        ),
        "by_speed": rows(report.by_speed, Grouping.SPEED),
        "by_store": rows(report.by_store, Grouping.STORE),
        "by_team": rows(report.by_team, Grouping.TEAM),
        "by_month": rows(report.by_month, Grouping.MONTH),
        "collections_by_speed": rows(report.collections_by_speed, Grouping.SPEED, fetched=True),
        "collections_by_month": rows(report.collections_by_month, Grouping.MONTH, fetched=True),
    }
    return report.model_copy(update=told)
