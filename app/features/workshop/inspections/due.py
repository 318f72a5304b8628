"""Reads of what falls due: the list by day, in store and at home, and how much falls due in each week."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import RowMapping, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.inspections import InspectionKind, InspectionOutcome, counts_as_overdue, place_by_day
from app.domain.lifecycle import State
from app.web.shapes import Shape

USUAL_DAYS: Final = timedelta(days=30)
WEEKS: Final = 12


class Where(StrEnum):
    """Where the item is to be inspected."""

    STORE = "store"
    HOME = "home"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to. `before` None: no last day. `known`: only what has a day, or only what has none;
    what has none is there whatever the last day. `may_visit`: homes are told of, by district."""

    before: date | None = None
    store: str | None = None
    kind: InspectionKind | None = None
    where: Where | None = None
    overdue: bool = False
    known: bool | None = None
    may_visit: bool = False

    def as_values(self, today: date) -> dict[str, Any]:
        """As the statements take it."""
        return {
            "before": min(self.before or date.max, today) if self.overdue else self.before or date.max,
            "store": self.store,
            "kind": self.kind and self.kind.value,
            "where": self.where and self.where.value,
            "today": today,
            "known": self.known,
            "may_visit": self.may_visit,
        }


class DueInspection(Shape):
    """An inspection that is due. `due_on` None, and not `is_known`: the product asks for it and nobody knows when it is
    due, so it counts as overdue. Where a client has the item, `client_ref` and the district of the postcode are told to
    those who visit homes. `visit_id`: the open visit for it; `tries`: how often nobody opened. `last_outcome`: how the
    latest of its kind ended; `is_on_hold`: the item."""

    barcode: str
    product_name: str
    kind: InspectionKind
    due_on: date | None
    state: State
    store: str
    is_known: bool
    is_overdue: bool
    where: Where
    client_ref: str | None
    postcode_district: str | None
    visit_id: int | None
    visit_on: date | None
    tries: int
    last_outcome: InspectionOutcome | None
    is_on_hold: bool


class KnownDanger(Shape):
    """A danger that an inspection found, until a later one of its kind passes and the copy of its report is sent.

    `copy_id`: of the copy for the enforcing authority that waits to be sent. Otherwise as DueInspection.
    """

    inspection_id: int
    barcode: str
    product_name: str
    kind: InspectionKind
    examined_on: date
    state: State
    store: str
    where: Where
    client_ref: str | None
    postcode_district: str | None
    is_on_hold: bool
    has_passed_since: bool
    copy_id: int | None


class DueInWeek(Shape):
    """How many inspections fall due in the week from that Monday; `is_overdue`: in all weeks before today. Without a
    Monday: of how many nobody knows when they are due."""

    week_from: date | None
    how_many: int
    at_home: int
    is_overdue: bool


# Its state says where an item is, and its open loan of what is missing alone: a loan is not looked for of every item.
_AT_HOME = """
    (item.state IN ('on_loan', 'on_trial', 'awaiting_collection')
     OR item.state = 'missing' AND COALESCE((
         SELECT true FROM loan WHERE loan.item_id = item.id AND loan.ended_at IS NULL LIMIT 1), false))
"""
# Most of what falls due is with clients, so what is due in a store is found from what stands there, which is read once.
_IN_STORES = f"""
    there AS MATERIALIZED (
        SELECT item.id, item.barcode, item.product_id, item.state, item.store_id FROM item
        WHERE item.state IN ('in_stock', 'reserved', 'dispatched', 'returned', 'decontaminating',
                             'awaiting_inspection', 'in_repair', 'missing')
          AND (CAST(:store AS text) IS NULL OR item.store_id IN (SELECT id FROM store WHERE code = :store))
          AND NOT {_AT_HOME}
    )
"""  # noqa: S608 - the part is the constant above
_ITEMS: Final = {None: "item", Where.HOME: "item", Where.STORE: "there AS item"}
# Missing items are looked for from their last store; what is scrapped is not due any more.
_PLACED = f"""
    JOIN store ON store.id = item.store_id
    WHERE item.state <> 'scrapped'
      AND (CAST(:store AS text) IS NULL OR store.code = :store)
      AND (CAST(:where AS text) IS NULL OR {_AT_HOME} = (:where = 'home'))
"""
_NARROWED = f"{_PLACED} AND (CAST(:kind AS text) IS NULL OR due.kind = :kind)"


def _known(where: Where | None) -> str:
    return f"""
        FROM inspection_due AS due JOIN {_ITEMS[where]} ON item.id = due.item_id {_NARROWED}
          AND due.due_on < :before AND CAST(:known AS boolean) IS NOT FALSE
    """


def _unknown(where: Where | None) -> str:
    return f"""
        FROM inspection_without_day AS due JOIN {_ITEMS[where]} ON item.id = due.item_id {_NARROWED}
          AND CAST(:known AS boolean) IS NOT TRUE
          AND NOT EXISTS (SELECT FROM inspection_due AS known WHERE known.item_id = item.id AND known.kind = due.kind)
    """


_FACTS = "SELECT item.id AS item_id, item.barcode, item.product_id, item.state, due.kind, store.code AS store"


def _list_of(where: Where | None) -> TextClause:
    # What is not known stands first, as `place_by_day` says; it is read only for the pages that begin among it.
    return text(f"""
        WITH {f"{_IN_STORES}," if where is Where.STORE else ""} found AS (
            ({_FACTS}, CAST(NULL AS date) AS due_on
            {_unknown(where)} AND CAST(:after_on AS date) = :first_on
              AND (item.barcode, due.kind) > (:after_barcode, :after_kind)
            ORDER BY item.barcode, due.kind LIMIT :limit)
            UNION ALL
            ({_FACTS}, due.due_on
            {_known(where)} AND due.due_on >= CAST(:after_on AS date)
              AND (due.due_on, item.barcode, due.kind) > (CAST(:after_on AS date), :after_barcode, :after_kind)
            ORDER BY due.due_on, item.barcode, due.kind LIMIT :limit)
            ORDER BY due_on NULLS FIRST, barcode, kind LIMIT :limit
        )
        SELECT found.barcode, product.name AS product_name, found.kind, found.due_on, found.state, found.store,
               CASE WHEN client.id IS NULL THEN 'store' ELSE 'home' END AS "where",
               CASE WHEN :may_visit THEN client.client_ref END AS client_ref,
               CASE WHEN :may_visit AND length(replace(client.postcode, ' ', '')) > 4
                    THEN left(replace(client.postcode, ' ', ''), -3) END AS postcode_district,
               CASE WHEN :may_visit THEN visit.id END AS visit_id,
               CASE WHEN :may_visit THEN visit.planned_on END AS visit_on,
               COALESCE(visit.tries, 0) AS tries, last.outcome AS last_outcome,
               EXISTS (SELECT FROM hold WHERE hold.item_id = found.item_id AND hold.lifted_at IS NULL) AS is_on_hold
        FROM found JOIN product ON product.id = found.product_id
        LEFT JOIN loan ON loan.item_id = found.item_id AND loan.ended_at IS NULL
        LEFT JOIN client ON client.id = loan.client_id
        LEFT JOIN inspection_visit_item AS line
            ON line.item_id = found.item_id AND line.kind = found.kind AND line.is_open
        LEFT JOIN inspection_visit AS visit ON visit.id = line.visit_id
        LEFT JOIN LATERAL (
            SELECT outcome FROM standing_inspection AS made
            WHERE made.item_id = found.item_id AND made.kind = found.kind
            ORDER BY made.examined_on DESC, made.id DESC LIMIT 1
        ) AS last ON true
        ORDER BY found.due_on NULLS FIRST, found.barcode, found.kind
    """)  # noqa: S608 - the parts are the constants above


def _weeks_of(kind: bool) -> TextClause:
    # Thousands are due in twelve weeks, and all items of them are looked for at once: PostgreSQL goes through the index
    # of items in its order then, and not from its root for each. Their kinds are read only if one is asked for, for
    # without them all that is due stands in the index of the days.
    of_kind = "AND due.kind = :kind" if kind else ""
    return text(f"""
        WITH due AS MATERIALIZED (
            SELECT due.item_id, CAST(NULL AS date) AS due_on FROM inspection_without_day AS due
            WHERE CAST(:known AS boolean) IS NOT TRUE {of_kind}
              AND NOT EXISTS (
                  SELECT FROM inspection_due AS known WHERE known.item_id = due.item_id AND known.kind = due.kind)
            UNION ALL
            SELECT due.item_id, due.due_on FROM inspection_due AS due
            WHERE due.due_on < :before AND CAST(:known AS boolean) IS NOT FALSE {of_kind}
        ), item AS MATERIALIZED (
            SELECT id, state, store_id FROM item WHERE id = ANY(ARRAY(SELECT item_id FROM due))
        )
        SELECT CAST(date_trunc('week', due.due_on) AS date) AS week_from,
               COALESCE(due.due_on < :today, true) AS is_overdue,
               count(*) AS how_many, count(*) FILTER (WHERE {_AT_HOME}) AS at_home
        FROM due JOIN item ON item.id = due.item_id {_PLACED}
        GROUP BY 1, 2
    """)  # noqa: S608 - the parts are the constants above


DUE: Final = {where: _list_of(where) for where in (None, *Where)}
BY_WEEK: Final = {kind: _weeks_of(kind) for kind in (False, True)}
# Whatever its day: what is dangerous is not for a list of the next weeks to leave out.
DANGERS = text("""
    SELECT made.id AS inspection_id, item.barcode, product.name AS product_name, made.kind, made.examined_on,
           item.state, store.code AS store, CASE WHEN client.id IS NULL THEN 'store' ELSE 'home' END AS "where",
           CASE WHEN :may_visit THEN client.client_ref END AS client_ref,
           CASE WHEN :may_visit AND length(replace(client.postcode, ' ', '')) > 4
                THEN left(replace(client.postcode, ' ', ''), -3) END AS postcode_district,
           EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.lifted_at IS NULL) AS is_on_hold,
           later.has_passed AS has_passed_since, copy.id AS copy_id
    FROM inspection AS made JOIN item ON item.id = made.item_id JOIN product ON product.id = item.product_id
    JOIN store ON store.id = item.store_id
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM standing_inspection AS newer
            WHERE newer.item_id = made.item_id AND newer.kind = made.kind AND newer.outcome = 'passed'
              AND (newer.examined_on, newer.id) > (made.examined_on, made.id)) AS has_passed
    ) AS later
    LEFT JOIN authority_copy AS copy ON copy.inspection_id = made.id AND copy.sent_on IS NULL
    LEFT JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL LEFT JOIN client ON client.id = loan.client_id
    WHERE made.outcome = 'danger'
      AND NOT EXISTS (SELECT FROM inspection AS newer WHERE newer.supersedes_id = made.id)
      AND (copy.id IS NOT NULL OR (NOT later.has_passed AND item.state <> 'scrapped'))
      AND (CAST(:store AS text) IS NULL OR store.code = :store)
      AND (CAST(:kind AS text) IS NULL OR made.kind = :kind)
      AND (CAST(:where AS text) IS NULL OR (loan.id IS NOT NULL) = (:where = 'home'))
      AND made.id > :after
    ORDER BY made.id LIMIT :limit
""")


async def list_due(
    session: AsyncSession, wanted: Wanted, *, today: date, after: str = "", limit: int = 50
) -> list[DueInspection]:
    """What is due, by day, tag and kind, `limit + 1` of them; that of which nobody knows when stands first.

    `after`: the cursor that the last page ended with.
    """
    on, barcode, kind = after.split() if after else (place_by_day(None).isoformat(), "", "")
    place = {"after_on": date.fromisoformat(on), "after_barcode": barcode, "after_kind": kind}
    values = {**wanted.as_values(today), **place, "first_on": place_by_day(None), "limit": limit + 1}
    return [_line(row, today) for row in (await session.execute(DUE[wanted.where], values)).mappings()]


async def list_dangers(
    session: AsyncSession, wanted: Wanted, *, today: date, after: int = 0, limit: int
) -> list[KnownDanger]:
    """Every danger that is known, found longest ago first, `limit + 1` of them; days narrow nothing."""
    values = {**wanted.as_values(today), "after": after, "limit": limit + 1}
    return [KnownDanger(**row) for row in (await session.execute(DANGERS, values)).mappings()]


async def count_by_week(session: AsyncSession, wanted: Wanted, *, today: date) -> list[DueInWeek]:
    """What is not known, what is overdue, and what falls due in each of the next twelve weeks; a week with nothing is
    there too."""
    monday = today - timedelta(days=today.weekday())
    values = {**wanted.as_values(today), "before": monday + timedelta(weeks=WEEKS)}
    if wanted.overdue:
        values["before"] = today
    found = [DueInWeek(**row) for row in (await session.execute(BY_WEEK[bool(wanted.kind)], values)).mappings()]
    none = {"how_many": 0, "at_home": 0}
    unknown = next((one for one in found if one.week_from is None), DueInWeek(week_from=None, is_overdue=True, **none))
    weeks = {one.week_from: one for one in found if not one.is_overdue}
    mondays = [monday + timedelta(weeks=number) for number in range(WEEKS)]
    overdue = [one for one in found if one.is_overdue and one.week_from]
    late = DueInWeek(
        week_from=monday,
        how_many=sum(one.how_many for one in overdue),
        at_home=sum(one.at_home for one in overdue),
        is_overdue=True,
    )
    return [unknown, late, *(weeks.get(day) or DueInWeek(week_from=day, is_overdue=False, **none) for day in mondays)]


def cursor_of(row: DueInspection) -> str:
    """Where a page ends."""
    return f"{place_by_day(row.due_on).isoformat()} {row.barcode} {row.kind.value}"


def _line(row: RowMapping, today: date) -> DueInspection:
    due_on = row["due_on"]
    return DueInspection(**row, is_known=due_on is not None, is_overdue=counts_as_overdue(due_on, on=today))
