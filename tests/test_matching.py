"""What a notice covers, asked of the register in SQL and of each item in Python: answers and evidence agree."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import matching
from app.domain.errors import Incomplete, RuleError
from app.domain.lifecycle import State
from app.domain.notice_evidence import write_findings
from app.domain.notice_json import scope_as_json
from app.domain.notice_parsing import read_scope
from app.domain.notice_scope import Scope
from app.domain.notices import ItemFacts, Result, match
from app.features.workshop.repairs import service as repairs
from app.features.workshop.repairs.service import NewPart
from app.scope_sql import Answer, Register
from tests.conftest import Clock, Query, Sessions
from tests.given import Given

MAKERS = ("Arjo", "Mechanaids", "ARJO-Huntleigh", "Sunrise", "")
MODELS = ("KS1019", "ks 1019", "KS1019V", "Ambulift", "")
CATEGORIES = ("12 36 03", "12 36", "12 36 21", "18 12 07")
SERIALS = (
    "AB1000",
    "ab-1500",
    "AB1999",
    "AB2000",
    "AC1500",
    "AB150",
    "AB01500",
    "1500",
    "ABO500",
    "É1500",
    "é1501",
    "A/1500",
    "N/A",
    None,
)
AROUND = (
    "S/N {}",
    "#{}",
    "{}.",
    "{}/A",
    "SN: {}",
    "LOT {}",
    "{}, 778",
    "AB1999/{}",
    "{} and K0061014",
    "SN{}",
    "No. {}",
)
WIDE = str.maketrans("0123456789AB", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff21\uff22")
LOTS = ("DMW12013", "DMW 5 2013", "dmw52012", "DMW102013", "DMW92013", "1C0101", "é9", "", None)
GTINS = ("05012345678900", "15012345678907", "07300016350759", None)
PARTS = ("PB-17", "pb 17", "PB18", "É-1")
YEARS = (2005, 2012, 2026)
QUESTION = "Is the hook open?"
TOGETHER: dict[str, Any] = {"together_with": {"models": ["Ambulift"]}}
[BESIDE] = read_scope([{"effect": "include", "where": TOGETHER}]).questions
ADDRESSES = ("0 High Street", "0 High Street", "1 High Street", "No. 1, High St", "Old Mill", "The Old Mill")
ALIASES: tuple[tuple[str, str, date | None, date | None], ...] = (
    ("Mechanaids", "Arjo", None, date(2008, 1, 1)),
    ("Arjo Huntleigh", "Arjo", date(2007, 6, 1), None),
)
ALIASES += (("Coopers", "Sunrise", None, None), ("Mechanaids", "Coopers", date(2012, 2, 1), None))


@dataclass(frozen=True)
class Made:
    """The register of a test, read once."""

    register: Register
    facts: dict[int, ItemFacts]


@pytest.fixture
async def made(given: Given, sessions: Sessions, session: AsyncSession, clock: Clock, query: Query) -> Made:
    """Items of random products, some with parts, some together at one address, some looked at."""
    chance = Random(5)  # noqa: S311 - a register that is the same each time
    products = [
        await given.product(
            manufacturer=chance.choice(MAKERS),
            model=chance.choice(MODELS),
            category=chance.choice(CATEGORIES),
            udi_di=[gtin for gtin in chance.sample(GTINS, 2) if gtin][: chance.randint(0, 2)],
        )
        for _ in range(14)
    ]
    barcodes = [await new_item(given, chance, chance.choice(products)) for _ in range(110)]
    clients = [await given.client(address=address) for address in ADDRESSES]
    for place, barcode in enumerate(barcodes[:20]):
        await given.on(barcode, State.ON_LOAN, client=clients[place % len(clients)])
    for barcode in barcodes[20:28]:
        await given.on(barcode, State.IN_REPAIR)
        fitted_on = clock.today - timedelta(days=chance.randint(0, 3))
        part = NewPart(part_number=chance.choice(PARTS), description="Push bar", cost_pence=1, fitted_on=fitted_on)
        async with sessions.begin() as writing:
            await repairs.fit_parts(writing, barcode, [part], actor="technician", at=clock.now)
    await session.execute(
        text("""INSERT INTO maker_alias (name, name_key, resolves_to, resolves_to_key, from_on, until_on, recorded_at,
                recorded_by) VALUES (:name, lower(:name), :to, lower(:to), :from_on, :until_on, now(), 'safety')"""),
        [dict(zip(("name", "to", "from_on", "until_on"), alias, strict=True)) for alias in ALIASES],
    )
    ids = [row["id"] for row in await query("SELECT id FROM item ORDER BY id")]
    answers = [Answer(item_id, QUESTION, chance.random() < 0.5) for item_id in ids[::3]]
    moments = (None, clock.now - timedelta(days=1), clock.now + timedelta(days=1))
    answers += [Answer(item_id, BESIDE, chance.random() < 0.2, chance.choice(moments)) for item_id in ids[:16]]
    register = await matching.read_register(session, today=clock.today, answers=answers)
    return Made(register, await matching.read_facts(session, ids, answers))


def written(chance: Random, number: str) -> str:
    """The number as people write it: more often than not with something around it, or in another width."""
    if not number or chance.random() < 0.4:
        return number
    number = number.translate(WIDE) if chance.random() < 0.2 else number
    return chance.choice(AROUND).format(number)


async def new_item(given: Given, chance: Random, product: str) -> str:
    """An item about which more or less is known."""
    facts: dict[str, Any] = {}
    if serial := chance.choice(SERIALS):
        number = f"{serial}{'' if chance.random() < 0.6 else chance.randint(0, 9)}"
        facts["serial_numbers"] = [written(chance, number)]
    came = date(chance.choice(YEARS), chance.randint(1, 2), chance.randint(1, 28))
    if chance.random() < 0.5:
        facts["dispatched_on"] = came - timedelta(days=chance.randint(0, 40))
    if chance.random() < 0.6:
        facts["manufactured_on"] = came - timedelta(days=chance.randint(40, 90))
        facts["manufactured_precision"] = chance.choice(("day", "week", "month", "year"))
    facts |= {
        "lot_number": written(chance, chance.choice(LOTS) or ""),
        "udi_di": chance.choice(GTINS),
        "received_on": came,
    }
    try:
        [barcode] = await given.items(1, product=product, **facts)
    except RuleError:
        facts.pop("serial_numbers", None)
        [barcode] = await given.items(1, product=product, **facts)
    return barcode


def some(values: tuple[Any, ...], least: int = 1) -> st.SearchStrategy[list[Any]]:
    """A few of them, each once."""
    return st.lists(st.sampled_from([value for value in values if value]), min_size=least, max_size=3, unique=True)


def ends(values: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Two ends in order, or one, each included or not."""
    pairs = st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True).map(sorted)
    flags = st.tuples(st.booleans(), st.booleans(), st.booleans())

    def build(pair: list[str], flags: tuple[bool, bool, bool]) -> dict[str, Any]:
        keys = ("from", "to") if len(pair) == 2 else (("from",) if flags[2] else ("to",))
        included = dict(zip(("from_inclusive", "to_inclusive"), flags, strict=False))
        return dict(zip(keys, pair, strict=True)) | included

    return st.builds(build, pairs, flags)


DAYS = (
    "2004-11-30",
    "2004-12",
    "2005",
    "2005-02-01",
    "2005-W05",
    "2011-12",
    "2012-01-20",
    "2012-02",
    "2026",
    "2026-02",
)
KINDS = st.sampled_from(("manufactured", "dispatched", "received"))
LEAVES = st.one_of(
    st.builds(lambda of: {"serial_range": of}, ends(("AB1000", "AB1500", "AB1999", "AC1500"))),
    st.builds(lambda of: {"serial_range": of}, ends(("A/1000", "A/1499", "AB1500", "SN1499"))),
    st.builds(lambda of: {"serial_range": of}, ends(("1000", "1499", "1501"))),
    st.builds(lambda of: {"lot_range": of}, ends(("DMW12013", "DMW52013", "DMW82013"))),
    st.builds(lambda of: {"serials": of}, some(("AB1000", "AB1501", "É1500", "1500", "S/N 150", "778", "#"))),
    st.builds(lambda of: {"lots": of}, some(("DMW52013", "1C0101", "É9", "Lot DMW12013", "K0061014"))),
    st.builds(
        lambda of: {"serial_pattern": of},
        st.sampled_from(("AB1[0-5]00", "AB*", "##00", "AB1[50-99]0*", "É*", "A/1[0-5]##", "K#*")),
    ),
    st.builds(lambda of: {"lot_pattern": of}, st.sampled_from(("DMW[1-8]2013", "DMW#201[2-3]", "1C*"))),
    st.builds(lambda kind, of: {"date": {"kind": kind, **of}}, KINDS, ends(DAYS)),
    st.builds(lambda of: {"udi_di": of}, some(GTINS)),
    st.builds(lambda of: {"older_than_years": of}, st.sampled_from((1, 14, 21))),
    st.builds(lambda of: {"unmarked": of}, st.sampled_from(("serial", "lot"))),
    st.sampled_from(({"feature": QUESTION}, {"feature": "Is there a tag?"}, {"unpublished_list": True}, TOGETHER)),
    st.builds(
        lambda number, of: {"part": {"part_number": number, **of}},
        st.sampled_from(PARTS),
        st.sampled_from(({}, {"fitted_from": "2026-03-01"}, {"fitted_to": "2026-02-28"})),
    ),
    st.builds(
        lambda names, of: {"together_with": {"manufacturers": names, "models": of}}, some(MAKERS), some(MODELS, 0)
    ),
)
NODES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda word, of: {word: of}, st.sampled_from(("all", "any")), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=4,
)
LINES = st.fixed_dictionaries(
    {
        "effect": st.sampled_from(("include", "include", "exclude")),
        "manufacturers": st.one_of(st.just([]), some((*MAKERS, "Coopers"))),
        "models": st.one_of(st.just([]), some(MODELS)),
        "categories": st.one_of(st.just([]), some(("12 36", "12 36 03", "18"))),
        "where": st.one_of(st.none(), NODES),
    }
)


@st.composite
def scopes(draw: st.DrawFn) -> Scope:
    """Any scope that is not refused."""
    try:
        return read_scope(draw(st.lists(LINES, min_size=1, max_size=3)))
    except Incomplete:
        return read_scope([{"effect": "include", "where": draw(LEAVES.filter(lambda leaf: "date" not in leaf))}])


@settings(
    max_examples=120,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(scope=scopes())
@example(scope=read_scope([{"effect": "include", "where": TOGETHER}]))
async def test_sql_finds_what_the_rules_find(scope: Scope, made: Made, session: AsyncSession) -> None:
    register = made.register
    expected = {}
    for item_id, facts in made.facts.items():
        found = match(scope, facts, names=register.names, today=register.today)
        if found.result is not Result.NOT_AFFECTED:
            expected[item_id] = (found.result, write_findings(found.findings))
    rows = await matching.find_matches(session, scope, register)
    assert {row.item_id: (row.result, row.evidence) for row in rows} == expected, scope_as_json(scope)
