"""Bodies of the report about deliveries and collections in time."""

from datetime import date

from pydantic import computed_field

from app.domain.performance import Outcome
from app.domain.recycling import percent_of
from app.web.shapes import Shape


def _percent(part: int, whole: int) -> float | None:
    percent = percent_of(part, whole)
    return None if percent is None else float(percent)


class Kept(Shape):
    """What was due in the period: in time, late, or not due yet; in percent of what is due. `failed_visits`: visits
    that came back without having done it. `key`: what it is told apart by, empty in all; `name`: the same in words.
    `drill`: for each figure that is not nothing, where what it counts is listed."""

    key: str
    name: str
    drill: dict[str, str] = {}
    on_time: int = 0
    late: int = 0
    waiting: int = 0
    failed_visits: int = 0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def percent(self) -> float | None:
        """On time, of what is due; None where nothing was."""
        return _percent(self.on_time, self.on_time + self.late)


class Delivered(Kept):
    """Orders, and beside them the pieces that were handed over in the period and how many within seven working days."""

    pieces: int = 0
    within_seven: int = 0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def seven_percent(self) -> float | None:
        """Within seven working days; None where nothing was handed over."""
        return _percent(self.within_seven, self.pieces)


class PerformanceReport(Shape):
    """How far orders and collections came in time. `undated`: orders approved in the period that wait without a
    promised day, since not all of them is there; they are in no percentage."""

    since: date
    until: date
    promised_words: str
    seven_words: str
    collection_words: str
    undated: int
    in_all: Delivered
    by_speed: list[Delivered]
    by_store: list[Delivered]
    by_team: list[Delivered]
    by_month: list[Delivered]
    collections: Kept
    collections_by_speed: list[Kept]
    collections_by_month: list[Kept]
    drill: dict[Outcome, str]


class DueOrder(Shape):
    """One order that was due in the period. Nothing about the client."""

    id: int
    number: str
    speed: str
    store: str
    team: str
    approved_on: date
    promised_on: date
    delivered_on: date | None
    failed_visits: int
    outcome: Outcome


class HandedPiece(Shape):
    """One piece that was handed over in the period. `within_seven_until`: the seventh working day after the approval;
    empty where that was so long ago that it is over, whatever holidays there were. Nothing about the client."""

    id: int
    number: str
    barcode: str
    product: str
    speed: str
    store: str
    team: str
    approved_on: date | None
    within_seven_until: date | None
    delivered_on: date
    is_within: bool


class DueCollection(Shape):
    """One item that was to be fetched in the period. Nothing about the client."""

    id: int
    number: str
    barcode: str
    product: str
    speed: str
    requested_on: date
    due_on: date
    fetched_on: date | None
    outcome: Outcome


class FailedVisit(Shape):
    """One visit in vain, for an order or a collection that was due in the period. Nothing about the client."""

    id: int
    number: str
    speed: str
    due_on: date
    visited_on: date


class UndatedOrder(Shape):
    """One order that was approved in the period and waits without a promised day. Nothing about the client."""

    id: int
    number: str
    speed: str
    store: str
    team: str
    approved_on: date
