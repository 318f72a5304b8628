"""Whether the counts of a notice add up: read together, by model, place and how far the work has come."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import matching, rematching
from app.domain.errors import NotFound
from app.domain.notice_closing import Reconciliation, Tally
from app.domain.notice_parsing import read_scope
from app.domain.notice_standing import ActionState, Place
from app.domain.notice_work import Handling
from app.domain.safety_notices import NoticeState
from app.features.notices.match_sql import IS_APART, IS_OLDER, MATCHES

# The scope in force is that of the newest activation. What is listed is counted here by the notice's own list alone.
STANDING = text(f"""
    SELECT notice.id, notice.reference, notice.title, notice.state,
           COALESCE(notice.triaged_version < notice.version, false) AS is_changed,
           notice.version, scope.id AS scope_id, scope.handling, scope.lines, scope.notice_version,
           notice.state <> 'closed' AND {IS_OLDER} AS is_older,
           EXISTS (SELECT FROM notice_scope AS newer WHERE newer.notice_id = notice.id
                   AND newer.id > COALESCE(scope.id, 0)) AS has_newer_scope,
           (SELECT count(*) FROM notice_match AS match
            WHERE match.notice_id = notice.id AND match.outcome IS DISTINCT FROM 'not_covered'
              AND NOT (notice.state = 'closed' AND {IS_APART})) AS held,
           (SELECT count(*) FROM notice_review WHERE notice_id = notice.id) AS reviews,
           (SELECT count(*) FROM notice_review WHERE notice_id = notice.id AND done_at IS NULL) AS reviews_open,
           (SELECT count(*) FROM notice_review WHERE notice_id = notice.id AND done_at IS NULL
              AND escalated_at IS NOT NULL) AS reviews_unreached,
           (SELECT count(*) FROM notice_review WHERE notice_id = notice.id AND outcome = 'unreachable') AS unreachable,
           (SELECT count(*) FROM safety_notice_action WHERE notice_id = notice.id) AS actions,
           (SELECT count(*) FROM safety_notice_action WHERE notice_id = notice.id AND done_at IS NULL) AS actions_open,
           COALESCE((SELECT max(act.id) FROM notice_match_action AS act
                     JOIN notice_match AS match ON match.id = act.match_id
                     WHERE match.notice_id = notice.id), 0) AS last_line
    FROM safety_notice AS notice
    LEFT JOIN LATERAL (
        SELECT scope_id FROM notice_activation WHERE notice_id = notice.id ORDER BY id DESC LIMIT 1
    ) AS activation ON true
    LEFT JOIN notice_scope AS scope ON scope.id = activation.scope_id
    WHERE notice.id = :notice_id
""")  # noqa: S608 - the parts are constants
TALLIES = text(f"""
    SELECT product.code AS product_code, product.name AS product_name, product.manufacturer, product.model,
           match.place, match.action_state, count(*) AS items
    FROM ({MATCHES}) AS match JOIN product ON product.id = match.product_id
    WHERE NOT (:is_closed AND match.is_apart)
    GROUP BY product.id, match.place, match.action_state
    ORDER BY product.manufacturer, product.model, product.code, match.place, match.action_state
""")  # noqa: S608 - the parts are constants
LATE = text(f"""
    SELECT count(*) FILTER (WHERE match.is_apart) AS items,
           count(*) FILTER (WHERE match.is_apart AND match.outcome IS NULL AND match.place <> 'scrapped') AS open_items,
           count(held.id) FILTER (WHERE match.recorded_place <> 'scrapped') AS still_held
    FROM ({MATCHES}) AS match
    LEFT JOIN hold AS held
      ON held.notice_id = match.notice_id AND held.item_id = match.item_id AND held.lifted_at IS NULL
""")  # noqa: S608 - the parts are constants
LISTED = text("SELECT item_id FROM notice_match WHERE notice_id = :notice_id AND result <> 'not_affected'")


@dataclass(frozen=True, slots=True)
class Late:
    """How many items were caught after the last closing, how many of them are open; and how many are held now, of all
    that can go out."""

    items: int
    open_items: int
    still_held: int


async def reconcile(session: AsyncSession, notice_id: int, *, today: date) -> Reconciliation:
    """The counts as they are now. Seven statements at most, however many items there are.

    What the scope covers is asked of the whole register again, so that nothing is left out of the list unseen.
    """
    row = (await session.execute(STANDING, {"notice_id": notice_id})).one_or_none()
    if row is None:
        raise NotFound("unknown-notice", "There is no safety notice with this reference.")
    is_closed = row.state == NoticeState.CLOSED
    rows = await session.execute(TALLIES, {"notice_id": notice_id, "is_closed": is_closed})
    tallies = tuple(
        Tally(
            one.product_code,
            one.product_name,
            one.manufacturer or "",
            one.model or "",
            Place(one.place),
            ActionState(one.action_state),
            one.items,
        )
        for one in rows
    )
    is_in_force = row.scope_id is not None and row.state == NoticeState.ACTIVE
    return Reconciliation(
        held=row.held,
        tallies=tallies,
        wants_items=row.handling == Handling.QUARANTINE,
        unlisted=await _count_unlisted(session, notice_id, row.lines, today) if is_in_force else 0,
        reviews=row.reviews,
        reviews_open=row.reviews_open,
        reviews_unreached=row.reviews_unreached,
        unreachable=row.unreachable,
        actions=row.actions,
        actions_open=row.actions_open,
        is_activated=row.scope_id is not None,
        has_newer_scope=row.has_newer_scope,
        is_changed=row.is_changed,
        version=row.version,
        older_version=row.notice_version if row.is_older else None,
        last_line=row.last_line,
    )


async def count_late(session: AsyncSession, notice_id: int) -> Late:
    """What a closing leaves to be done. One statement."""
    row = (await session.execute(LATE, {"notice_id": notice_id})).one()
    return Late(row.items, row.open_items, row.still_held)


async def _count_unlisted(session: AsyncSession, notice_id: int, lines: Any, today: date) -> int:
    scope = read_scope(lines)
    answers = await rematching.read_answers(session, scope.questions)
    register = await matching.read_register(session, today=today, answers=answers)
    found = await matching.find_matches(session, scope, register)
    listed = set(await session.scalars(LISTED, {"notice_id": notice_id}))
    return sum(one.item_id not in listed for one in found)
