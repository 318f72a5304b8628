"""Reads of what a notice covers: the scope that was entered, what it would hit, what it has hit."""

from datetime import date
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import matching, rematching
from app.domain.errors import NotFound
from app.domain.notice_json import Json
from app.domain.notice_parsing import read_scope
from app.domain.notice_scope import Scope, line_in_words
from app.domain.notice_standing import ActionState, Place
from app.domain.notice_unheld import find_unheld
from app.domain.notice_work import waits_for_another
from app.domain.notices import Result
from app.features.notices.match_schemas import (
    Before,
    MatchRow,
    NearRow,
    Preview,
    PreviewRow,
    ScopeOut,
    SumRow,
    UnmatchedRow,
)
from app.features.notices.match_sql import MATCHES, PLACE
from app.matching import Because, Matched
from app.notice_matches import read_scopes
from app.scope_sql import Register

SCOPES = text("""
    SELECT scope.id, scope.number, scope.notice_version, scope.lines, scope.digest, scope.handling, scope.drafted_at,
           scope.drafted_by, activation.activated_at, activation.activated_by, activation.affected,
           activation.possible, activation.not_affected
    FROM notice_scope AS scope LEFT JOIN notice_activation AS activation ON activation.scope_id = scope.id
    WHERE scope.notice_id = :notice_id AND (CAST(:number AS int) IS NULL OR scope.number = :number)
    ORDER BY scope.number DESC
""")
ITEM = """product.code AS product_code, product.name AS product_name, product.manufacturer, product.model,
          store.code AS store, item.bay"""
LISTED = text(f"""
    SELECT item.id AS item_id, item.barcode, item.serial_number, item.lot_number, item.state, {PLACE} AS "where", {ITEM}
    FROM item JOIN product ON product.id = item.product_id JOIN store ON store.id = item.store_id
    WHERE item.id = ANY(:item_ids) ORDER BY item.barcode
""")  # noqa: S608 - the parts are the constants above
# The page is found among the items of the notice, and only then joined to what is shown. By its bare tag the database
# would go through the tags of the whole register until a page of the notice's is found.
LIST = text(f"""
    WITH page AS MATERIALIZED (
        SELECT match.* FROM ({MATCHES}) AS match
        WHERE (CAST(:result AS text) IS NULL OR match.result = :result)
          AND (CAST(:where AS text) IS NULL OR match.place = :where)
          AND (CAST(:action_state AS text) IS NULL OR match.action_state = :action_state)
          AND match.barcode || '' > :after
        ORDER BY match.barcode || '' LIMIT :limit
    )
    SELECT match.barcode, match.serial_number, match.lot_number, match.state, match.place AS "where",
           match.action_state, match.result, match.weakened_by, match.evidence, match.cause, match.found_at,
           match.first_blocked_at, match.is_after_closing, match.is_apart, scope.digest, scope.number AS scope, {ITEM},
           held.id IS NOT NULL AS is_held, client.client_ref
    FROM page AS match JOIN notice_scope AS scope ON scope.id = match.scope_id
    JOIN item ON item.id = match.item_id JOIN product ON product.id = match.product_id
    JOIN store ON store.id = item.store_id
    LEFT JOIN hold AS held
      ON held.notice_id = match.notice_id AND held.item_id = match.item_id AND held.lifted_at IS NULL
    LEFT JOIN loan ON loan.item_id = match.item_id AND loan.ended_at IS NULL AND :may_see_client
    LEFT JOIN client ON client.id = loan.client_id
    ORDER BY match.barcode
""")  # noqa: S608 - the parts are the constants above
SUMS = text(f"""
    SELECT place AS "where", action_state, result, count(*) AS items FROM ({MATCHES}) AS match GROUP BY 1, 2, 3
""")  # noqa: S608 - the part is a constant
QUESTIONS = text("""
    SELECT scope.lines FROM notice_activation AS activation JOIN notice_scope AS scope ON scope.id = activation.scope_id
    WHERE activation.notice_id = :notice_id ORDER BY activation.id DESC LIMIT 1
""")


MOST_NAMED = 10


def no_scope() -> NotFound:
    """What is said when nobody has entered one."""
    return NotFound("no-scope", "Nobody has entered yet what this notice covers.")


async def list_scopes(session: AsyncSession, notice_id: int, number: int | None = None) -> list[ScopeOut]:
    """Every scope of a notice, the newest first. One statement."""
    rows = (await session.execute(SCOPES, {"notice_id": notice_id, "number": number})).mappings()
    return [_scope(row) for row in rows]


async def get_scope(session: AsyncSession, notice_id: int) -> ScopeOut:
    """The newest. Raises NotFound `no-scope`."""
    scopes = await list_scopes(session, notice_id)
    if not scopes:
        raise no_scope()
    return scopes[0]


async def preview(
    session: AsyncSession,
    notice_id: int,
    *,
    today: date,
    result: Result | None = None,
    after: str = "",
    limit: int = 50,
) -> Preview:
    """What the newest scope would hit and why, what it nearly does, and what is different from the scope before it.

    `limit + 1` items, from those that match. Raises NotFound `no-scope`.
    """
    scopes = await list_scopes(session, notice_id)
    if not scopes:
        raise no_scope()
    newest = scopes[0]
    scope = read_scope(newest.lines)
    register = await read_register(session, scope, today)
    found = await matching.find_matches(session, scope, register)
    affected = sum(one.result is Result.AFFECTED for one in found)
    items: int = (await session.execute(rematching.ITEMS)).scalar_one()
    wanted = [one for one in found if one.barcode > after and result in {None, one.result}][: limit + 1]
    near, unmatched = await matching.check_lists(session, scope, register) if not after else ([], [])
    return Preview(
        scope=newest,
        affected=affected,
        possible=len(found) - affected,
        not_affected=items - len(found),
        rows=await _preview_rows(session, scope, wanted),
        near_misses=[
            NearRow(barcode=one.barcode, recorded=one.miss.recorded, listed=one.miss.listed, line=one.line + 1)
            for one in near
        ],
        unmatched=[
            UnmatchedRow(
                line=one.line + 1,
                marking=one.marking,
                listed=one.listed,
                unmatched=len(one.numbers),
                numbers=list(one.numbers[:MOST_NAMED]),
            )
            for one in unmatched
        ],
        unheld=find_unheld(scope, [one.facts for one in register.products], register.names) if not after else [],
        before=await _before(session, scopes[1], found, today) if len(scopes) > 1 else None,
    )


async def read_register(session: AsyncSession, scope: Scope, today: date) -> Register:
    """What the scope is asked with."""
    answers = await rematching.read_answers(session, scope.questions)
    return await matching.read_register(session, today=today, answers=answers)


async def _before(session: AsyncSession, before: ScopeOut, found: list[Matched], today: date) -> Before:
    scope = read_scope(before.lines)
    was = await matching.find_matches(session, scope, await read_register(session, scope, today))
    then, now = {one.item_id for one in was}, {one.item_id for one in found}
    affected = sum(one.result is Result.AFFECTED for one in was)
    return Before(
        number=before.number,
        drafted_by=before.drafted_by,
        affected=affected,
        possible=len(was) - affected,
        newly_covered=len(now - then),
        no_longer_covered=len(then - now),
    )


async def _preview_rows(session: AsyncSession, scope: Scope, wanted: list[Matched]) -> list[PreviewRow]:
    because, by_id = Because(scope), {one.item_id: one for one in wanted}
    rows = (await session.execute(LISTED, {"item_ids": list(by_id)})).mappings()
    return [
        PreviewRow(
            **{name: value for name, value in row.items() if name != "item_id"},
            result=by_id[row["item_id"]].result,
            because=list(because.of(by_id[row["item_id"]].evidence)),
        )
        for row in rows
    ]


async def list_matches(
    session: AsyncSession,
    notice_id: int,
    *,
    result: Result | None = None,
    where: Place | None = None,
    action_state: ActionState | None = None,
    may_see_client: bool,
    after: str = "",
    limit: int = 50,
) -> list[MatchRow]:
    """What the notice covers, by barcode; `limit + 1` of them. One statement, one more for scopes not read yet."""
    asked = {"result": result, "where": where, "action_state": action_state, "may_see_client": may_see_client}
    values = {"notice_id": notice_id, "after": after, "limit": limit + 1}
    rows = (await session.execute(LIST, values | asked)).mappings().all()
    scopes = await read_scopes(session, {row["digest"] for row in rows})
    because = {digest: Because(scope) for digest, scope in scopes.items()}
    return [_match(row, because[row["digest"]]) for row in rows]


async def sum_matches(session: AsyncSession, notice_id: int) -> list[SumRow]:
    """How many there are of each result, where, and how far the work has come. One statement."""
    return [SumRow(**row) for row in (await session.execute(SUMS, {"notice_id": notice_id})).mappings()]


async def read_questions(session: AsyncSession, notice_id: int) -> tuple[str, ...]:
    """What a look at one of its items must answer, by the scope in force. One statement."""
    return (await read_scope_in_force(session, notice_id)).questions


async def read_scope_in_force(session: AsyncSession, notice_id: int) -> Scope:
    """The scope in force; one without lines where none is. One statement."""
    lines = (await session.execute(QUESTIONS, {"notice_id": notice_id})).scalar_one_or_none()
    return read_scope(lines) if lines else Scope(())


def _match(row: RowMapping, because: Because) -> MatchRow:
    facts = {name: row[name] for name in MatchRow.model_fields if name in row}
    reasons = list(because.of(row["evidence"])) if row["evidence"] else []
    if row["weakened_by"] and row["result"] == Result.NOT_AFFECTED and row["is_held"]:
        reasons.insert(0, waits_for_another(row["weakened_by"]))
    return MatchRow(**facts, because=reasons)


def _scope(row: RowMapping) -> ScopeOut:
    facts: dict[str, Any] = {name: row[name] for name in ScopeOut.model_fields if name in row}
    lines: list[Json] = row["lines"]
    return ScopeOut(**facts, words=[line_in_words(line) for line in read_scope(lines).lines])
