"""What is written of an item when it moves: the movement with its true hash, and the charges that follow from it.

The rules are the service's own: `lifecycle.MOVES` says where a move leads, `costs.charges_of` what it costs. What is
said here anew, because it is said five million times, is how a row is put into words for COPY; a test compares the
hashes with `ledger.chain_hash`, and `stores finance reconcile` the charges with the rules.
"""

from bisect import bisect_right
from collections import defaultdict
from datetime import date
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any, Final

from app.cli.county.ground import SPLITS, Ground
from app.cli.county.item import NO_ERRAND, NULL, TOD, Account, Errand, Item, Spell, Under
from app.domain.costs import (
    OF_THE_PRICE,
    ChargeKind,
    Due,
    Facts,
    Issued,
    Posting,
    Tariff,
    charges_of,
    post,
    whole_months,
)
from app.domain.lifecycle import IN_STORE, MOVES, Move, State, is_issue, is_return
from app.domain.panel_funding import Share

LEADS_TO: Final = {(state.value, move.value): to.value for (state, move), to in MOVES.items()}
STANDS_IN: Final = frozenset(state.value for state in IN_STORE)
ISSUES: Final = frozenset((s.value, m.value) for s, m in MOVES if is_issue(s, m))
RETURNS: Final = frozenset(move.value for move in Move if is_return(move))
CREDITS: Final = frozenset({*RETURNS, Move.SCRAP.value, Move.MARK_MISSING.value})
"""Moves whose charges go by what was paid for the issue, and by how long ago the item was bought."""
COSTING: Final = frozenset(
    {"return", "find", "pass_decontamination", "complete_repair", "pass_inspection", "fail_inspection", "scrap",
     "mark_missing"}
)  # fmt: skip
MOST_REMEMBERED: Final = 60_000
SHARES: Final = tuple(tuple(Share(code, Decimal(percent)) for code, percent in parts) for _, parts in SPLITS)
BACK: Final = ChargeKind.CREDIT


class Books:
    """The rows that one part of the county has made and nobody has written yet, and the rules that it makes them by."""

    def __init__(self, ground: Ground, part: int, parts: int) -> None:
        self.ground, self.part, self.parts = ground, part, parts
        self.rng = Random(f"{ground.size.seed}:{part}")  # noqa: S311
        self.rows: defaultdict[str, list[str]] = defaultdict(list)
        self.given: defaultdict[str, int] = defaultdict(int)
        self.day, self.iso, self.month = 0, "", ""
        self._moves: list[tuple[int, str, Spell | None, int]] = []
        self._over: list[Spell] = []
        self._lines: list[tuple[int, str]] = []
        self._visits: set[str] = set()
        self._known: dict[Any, list[tuple[Posting, list[tuple[str, str]]]]] = {}
        self._rates: tuple[Tariff, ...] = ()
        self._starts = [start for start, _ in ground.rates]
        self._rate_no = -1
        self._funders = [
            "{" + ",".join(str(one) for one in sorted(ground.funders[share.funder] for share in shares)) + "}"
            for shares in SHARES
        ]

    def number(self, table: str) -> int:
        """The next number of a table: every part counts its own, so that together they are in the order of time."""
        self.given[table] += 1
        return (self.given[table] - 1) * self.parts + self.part + 1

    def begin(self, day: int) -> None:
        """A new day."""
        when = date.fromordinal(day)
        self.day, self.iso, self.month = day, when.isoformat(), when.replace(day=1).isoformat()
        self._visits.clear()
        rate_no = bisect_right(self._starts, day) - 1
        if rate_no != self._rate_no:
            self._rate_no, self._rates = rate_no, self.ground.rates[rate_no][1]
            self._known.clear()

    def end(self) -> None:
        """The day is over: its movements and charges get their numbers, in the order of time."""
        self._moves.sort(key=_second)
        written = self.rows["movement"]
        for _, row, spell, which in self._moves:
            number = self.number("movement")
            written.append(f"{number}\t{row}")
            if spell is not None and not spell.ids[which]:
                spell.ids[which] = number
        self._moves.clear()
        self._lines.sort(key=_second)
        written = self.rows["charge"]
        for _, row in self._lines:
            written.append(f"{self.number('charge')}\t{row}")
        self._lines.clear()
        self.rows["spell"] += [spell.row() for spell in self._over]
        self._over.clear()

    def flush(self) -> dict[str, bytes]:
        """All rows that were made since the last time, as COPY reads them."""
        made = {table: ("\n".join(rows) + "\n").encode() for table, rows in self.rows.items() if rows}
        self.rows.clear()
        return made

    def at(self, item: Item, earliest: int, latest: int) -> int:
        """A second of today between these, but after everything that has happened to the item."""
        second = earliest + int(self.rng.random() * (latest - earliest))
        busy = item.busy - self.day * 86_400
        return second if second > busy else busy + 45 + int(self.rng.random() * 240)

    def receive(self, item: Item, second: int, actor: str) -> None:
        """Its first movement."""
        head = f'{item.id},1,"receive",null,"in_stock","{actor}","{self.iso}{TOD[second]}",{item.store},"{item.bay}"'
        item.hash = sha256(f'["",{head},null,null]'.encode()).hexdigest()
        item.seq, item.busy = 1, self.day * 86_400 + second
        row = f"{item.id}\t1\treceive\t\\N\tin_stock\t{actor}\t{self.iso}{TOD[second]}\t{item.store}\t{item.bay}"
        self._moves.append((second, f"{row}\t\\N\t\\N\t{item.hash}", None, 0))

    def move(  # noqa: PLR0913 - as of the ledger: what a movement says is said here
        self,
        item: Item,
        move: str,
        second: int,
        actor: str,
        *,
        bay: str = "",
        reason: str = "",
        ref: str = "",
        going: Under | None = None,
        errand: Errand = NO_ERRAND,
        route: str = "",
        examined: str = "",
        parts: int = 0,
        labour: int = 0,
    ) -> None:
        """Move it, with everything that follows by the rules. KeyError: the lifecycle knows no such move."""
        was, seq, at = item.stands, item.seq + 1, f"{self.iso}{TOD[second]}"
        to = LEADS_TO[was, move]
        bay = bay or (item.bay if was in STANDS_IN and to in STANDS_IN else "")
        said = (
            f'["{item.hash}",{item.id},{seq},"{move}","{was}","{to}","{actor}","{at}",{item.store},'
            f"{_quoted(bay)},{_quoted(reason)},{_quoted(ref)}]"
        )
        item.hash = sha256(said.encode()).hexdigest()
        row = f"{item.id}\t{seq}\t{move}\t{was}\t{to}\t{actor}\t{at}\t{item.store}\t{bay or NULL}\t{reason or NULL}"
        spell, which = None, 0
        item.seq, item.stands, item.bay, item.busy = seq, to, bay, self.day * 86_400 + second
        goes_out = (was, move) in ISSUES
        if goes_out or move in COSTING:
            facts = (route, examined, parts, labour)
            self._charge(item, move, was, second, actor, going if goes_out else None, errand, facts)
        if goes_out:
            item.times += 1
            spell = self._go_out(item, going)
        elif move in RETURNS:
            item.returned_seq = seq
            spell, which = item.spell, 1
        elif move == "release" and was == "awaiting_inspection":
            spell, which = item.spell, 2
        if spell is not None and not spell.seqs[which]:
            spell.seqs[which], spell.ats[which] = seq, at
        self._moves.append((second, f"{row}\t{ref or NULL}\t{item.hash}", spell, which))
        if to == "awaiting_inspection" and was != to:
            item.bench_seq = seq

    def _go_out(self, item: Item, going: Under | None) -> Spell:
        assert going is not None
        last = item.spell
        if last is not None:
            self._over.append(last)
        came_back = str(last.seqs[1] or NULL) if last else NULL
        item.spell = Spell(item, item.times, self._funders[going.shares], came_back)
        return item.spell

    def charge_in_vain(
        self, what: str, key: int, under: Under, second: int, actor: str, collection: str = NULL
    ) -> None:
        """A visit at which nobody opened, charged once a day. `key`: the number of the order or the collection."""
        due = Due(ChargeKind.FAILED_VISIT, SHARES[under.shares], what, visit=f"failed:{what}:{key}:{self.iso}")
        posting = post(due, Facts(0, "", 0, date.fromordinal(self.day)), self._rates)
        at = f"{self.iso}{TOD[second]}"
        tail = f"\\N\t\\N\t\\N\t\\N\t\\N\t\\N\t{collection}\t{under.columns}"
        self._write([(posting, self._in_words(posting))], due.visit, at, actor, second, tail, tail)

    def _charge(
        self,
        item: Item,
        move: str,
        was: str,
        second: int,
        actor: str,
        going: Under | None,
        errand: Errand,
        facts: tuple[str, str, int, int],
    ) -> None:
        key = self._key(item, move, was, going, errand, facts)
        found = self._known.get(key)
        if found is None:
            if len(self._known) > MOST_REMEMBERED:
                self._known.clear()
            postings = self._postings(item, move, was, going, errand, facts)
            found = self._known[key] = [(posting, self._in_words(posting)) for posting in postings]
        under = going.columns if going else item.under
        where = f"{item.id}\t{item.seq}"
        recycled = ("t" if item.times else "f") if going else NULL
        product = item.product
        at, collection = f"{self.iso}{TOD[second]}", errand.collection if going is None else NULL
        tail = f"{where}\t{product.id}\t{product.sort.category}\t{recycled}\t{item.store}\t{collection}\t{under}"
        of_a_visit = f"{where}\t\\N\t\\N\t\\N\t{item.store}\t{collection}\t{under}"
        self._write(found, errand.visit, at, actor, second, tail, of_a_visit)
        for posting, _ in found:
            kind, pence = posting.due.kind, posting.price.pence
            if kind in OF_THE_PRICE:
                item.paid_pence += pence
            if posting.due.is_issue and going:
                self._keep_issue(item, posting, going)
            elif kind is BACK:
                item.is_credited = True
            elif kind is ChargeKind.WRITE_OFF:
                item.written_off += pence

    def _keep_issue(self, item: Item, posting: Posting, going: Under) -> None:
        price = posting.price
        item.paid = (self.day, going.shares, price.pence, price.is_unpriced)
        item.under, item.is_credited = going.columns, False
        account = item.account = item.account or Account()
        account.seq, account.day, account.issue = item.seq, self.day, (posting, going)
        account.issues += 1

    def issue(self, account: Account) -> str:
        """The newest issue as the account of an item keeps it, as JSON in a column for COPY."""
        assert account.issue is not None
        posting, going = account.issue
        order, client, team, who, reason, district = going.columns.split("\t")
        shares = ", ".join(f'{{"funder": "{line.funder}", "percent": "{line.percent:.2f}"}}' for line in posting.lines)
        return (
            f'{{"seq": {account.seq}, "on": "{date.fromordinal(account.day)}", "pence": {posting.price.pence}, '
            f'"is_hire": false, "is_unpriced": {"true" if posting.price.is_unpriced else "false"}, '
            f'"order_id": {_or_null(order)}, "team_id": {team}, "client_id": {client}, "prescriber": "{who}", '
            f'"reason": {_in_quotes(reason)}, "district": {_in_quotes(district)}, "is_provisional": false, '
            f'"shares": [{shares}]}}'
        )

    def _key(
        self, item: Item, move: str, was: str, going: Under | None, errand: Errand, facts: tuple[str, str, int, int]
    ) -> tuple[Any, ...]:
        """What its charges follow from: where all of it is the same, they are. The rates of the county are for whatever
        it lends, so what the item is makes no difference."""
        paid = item.paid
        if going:
            return move, item.price, item.times > 0, going.shares, errand.speed
        if move in CREDITS:
            months = whole_months(date.fromordinal(item.received), date.fromordinal(self.day))
            known = (item.is_credited, item.written_off, min(item.times, 2), item.product.is_reusable)
            borne = item.paid_pence if move not in RETURNS else 0
            return move, was, item.price, paid and paid[1:], known, borne, errand.speed, facts, months
        return move, was, paid[1] if paid else -1, facts

    def _write(
        self,
        found: list[tuple[Posting, list[tuple[str, str]]]],
        visit: str,
        at: str,
        actor: str,
        second: int,
        tail: str,
        of_a_visit: str,
    ) -> None:
        """The lines of each charge; a drive that was charged today already is not charged again."""
        for posting, lines in found:
            if posting.due.visit:
                if visit in self._visits:
                    continue
                self._visits.add(visit)
                self.rows["charged_visit"].append(visit)
            posting_id = f"{self.rng.getrandbits(128):032x}"
            end = of_a_visit if posting.due.visit else tail
            for what, money in lines:
                row = f"{posting_id}\t{what}\t{self.month}\t{self.iso}\t{at}\t{actor}\t{money}\t{end}"
                self._lines.append((second, row))

    def _postings(
        self, item: Item, move: str, was: str, going: Under | None, errand: Errand, facts: tuple[str, str, int, int]
    ) -> tuple[Posting, ...]:
        route, examined, parts, labour = facts
        product, paid = item.product, item.paid
        known = Facts(
            product_id=product.id,
            category=product.sort.category,
            price_pence=item.price,
            received_on=date.fromordinal(item.received),
            times_issued=item.times,
            is_reusable=product.is_reusable,
            shares=SHARES[going.shares] if going else (Share("", Decimal(100)),),
            issued=paid and Issued(date.fromordinal(paid[0]), SHARES[paid[1]], paid[2], is_unpriced=paid[3]),
            is_credited=item.is_credited,
            written_off_pence=item.written_off,
            paid_pence=item.paid_pence,
            visit=errand.visit,
            speed=errand.speed,
            route=route or product.sort.route,
            examined=examined,
            parts_pence=parts,
            labour_pence=labour,
        )
        return charges_of(Move(move), State(was), known, self._rates, on=date.fromordinal(self.day))

    def _in_words(self, posting: Posting) -> list[tuple[str, str]]:
        """Of each line what it is for and what it comes to, as columns for COPY."""
        due, price = posting.due, posting.price
        what = f"{due.kind.value}\t{due.variant}"
        return [
            (
                what,
                f"{self.ground.funders.get(line.funder, NULL)}\t{line.percent}\t{due.times}\t{line.pence}"
                f"\t{line.vat_pence}\t{price.tariff_id or NULL}\t{price.basis}\t{'t' if price.is_unpriced else 'f'}"
                f"\t{'t' if due.is_issue else 'f'}\tf",
            )
            for line in posting.lines
        ]


def _second(row: tuple[Any, ...]) -> Any:
    return row[0]


def _or_null(column: str) -> str:
    return "null" if column == NULL else column


def _in_quotes(column: str) -> str:
    return "null" if column == NULL else f'"{column}"'


def _quoted(text: str) -> str:
    return f'"{text}"' if text else "null"
