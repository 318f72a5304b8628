"""What is written of an item when it moves: the movement with its true hash, and the charges that follow from it.

The rules are the service's own: `lifecycle.MOVES` says where a move leads, `costs.charges_of` what it costs. What is
said here anew, because it is said five million times, is how a row is put into words for COPY; a test compares the
hashes with `ledger.chain_hash`, and `stores finance reconcile` the charges with the rules.
"""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any, Final

from app.cli.county.catalogue import Product
from app.cli.county.ground import SPLITS, Ground
from app.domain.costs import ChargeKind, Due, Facts, Issued, Posting, Tariff, charges_of, post, whole_months
from app.domain.lifecycle import IN_STORE, MOVES, Move, State, is_issue, is_return
from app.domain.panel_funding import Share

NULL: Final = "\\N"
TOD: Final = tuple(f"T{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}+00:00" for s in range(86_400))
"""Every second of a day, as the end of an instant."""
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
NOBODYS: Final = "\t".join([NULL] * 6)
BACK: Final = ChargeKind.CREDIT


@dataclass(slots=True)
class Item:
    """One piece of equipment while the county lives. `stands`: its state; `busy`: the second of its last movement.

    `due`: when its inspections are due, by kind, as ordinals. `under`: what the charges of its newest issue are counted
    under, as columns for COPY; `paid`: day, place in `SHARES`, pence, and whether it had no rate. `cleaning`: number and
    beginning of the decontamination that is open, `started`: when and by whom it was begun. `place`: of its product.
    """

    id: int
    barcode: str
    product: Product
    price: int
    received: int
    serial: str
    lot: str
    made: int
    store: int
    bay: str
    stands: str = "in_stock"
    seq: int = 0
    hash: str = ""
    busy: int = 0
    times: int = 0
    returned_seq: int = 0
    bench_seq: int = 0
    due: dict[str, int] | None = None
    certified: int = 0
    loan: "Lent | None" = None
    under: str = NOBODYS
    paid: tuple[int, int, int, bool] | None = None
    is_credited: bool = False
    written_off: int = 0
    cleaning: tuple[int, str] | None = None
    repair_seq: int = 0
    place: int = 0
    started: tuple[str, str] = ("", "")
    cleaner: str = ""
    mended: bool = False
    spell: "Spell | None" = None


@dataclass(slots=True)
class Spell:
    """One time out, as the trigger of `movement` would keep it. `ids`: the numbers of the movements that issued it, brought
    it back and passed it, once they have any. `seqs`, `ats`: the same of them in the item's history."""

    item: Item
    number: int
    funders: str
    came_back_seq: str
    ids: list[int] = field(default_factory=lambda: [0, 0, 0])
    seqs: list[int] = field(default_factory=lambda: [0, 0, 0])
    ats: list[str] = field(default_factory=lambda: [NULL, NULL, NULL])

    def row(self) -> str:
        """As COPY reads it."""
        item, ids, ats = self.item, self.ids, self.ats
        return (
            f"{item.id}\t{self.number}\t{ids[0]}\t{self.seqs[0]}\t{ats[0]}\t{item.store}\t{item.product.id}\t{item.price}\t"
            f"{self.funders}\t{'t' if self.number > 1 else 'f'}\t{ids[1] or NULL}\t{self.seqs[1] or NULL}\t{ats[1]}\t"
            f"{ids[2] or NULL}\t{ats[2]}\t{self.came_back_seq}"
        )


@dataclass(slots=True)
class Lent:
    """An open loan or trial."""

    id: int
    client: int
    kind: str
    trial_ends_on: str
    started_at: str
    started_by: str


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody drives for: the key under which it is charged once a day, its speed, and the collection's number."""

    visit: str
    speed: str
    collection: str = NULL


NO_ERRAND: Final = Errand("", "")


@dataclass(frozen=True, slots=True)
class Under:
    """For whom something goes out: columns of the charges, and who pays, by its place in `SHARES`."""

    columns: str
    shares: int


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

    def move(
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
        paid = item.paid
        key: tuple[Any, ...]
        if going:
            key = (move, item.product.id, item.price, item.times > 0, going.shares, errand.speed)
        elif move in CREDITS:
            months = whole_months(date.fromordinal(item.received), date.fromordinal(self.day))
            known = (item.is_credited, item.written_off, item.times if item.times < 2 else 2, item.product.is_reusable)
            key = (move, was, item.price, paid and paid[1:], known, errand.speed, facts, months)
        else:
            # The rates of the county are for whatever it lends, so what it is makes no difference here.
            key = (move, was, paid[1] if paid else -1, facts)
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
            if posting.due.is_issue and going:
                item.paid = (self.day, going.shares, posting.price.pence, posting.price.is_unpriced)
                item.under, item.is_credited = going.columns, False
            elif posting.due.kind is BACK:
                item.is_credited = True
            elif posting.due.kind is ChargeKind.WRITE_OFF:
                item.written_off += posting.price.pence

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
                f"{self.ground.funders[line.funder] if line.funder else NULL}\t{line.percent}\t{due.times}\t{line.pence}"
                f"\t{line.vat_pence}\t{price.tariff_id or NULL}\t{price.basis}\t{'t' if price.is_unpriced else 'f'}"
                f"\t{'t' if due.is_issue else 'f'}\tf",
            )
            for line in posting.lines
        ]


COLUMNS: Final = {
    "movement": "id item_id seq move from_state to_state actor at store_id bay reason reference hash",
    "charge": "id posting_id kind variant period happened_on posted_at posted_by funder_id percent quantity amount_pence "
    "vat_pence tariff_id basis is_unpriced is_issue is_provisional item_id movement_seq product_id category recycled "
    "store_id collection_id order_id client_id team_id prescriber reason district",
    "charged_visit": "key",
    "item": "id barcode product_id serial_number serial_key lot_number manufactured_on manufactured_precision "
    "received_on purchase_price_pence certified_load_kg certified_on state store_id bay times_issued last_seq last_hash "
    "returned_seq inspectable_seq",
    "inspection_due": "item_id kind due_on",
    "client": "id client_ref name date_of_birth address postcode phone weight_kg weighed_on died_on created_at "
    "created_by",
    "equipment_order": "id number client_id funder_id team_id store_id speed reason clinical_reasoning decision "
    "authority made_at made_by submitted_at promised_on decided_at decided_by allocated_at allocated_by version",
    "order_share": "order_id funder_id position percent",
    "order_line": "id order_id position product_id quantity kind accept_equivalent prefer_new unit_price_pence "
    "explanation",
    "order_unit": "id order_line_id order_id client_id item_id reservation_id loan_id cancelled_at cancelled_by",
    "reservation": "id item_id client_id from_on until_on made_at made_by ended_at ended_by ended_because",
    "delivery_visit": "id order_id visited_at barcodes received_by failed_because recorded_at recorded_by",
    "loan": "id item_id client_id kind trial_ends_on trial_goals started_at started_by ended_at ended_by",
    "trial_review": "id loan_id outcome notes reviewed_at reviewed_by tried_what tried_where who_was_there result",
    "collection": "id number client_id reason speed requested_at requested_by contact_name contact_phone "
    "is_bereavement list_agreed_at list_agreed_by scheduled_on",
    "collection_line": "id collection_id item_id loan_id collected_at collected_by",
    "collection_visit": "id collection_id visited_at failed_because recorded_at recorded_by",
    "decontamination": "id item_id opened_at route started_at started_by finished_at finished_by finished_seq outcome "
    "notes infection_risk method product_used strike_through",
    "inspection": "id item_id kind outcome seq inspected_at inspected_by examined_on next_due_on due_before notes",
    "thorough_examination": "inspection_id report",
    "repair": "id item_id started_seq finished_at finished_by finished_seq outcome notes labour_minutes labour_pence",
    "fitted_part": "id repair_id part_number description quantity cost_pence fitted_on recorded_at recorded_by",
    "disposal": "id item_id reason waste_stream batteries reference asked_at asked_by hold_id agreed_at agreed_by seq",
    "spell": "item_id number issued_id issued_seq issued_at store_id product_id pence funder_ids is_recycled collected_id "
    "collected_seq collected_at passed_id passed_at came_back_seq",
    "hold": "id item_id kind reason placed_at placed_by lifted_at lifted_by lift_reason",
}
"""The columns that the county fills, in the order of its rows."""


def _second(row: tuple[Any, ...]) -> Any:
    return row[0]


def _quoted(text: str) -> str:
    return f'"{text}"' if text else "null"
