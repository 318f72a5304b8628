"""A part of the county: what it knows, its agenda, and what all its works share."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final

from app.cli.county import words
from app.cli.county.books import Books
from app.cli.county.ground import Ground
from app.cli.county.item import NULL, TOD, Item
from app.cli.county.orders import Order
from app.cli.county.size import MOST_OF_AN_ORDER, SHARDS, calendar
from app.domain.inspections import months_after

HOUR: Final = 3_600
CLEAN, BENCH, MEND, GO, FETCH, ASK, REVIEW, FOUND, GIVE_UP, HOME, SIGN, CALL_OFF = range(12)
"""What may be planned for a day, in the order in which it is done."""
BAYS: Final = tuple(f"{aisle}{shelf}" for aisle in "ABCDEFGH" for shelf in range(1, 9))


@dataclass(slots=True)
class Fetching:
    """A collection that is not over. `row`: its columns but the last, the day that it is planned for."""

    id: int
    row: str
    speed: str
    lines: list[tuple[int, Item, int]]
    planned: int
    tries: int = 0


@dataclass(slots=True)
class Part:
    """A part of the county: its own clients, orders and items."""

    ground: Ground
    number: int
    books: Books = field(init=False)
    agenda: defaultdict[int, list[tuple[int, Any]]] = field(default_factory=lambda: defaultdict(list))
    items: list[Item] = field(default_factory=list)
    shelves: defaultdict[tuple[int, int], deque[Item]] = field(default_factory=lambda: defaultdict(deque))
    clients: list[tuple[int, int]] = field(default_factory=list)
    died: dict[int, int] = field(default_factory=dict)
    held: defaultdict[int, list[Item]] = field(default_factory=lambda: defaultdict(list))
    waiting: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    orders: dict[int, Order] = field(default_factory=dict)
    fetchings: dict[int, Fetching] = field(default_factory=dict)
    signers: dict[int, str] = field(init=False)
    since: int = field(init=False)
    until: int = field(init=False)
    busy: list[float] = field(init=False)
    following: list[int] = field(init=False)

    def __post_init__(self) -> None:
        size = self.ground.size
        self.books = Books(self.ground, self.number, SHARDS)
        self.since, self.until = size.since.toordinal(), size.until.toordinal()
        able = [one for one in self.ground.prescribers if one.limit > MOST_OF_AN_ORDER]
        self.signers = {one.team_id: one.username for one in reversed(able)}
        self.busy, self.following = calendar(self.since, self.until)

    def _later(self, days: int, *, since: int = 0) -> int:
        """So many working days after today, or after another day."""
        day = since or self.books.day
        for _ in range(days):
            day = self._working(day + 1)
        return day

    def _working(self, day: int) -> int:
        return self.following[day - self.since] if day < self.until else day

    def _plan_in(self, days: int, act: int, what: Any) -> None:
        self._plan(self._working(self.books.day + max(days, 1)), act, what)

    def _plan(self, day: int, act: int, what: Any) -> None:
        if day < self.until:
            self.agenda[day].append((act, what))

    def _plan_home(self, item: Item) -> None:
        for kind in item.due or ():
            self._plan_visit(item, kind)

    def _plan_visit(self, item: Item, kind: str) -> None:
        if item.due and item.loan:
            in_days = item.due[kind] - self.books.day - int(self.books.rng.random() * 20) - 3
            self._plan_in(max(in_days, 1), HOME, (item, item.loan.id, kind))

    def _technician(self, *, beside: str = "") -> str:
        technicians = self.ground.technicians
        place = int(self.books.rng.random() * len(technicians))
        return technicians[place] if technicians[place] != beside else technicians[place - 1]

    def _shelf(self, item: Item) -> deque[Item]:
        return self.shelves[item.store, item.place]

    def _inspect(self, item: Item, kind: str, second: int, who: str, *, fault: str = "") -> None:
        books = self.books
        how = "fail_inspection" if fault else "pass_inspection"
        books.move(item, how, second, who, reason=fault, ref=words.KIND_TEXT[kind], examined=kind)
        before, following = NULL, NULL
        if item.due and kind in item.due and not fault:
            every = next(months for one, months in item.product.sort.inspections if one == kind)
            before = date.fromordinal(item.due[kind]).isoformat()
            item.due[kind] = next_due(books.day, every)
            following = date.fromordinal(item.due[kind]).isoformat()
        number, outcome = books.number("inspection"), "failed" if fault else "passed"
        books.rows["inspection"].append(
            f"{number}\t{item.id}\t{kind}\t{outcome}\t{item.seq}\t{books.iso}{TOD[second]}\t{who}\t{books.iso}\t{following}\t"
            f"{before}\t{fault}"
        )
        if kind == "loler":
            self._report(item, number, following)

    def _report(self, item: Item, number: int, following: str) -> None:
        product, last = item.product, item.certified
        text = words.report(
            on=self.books.iso,
            before=date.fromordinal(last).isoformat() if last else "",
            next_on=following,
            load=product.sort.load or 160,
            place="The home of the client" if item.loan else "Main store, Unit 4, Marston Park",
            equipment={
                "barcode": item.barcode,
                "code": product.code,
                "name": product.name,
                "manufacturer": product.maker,
                "model": product.model,
                "serial_number": item.serial or None,
                "lot_number": item.lot,
                "manufactured_on": date.fromordinal(item.made).isoformat(),
                "manufactured_precision": "day",
            },
        )
        self.books.rows["thorough_examination"].append(f"{number}\t{text}")
        item.certified = self.books.day

    def _end_loan(self, item: Item, at: str, who: str) -> None:
        if item.loan is not None:
            self._write_loan(item, f"{at}\t{who}")
            self.held[item.loan.client].remove(item)
            item.loan = None

    def _write_loan(self, item: Item, ended: str) -> None:
        loan = item.loan
        assert loan is not None
        goals = "To stand up with one carer." if loan.trial_ends_on != NULL else NULL
        self.books.rows["loan"].append(
            f"{loan.id}\t{item.id}\t{loan.client}\t{loan.kind}\t{loan.trial_ends_on}\t{goals}\t{loan.started_at}\t"
            f"{loan.started_by}\t{ended}"
        )

    def _write_fetching(self, fetching: Fetching) -> None:
        planned = date.fromordinal(fetching.planned).isoformat()
        self.books.rows["collection"].append(f"{fetching.row}\t{planned}")


@lru_cache(maxsize=10_000)
def next_due(day: int, months: int) -> int:
    return months_after(date.fromordinal(day), months).toordinal()
