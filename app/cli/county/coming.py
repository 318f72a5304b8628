"""What comes back: asked for, fetched or brought in, lost and found, kept after a trial."""

from dataclasses import dataclass

from app.cli.county import names, words
from app.cli.county.item import NO_ERRAND, TOD, Errand, Item, Under
from app.cli.county.part import ASK, CLEAN, FETCH, FOUND, GIVE_UP, HOUR, Fetching
from app.cli.county.workshop import Workshop


@dataclass(slots=True)
class Coming(Workshop):
    """A part of the county as things come back to it."""

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
            f"{books.number('trial_review')}\t{loan}\t{outcome}\t{notes}\t{at}\t{who}\tAll transfers\t"
            f"At home\tThe client\t{notes}"
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
