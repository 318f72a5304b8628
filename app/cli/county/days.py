"""One part of the county, day by day: what is ordered, delivered, asked back, fetched, cleaned, checked, mended, lost.

Everything happens in true order, so that no event needs to be put right afterwards: what is planned for a day waits in
the agenda, and an item's next movement is always later than its last.
"""

from bisect import bisect
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final

from app.cli.county import names, words
from app.cli.county.books import NO_ERRAND, NULL, TOD, Books, Errand, Item, Lent, Under
from app.cli.county.ground import SPLITS, Ground
from app.cli.county.orders import Order, Piece, promise
from app.cli.county.size import FIRST_YEAR, ISSUES_A_YEAR, SHARDS, calendar
from app.domain.inspections import months_after
from app.domain.labels import make_tag
from app.domain.serials import serial_key

HOUR: Final = 3_600
CLEAN, BENCH, MEND, GO, FETCH, ASK, REVIEW, FOUND, GIVE_UP, HOME, SIGN, CALL_OFF = range(12)
SPEEDS: Final = ("emergency", "same_day", "next_day", "three_day", "five_day", "seven_day")
SPEED_SHARES: Final = tuple(accumulate((3, 12, 32, 14, 27, 12)))
REASONS: Final = ("hospital_discharge", "admission_avoidance", "end_of_life", "prevention", "long_term_need",
                  "change_of_need", "replacement", "carer_support")  # fmt: skip
REASON_SHARES: Final = tuple(accumulate((44, 10, 8, 10, 15, 7, 4, 2)))
SPLIT_SHARES: Final = tuple(accumulate(share for share, _ in SPLITS))
SINGLE: Final = {parts[0][0]: place for place, (_, parts) in enumerate(SPLITS) if len(parts) == 1}
LINES: Final = (1, 1, 1, 2, 2, 2, 3, 3, 4)
MOST_OF_AN_ORDER: Final = 240_000
"""Pence: what is dearer goes to a panel, and panels are not told of here."""
DEAR: Final = 50_000
BAYS: Final = tuple(f"{aisle}{shelf}" for aisle in "ABCDEFGH" for shelf in range(1, 9))
OVER_THE_COUNTER: Final = 0.11
SOME_DAYS_YET: Final = 30


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

    def live(self) -> Iterator[tuple[int, dict[str, bytes]]]:
        """All its days; now and then the rows that were made, with how many days they are of, and at last the rest."""
        size, wanted = self.ground.size, 0.0
        a_day = ISSUES_A_YEAR * size.scale / SHARDS / (sum(self.busy) / size.years or 1)
        unwritten = 0
        for day in range(self.since, self.until):
            unwritten += 1
            if self.busy[day - self.since]:
                self.books.begin(day)
                self._work()
                wanted += a_day * self.busy[day - self.since] * (FIRST_YEAR if day < self.since + 365 else 1.0)
                while wanted > 0:
                    wanted -= self._counter() if self.books.rng.random() < OVER_THE_COUNTER else self._order()
                self.books.end()
            if unwritten >= size.days_of_a_batch:
                yield unwritten, self.books.flush()
                unwritten = 0
        yield unwritten, self.books.flush()
        yield from ((0, rows) for rows in self._leave())

    # What was planned for today.

    def _work(self) -> None:
        todo = self.agenda.pop(self.books.day, [])
        todo.sort(key=lambda one: one[0])
        acts = (self._clean, self._bench, self._mend, self._go, self._fetch, self._ask, self._review, self._found,
                self._give_up, self._home, self._sign, self._call_off)  # fmt: skip
        for act, what in todo:
            acts[act](what)

    def _clean(self, item: Item) -> None:
        books, rng = self.books, self.books.rng
        if item.product.sort.single:
            second = books.at(item, 9 * HOUR, 16 * HOUR)
            self._scrap(item, second, "For one person only, and it has had one.")
            return
        if item.stands == "returned" and rng.random() < 0.055:
            self._scrap(item, books.at(item, 8 * HOUR, 12 * HOUR), rng.choice(words.NOT_WORTH))
            return
        if item.stands == "returned":
            second = books.at(item, 8 * HOUR, 12 * HOUR)
            who = self._technician()
            books.move(item, "start_decontamination", second, who)
            item.started = (f"{books.iso}{TOD[second]}", who)
            if rng.random() < 0.15:
                self._plan(self._later(1), CLEAN, item)
                return
            second += 1_500 + int(rng.random() * 7_000)
        else:
            second = books.at(item, 8 * HOUR, 11 * HOUR)
            who = item.started[1]
        self._cleaned(item, second, who)

    def _cleaned(self, item: Item, second: int, who: str) -> None:
        books, rng, sort = self.books, self.books.rng, item.product.sort
        passed, at = rng.random() > 0.015, f"{books.iso}{TOD[second]}"
        how, reason = ("pass_decontamination", "") if passed else ("fail_decontamination", words.NOT_CLEAN)
        books.move(item, how, second, who, reason=reason, route=sort.route)
        assert item.cleaning is not None
        number, opened = item.cleaning
        started, starter = item.started
        outcome = "passed" if passed else "failed"
        risk = "low" if rng.random() < 0.8 else "medium"
        method, product_used = words.METHODS[sort.route]
        strike = "passed" if sort.cover and passed else NULL
        books.rows["decontamination"].append(
            f"{number}\t{item.id}\t{opened}\t{sort.route}\t{started}\t{starter}\t{at}\t{who}\t{item.seq}\t{outcome}\t"
            f"{reason}\t{risk}\t{method}\t{product_used}\t{strike}"
        )
        item.cleaner, item.cleaning = who, None
        if not passed:
            item.cleaning = (books.number("decontamination"), at)
            self._plan(self._later(1), CLEAN, item)
        elif rng.random() < 0.4 and second < 15 * HOUR:
            self._bench(item)
        else:
            self._plan(self._later(1 + int(rng.random() * 2.3)), BENCH, item)

    def _bench(self, item: Item) -> None:
        books, rng = self.books, self.books.rng
        second = books.at(item, 9 * HOUR, 16 * HOUR)
        who = self._technician(beside=item.cleaner)
        for kind, due in (item.due or {}).items():
            if due < books.day + 45:
                self._inspect(item, kind, second, who)
                second += 300 + int(rng.random() * 900)
        if rng.random() < 0.08 and not item.mended:
            self._inspect(item, "functional", second, who, fault=rng.choice(words.FAULTS))
            item.repair_seq = item.seq
            self._plan(self._later(2 + int(rng.random() * 10)), MEND, item)
            return
        self._inspect(item, "functional", second, who)
        books.move(item, "release", second + 60 + int(rng.random() * 240), who, bay=rng.choice(BAYS))
        item.mended = False
        self._shelf(item).append(item)

    def _mend(self, item: Item) -> None:
        books, rng = self.books, self.books.rng
        second, who = books.at(item, 9 * HOUR, 16 * HOUR), self._technician()
        if rng.random() < 0.24:
            self._scrap(item, second, f"Beyond repair. {rng.choice(words.NOT_WORTH)}")
            return
        at, number = f"{books.iso}{TOD[second]}", books.number("repair")
        labour = 1_000 + 500 * int(rng.random() * 8)
        cost = 0
        if rng.random() < 0.6:
            part, what, pence = rng.choice(words.PARTS)
            quantity = 1 + int(rng.random() * 2)
            cost = quantity * pence
            books.rows["fitted_part"].append(
                f"{books.number('fitted_part')}\t{number}\t{part}\t{what}\t{quantity}\t{pence}\t{books.iso}\t{at}\t{who}"
            )
        notes = rng.choice(words.MENDED)
        books.move(item, "complete_repair", second, who, reason=notes, parts=cost, labour=labour)
        books.rows["repair"].append(
            f"{number}\t{item.id}\t{item.repair_seq}\t{at}\t{who}\t{item.seq}\trepaired\t{notes}\t{labour // 50}\t{labour}"
        )
        item.mended = True
        self._plan(self._later(1), BENCH, item)

    def _go(self, order: Order) -> None:
        books, rng = self.books, self.books.rng
        if order.decision != "approved":
            return
        items = [piece.item for piece in order.pieces]
        who = self._technician()
        if not order.sent:
            second = max(books.at(item, 7 * HOUR + 1_800, 9 * HOUR) for item in items)
            second = max(second, order.second + 900) if order.day == books.day else second
            self._dispatch(order, second, who)
        else:
            second = 8 * HOUR
        second += 1_800 + int(rng.random() * 5 * HOUR)
        if not order.tries and rng.random() < 0.025:
            order.tries += 1
            at, why = f"{books.iso}{TOD[second]}", rng.choice(words.NOBODY_IN)
            barcodes = _as_json([item.barcode for item in items])
            books.rows["delivery_visit"].append(
                f"{books.number('delivery_visit')}\t{order.id}\t{at}\t{barcodes}\t\\N\t{why}\t{at}\t{who}"
            )
            books.charge_in_vain("delivery", order.id, order.under, second, who)
            self._plan(self._later(1), GO, order)
            return
        self._deliver(order, second, who)

    def _dispatch(self, order: Order, second: int, who: str) -> None:
        order.sent = (f"{self.books.iso}{TOD[second]}", who)
        for piece in order.pieces:
            self.books.move(piece.item, "dispatch", second, who, ref=f"order {order.number}")

    def _deliver(self, order: Order, second: int, who: str) -> None:
        books = self.books
        at, errand = f"{books.iso}{TOD[second]}", Errand(f"delivery:{order.id}:{books.iso}", order.speed)
        for piece in order.pieces:
            books.move(
                piece.item, "deliver", second, who, ref=f"order {order.number}", going=order.under, errand=errand
            )
            piece.loan = self._lend(piece.item, order.client, second, who)
            piece.ended = f"{at}\t{who}\ttaken"
        barcodes = _as_json([piece.item.barcode for piece in order.pieces])
        books.rows["delivery_visit"].append(
            f"{books.number('delivery_visit')}\t{order.id}\t{at}\t{barcodes}\t{names.person(order.client)}\t\\N\t{at}\t{who}"
        )
        self._finish(order)

    def _finish(self, order: Order) -> None:
        """Nothing of it changes any more."""
        order.write(self.books)
        del self.orders[order.id]
        self.waiting[order.client] -= 1
        if not self.waiting[order.client]:
            del self.waiting[order.client]

    def _sign(self, order: Order) -> None:
        books = self.books
        at = f"{books.iso}{TOD[9 * HOUR + int(books.rng.random() * HOUR)]}"
        order.decision, order.decided = "approved", f"{at}\t{self.signers[order.team_id]}"
        self._plan(self._later(1 + int(books.rng.random() * 3)), GO, order)

    def _call_off(self, order: Order) -> None:
        if order.sent or order.id not in self.orders:
            return
        books = self.books
        second = max(books.at(piece.item, 9 * HOUR, 16 * HOUR) for piece in order.pieces)
        at = f"{books.iso}{TOD[second]}"
        for piece in order.pieces:
            reason = "The order was cancelled."
            books.move(piece.item, "release", second, order.made_by, reason=reason, ref=f"order {order.number}")
            piece.ended = f"{at}\t{order.made_by}\torder_ended"
            piece.cancelled = f"{at}\t{order.made_by}"
            self._shelf(piece.item).append(piece.item)
        order.decision = "cancelled"
        self._finish(order)

    # What comes back.

    def _ask(self, asked: tuple[Item, int]) -> None:
        item, loan = asked
        if item.loan is None or item.loan.id != loan or item.stands not in {"on_loan", "on_trial"}:
            return
        books, rng = self.books, self.books.rng
        chance = rng.random()
        if chance < 0.006:
            books.move(
                item, "mark_missing", books.at(item, 9 * HOUR, 16 * HOUR), "manager", reason=rng.choice(words.LOST)
            )
            then, days = (FOUND, 10) if rng.random() < 0.5 else (GIVE_UP, 180)
            if rng.random() < 0.8:
                self._plan_in(days + int(rng.random() * 150), then, item)
        elif chance < 0.18:
            self._return([item], books.at(item, 9 * HOUR, 16 * HOUR), self._technician(), NO_ERRAND)
        else:
            self._request(item, item.loan.client, is_death=chance > 0.75)

    def _request(self, item: Item, client: int, *, is_death: bool) -> None:
        books, rng = self.books, self.books.rng
        is_death = client in self.died or (is_death and client not in self.waiting)
        items = [one for one in self.held[client] if one.stands in {"on_loan", "on_trial"}] if is_death else [item]
        second, who = (
            max(books.at(one, 9 * HOUR, 16 * HOUR) for one in items),
            rng.choice(self.ground.prescribers).username,
        )
        at, number = f"{books.iso}{TOD[second]}", books.number("collection")
        if is_death:
            self.died.setdefault(client, max(books.day - 1 - int(rng.random() * 6), self.since))
        reason = words.AFTER_DEATH if is_death else rng.choice(words.NOT_NEEDED)
        speed = "urgent" if rng.random() < 0.1 else "standard"
        whom = (
            f"{names.person(client + 7_000_000)}\t01632 960{client % 1000:03}\tt\t{at}\t{who}"
            if is_death
            else "\t\tf\t\\N\t\\N"
        )
        row = f"{number}\tC{number:06}\t{client}\t{reason}\t{speed}\t{at}\t{who}\t{whom}"
        lines = []
        for one in items:
            books.move(one, "request_collection", second, who, reason=reason, ref=f"collection C{number:06}")
            assert one.loan is not None
            lines.append((books.number("collection_line"), one, one.loan.id))
        planned = self._later(1 if speed == "urgent" else 1 + int(rng.random() * 5.4))
        self.fetchings[number] = Fetching(number, row, speed, lines, planned)
        self._plan(planned, FETCH, number)

    def _fetch(self, number: int) -> None:
        books, rng, fetching = self.books, self.books.rng, self.fetchings[number]
        items = [item for _, item, _ in fetching.lines]
        second, who = max(books.at(item, 10 * HOUR, 16 * HOUR) for item in items), self._technician()
        at = f"{books.iso}{TOD[second]}"
        if not fetching.tries and rng.random() < 0.03:
            fetching.tries += 1
            first = min(items, key=lambda item: item.barcode)
            assert first.paid is not None
            books.rows["collection_visit"].append(
                f"{books.number('collection_visit')}\t{number}\t{at}\t{rng.choice(words.NOBODY_IN)}\t{at}\t{who}"
            )
            under = Under(first.under, first.paid[1])
            books.charge_in_vain("collection", number, under, second, who, collection=str(number))
            fetching.planned = self._later(1)
            self._plan(fetching.planned, FETCH, number)
            return
        self._return(items, second, who, Errand(f"collection:{number}:{books.iso}", fetching.speed, str(number)))
        for line, item, loan in fetching.lines:
            books.rows["collection_line"].append(f"{line}\t{number}\t{item.id}\t{loan}\t{at}\t{who}")
        self._write_fetching(self.fetchings.pop(number))

    def _return(self, items: list[Item], second: int, who: str, errand: Errand) -> None:
        books = self.books
        at = f"{books.iso}{TOD[second]}"
        for item in items:
            books.move(item, "return", second, who, bay="RETURNS", errand=errand)
            self._end_loan(item, at, who)
            item.cleaning = (books.number("decontamination"), at)
            self._plan(self._later(1 + int(books.rng.random() * 2.5)), CLEAN, item)

    def _review(self, asked: tuple[Item, int]) -> None:
        item, loan = asked
        if item.loan is None or item.loan.id != loan or item.stands != "on_trial":
            return
        books = self.books
        second, who = books.at(item, 9 * HOUR, 16 * HOUR), item.loan.started_by
        keeps, at = books.rng.random() < 0.65, f"{books.iso}{TOD[second]}"
        outcome, notes = (
            ("keep", "It met every goal of the trial.") if keeps else ("collect", "It did not fit their home.")
        )
        books.rows["trial_review"].append(
            f"{books.number('trial_review')}\t{loan}\t{outcome}\t{notes}\t{at}\t{who}\tAll transfers\tAt home\tThe client\t{notes}"
        )
        if not keeps:
            self._request(item, item.loan.client, is_death=False)
            return
        books.move(item, "keep_after_trial", second, who, reason=notes, ref=f"loan {loan}")
        item.loan.kind = "loan"
        self._plan_in(20 + int(books.rng.expovariate(1 / 300)), ASK, asked)

    def _found(self, item: Item) -> None:
        if item.stands == "missing":
            self._return([item], self.books.at(item, 9 * HOUR, 16 * HOUR), self._technician(), NO_ERRAND)

    def _give_up(self, item: Item) -> None:
        if item.stands != "missing":
            return
        second = self.books.at(item, 9 * HOUR, 15 * HOUR)
        at = self._scrap(item, second, "Nobody has found it.", waste="nowhere")
        self._end_loan(item, *at)

    def _home(self, asked: tuple[Item, int, str]) -> None:
        """An inspection where a client has it; a few are missed, and stand as overdue."""
        item, loan, kind = asked
        if item.loan is None or item.loan.id != loan or item.stands != "on_loan" or self.books.rng.random() < 0.03:
            return
        self._inspect(item, kind, self.books.at(item, 9 * HOUR, 16 * HOUR), self._technician())
        self._plan_visit(item, kind)

    def _scrap(self, item: Item, second: int, reason: str, *, waste: str = "") -> tuple[str, str]:
        """Out of use for good; of what is dear another person agrees. Returns when and by whom."""
        books = self.books
        asker = who = self._technician()
        asked_at = f"{books.iso}{TOD[second]}"
        hold, agreed, said = NULL, "\\N\t\\N", reason
        if max(item.price, item.product.price) >= DEAR:
            second, who, said = second + 1_800, "manager", f"{reason} Asked for by {asker}."
            number = books.number("hold")
            at = f"{books.iso}{TOD[second]}"
            books.rows["hold"].append(
                f"{number}\t{item.id}\tscrap_request\t{reason}\t{asked_at}\t{asker}\t{at}\t{who}\tIts scrap was agreed to."
            )
            hold, agreed = str(number), f"{at}\t{who}"
        was, at, number = item.stands, f"{books.iso}{TOD[second]}", books.number("disposal")
        waste = waste or item.product.sort.waste
        reference = "" if waste == "nowhere" else f"W{number:06}"
        books.move(item, "scrap", second, who, reason=said, ref=reference)
        batteries = "taken_out" if waste == "weee" else NULL
        books.rows["disposal"].append(
            f"{number}\t{item.id}\t{reason}\t{waste}\t{batteries}\t{reference}\t{asked_at}\t{asker}\t{hold}\t{agreed}\t{item.seq}"
        )
        if was == "in_repair":
            books.rows["repair"].append(
                f"{books.number('repair')}\t{item.id}\t{item.repair_seq}\t{at}\t{who}\t{item.seq}\tbeyond_repair\t{reason}\t\\N\t\\N"
            )
        return at, who

    # What goes out.

    def _order(self) -> int:
        books, rng = self.books, self.books.rng
        client, is_new = self._someone()
        store = self.ground.stores[0 if rng.random() < 0.7 else 1]
        wanted: list[tuple[int, int]] = []
        pence = 0
        for _ in range(rng.choice(LINES)):
            place = self._product()
            price = self.ground.products[place].price
            quantity = 2 if price < 6_000 and rng.random() < 0.1 else 1
            if pence + price * quantity <= MOST_OF_AN_ORDER and all(place != other for other, _ in wanted):
                wanted.append((place, quantity))
                pence += price * quantity
        order = Order(books.number("equipment_order"), client, store, books.day, pence)
        picked = [(place, self._take(store, place)) for place, quantity in wanted for _ in range(quantity)]
        order.second = max(books.at(item, 9 * HOUR, 16 * HOUR) for _, item in picked)
        order.pieces = [
            Piece(books.number("order_unit"), place, item, item.times > 0, books.number("reservation"))
            for place, item in picked
        ]
        order.lines = [
            (books.number("order_line"), self.ground.products[place], place, count) for place, count in wanted
        ]
        self._about(order)
        at = f"{books.iso}{TOD[order.second]}"
        order.promised = promise(order.speed, at)
        for piece in order.pieces:
            books.move(piece.item, "reserve", order.second, order.made_by, ref=f"order {order.number}")
        self.orders[order.id] = order
        self.waiting[client] += 1
        self._when(order)
        return len(order.pieces)

    def _about(self, order: Order) -> None:
        """Who orders it, who pays, why, and how soon."""
        rng = self.books.rng
        who = rng.choice(self.ground.prescribers)
        order.speed = SPEEDS[bisect(SPEED_SHARES, rng.random() * 99.9)]
        order.shares = bisect(SPLIT_SHARES, rng.random() * 99.9)
        order.reason = REASONS[bisect(REASON_SHARES, rng.random() * 99.9)]
        order.reasoning = rng.choice(words.REASONING)
        order.team_id, order.made_by = who.team_id, who.username
        if order.pence > who.limit:
            order.decision = order.ruled = "awaiting_authorisation"
        columns = f"{order.id}\t{order.client}\t{order.team_id}\t{order.made_by}\t{order.reason}"
        order.under = Under(f"{columns}\t{names.district(order.client)}", order.shares)

    def _when(self, order: Order) -> None:
        """On which day it goes; a few are late, some wait for a signature, some are called off."""
        rng = self.books.rng
        if order.decision != "approved":
            self._plan(self._later(1), SIGN, order)
            return
        if order.promised <= self.books.day and order.second < 15 * HOUR:
            self._go(order)
            return
        day = self._working(max(order.promised, self.books.day + 1))
        chance = rng.random()
        if chance < 0.012:
            self._plan(self._later(1), CALL_OFF, order)
        elif chance < 0.09:
            day = self._later(1 + int(rng.random() * 3), since=day)
        elif day > self._later(1) and chance < 0.5:
            day = self._later(1)
        self._plan(day, GO, order)

    def _counter(self) -> int:
        """One thing over the counter, on loan or on trial, by a prescriber."""
        books, rng = self.books, self.books.rng
        client, _ = self._someone()
        who = rng.choice(self.ground.prescribers)
        place = self._product()
        item = self._take(self.ground.stores[0 if rng.random() < 0.7 else 1], place)
        columns = f"\\N\t{client}\t{who.team_id}\t{who.username}\t\\N\t{names.district(client)}"
        under, second = Under(columns, SINGLE[who.funder]), books.at(item, 9 * HOUR, 16 * HOUR)
        is_trial = item.product.sort.tier == "specialist" and rng.random() < 0.7
        loan = books.given["loan"] * SHARDS + self.number + 1
        books.move(item, "start_trial" if is_trial else "issue", second, who.username, ref=f"loan {loan}", going=under)
        self._lend(item, client, second, who.username, trial_days=28 if is_trial else 0)
        return 1

    def _lend(self, item: Item, client: int, second: int, who: str, *, trial_days: int = 0) -> int:
        books, rng = self.books, self.books.rng
        number = books.number("loan")
        ends_on = date.fromordinal(books.day + trial_days).isoformat() if trial_days else NULL
        kind = "trial" if trial_days else "loan"
        item.loan = Lent(number, client, kind, ends_on, f"{books.iso}{TOD[second]}", who)
        self.held[client].append(item)
        if trial_days:
            self._plan_in(trial_days - 4, REVIEW, (item, number))
        elif not item.product.sort.single and rng.random() < 0.62:
            self._plan_in(5 + int(rng.expovariate(1 / 270)), ASK, (item, number))
        self._plan_home(item)
        return number

    def _end_loan(self, item: Item, at: str, who: str) -> None:
        if item.loan is not None:
            self._write_loan(item, f"{at}\t{who}")
            self.held[item.loan.client].remove(item)
            item.loan = None

    def _plan_home(self, item: Item) -> None:
        for kind in item.due or ():
            self._plan_visit(item, kind)

    def _plan_visit(self, item: Item, kind: str) -> None:
        if item.due and item.loan:
            in_days = item.due[kind] - self.books.day - int(self.books.rng.random() * 20) - 3
            self._plan_in(max(in_days, 1), HOME, (item, item.loan.id, kind))

    def _someone(self) -> tuple[int, bool]:
        """A client: a new one, or one who is known."""
        books, rng = self.books, self.books.rng
        if self.clients and rng.random() < 0.38:
            number, _ = self.clients[int(rng.random() * len(self.clients))]
            if number not in self.died:
                return number, False
        number = books.number("client")
        self.clients.append((number, books.day))
        return number, True

    def _product(self) -> int:
        weights = self.ground.weights
        return min(bisect(weights, self.books.rng.random() * weights[-1]), len(weights) - 1)

    def _take(self, store: int, place: int) -> Item:
        """A piece of this product that may go out: from the shelf, or bought."""
        shelf = self.shelves[store, place]
        if not shelf:
            self._buy(store, place)
        item = shelf.popleft()
        for kind, due in (item.due or {}).items():
            if due < self.books.day + SOME_DAYS_YET:
                self._inspect(item, kind, self.books.at(item, 8 * HOUR, 9 * HOUR), self._technician())
        return item

    def _buy(self, store: int, place: int) -> None:
        books, rng, product = self.books, self.books.rng, self.ground.products[place]
        second, who, bay = int((7.4 + rng.random() * 0.2) * HOUR), self._technician(), rng.choice(BAYS)
        years = (books.day - self.since) / 365.25
        price = product.price * (90 + min(int(years) * 2, 10)) // 100
        made, lot = books.day - 20 - int(rng.random() * 200), f"L{books.day % 100_000}{place:04}"
        for _ in range(product.lot):
            number = books.number("item")
            item = Item(
                number, make_tag(self.ground.prefix, number), product, price, books.day, "", lot, made, store, bay
            )
            item.place = place
            item.serial = f"{product.model[:3].upper()}-{number:07}" if product.price > 4_000 else ""
            item.due = {kind: _months_after(books.day, months) for kind, months in product.sort.inspections} or None
            books.receive(item, second, who)
            books.move(item, "transfer", second + 600, who, bay=bay, reason="Put away.")
            self.items.append(item)
            self.shelves[store, place].append(item)

    # What is shared.

    def _inspect(self, item: Item, kind: str, second: int, who: str, *, fault: str = "") -> None:
        books = self.books
        how = "fail_inspection" if fault else "pass_inspection"
        books.move(item, how, second, who, reason=fault, ref=words.KIND_TEXT[kind], examined=kind)
        before, following = NULL, NULL
        if item.due and kind in item.due and not fault:
            every = next(months for one, months in item.product.sort.inspections if one == kind)
            before = date.fromordinal(item.due[kind]).isoformat()
            item.due[kind] = _months_after(books.day, every)
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

    def _shelf(self, item: Item) -> deque[Item]:
        return self.shelves[item.store, item.place]

    def _technician(self, *, beside: str = "") -> str:
        technicians = self.ground.technicians
        place = int(self.books.rng.random() * len(technicians))
        return technicians[place] if technicians[place] != beside else technicians[place - 1]

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

    # How it all stands in the end.

    def _leave(self) -> Iterator[dict[str, bytes]]:
        books = self.books
        for order in self.orders.values():
            order.write(books)
        for fetching in self.fetchings.values():
            self._write_fetching(fetching)
            for line, item, loan in fetching.lines:
                books.rows["collection_line"].append(f"{line}\t{fetching.id}\t{item.id}\t{loan}\t\\N\t\\N")
        for count, item in enumerate(self.items):
            self._leave_item(item)
            if count % 50_000 == 0:
                yield books.flush()
        for count, (number, day) in enumerate(self.clients):
            self._leave_client(number, day)
            if count % 100_000 == 0:
                yield books.flush()
        yield books.flush()

    def _leave_item(self, item: Item) -> None:
        books, product = self.books, item.product
        serial = f"{item.serial}\t{serial_key(item.serial)}" if item.serial else "\\N\t\\N"
        load = f"{product.sort.load}\t{date.fromordinal(item.certified)}" if item.certified else "\\N\t\\N"
        books.rows["item"].append(
            f"{item.id}\t{item.barcode}\t{product.id}\t{serial}\t{item.lot}\t{date.fromordinal(item.made)}\tday\t"
            f"{date.fromordinal(item.received)}\t{item.price}\t{load}\t{item.stands}\t{item.store}\t{item.bay or NULL}\t"
            f"{item.times}\t{item.seq}\t{item.hash}\t{item.returned_seq or NULL}\t{item.bench_seq or NULL}"
        )
        for kind, due in (item.due or {}).items():
            books.rows["inspection_due"].append(f"{item.id}\t{kind}\t{date.fromordinal(due)}")
        if item.spell is not None:
            books.rows["spell"].append(item.spell.row())
        if item.loan is not None:
            self._write_loan(item, "\\N\t\\N")
        if item.cleaning is not None:
            number, opened = item.cleaning
            route = item.product.sort.route if item.stands == "decontaminating" else NULL
            begun = "\t".join(item.started) if item.stands == "decontaminating" else "\\N\t\\N"
            books.rows["decontamination"].append(
                f"{number}\t{item.id}\t{opened}\t{route}\t{begun}\t\\N\t\\N\t\\N\t\\N\t\t\\N\t\t\t\\N"
            )
        if item.stands == "in_stock" and books.rng.random() < 0.015:
            kind = "fault" if books.rng.random() < 0.5 else "investigation"
            at, who = f"{date.fromordinal(self.until - 1)}{TOD[19 * HOUR]}", self._technician()
            books.rows["hold"].append(
                f"{books.number('hold')}\t{item.id}\t{kind}\t{books.rng.choice(words.FAULTS)}\t{at}\t{who}\t\\N\t\\N\t\\N"
            )

    def _leave_client(self, number: int, day: int) -> None:
        street, postcode = names.address(number)
        joined = date.fromordinal(day)
        born = date.fromordinal(date(1924, 1, 1).toordinal() + number * 7_919 % 15_000)
        weight = f"{45 + number * 31 % 66}\t{joined}" if number % 5 else "\\N\t\\N"
        died = date.fromordinal(self.died[number]) if number in self.died else NULL
        self.books.rows["client"].append(
            f"{number}\tM-{number:07}\t{names.person(number)}\t{born}\t{street}\t{postcode}\t01632 960{number % 1000:03}\t"
            f"{weight}\t{died}\t{joined}T08:00:00+00:00\tot"
        )


@lru_cache(maxsize=10_000)
def _months_after(day: int, months: int) -> int:
    return months_after(date.fromordinal(day), months).toordinal()


def _as_json(barcodes: list[str]) -> str:
    return '["' + '", "'.join(barcodes) + '"]'
