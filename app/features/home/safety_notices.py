"""Safety notices on the start page of those who handle them: what waits for triage, and the clocks that run."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.safety_notices import Clock, Deadlines, NoticeState, clocks

FIRST_FEW = 8
MOST = 1_000
MOST_OPEN = 100
"""So far the items of a notice, and its open ones, are counted here: what is scrapped is not to be done any more, which
is asked of each. The notice's own page counts all."""
_FIRST = 2 * MOST_OPEN


def open_items(most: int, first: int) -> str:
    """SQL of how many items of `notice` are to be done, up to `most` and one. Of its `first` ones those that are
    scrapped are looked for at once, in the index of what is; only if that is too many of them, item by item is read.
    """
    return f"""
        SELECT CASE WHEN few.matches < {first} OR few.open_items > {most} THEN LEAST(few.open_items, {most + 1})
               ELSE (SELECT count(*) FROM (
                    SELECT FROM notice_match AS match JOIN item ON item.id = match.item_id
                    WHERE match.notice_id = notice.id AND match.finished_at IS NULL AND item.state <> 'scrapped'
                    LIMIT {most + 1}) AS counted) END
        FROM (SELECT cardinality(ids) AS matches, cardinality(ids) - (
                     SELECT count(*) FROM item WHERE id = ANY(ids) AND state = 'scrapped') AS open_items
              FROM (SELECT ARRAY(SELECT item_id FROM notice_match
                                 WHERE notice_id = notice.id AND finished_at IS NULL LIMIT {first}) AS ids
                    OFFSET 0) AS seen
              OFFSET 0) AS few
    """  # noqa: S608 - numbers of ours


# How many are counted is written into the statement: PostgreSQL would plan it anew each time (4 ms) for a bound that it
# is only given, because it reckons with a tenth of all then.
OPEN_NOTICES = text(f"""
    SELECT notice.*, work.items, work.open_items, people.reviews_open, people.unreached FROM (
    SELECT notice.id, notice.reference, notice.title, notice.state, notice.underway_by, notice.complete_by,
           notice.own_target_on, EXISTS (SELECT FROM safety_notice_action WHERE notice_id = notice.id) AS is_underway,
           count(*) OVER () AS open_notices,
           count(*) FILTER (WHERE state = 'received' AND triaged_version IS NULL) OVER () AS to_triage,
           count(*) FILTER (WHERE triaged_version < version AND state <> 'closed') OVER () AS changed,
           count(*) FILTER (WHERE state = 'closed' AND triaged_version < version) OVER () AS changed_since_closing,
           count(*) FILTER (WHERE has_caught) OVER () AS caught_since, has_caught,
           (SELECT count(*) FROM notice_review WHERE done_at IS NULL AND escalated_at IS NOT NULL) AS all_unreached
    FROM safety_notice AS notice CROSS JOIN LATERAL (VALUES (state = 'closed' AND EXISTS (
        SELECT FROM notice_match AS late JOIN item ON item.id = late.item_id
        WHERE late.notice_id = notice.id AND late.finished_at IS NULL AND item.state <> 'scrapped'
    ))) AS late (has_caught)
    WHERE state NOT IN ('not_relevant', 'not_held', 'closed') OR has_caught
       OR (state = 'closed' AND triaged_version < version)
    ORDER BY state <> 'closed', LEAST(CASE WHEN state <> 'active' THEN underway_by END, own_target_on, complete_by)
             NULLS LAST, id DESC
    LIMIT {FIRST_FEW}
    ) AS notice CROSS JOIN LATERAL (
        SELECT (SELECT count(*) FROM (
                    SELECT FROM notice_match
                    WHERE notice_id = notice.id AND outcome IS DISTINCT FROM 'not_covered'
                    LIMIT {MOST + 1}) AS counted) AS items,
               ({open_items(MOST_OPEN, _FIRST)}) AS open_items
    ) AS work CROSS JOIN LATERAL (
        SELECT count(*) AS reviews_open, count(escalated_at) AS unreached
        FROM notice_review WHERE notice_id = notice.id AND done_at IS NULL
    ) AS people
    ORDER BY state <> 'closed', LEAST(CASE WHEN state <> 'active' THEN underway_by END, own_target_on, complete_by)
             NULLS LAST, id DESC
""")  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class OpenNotice:
    """A notice that is not closed, or has changed or caught something (`has_caught`) since; its deadlines that run, the
    soonest first; how many of its items and its reviews of people are open, and how many people nobody reached.
    `items`, `open_items`: up to `MOST` and `MOST_OPEN`."""

    id: int
    reference: str
    title: str
    state: NoticeState
    clocks: list[Clock]
    items: int
    open_items: int
    has_caught: bool
    reviews_open: int
    unreached: int


@dataclass(frozen=True, slots=True)
class NoticeWork:
    """How many notices wait for triage, how many changed since, how many changed or have caught something after
    their closing, and how many people nobody reached; then those, and the open ones whose deadlines are soonest."""

    to_triage: int
    changed: int
    changed_since_closing: int
    caught_since: int
    unreached: int
    open_notices: int
    rows: list[OpenNotice]


async def read_notice_work(session: AsyncSession, *, today: date) -> NoticeWork:
    """What there is to do about safety notices. One statement."""
    rows = (await session.execute(OPEN_NOTICES)).all()
    found = []
    for row in rows:
        days, state = Deadlines(row.underway_by, row.complete_by, row.own_target_on), NoticeState(row.state)
        running = clocks(state, days, is_underway=row.is_underway, today=today)
        work = row.items, row.open_items, row.has_caught, row.reviews_open, row.unreached
        found.append(OpenNotice(row.id, row.reference, row.title, state, running, *work))
    if not rows:
        return NoticeWork(0, 0, 0, 0, 0, 0, [])
    sums = rows[0]
    closed = sums.changed_since_closing, sums.caught_since, sums.all_unreached
    return NoticeWork(sums.to_triage, sums.changed, *closed, sums.open_notices, found)
