"""A notice's scope as one SQL statement over the register, which finds on each condition what `domain/notices.py` does.

The catalogue is small and is asked in Python, by the same functions: what it says to a line comes into the statement as
a list of products. What is asked of items is written here, condition by condition, as in `_FINDERS` of the domain; a
test holds the two together. No statement is sent from here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from app import number_sql
from app.domain.maker_names import ALWAYS, FIRST, LAST, MakerNames, Periods
from app.domain.notice_conditions import (
    DateRange,
    DeviceIds,
    Feature,
    Leaf,
    NumberList,
    NumberPattern,
    NumberRange,
    OlderThan,
    PartFitted,
    TogetherWith,
    Unmarked,
    Unpublished,
)
from app.domain.notice_products import IS_IN, Finding, ProductFacts, asks_product, find_products, is_other_product
from app.domain.notice_scope import All, AnyOf, Line, Node, Scope, question_of
from app.domain.serials import lot_key
from app.number_sql import number_columns, sql_lot_key

HOME: Final = """CASE WHEN client.address = '' THEN client.id::text
     ELSE lower(client.address) || ' ' || upper(replace(client.postcode, ' ', '')) END"""
"""Where a client is: people at one address use one another's equipment."""


def is_near(one: str, other: str) -> str:
    """Whether two clients may live in one house, though their addresses are not written alike: in one postcode, with a
    number in common, or both without one."""
    return f"""({one}.postcode = {other}.postcode AND {one}.postcode <> ''
        AND {_house_numbers(one)} && {_house_numbers(other)})"""


def _house_numbers(client: str) -> str:
    found = f"ARRAY(SELECT found[1] FROM regexp_matches({client}.address, '[0-9]+', 'g') AS found)"
    return f"COALESCE(NULLIF({found}, '{{}}'), '{{-}}')"


# One row for each item, with what the conditions ask of it. A date that is not recorded lies between others.
# It is a fence (OFFSET 0): what stands here is reckoned once, not again in each condition that asks for it.
_ITEM: Final = f"""
    SELECT item.id, NULLIF(item.serial_key, '') COLLATE "C" AS serial,
           {sql_lot_key("item.lot_number")} AS lot, NULLIF(item.udi_di, '') AS udi_di,
           item.received_on AS received_first, item.received_on AS received_last, true AS received_known,
           COALESCE(made.first, '-infinity') AS manufactured_first,
           COALESCE(made.last, LEAST(item.dispatched_on, item.received_on)) AS manufactured_last,
           made.first IS NOT NULL AS manufactured_known,
           COALESCE(item.dispatched_on, made.first, '-infinity') AS dispatched_first,
           COALESCE(item.dispatched_on, item.received_on) AS dispatched_last,
           item.dispatched_on IS NOT NULL AS dispatched_known
    FROM item CROSS JOIN LATERAL (
        SELECT first, CASE item.manufactured_precision WHEN 'week' THEN first + 6
                      WHEN 'month' THEN (first + interval '1 month - 1 day')::date
                      WHEN 'year' THEN (first + interval '1 year - 1 day')::date ELSE first END AS last
        FROM (SELECT CASE WHEN item.manufactured_precision = 'day' THEN item.manufactured_on
                     ELSE date_trunc(item.manufactured_precision, item.manufactured_on::timestamp)::date END AS first
             ) AS begun
    ) AS made
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was seen on an item: the question as `notice_scope.question_of` puts it, whether it is so, and when."""

    item_id: int
    question: str
    is_so: bool
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """A line of the catalogue."""

    id: int
    facts: ProductFacts


@dataclass(frozen=True, slots=True)
class Register:
    """What a scope is asked with: the catalogue, the makers' names, the day, what was seen, and of which items."""

    products: Sequence[KnownProduct]
    names: MakerNames
    today: date
    answers: Sequence[Answer] = ()
    item_ids: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """A SELECT of item_id, result and evidence (`notice_evidence.read_findings`), a row for each item that is affected
    or possible; and its values. It can stand in brackets in a larger statement."""

    sql: str
    values: Mapping[str, Any]


def compile_scope(scope: Scope, register: Register) -> Compiled:
    """The statement."""
    binder = _Binder(register)
    takes_in = [
        part for number, line in enumerate(scope.lines) if not line.is_exclude for part in binder.line(number, line)
    ]
    leaves_out = [
        part for number, line in enumerate(scope.lines) if line.is_exclude for part in binder.line(number, line)
    ]
    hits = "\n    UNION ALL\n".join(takes_in) or _NOTHING
    kept = ""
    if leaves_out:
        binder.ctes.append(f"hit AS MATERIALIZED ({hits})")
        left = "\n    UNION ALL\n".join(
            f"SELECT item_id FROM ({part}) AS found WHERE value >= {IS_IN}" for part in leaves_out
        )
        binder.ctes.append(f"left_out AS MATERIALIZED ({left})")
        hits = "SELECT * FROM hit"
        kept = "WHERE NOT EXISTS (SELECT FROM left_out WHERE left_out.item_id = hit.item_id)"
    sql = _with_one(hits, kept) if len(takes_in) == 1 else _with_many(hits, kept)
    ctes = f"WITH {', '.join(binder.ctes)}\n" if binder.ctes else ""
    return Compiled(ctes + sql, binder.values)


def compile_findings(scope: Scope, register: Register) -> Compiled:
    """A SELECT of item_id, line and findings: a row for each item of the register's `item_ids` and each line that does
    not rule its product out, whatever is found. For items of which it is known that they are not covered."""
    binder = _Binder(register, whatever=True)
    parts = [part for number, line in enumerate(scope.lines) for part in binder.line(number, line)]
    found = "\n    UNION ALL\n".join(parts) or _NOTHING
    ctes = f"WITH {', '.join(binder.ctes)}\n" if binder.ctes else ""
    return Compiled(f"{ctes}SELECT item_id, line, findings FROM ({found}) AS found", binder.values)


_NOTHING = "SELECT NULL::bigint AS item_id, NULL::int AS line, NULL::smallint[] AS findings, 0 AS value WHERE false"
_EVIDENCE = "line || ':' || array_to_string(findings, ',')"


def _with_one(hits: str, kept: str) -> str:
    return f"""
    SELECT item_id, CASE WHEN value >= {IS_IN} THEN 'affected' ELSE 'possible' END AS result, {_EVIDENCE} AS evidence
    FROM ({hits}) AS hit {kept}"""


def _with_many(hits: str, kept: str) -> str:
    """Of several lines that take an item in, those count that say most."""
    return f"""
    SELECT item_id, CASE WHEN best >= {IS_IN} THEN 'affected' ELSE 'possible' END AS result,
           string_agg({_EVIDENCE}, ';' ORDER BY line) AS evidence
    FROM (SELECT hit.*, max(value) OVER (PARTITION BY item_id) AS best FROM ({hits}) AS hit {kept}) AS ranked
    WHERE (value >= {IS_IN}) = (best >= {IS_IN})
    GROUP BY item_id, best"""


@dataclass
class _Binder:
    """Writes the parts of the statement, and keeps the values that they name."""

    register: Register
    values: dict[str, Any] = field(default_factory=dict)
    ctes: list[str] = field(default_factory=list)
    strict: bool = False
    whatever: bool = False

    def bind(self, value: object, kind: str) -> str:
        """A place for a value of this SQL type."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"CAST(:{name} AS {kind})"

    def line(self, number: int, line: Line) -> Iterator[str]:
        """The SELECT of item_id, line, findings and value for the items of this line; nothing where none can be."""
        self.strict = line.is_exclude
        products, columns, aliased = "", set[int](), set[int]()
        asked = [place for place, leaf in enumerate(line.leaves) if asks_product(leaf)]
        if asked:
            fits = self._fits(line)
            if not fits:
                return
            products, aliased = self._products(fits, asked)
            columns = set(asked)
        findings = [
            self._finding(leaf, place if place in columns else None, aliased=place in aliased)
            for place, leaf in enumerate(line.leaves)
        ]
        value = _value(line.condition, iter(range(1, len(findings) + 1)))
        yield f"""
        SELECT item_id, {number} AS line, findings, {value} AS value
        FROM (SELECT item.id AS item_id, ARRAY[{", ".join(findings)}]::smallint[] AS findings
              FROM ({self._items(line, products)}) AS item OFFSET 0) AS found
        WHERE {"true" if self.whatever else f"{value} > 0"}"""

    def _items(self, line: Line, products: str) -> str:
        """The items that are asked about, with what the conditions ask of them."""
        columns, rest = _ITEM.split("FROM item ", 1)
        numbers = NumberRange | NumberList | NumberPattern | Unmarked
        written = number_columns({leaf.marking for leaf in line.leaves if isinstance(leaf, numbers)})
        fit = ", fit.*" if products else ""
        return f"{columns}{written}{fit} FROM item {products} {rest} WHERE {self._among()} OFFSET 0"

    def _among(self) -> str:
        """Which items are asked about: all of them, or some; of those that are left out again, only such as are in."""
        if self.register.item_ids is not None:
            return f"item.id = ANY ({self.bind(list(self.register.item_ids), 'bigint[]')})"
        return "item.id IN (SELECT hit.item_id FROM hit)" if self.strict else "true"

    def _fits(self, line: Line) -> list[tuple[int, list[tuple[Finding, Periods]]]]:
        """The products that the line does not rule out, with what the catalogue says to each leaf that asks for it."""
        products = self.register.products
        found = find_products(line, [product.facts for product in products], self.register.names)
        return [
            (product.id, [(one.finding, one.periods) for one in each])
            for product, each in zip(products, found, strict=True)
            if each is not None
        ]

    def _products(
        self, fits: Sequence[tuple[int, list[tuple[Finding, Periods]]]], asked: Sequence[int]
    ) -> tuple[str, set[int]]:
        """The join with these products, a column `c…` of findings for each leaf; and those leaves that have `a…` too,
        the days of manufacture for which the finding is true."""
        arrays, names, aliased = (
            [self.bind([product_id for product_id, _ in fits], "bigint[]")],
            ["product_id"],
            set[int](),
        )
        for column, place in enumerate(asked):
            arrays.append(self.bind([int(each[column][0]) for _, each in fits], "smallint[]"))
            names.append(f"c{place}")
            periods = [each[column][1] for _, each in fits]
            if any(period != ALWAYS for period in periods):
                arrays.append(self.bind([None if one == ALWAYS else _multirange(one) for one in periods], "text[]"))
                names.append(f"a{place}")
                aliased.add(place)
        join = f"JOIN unnest({', '.join(arrays)}) AS fit ({', '.join(names)}) ON fit.product_id = item.product_id"
        return join, aliased

    def _finding(self, leaf: Leaf, column: int | None, *, aliased: bool) -> str:
        if column is None:
            return _WRITERS[type(leaf)](self, leaf)
        if isinstance(leaf, DeviceIds):
            cores = self.bind(sorted(leaf.cores), "text[]")
            covered = f"substr(item.udi_di, 2, 12) IN (SELECT unnest({cores}))"
            return f"CASE WHEN item.udi_di IS NULL THEN item.c{column} WHEN {covered} THEN {IS_IN} ELSE 0 END"
        return self._alias(column) if aliased else f"item.c{column}"

    def _alias(self, column: int) -> str:
        """Under another name that was good for some time only: as `notices._AS_ALIAS`."""
        made = "daterange(item.manufactured_first, item.manufactured_last, '[]')"
        when = f"CAST(item.a{column} AS datemultirange)"
        partly = f"{Finding.UNDATED}" if self.strict else f"{Finding.ALIAS}"
        return f"""CASE WHEN item.a{column} IS NULL THEN item.c{column}
            WHEN item.manufactured_first > item.manufactured_last THEN {Finding.UNDATED}
            WHEN NOT {made} && {when} THEN 0 WHEN {made} <@ {when} THEN {Finding.ALIAS}
            WHEN NOT item.manufactured_known THEN {Finding.UNDATED} ELSE {partly} END"""

    def number_range(self, leaf: NumberRange) -> str:
        """As `notices._number_range`."""
        return number_sql.number_range(leaf, self.bind)

    def number_list(self, leaf: NumberList) -> str:
        """As `notices._number_list`."""
        return number_sql.number_list(leaf, self.bind)

    def number_pattern(self, leaf: NumberPattern) -> str:
        """As `notices._number_pattern`."""
        return number_sql.number_pattern(leaf, self.bind)

    def unmarked(self, leaf: Unmarked) -> str:
        """As `notices._unmarked`."""
        return number_sql.unmarked(leaf, Finding.OPEN if self.strict else Finding.ABSENT)

    def date_range(self, leaf: DateRange) -> str:
        """As `notices._in_periods`."""
        first, last, known = (f"item.{leaf.kind.value}_{name}" for name in ("first", "last", "known"))
        begins, ends = self.bind(leaf.first or FIRST, "date"), self.bind(leaf.last or LAST, "date")
        partly = Finding.OPEN if self.strict else Finding.OVERLAPS
        return f"""CASE WHEN {first} > {last} THEN {Finding.MISSING}
            WHEN {last} < {begins} OR {first} > {ends} THEN 0
            WHEN {first} >= {begins} AND {last} <= {ends} THEN CASE WHEN {known} THEN {IS_IN} ELSE {Finding.IMPLIED} END
            WHEN {known} THEN {partly} ELSE {Finding.MISSING} END"""

    def older_than(self, leaf: OlderThan) -> str:
        """As `notices._older_than`."""
        return self.date_range(leaf.made_before(self.register.today))

    def looked_at(self, leaf: Leaf, recorded: str = "false", unseen: str = "") -> str:
        """As `notices._looked_at`; `recorded`: when the record says that it is so; `unseen`: what goes before a no."""
        question = question_of(leaf)
        answers = [answer for answer in self.register.answers if answer.question == question]
        seen = self.bind([answer.item_id for answer in answers if answer.is_so], "bigint[]")
        not_seen = self.bind([answer.item_id for answer in answers if not answer.is_so], "bigint[]")
        return f"""CASE WHEN {recorded} THEN {IS_IN}
            WHEN item.id IN (SELECT unnest({seen})) THEN {Finding.SEEN} {unseen}
            WHEN item.id IN (SELECT unnest({not_seen})) THEN 0 ELSE {Finding.INSPECT} END"""

    def part_fitted(self, leaf: PartFitted) -> str:
        """As `notices._part_fitted`."""
        number = self.bind(lot_key(leaf.part_number), "text")
        first, last = self.bind(leaf.first or FIRST, "date"), self.bind(leaf.last or LAST, "date")
        fitted = f"""SELECT repair.item_id FROM standing_part AS part JOIN repair ON repair.id = part.repair_id
            WHERE {sql_lot_key("part.part_number")} = {number} AND part.fitted_on BETWEEN {first} AND {last}"""
        return self.looked_at(leaf, f"item.id IN ({fitted})")

    def together_with(self, leaf: TogetherWith) -> str:
        """As `notices._together_with`; those who have it are all clients at one address."""
        names = self.register.names
        number = len(self.ctes)
        others = [product.id for product in self.register.products if is_other_product(leaf, product.facts, names)]
        # The first and the last of the others tell whether there is one beside the item itself.
        self.ctes.append(f"""home{number} AS MATERIALIZED (
            SELECT {HOME} AS home, min(loan.item_id) AS first_item, max(loan.item_id) AS last_item
            FROM loan JOIN client ON client.id = loan.client_id JOIN item ON item.id = loan.item_id
            WHERE loan.ended_at IS NULL AND item.product_id IN (SELECT unnest({self.bind(others, "bigint[]")}))
            GROUP BY home)""")
        used = f"""SELECT loan.item_id FROM loan JOIN client ON client.id = loan.client_id
            JOIN home{number} AS other ON other.home = {HOME}
            WHERE loan.ended_at IS NULL AND (other.first_item <> loan.item_id OR other.last_item <> loan.item_id)"""
        return self.looked_at(leaf, f"item.id IN ({used})", self._nearby(leaf, others))

    def _nearby(self, leaf: TogetherWith, others: list[int]) -> str:
        """That something came nearby after somebody saw nothing of it; few were looked at, so the rest is not asked."""
        question = question_of(leaf)
        denied = [one for one in self.register.answers if one.question == question and not one.is_so]
        if not denied:
            return ""
        items, days = [one.item_id for one in denied], [one.seen_at for one in denied]
        near = f"""SELECT ours.item_id
            FROM unnest({self.bind(items, "bigint[]")}, {self.bind(days, "timestamptz[]")}) AS denied (item_id, at)
            JOIN loan AS ours ON ours.item_id = denied.item_id AND ours.ended_at IS NULL
            JOIN client AS here ON here.id = ours.client_id JOIN client AS there ON {is_near("here", "there")}
            JOIN loan AS theirs ON theirs.client_id = there.id AND theirs.ended_at IS NULL
            JOIN item AS other ON other.id = theirs.item_id AND other.id <> ours.item_id
            WHERE other.product_id IN (SELECT unnest({self.bind(others, "bigint[]")}))
              AND (denied.at IS NULL OR GREATEST(ours.started_at, theirs.started_at) > denied.at)"""
        return f"WHEN item.id IN ({near}) THEN {Finding.NEARBY}"


def _value(node: Node, places: Iterator[int]) -> str:
    """The value of a node from the findings, which are counted from 1."""
    if isinstance(node, All | AnyOf):
        parts = [_value(child, places) for child in node.of]
        return f"{'LEAST' if isinstance(node, All) else 'GREATEST'}({', '.join(parts)})"
    return f"findings[{next(places)}]"


def _multirange(periods: Periods) -> str:
    """As PostgreSQL reads it."""
    ends = [
        f"[{'-infinity' if first == FIRST else first.isoformat()},{'infinity' if last == LAST else last.isoformat()}]"
        for first, last in periods
    ]
    return f"{{{','.join(ends)}}}"


_WRITERS: Mapping[type[Any], Callable[[_Binder, Any], str]] = {
    NumberRange: _Binder.number_range,
    NumberList: _Binder.number_list,
    NumberPattern: _Binder.number_pattern,
    DateRange: _Binder.date_range,
    OlderThan: _Binder.older_than,
    Unmarked: _Binder.unmarked,
    Feature: _Binder.looked_at,
    PartFitted: _Binder.part_fitted,
    TogetherWith: _Binder.together_with,
    Unpublished: _Binder.looked_at,
}
