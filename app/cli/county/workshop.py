"""The workshop: what came back is cleaned, checked, mended or scrapped, and what is out is inspected where it is."""

from dataclasses import dataclass
from typing import Final

from app.cli.county import words
from app.cli.county.item import NULL, TOD, Item
from app.cli.county.part import BAYS, BENCH, CLEAN, HOME, HOUR, MEND, Part

DEAR: Final = 50_000
"""Pence: the scrap of what is dearer is agreed to by another person."""


@dataclass(slots=True)
class Workshop(Part):
    """A part of the county at work on what it has."""

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
            f"{number}\t{item.id}\t{item.repair_seq}\t{at}\t{who}\t{item.seq}\trepaired\t{notes}\t"
            f"{labour // 50}\t{labour}"
        )
        item.mended = True
        self._plan(self._later(1), BENCH, item)

    def _home(self, asked: tuple[Item, int, str]) -> None:
        """An inspection where a client has it; a few are missed, and tried again after weeks."""
        item, loan, kind = asked
        if item.loan is None or item.loan.id != loan or item.stands not in {"on_loan", "on_trial"}:
            return
        if self.books.rng.random() < 0.04:
            self._plan_in(25, HOME, asked)
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
                f"{number}\t{item.id}\tscrap_request\t{reason}\t{asked_at}\t{asker}\t{at}\t{who}\t"
                f"Its scrap was agreed to."
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
