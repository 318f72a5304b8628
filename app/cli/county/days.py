"""One part of the county, day by day.

Everything happens in true order, so that no event needs to be put right afterwards: what is planned for a day waits in
the agenda, and an item's next movement is always later than its last.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.cli.county import names, words
from app.cli.county.going import Going
from app.cli.county.item import NULL, TOD, Item
from app.cli.county.part import HOUR
from app.cli.county.size import FIRST_YEAR, ISSUES_A_YEAR, SHARDS
from app.domain.goods import serial_key

OVER_THE_COUNTER: Final = 0.11


@dataclass(slots=True)
class Life(Going):
    """A part of the county from its first day to its last."""

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

    def _work(self) -> None:
        todo = self.agenda.pop(self.books.day, [])
        todo.sort(key=lambda one: one[0])
        acts = (self._clean, self._bench, self._mend, self._go, self._fetch, self._ask, self._review, self._found,
                self._give_up, self._home, self._sign, self._call_off)  # fmt: skip
        for act, what in todo:
            acts[act](what)

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
            f"{date.fromordinal(item.received)}\t{item.price}\t{load}\t{item.stands}\t{item.store}\t"
            f"{item.bay or NULL}\t{item.times}\t{item.seq}\t{item.hash}\t"
            f"{date.fromordinal(item.busy // 86_400)}{TOD[item.busy % 86_400]}\t"
            f"{item.returned_seq or NULL}\t{item.bench_seq or NULL}\t{item.repair_seq or NULL}"
        )
        if item.account is not None:
            account, month = item.account, date.fromordinal(item.account.day).replace(day=1)
            credited = "t" if item.is_credited else "f"
            books.rows["item_account"].append(
                f"{item.id}\t{books.issue(account)}\t{account.seq}\t{month}\t{credited}\t{credited}\t"
                f"{item.written_off}\t{account.issues}\t{item.paid_pence}"
            )
        for kind, due in () if item.stands == "scrapped" else (item.due or {}).items():
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
            f"{number}\tM-{number:07}\t{names.person(number)}\t{born}\t{street}\t{postcode}\t"
            f"01632 960{number % 1000:03}\t{weight}\t{died}\t{joined}T08:00:00+00:00\tot"
        )
