"""What a report of costs asks of PostgreSQL: its charges, by one dimension or two, and narrowed.

Months that were summed up are read from their sums, where one of the grains knows the dimensions (ADR 63).
"""

from collections.abc import Mapping
from typing import Any, Final

from app.domain.cost_reports import By, Dimension
from app.features.finance.disputed import IN_DISPUTE
from app.features.finance.monthly.grains import Grain, grain_of
from app.features.finance.monthly.sums import sums_of
from app.features.finance.reports.asking import Asked

KEYS: Final[dict[Dimension, str]] = {
    Dimension.FUNDER: "COALESCE(funder.code, '')",
    Dimension.COST_CENTRE: "COALESCE(NULLIF(funder.cost_centre, ''), team.cost_centre, '')",
    Dimension.TEAM: "COALESCE(team.code, '')",
    Dimension.PRESCRIBER: "COALESCE(line.prescriber, '')",
    Dimension.PRODUCT: "COALESCE(product.code, '')",
    Dimension.CATEGORY: "COALESCE(line.category, '')",
    Dimension.CATEGORY_SUBCLASS: "COALESCE(left(line.category, 5), '')",
    Dimension.CATEGORY_CLASS: "COALESCE(left(line.category, 2), '')",
    Dimension.KIND: "line.kind",
    Dimension.SPEED: "CASE WHEN line.kind IN ('delivery', 'collection') THEN line.variant ELSE '' END",
    Dimension.REASON: "COALESCE(line.reason, '')",
    Dimension.DISTRICT: "COALESCE(line.district, '')",
    Dimension.RECYCLED: "CASE line.recycled WHEN true THEN 'recycled' WHEN false THEN 'new' ELSE '' END",
    Dimension.STORE: "COALESCE(store.code, '')",
}
NAMES: Final[dict[Dimension, str]] = {
    Dimension.FUNDER: "funder.name",
    Dimension.TEAM: "team.name",
    Dimension.PRESCRIBER: "who.name",
    Dimension.PRODUCT: "product.name",
    Dimension.STORE: "store.name",
}
"""Dimensions whose values have names in the database."""
# What is not asked for is not joined: PostgreSQL leaves out a join of which nothing is used.
CHARGES: Final = """
    charge AS line LEFT JOIN funder ON funder.id = line.funder_id LEFT JOIN team ON team.id = line.team_id
    LEFT JOIN product ON product.id = line.product_id LEFT JOIN store ON store.id = line.store_id
    LEFT JOIN account AS who ON who.username = line.prescriber
"""
# A correction is of the month of the line that it is about; whatever else happened before this month came late.
PART: Final = """
    CASE WHEN (SELECT named.period FROM charge AS named
               WHERE named.id = COALESCE(line.reversal_of, line.corrects_id)) < line.period THEN 'corrections'
         WHEN line.happened_on < line.period THEN 'late' ELSE 'month' END
"""
FILTERS: Final = {
    "funder": "funder.code = :funder",
    "team": "team.code = :team",
    "store": "store.code = :store",
    "kind": "line.kind = :kind",
    "product_code": "product.code = :product_code",
    "part": f"{PART} = :part",
    "provisional": f"""
        {IN_DISPUTE}
        AND line.order_id = (SELECT id FROM equipment_order WHERE number = :provisional)
    """,  # noqa: S608 - the part is a constant
    "category": "(line.category = :category OR line.category LIKE :category || ' %')",
}
MEASURES: Final = """
    count(*) AS lines,
    COALESCE(sum(CASE WHEN line.reversal_of IS NULL THEN line.quantity ELSE -line.quantity END * line.percent), 0) / 100
        AS quantity,
    COALESCE(sum(line.amount_pence) FILTER (WHERE line.kind <> 'credit'), 0) AS charged_pence,
    COALESCE(sum(line.amount_pence) FILTER (WHERE line.kind = 'credit'), 0) AS credited_pence,
    COALESCE(sum(line.vat_pence), 0) AS vat_pence
"""
# By their sums, the same is a tenth to read. What a grain does not know is not joined.
JOINED: Final = {
    "funder_id": "LEFT JOIN funder ON funder.id = line.funder_id",
    "team_id": "LEFT JOIN team ON team.id = line.team_id",
    "store_id": "LEFT JOIN store ON store.id = line.store_id",
    "product_id": "LEFT JOIN product ON product.id = line.product_id",
    "prescriber": "LEFT JOIN account AS who ON who.username = line.prescriber",
}
SUMMED: Final = """
    sum(line.lines)::bigint AS lines, sum(line.quantity_percent) / 100 AS quantity,
    sum(line.net_pence - line.credited_pence) AS charged_pence, sum(line.credited_pence) AS credited_pence,
    sum(line.vat_pence) AS vat_pence
"""
PARTS: Final[Mapping[Dimension, frozenset[str]]] = {
    Dimension.FUNDER: frozenset({"funder_id"}),
    Dimension.COST_CENTRE: frozenset({"funder_id", "team_id"}),
    Dimension.TEAM: frozenset({"team_id"}),
    Dimension.PRESCRIBER: frozenset({"prescriber"}),
    Dimension.PRODUCT: frozenset({"product_id"}),
    Dimension.CATEGORY: frozenset({"category"}),
    Dimension.CATEGORY_SUBCLASS: frozenset({"category"}),
    Dimension.CATEGORY_CLASS: frozenset({"class"}),
    Dimension.KIND: frozenset({"kind"}),
    Dimension.SPEED: frozenset({"speed"}),
    Dimension.REASON: frozenset({"reason"}),
    Dimension.DISTRICT: frozenset({"district"}),
    Dimension.RECYCLED: frozenset({"recycled"}),
    Dimension.STORE: frozenset({"store_id"}),
    Dimension.PERIOD: frozenset(),
}
"""Which parts of a sum say it."""
# As the sums have them; every other key is the same of a sum as of a line.
SUMMED_KEYS: Final = {Dimension.SPEED: "line.speed", Dimension.RECYCLED: "line.recycled"}
FILTERED_BY: Final = {
    "funder": Dimension.FUNDER,
    "team": Dimension.TEAM,
    "store": Dimension.STORE,
    "kind": Dimension.KIND,
    "product_code": Dimension.PRODUCT,
    "category": Dimension.CATEGORY,
}
MANY: Final = frozenset({Dimension.PRODUCT, Dimension.PRESCRIBER})
"""Dimensions of which a county has thousands."""
# Who is in a group of few is known, so that nobody is counted twice; of many, so many as are asked for at most.
PEOPLE: Final = """
    count(DISTINCT line.client_id) AS people,
    (array_agg(DISTINCT line.client_id) FILTER (WHERE line.client_id IS NOT NULL))[1:100] AS known
"""


def key_of(dimension: Dimension, by: By) -> str:
    """What a charge is counted under, as SQL; a text, empty where it has none."""
    if dimension is Dimension.PERIOD:
        return f"to_char({_day(by)}, 'YYYY-MM')"
    return KEYS[dimension]


def where(asked: Asked) -> str:
    """The charges that are asked for, as SQL."""
    return " AND ".join([f"{_day(asked.span.by)} BETWEEN :since AND :until", *_narrower(asked)])


def values_of(asked: Asked) -> dict[str, Any]:
    """What `where` binds."""
    wanted = {f"at_{place}": value for place, value in enumerate(asked.at)}
    return {"since": asked.span.since, "until": asked.span.until, **asked.filters, **wanted}


def grain_for(asked: Asked) -> Grain | None:
    """The sums by month that can say it; none where only the lines can: sums know no people, no days, no disputes."""
    if asked.span.by is not By.PERIOD or asked.smallest or asked.at or not set(asked.filters) <= set(FILTERED_BY):
        return None
    dimensions = {*asked.group_by, *(FILTERED_BY[name] for name in asked.filters)}
    if len(asked.filters.get("category", "")) == len("12"):
        dimensions = dimensions - {Dimension.CATEGORY} | {Dimension.CATEGORY_CLASS, *asked.group_by}
    return grain_of(frozenset[str]().union(*(PARTS[one] for one in dimensions)))


def grouped_sql(asked: Asked) -> str:
    """Every group with its measures, as SQL. Binds `limit` beside what `values_of` has."""
    grain = grain_for(asked)
    known = SUMMED_KEYS if grain else {}
    keys = [
        f"{known.get(one) or key_of(one, asked.span.by)} AS key_{place}" for place, one in enumerate(asked.group_by)
    ]
    names = [f"max({NAMES[one]}) AS name_{place}" for place, one in enumerate(asked.group_by) if one in NAMES]
    people = [PEOPLE] if asked.smallest else []
    grouped = ", ".join(f"key_{place}" for place in range(len(asked.group_by)))
    columns = ", ".join([*keys, *names, *people, SUMMED if grain else MEASURES])
    if grain:
        # Its months are those of the span already; said twice, they would seem fewer than they are to PostgreSQL.
        which = " AND ".join(_narrower(asked)) or "true"
        joins = " ".join(join for name, join in JOINED.items() if name in grain.columns)
        source = f"WITH {sums_of(grain)} SELECT {columns} FROM sums AS line {joins}"  # noqa: S608 - words of our own
    else:
        which = where(asked)
        source = f"SELECT {columns} FROM {CHARGES}"  # noqa: S608 - words of our own; what people asked is bound
    return f"{source} WHERE {which} GROUP BY {grouped} LIMIT :limit"


def counted_sql(asked: Asked) -> str:
    """How many groups there are, up to `limit` of them, as SQL."""
    keys = ", ".join(key_of(one, asked.span.by) for one in asked.group_by)
    return f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM {CHARGES} WHERE {where(asked)} LIMIT :limit) AS found"  # noqa: S608 - words of our own


def _narrower(asked: Asked) -> list[str]:
    """What they are narrowed to beside their days."""
    parts = [FILTERS[name] for name in asked.filters]
    return parts + [
        f"{key_of(one, asked.span.by)} = :at_{place}" for place, one in enumerate(asked.group_by[: len(asked.at)])
    ]


def _day(by: By) -> str:
    return "line.period" if by is By.PERIOD else "line.happened_on"
