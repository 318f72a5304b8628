"""Reads of charges."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.charging import NOBODYS
from app.domain.access import Actor
from app.domain.errors import NotFound
from app.domain.months import read_month
from app.features.finance.charges.asking import NOT_CLOSED, Wanted
from app.features.finance.charges.schemas import Charge, LineBody, Totals
from app.features.finance.disputed import IN_DISPUTE
from app.features.finance.kept_since import FIRST_MONTH
from app.features.finance.monthly.grains import Grain
from app.features.finance.monthly.sums import ISSUE_PERCENT, sums_of
from app.features.finance.posters import poster, seen_by
from app.web.fields import BIGGEST_ID

MOST_COUNTED: Final = 10_000
"""What is to be looked at is counted up to here: more is only said to be more."""

_COLUMNS: Final = f"""
    SELECT line.id, line.posting_id, line.kind, line.variant, to_char(line.period, 'YYYY-MM') AS period,
           line.happened_on, line.posted_at, {poster("line.posted_by")} AS posted_by,
           funder.code AS funder, line.percent, line.quantity,
           line.amount_pence, line.vat_pence, line.tariff_id, line.basis, line.is_unpriced, line.is_issue,
           ({IN_DISPUTE}) AS is_provisional, item.barcode, line.movement_seq, product.code AS product_code,
           product.name AS product_name, line.category,
           line.recycled, store.code AS store, asked.number AS order_number, collection.number AS collection_number,
           team.code AS team, CASE WHEN :by_prescriber THEN line.prescriber END AS prescriber, line.reason,
           line.district, line.reversal_of, undone.by_id AS reversed_by, line.corrects_id, line.because
"""
_JOINED: Final = """
    LEFT JOIN charge_taken_back AS undone ON undone.charge_id = line.id
    LEFT JOIN funder ON funder.id = line.funder_id
    LEFT JOIN item ON item.id = line.item_id
    LEFT JOIN product ON product.id = line.product_id
    LEFT JOIN store ON store.id = line.store_id
    LEFT JOIN equipment_order AS asked ON asked.id = line.order_id
    LEFT JOIN collection ON collection.id = line.collection_id
    LEFT JOIN team ON team.id = line.team_id
"""
_LINES: Final = f"{_COLUMNS} FROM charge AS line {_JOINED}"
# The page's lines are found first, so that nothing is joined to the others.
LISTED: Final = f"""
    {_COLUMNS} FROM (SELECT line.* FROM charge AS line WHERE {{where}} ORDER BY line.id DESC LIMIT :limit) AS line
    {_JOINED} ORDER BY line.id DESC
"""  # noqa: S608 - the parts are ours
# What is in dispute is little, and found by its orders: walked from the newest on, most lines would be none of it.
FOUND_WHOLE: Final = f"""
    WITH few AS MATERIALIZED (SELECT line.* FROM charge AS line WHERE {{where}})
    {_COLUMNS} FROM (SELECT * FROM few ORDER BY id DESC LIMIT :limit) AS line {_JOINED} ORDER BY line.id DESC
"""  # noqa: S608 - the parts are ours
# Issues are counted as the dashboard counts them, so that a figure there and the lines behind it say the same.
TOTALS: Final = f"""
    SELECT count(*) AS lines, COALESCE(round(sum({ISSUE_PERCENT}) / 100), 0) AS issues,
           COALESCE(sum(line.amount_pence), 0) AS net_pence,
           COALESCE(sum(line.vat_pence), 0) AS vat_pence
    FROM charge AS line WHERE {{where}}
"""  # noqa: S608 - the part is a constant
# The same of many months: their sums, less the lines in them of days before and after, and with those that were posted
# later. Each of these few lines is found by its day.
SUMMED: Final = """
    WITH {sums}, found AS (
        SELECT lines, issue_percent, net_pence, vat_pence FROM sums AS line WHERE {of_sums}
        {lines}
    )
    SELECT COALESCE(sum(lines), 0) AS lines, COALESCE(round(sum(issue_percent) / 100), 0) AS issues,
           COALESCE(sum(net_pence), 0) AS net_pence, COALESCE(sum(vat_pence), 0) AS vat_pence
    FROM found
"""
_OTHER_DAYS: Final = f"""
    UNION ALL
    SELECT {{sign}}1, {{sign}}({ISSUE_PERCENT}), {{sign}}amount_pence, {{sign}}vat_pence
    FROM charge AS line WHERE {{which}} AND {{of_lines}}
"""  # noqa: S608 - the part is a constant
OTHER_DAYS: Final = (
    ("-", "line.period BETWEEN :since AND :until AND line.happened_on < :first"),
    ("-", "line.period BETWEEN :since AND :until AND line.happened_on > :last"),
    ("+", "line.period > :until AND line.happened_on BETWEEN :first AND :last"),
)
FEWEST_MONTHS: Final = 3
"""From so many months on days are summed by months: of fewer, the lines at their ends would be most of them."""
OF_POSTINGS: Final = text(_LINES + " WHERE line.posting_id = ANY(:postings) ORDER BY line.id")
# Everything that hangs together with a charge: its lines, what takes them back or came instead, and what it does so to.
# Each part asks the table for itself: joined with itself in all its months, it takes longer to plan than to read.
AROUND: Final = text(f"""
    WITH own AS MATERIALIZED (
        SELECT id, reversal_of, corrects_id, item_id, movement_seq, is_issue FROM charge
        WHERE posting_id = (SELECT posting_id FROM charge WHERE id = :charge_id)
    )
    {_LINES}
    WHERE line.id = ANY(ARRAY(
        SELECT id FROM own
        UNION SELECT other.by_id FROM charge_taken_back AS other JOIN own ON other.charge_id = own.id
        UNION SELECT id FROM charge WHERE corrects_id = ANY(ARRAY(SELECT id FROM own))
        UNION SELECT id FROM charge WHERE posting_id = ANY(ARRAY(
            SELECT posting_id FROM charge
            WHERE id = ANY(ARRAY(SELECT COALESCE(reversal_of, corrects_id) FROM own))))
        UNION SELECT id FROM charge AS credit
              WHERE item_id = (SELECT min(item_id) FROM own WHERE is_issue) AND kind = 'credit'
                AND movement_seq > (SELECT min(movement_seq) FROM own WHERE is_issue) AND reversal_of IS NULL
                AND movement_seq <= COALESCE((
                    SELECT min(movement_seq) FROM charge
                    WHERE item_id = (SELECT min(item_id) FROM own WHERE is_issue) AND is_issue
                      AND movement_seq > (SELECT min(movement_seq) FROM own WHERE is_issue)), 2147483647)
                AND NOT EXISTS (SELECT FROM charge_taken_back AS gone WHERE gone.charge_id = credit.id)
    ))
    ORDER BY line.id
""")  # noqa: S608 - the part is a constant
_OWN: Final = f"""
    SELECT FROM charge AS line
    WHERE line.funder_id IS NULL AND line.amount_pence <> 0 AND line.reversal_of IS NULL AND {NOT_CLOSED}
      AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id)
"""  # noqa: S608 - the part is a constant
TO_DO: Final = text(f"""
    SELECT (SELECT count(*) FROM (
                SELECT FROM charge_to_see_to WHERE is_unpriced LIMIT :most) AS found) AS unpriced,
           (SELECT count(*) FROM (
                SELECT FROM charge_to_see_to AS line WHERE is_nobodys AND {NOT_CLOSED} LIMIT :most) AS found
           ) AS nobodys,
           (SELECT count(*) FROM ({_OWN} AND line.kind = 'write_off' LIMIT :most) AS found) AS written_off,
           (SELECT count(*) FROM ({_OWN} AND line.kind <> 'write_off' AND NOT ({NOBODYS}) LIMIT :most) AS found)
               AS own, {FIRST_MONTH} AS kept_since
""")  # noqa: S608 - the parts are constants
# The issue that a person adds to, what they add, and what its funders pay less.
TOP_UP: Final = text("""
    SELECT agreed.id FROM charge AS line JOIN order_top_up AS agreed
        ON agreed.item_id = line.item_id AND agreed.movement_seq = line.movement_seq AND agreed.order_id = line.order_id
    WHERE line.id = :charge_id AND line.kind IN ('new_purchase', 'recycled_issue', 'top_up')
      AND agreed.withdrawn_at IS NULL
""")
FUNDERS: Final = text("SELECT code, name FROM funder WHERE :persons OR kind <> 'person' ORDER BY code")
TEAMS: Final = text("SELECT code, name FROM team ORDER BY name, code")


async def list_lines(session: AsyncSession, wanted: Wanted, *, before: int, limit: int, actor: Actor) -> list[LineBody]:
    """Up to `limit` + 1 lines before that number, newest first (0: from the newest on)."""
    where, values = wanted.conditions()
    listed = FOUND_WHOLE if wanted.provisional else LISTED
    found = text(listed.format(where=" AND ".join([*where, "line.id < :before"])))
    asked = {**values, **seen_by(actor), "before": before or BIGGEST_ID, "limit": limit + 1}
    return [_line(row) for row in (await session.execute(found, asked)).mappings()]


async def add_up(session: AsyncSession, wanted: Wanted, *, today: date) -> Totals:
    """The sums of all lines that are asked for: of the months where they were summed up, of the lines otherwise. One
    statement."""
    where, values = wanted.conditions()
    statement = TOTALS.format(where=" AND ".join(where) or "true")
    grain, span = wanted.grain(), _months_of(wanted, today)
    if grain and span:
        statement = _summed(wanted, grain)
        days = {"first": wanted.since, "last": wanted.until or date.max} if wanted.period is None else {}
        kept = {name: value for name, value in values.items() if name not in {"period", "since_month"}}
        values = {**kept, **days, "since": span[0], "until": span[1]}
    row = (await session.execute(text(statement), values)).mappings().one()
    return Totals.model_validate(dict(row))


async def get_charge(session: AsyncSession, charge_id: int, *, actor: Actor) -> Charge:
    """The charge that this line is of, and what hangs together with it. Raises NotFound `unknown-charge`."""
    rows = await session.execute(AROUND, {"charge_id": charge_id, **seen_by(actor)})
    found = [_line(row) for row in rows.mappings()]
    asked = next((line for line in found if line.id == charge_id), None)
    if asked is None:
        raise NotFound("unknown-charge", "There is no line with this number.")
    own = [line for line in found if line.posting_id == asked.posting_id]
    ids = {line.id for line in own}
    others = [line for line in found if line.id not in ids]
    undoing = [line for line in others if line.reversal_of in ids]
    instead = [line for line in others if line.corrects_id in ids]
    named = {line.reversal_of or line.corrects_id for line in own} - {None}
    earlier = {line.posting_id for line in others if line.id in named}
    before = [line for line in others if line.posting_id in earlier]
    told = {line.id for line in (*undoing, *instead, *before)}
    return Charge(asked, own, undoing, instead, before, [line for line in others if line.id not in told])


async def find_top_up(session: AsyncSession, charge_id: int) -> int | None:
    """The top-up that stands beside this line, or that it is of."""
    number: int | None = await session.scalar(TOP_UP, {"charge_id": charge_id})
    return number


async def list_postings(session: AsyncSession, postings: Sequence[UUID], *, actor: Actor) -> list[LineBody]:
    """All lines of these charges."""
    rows = await session.execute(OF_POSTINGS, {"postings": list(postings), **seen_by(actor)})
    return [_line(row) for row in rows.mappings()]


async def count_to_do(session: AsyncSession) -> dict[str, Any]:
    """How many lines have no rate; and of open months how many somebody should pay and nobody is said to (`nobodys`),
    and how many the service bears by right: write-offs, and others (`own`). `kept_since`: the first month of all, or
    nothing."""
    return dict((await session.execute(TO_DO, {"most": MOST_COUNTED})).mappings().one())


async def list_funders(session: AsyncSession, *, persons: bool = True) -> list[tuple[str, str]]:
    """Who pays, as (code, name); `persons`: with their own money, too, which no charge is ever moved to."""
    return [(row.code, row.name) for row in await session.execute(FUNDERS, {"persons": persons})]


async def list_teams(session: AsyncSession) -> list[tuple[str, str]]:
    """Teams, as (code, name)."""
    return [(row.code, row.name) for row in await session.execute(TEAMS)]


def _line(row: Any) -> LineBody:
    return LineBody.model_validate(dict(row))


def _months_of(wanted: Wanted, today: date) -> tuple[date, date] | None:
    """The first and the last month of the books whose sums are asked for; none where lines say it sooner. A month with
    days of it is narrowed to both, so that only lines do."""
    if wanted.period is not None:
        month = read_month(wanted.period)
        return None if wanted.since or wanted.until else (month, month)
    if wanted.since is None:
        return None
    first, last = wanted.since.replace(day=1), (wanted.until or today).replace(day=1)
    return (first, last) if (last.year - first.year) * 12 + last.month - first.month + 1 >= FEWEST_MONTHS else None


def _summed(wanted: Wanted, grain: Grain) -> str:
    other = [] if wanted.period is not None else OTHER_DAYS
    of_lines = wanted.narrowed().replace("line.funder_id = 0", "line.funder_id IS NULL")
    lines = "".join(_OTHER_DAYS.format(sign=sign, which=which, of_lines=of_lines) for sign, which in other)
    return SUMMED.format(sums=sums_of(grain), of_sums=wanted.narrowed(), lines=lines)
