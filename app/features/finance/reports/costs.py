"""What was charged, by one dimension or two: one statement over the charges, so that every sum is that of its lines.

What is asked stands in `costs_sql.py`; here is what becomes of the answer: groups, those of few people put together,
their words, and the table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import small_numbers
from app.domain.cost_reports import MOST_GROUPS, MOST_OF_ONE, By, Dimension, Span
from app.domain.costs import ChargeKind
from app.domain.errors import BadValue
from app.domain.months import month_in_words, months_after, read_month
from app.domain.ordering import OrderReason, Speed
from app.domain.statements import Part
from app.features.finance import kept_since
from app.features.finance.reports.asking import Asked
from app.features.finance.reports.costs_sql import (
    CHARGES,
    MANY,
    MEASURES,
    NAMES,
    counted_sql,
    grain_for,
    grouped_sql,
    values_of,
    where,
)
from app.features.finance.tables import Cell, Column, Table

_WORDS: Final[dict[Dimension, Callable[[str], str]]] = {
    Dimension.KIND: lambda key: ChargeKind(key).text,
    Dimension.SPEED: lambda key: Speed(key).text if key in set(Speed) else f"{key.capitalize()} collection",
    Dimension.REASON: lambda key: OrderReason(key).text,
    Dimension.RECYCLED: str.capitalize,
    Dimension.PERIOD: lambda key: month_in_words(read_month(key)),
}
NAMED: Final = frozenset({*NAMES, Dimension.KIND, Dimension.SPEED, Dimension.REASON, Dimension.RECYCLED})
"""Dimensions that have a column for the code and one for its name."""
UNKNOWN: Final = text("""
    SELECT asked.name, asked.value
    FROM (VALUES ('funder', CAST(:funder AS text)), ('team', :team), ('store', :store), ('product_code', :product_code),
                 ('order_number', :order_number)) AS asked (name, value)
    WHERE asked.value <> '' AND NOT CASE asked.name
        WHEN 'funder' THEN EXISTS (SELECT FROM funder WHERE code = asked.value)
        WHEN 'team' THEN EXISTS (SELECT FROM team WHERE code = asked.value)
        WHEN 'store' THEN EXISTS (SELECT FROM store WHERE code = asked.value)
        WHEN 'order_number' THEN EXISTS (SELECT FROM equipment_order WHERE number = asked.value)
        ELSE EXISTS (SELECT FROM product WHERE code = asked.value) END
""")
MONEY_WORDS: Final = (
    "Lines of the charges, net of VAT. Charged: all lines but credits, those that take a line back among them. "
    "Credited: credits on collection, below zero. Net: charged and credited together; gross: net and VAT."
)
DEFINITION: Final = (
    f"{MONEY_WORDS} Quantity: things, visits and nights charged, each by the part that the funder pays; what is taken "
    "back is taken off."
)
COLUMNS: Final = (
    Column("lines", "Lines", Cell.COUNT),
    Column("quantity", "Quantity, by share", Cell.COUNT),
    Column("charged_pence", "Charged", Cell.PENCE),
    Column("credited_pence", "Credited", Cell.PENCE),
    Column("net_pence", "Net", Cell.PENCE),
    Column("vat_pence", "VAT", Cell.PENCE),
    Column("gross_pence", "Gross", Cell.PENCE),
)


@dataclass(frozen=True, slots=True)
class Sums:
    """What lines come to."""

    lines: int = 0
    quantity: Decimal = Decimal(0)
    charged_pence: int = 0
    credited_pence: int = 0
    vat_pence: int = 0

    @property
    def net_pence(self) -> int:
        """Charged and credited together."""
        return self.charged_pence + self.credited_pence

    @property
    def gross_pence(self) -> int:
        """Net and VAT."""
        return self.net_pence + self.vat_pence

    @property
    def cells(self) -> dict[str, Any]:
        """By the keys of the columns."""
        return {column.key: getattr(self, column.key) for column in COLUMNS} | {"quantity": plain(self.quantity)}


@dataclass(frozen=True, slots=True)
class Group:
    """One group: of each dimension its value and how people call it. `keys` is empty for those that are too few;
    `is_said`: not where it is of too few people even so."""

    keys: tuple[str, ...]
    names: tuple[str, ...]
    sums: Sums
    people: int = 0
    known: frozenset[int] = frozenset()
    is_said: bool = True

    @property
    def cells(self) -> dict[str, Any]:
        """Its sums by the keys of the columns; nothing where they are not said."""
        return self.sums.cells if self.is_said else dict.fromkeys(self.sums.cells)


def plain(number: Decimal) -> int | Decimal:
    """A whole number as one; otherwise without zeros at its end."""
    return int(number) if number == number.to_integral_value() else number.normalize()


def sum_up(groups: Sequence[Sums]) -> Sums:
    """All together."""
    return Sums(
        sum(one.lines for one in groups),
        sum((one.quantity for one in groups), Decimal(0)),
        sum(one.charged_pence for one in groups),
        sum(one.credited_pence for one in groups),
        sum(one.vat_pence for one in groups),
    )


def most_of(asked: Asked) -> int:
    """How many groups are answered: of one dimension alone as many as there can be, of two as many as can be shown."""
    return MOST_OF_ONE if len(asked.group_by) == 1 else MOST_GROUPS


async def read_groups(session: AsyncSession, asked: Asked) -> list[Group]:
    """Every group, the dearest first, months in their order; those of too few people put together. One statement; a
    second one where nothing was found, to tell a slip of the pen from an empty month, and one before where there may be
    too many in a month already.

    Raises BadValue `too-many-groups`, `unknown-funder` and the like.
    """
    await _check_a_month(session, asked)
    most = most_of(asked)
    rows = (await session.execute(text(grouped_sql(asked)), values_of(asked) | {"limit": most + 1})).mappings().all()
    if len(rows) > most:
        raise _too_many()
    if not rows:
        await check_known(session, asked.filters)
    groups = [_group(row, asked.group_by) for row in rows]
    return _ordered(_put_together(groups, asked), asked)


async def read_sums(session: AsyncSession, asked: Asked) -> Sums:
    """What the lines that are asked for come to. One statement."""
    statement = text(f"SELECT {MEASURES} FROM {CHARGES} WHERE {where(asked)}")  # noqa: S608 - words of our own
    return _sums((await session.execute(statement, values_of(asked))).mappings().one())


async def check_known(session: AsyncSession, filters: Mapping[str, str]) -> None:
    """Whether what it is narrowed to is there at all. One statement. Raises BadValue `unknown-funder` and the like."""
    names = ("funder", "team", "store", "product_code", "order_number")
    values = {name: filters.get(name, "") for name in names}
    values["order_number"] = values["order_number"] or filters.get("provisional", "")
    if not any(values.values()):
        return
    unknown = (await session.execute(UNKNOWN, values)).first()
    if unknown:
        what = unknown.name.removesuffix("_code").removesuffix("_number")
        called = "number" if what == "order" else "code"
        detail = f"There is no {what} with the {called} “{unknown.value}”. Choose one that is there."
        raise BadValue(f"unknown-{what}", detail, field=unknown.name)


async def costs(session: AsyncSession, asked: Asked, *, of_file: bool = False) -> Table:
    """The report as a table."""
    groups = await read_groups(session, asked)
    return as_table(groups, asked, note=await kept_since.said_of(session, asked.span.since), of_file=of_file)


def as_table(groups: Sequence[Group], asked: Asked, *, note: str = "", of_file: bool = False) -> Table:
    """The groups as a table, whose totals are the sums of its rows. `note`: what is to be said beside their meaning;
    `of_file`: words also in the place of a code, where a charge has none."""
    heads = [column for one in asked.group_by for column in _columns(one)]
    return Table(
        name="costs",
        title=title_of(asked.group_by),
        definition=f"{define(asked)} {note}".rstrip(),
        period=asked.span.words,
        columns=[*heads, *COLUMNS],
        rows=[_cells(one, asked.group_by, of_file=of_file) | one.cells for one in groups],
        totals=sum_up([one.sums for one in groups]).cells if all(one.is_said for one in groups) else {},
        links=[asked.lines_at(*one.keys) if one.keys else None for one in groups],
    )


def title_of(group_by: Sequence[Dimension]) -> str:
    """What the report by these dimensions is called."""
    return f"Costs by {' and '.join(_in_sentence(one.text) for one in group_by)}"


def define(asked: Asked) -> str:
    """What the figures mean, and what they are narrowed to."""
    said = DEFINITION
    if asked.filters:
        narrowed = ", ".join(_narrowed(name, value) for name, value in asked.filters.items())
        said += f" Only: {narrowed}."
    if asked.smallest:
        once = small_numbers.once_in_words("only whole months can be asked for")
        said += f" {small_numbers.suppression_in_words(asked.smallest)} {once}"
    return said


def word_of(dimension: Dimension, key: str, name: str | None = None) -> str:
    """How people call a value of the dimension."""
    if not key:
        return dimension.nothing
    return name or (_WORDS[dimension](key) if dimension in _WORDS else key)


def _narrowed(name: str, value: str) -> str:
    if name == "part":
        return _in_sentence(Part(value).text)
    if name == "provisional":
        return f"what is in dispute of order {value}"
    return f"{name.replace('_', ' ')} {value}"


async def _check_a_month(session: AsyncSession, asked: Asked) -> None:
    """Whether the last whole month alone has too many groups: then nobody waits until five years are read."""
    month = months_after(asked.span.until, -1)
    is_long = asked.span.by is By.PERIOD and asked.span.since < month
    if is_long and len(asked.group_by) > 1 and MANY & {*asked.group_by} and grain_for(asked) is None:
        of_month = replace(asked, span=Span(month, month))
        bound = values_of(of_month) | {"limit": MOST_GROUPS + 1}
        if (await session.scalar(text(counted_sql(of_month)), bound) or 0) > MOST_GROUPS:
            raise _too_many()


def _too_many() -> BadValue:
    detail = (
        f"There are more than {MOST_GROUPS:,} groups. Ask by one dimension alone, for a shorter period, for one "
        "funder, team, store, kind, product or category, or by a dimension with fewer values."
    )
    return BadValue("too-many-groups", detail, field="group_by")


def _sums(row: Any) -> Sums:
    return Sums(
        lines=row["lines"],
        quantity=Decimal(row["quantity"]),
        charged_pence=int(row["charged_pence"]),
        credited_pence=int(row["credited_pence"]),
        vat_pence=int(row["vat_pence"]),
    )


def _group(row: Any, dimensions: Sequence[Dimension]) -> Group:
    keys = tuple(row[f"key_{place}"] for place in range(len(dimensions)))
    names = tuple(word_of(one, keys[place], row.get(f"name_{place}")) for place, one in enumerate(dimensions))
    return Group(keys, names, _sums(row), row.get("people", 0), frozenset(row.get("known") or ()))


def _put_together(groups: Sequence[Group], asked: Asked) -> list[Group]:
    if not asked.smallest:
        return list(groups)
    counted = [small_numbers.Group(one.keys, one.people, one.known) for one in groups]
    hidden = small_numbers.hidden_groups(counted, asked.smallest)
    if hidden is None:
        return [Group((), (small_numbers.not_shown(asked.smallest),) * len(asked.group_by), Sums(), is_said=False)]
    shown = [one for place, one in enumerate(groups) if place not in hidden]
    if hidden:
        few = (small_numbers.few(asked.smallest),) * len(asked.group_by)
        shown.append(Group((), few, sum_up([groups[place].sums for place in hidden])))
    return shown


def _ordered(groups: Sequence[Group], asked: Asked) -> list[Group]:
    """The dearest first, those of one first value together; months in their order; what is put together last."""
    whole: dict[str, int] = {}
    for one in groups:
        first = one.keys[0] if one.keys else ""
        whole[first] = whole.get(first, 0) + one.sums.net_pence

    def rank(one: Group) -> tuple[Any, ...]:
        if not one.keys:
            return (True,)
        ranks: list[Any] = [False]
        for place, (dimension, key) in enumerate(zip(asked.group_by, one.keys, strict=True)):
            is_month = dimension is Dimension.PERIOD
            ranks += [0 if is_month else -(whole[key] if place == 0 else one.sums.net_pence), key]
        return tuple(ranks)

    return sorted(groups, key=rank)


def _columns(dimension: Dimension) -> list[Column]:
    if dimension in NAMED:
        code = Column(dimension.value, f"{dimension.text}: code")
        return [code, Column(f"{dimension.value}_name", dimension.text)]
    return [Column(dimension.value, dimension.text, Cell.MONTH if dimension is Dimension.PERIOD else Cell.TEXT)]


def _cells(group: Group, dimensions: Sequence[Dimension], *, of_file: bool) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for place, one in enumerate(dimensions):
        # A blank would stand for what has no code and for what is put together alike.
        name = group.names[place]
        key = group.keys[place] if group.keys else name
        found[one.value] = key or (name if of_file else None)
        if one in NAMED:
            found[f"{one.value}_name"] = name
    return found


def _in_sentence(words: str) -> str:
    return words[:1].lower() + words[1:]
