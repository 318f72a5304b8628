"""JSON routes, and files, of deliveries and collections in time."""

from typing import Annotated

from fastapi import Depends, Query, Response

from app.db import ReportSession
from app.domain.dates import uk_date
from app.domain.performance import Grouping, Outcome
from app.features.finance.asking import Days
from app.features.finance.exports.answers import REPORTS, FileAsked, answer
from app.features.finance.performance import lists, queries
from app.features.finance.performance.reports import Of, table_of
from app.features.finance.performance.schemas import (
    DueCollection,
    DueOrder,
    FailedVisit,
    HandedPiece,
    PerformanceReport,
    UndatedOrder,
)
from app.web.auth import Actor
from app.web.fields import After, Limit, OptionalLine
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of

router = api_router("finance")


class PartAsked:
    """The part of a figure that is asked for: its days, its group, and where in the list. Raises BadValue as
    `check_days`."""

    def __init__(
        self,
        days: Annotated[Days, Depends()],
        by: Grouping | None = None,
        key: Annotated[OptionalLine, Query()] = "",
        limit: Limit = 50,
        after: After = None,
    ) -> None:
        self.days, self.by, self.key, self.limit = days, by, key, limit
        self.wanted = lists.Wanted(
            days.since, days.until, uk_date(days.now), after=number_cursor(after), limit=limit, by=by, key=key
        )

    @property
    def query(self) -> dict[str, str]:
        """Days and group as parameters of an address."""
        return self.days.query | ({"by": self.by.value, "key": self.key} if self.by else {})


@router.get("/finance/reports/performance", response_model=PerformanceReport, responses=REPORTS)
async def performance(
    session: ReportSession,
    actor: Actor,
    days: Annotated[Days, Depends()],
    wanted: Annotated[FileAsked, Depends()],
    by: Grouping = Grouping.SPEED,
    of: Of = "orders",
) -> PerformanceReport | Response:
    """Orders delivered by their promised day, pieces within seven working days, and collections within their speed: by
    speed, store, team and month. As a file: `of` orders or collections, by one of them."""
    report = await queries.read_performance(session, since=days.since, until=days.until, today=uk_date(days.now))
    return await answer(table_of(report, by, of), wanted, lists.with_drills(report, days.query))


@router.get("/finance/reports/performance/orders")
async def due_orders(
    session: ReportSession,
    actor: Actor,
    days: Annotated[Days, Depends()],
    outcome: Outcome = Outcome.LATE,
    by: Grouping | None = None,
    key: Annotated[OptionalLine, Query()] = "",
    limit: Limit = 50,
    after: After = None,
) -> Page[DueOrder]:
    """The orders that were due in the period and came in time, late, or are waited for; where `by` is said, those of
    one speed, store, team (by `key`, its code) or month."""
    asked = queries.due_asked(
        since=days.since,
        until=days.until,
        today=uk_date(days.now),
        outcome=outcome,
        by=by,
        key=key,
        after=number_cursor(after),
        limit=limit,
    )
    rows = await asked.read(session)
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.get("/finance/reports/performance/pieces")
async def handed_pieces(
    session: ReportSession, actor: Actor, part: Annotated[PartAsked, Depends()], within: lists.Within = "any"
) -> Page[HandedPiece]:
    """The pieces that were handed over in the period: all, or those within seven working days, or not."""
    return page_of(await lists.pieces(part.wanted, within=within).read(session), limit=part.limit, cursor=_number)


@router.get("/finance/reports/performance/collections")
async def due_collections(
    session: ReportSession, actor: Actor, part: Annotated[PartAsked, Depends()], outcome: Outcome = Outcome.LATE
) -> Page[DueCollection]:
    """The items that were to be fetched in the period and were in time, late, or are waited for; by speed or month."""
    rows = await lists.collected(part.wanted, outcome=outcome).read(session)
    return page_of(rows, limit=part.limit, cursor=_number)


@router.get("/finance/reports/performance/visits")
async def failed_visits(
    session: ReportSession, actor: Actor, part: Annotated[PartAsked, Depends()], of: lists.VisitsOf = "orders"
) -> Page[FailedVisit]:
    """The visits in vain for the orders, or the collections, that were due in the period."""
    return page_of(await lists.visits(part.wanted, of=of).read(session), limit=part.limit, cursor=_number)


@router.get("/finance/reports/performance/undated")
async def undated_orders(
    session: ReportSession, actor: Actor, part: Annotated[PartAsked, Depends()]
) -> Page[UndatedOrder]:
    """The orders that were approved in the period and wait without a promised day."""
    return page_of(await lists.undated(part.wanted).read(session), limit=part.limit, cursor=_number)


def _number(row: HandedPiece | DueCollection | FailedVisit | UndatedOrder) -> int:
    return row.id
