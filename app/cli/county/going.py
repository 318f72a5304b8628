"""What goes out: orders from their submission to the client's door, and what is handed over the counter."""

from bisect import bisect
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Final

from app.cli.county import names, words
from app.cli.county.coming import Coming
from app.cli.county.ground import SPLITS
from app.cli.county.item import NULL, TOD, Errand, Item, Lent, Under
from app.cli.county.orders import Order, Piece, promise
from app.cli.county.part import ASK, BAYS, CALL_OFF, GO, HOUR, REVIEW, SIGN, next_due
from app.cli.county.size import MOST_OF_AN_ORDER, SHARDS
from app.domain.labels import make_tag

SPEEDS: Final = ("emergency", "same_day", "next_day", "three_day", "five_day", "seven_day")
SPEED_SHARES: Final = tuple(accumulate((3, 12, 32, 14, 27, 12)))
REASONS: Final = ("hospital_discharge", "admission_avoidance", "end_of_life", "prevention", "long_term_need",
                  "change_of_need", "replacement", "carer_support")  # fmt: skip
REASON_SHARES: Final = tuple(accumulate((44, 10, 8, 10, 15, 7, 4, 2)))
SPLIT_SHARES: Final = tuple(accumulate(share for share, _ in SPLITS))
SINGLE: Final = {parts[0][0]: place for place, (_, parts) in enumerate(SPLITS) if len(parts) == 1}
LINES: Final = (1, 1, 1, 2, 2, 2, 3, 3, 4)
SOME_DAYS_YET: Final = 30
"""What is due sooner is inspected before it is promised to anybody."""


@dataclass(slots=True)
class Going(Coming):
    """A part of the county as things leave it."""

    def _order(self) -> int:
        books, rng = self.books, self.books.rng
        client = self._someone()
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

    def _counter(self) -> int:
        """One thing over the counter, on loan or on trial, by a prescriber."""
        books, rng = self.books, self.books.rng
        client = self._someone()
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

    def _someone(self) -> int:
        """A client: a new one, or one who is known."""
        books, rng = self.books, self.books.rng
        if self.clients and rng.random() < 0.38:
            number, _ = self.clients[int(rng.random() * len(self.clients))]
            if number not in self.died:
                return number
        number = books.number("client")
        self.clients.append((number, books.day))
        return number

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
            item.due = {kind: next_due(books.day, months) for kind, months in product.sort.inspections} or None
            books.receive(item, second, who)
            books.move(item, "transfer", second + 600, who, bay=bay, reason="Put away.")
            self.items.append(item)
            self.shelves[store, place].append(item)


def _as_json(barcodes: list[str]) -> str:
    return '["' + '", "'.join(barcodes) + '"]'
