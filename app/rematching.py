"""Items are asked about again: by each verb that changes what is recorded of some, and the whole register for a notice.

Asked are the notices that are active, and those that are closed: what comes later is caught, held and marked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import matching, outbox
from app.db import array_of
from app.domain.access import Permission, roles_with
from app.domain.dates import uk_date
from app.domain.labels import display
from app.domain.maker_names import MakerNames, name_key
from app.domain.notice_evidence import write_findings
from app.domain.notice_products import ProductFacts, is_asked_otherwise, may_concern
from app.domain.notice_scope import Scope
from app.domain.notice_work import Cause, Handling, late_letter
from app.domain.notices import Result, match
from app.matching import Counts, Matched
from app.notice_matches import Caught, InForce, read_scopes, settle
from app.scope_sql import Answer, Register

IN_FORCE = text("SELECT * FROM notices_in_force(:waits)")
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('safety notices are put into force', 0))")
ITEMS_OF = text("SELECT id, barcode FROM item WHERE product_id = ANY(:product_ids) ORDER BY id")
ANSWERS = text("""
    SELECT DISTINCT ON (item_id, question) item_id, question, is_so, seen_at FROM notice_answer
    WHERE question = ANY(:questions) AND (CAST(:item_ids AS bigint[]) IS NULL OR item_id = ANY(:item_ids))
    ORDER BY item_id, question, id DESC
""")
# All that says whether a notice could concern these items: their products, the names of makers, and whether a notice
# had a say in them; or in others of their products, which would be free by a change of the catalogue that nobody else
# has confirmed: those that come now are taken as they were before it.
_THESE = array_of("item_ids", "bigint")
_KNOWN = f"""
    WITH asked AS MATERIALIZED (SELECT id, product_id FROM item WHERE id = ANY({_THESE})), changed AS MATERIALIZED (
        SELECT DISTINCT ON (match.notice_id, item.product_id) match.notice_id, item.product_id, match.weakened_by
        FROM notice_match AS match JOIN item ON item.id = match.item_id
        WHERE match.weakened_by IS NOT NULL AND match.finished_at IS NULL AND match.result = 'not_affected'
          AND match.cause IN ('catalogue', 'new_scope', 'daily')
        ORDER BY match.notice_id, item.product_id, match.id
    ), said AS (
        SELECT notice_id, item_id, NULL AS weakened_by FROM notice_match WHERE item_id = ANY({_THESE})
        UNION ALL
        SELECT changed.notice_id, asked.id, changed.weakened_by
        FROM asked JOIN changed ON changed.product_id = asked.product_id
        WHERE NOT EXISTS (SELECT FROM notice_match AS own
                          WHERE own.notice_id = changed.notice_id AND own.item_id = asked.id)
    )
    SELECT (SELECT jsonb_agg(DISTINCT jsonb_build_object(
                       'code', code, 'manufacturer', manufacturer, 'model', model, 'category', category,
                       'udi_di', udi_di))
            FROM product WHERE id IN (SELECT product_id FROM asked)) AS products,
           (SELECT jsonb_agg(jsonb_build_array(notice_id, item_id, weakened_by)) FROM said) AS before,
           ({matching.NAMES_AS_JSON}) AS names
"""  # noqa: S608 - the parts are constants
KNOWN = text(_KNOWN)
# The same with the notices that are in force, for those who need not wait for one that is being put into force.
KNOWN_AND_IN_FORCE = text(f"""
    {_KNOWN}, (SELECT jsonb_agg(to_jsonb(notice) ORDER BY notice_id) FROM notices_in_force(false) AS notice) AS in_force
""")  # noqa: S608 - the part is the constant above
# What matching wants is dear for what is written then: each foreign key would be planned anew for each row.
PLAN_AS_USUAL = text("SELECT set_config('plan_cache_mode', 'auto', true)")
OPEN = text("SELECT item_id FROM notice_match WHERE notice_id = :notice_id AND finished_at IS NULL")
ITEMS = text("SELECT count(*) FROM item")
MAKERS = text("SELECT DISTINCT manufacturer FROM product")
# Everybody who has something that the notice is about. What was done with them stays done; what came to them since, or
# is covered only now, is reviewed anew.
ASK_FOR_REVIEWS = text("""
    INSERT INTO notice_review (notice_id, client_id, because, asked_at)
    SELECT match.notice_id, loan.client_id, jsonb_agg(item.barcode ORDER BY item.barcode), :at
    FROM notice_match AS match JOIN item ON item.id = match.item_id
    JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
    WHERE match.notice_id = :notice_id AND match.finished_at IS NULL AND match.result <> 'not_affected'
      AND (CAST(:item_ids AS bigint[]) IS NULL
           OR loan.client_id IN (SELECT client_id FROM loan WHERE item_id = ANY(:item_ids) AND ended_at IS NULL))
      AND NOT EXISTS (SELECT FROM notice_review AS done
                      WHERE done.notice_id = match.notice_id AND done.client_id = loan.client_id
                        AND done.done_at >= loan.started_at AND done.because ? item.barcode)
    GROUP BY match.notice_id, loan.client_id ORDER BY loan.client_id
    ON CONFLICT (notice_id, client_id) WHERE done_at IS NULL DO UPDATE SET because = excluded.because
    WHERE notice_review.because <> excluded.because
""")


@dataclass(frozen=True, slots=True)
class _Before:
    """The notices that had a say in items, and by notice and item who changed what the catalogue says of it, so that
    others of its product are held until somebody else confirms that: so is it."""

    notices: frozenset[int]
    changed_by: Mapping[tuple[int, int], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a notice means for the register, and what was not covered by it before."""

    counts: Counts
    caught: list[Caught]


async def read_in_force(session: AsyncSession, *, waits: bool = True) -> list[InForce]:
    """Which notices items are asked about. One statement.

    Whoever changes what is recorded of items asks this first, before any item is locked, and waits for an activation
    that is going on. `waits` False: for those who change nothing that a notice asks for.
    """
    return [_in_force(row) for row in (await session.execute(IN_FORCE, {"waits": waits})).mappings()]


async def be_alone(session: AsyncSession) -> None:
    """Wait for all who change what is recorded of items, and keep others from it until the end. The first statement."""
    await session.execute(ALONE)


async def ask_about_items(
    session: AsyncSession,
    notices: Sequence[InForce],
    items: Mapping[int, str],
    *,
    cause: Cause,
    actor: str,
    at: datetime,
) -> list[Caught]:
    """Ask again whether notices cover these items, by id and barcode; returns what is caught by that.

    No statement where no notice is in force; one where none could concern these products.
    """
    if not notices or not items:
        return []
    known = (await session.execute(KNOWN, {"item_ids": list(items)})).one()
    return await _ask(session, notices, items, known, cause=cause, actor=actor, at=at)


async def ask_about_what_came(
    session: AsyncSession, items: Mapping[int, str], *, cause: Cause, actor: str, at: datetime
) -> list[Caught]:
    """The same of whatever is in force, for those who change nothing that a notice asks for. No statement for no items,
    one where none could concern these products."""
    if not items:
        return []
    known = (await session.execute(KNOWN_AND_IN_FORCE, {"item_ids": list(items)})).one()
    notices = [_in_force(one) for one in known.in_force or ()]
    return await _ask(session, notices, items, known, cause=cause, actor=actor, at=at) if notices else []


async def _ask(
    session: AsyncSession,
    notices: Sequence[InForce],
    items: Mapping[int, str],
    known: Row[Any],
    *,
    cause: Cause,
    actor: str,
    at: datetime,
) -> list[Caught]:
    scopes = await read_scopes(session, {notice.digest for notice in notices})
    names = matching.names_from(known.names or [])
    products = [ProductFacts(**one | {"udi_di": tuple(one["udi_di"])}) for one in known.products or []]
    before = _before(known.before or [])
    concerned = [
        notice
        for notice in notices
        if notice.notice_id in before.notices or any(may_concern(scopes[notice.digest], one, names) for one in products)
    ]
    if not concerned:
        return []
    questions = {question for notice in concerned for question in scopes[notice.digest].questions}
    answers = await read_answers(session, sorted(questions), list(items))
    facts = await matching.read_facts(session, list(items), answers)
    caught: list[Caught] = []
    for notice in concerned:
        found, gone = [], {}
        for item_id, barcode in items.items():
            matched = match(scopes[notice.digest], facts[item_id], names=names, today=uk_date(at))
            evidence = write_findings(matched.findings)
            by = before.changed_by.get((notice.notice_id, item_id))
            if matched.result is Result.NOT_AFFECTED and by:
                found.append(Matched(item_id, barcode, matched.result, evidence, by))
            elif matched.result is Result.NOT_AFFECTED:
                gone[item_id] = evidence
            else:
                found.append(Matched(item_id, barcode, matched.result, evidence))
        now = await settle(session, notice, found, gone, asked=list(items), cause=cause, actor=actor, at=at)
        await tell_of_late(session, notice, now, actor=actor, at=at)
        if now:
            await ask_for_reviews(session, notice, [one.item_id for one in now], at=at)
        caught += now
    return caught


async def ask_for_reviews(
    session: AsyncSession, notice: InForce, item_ids: Sequence[int] | None = None, *, at: datetime
) -> None:
    """An active notice of advice asks for the review of each person who has what it is about: of all, or of those who
    have one of these items. One statement, or none."""
    if notice.handling is Handling.ADVICE and not notice.is_closed:
        values = {"notice_id": notice.notice_id, "item_ids": None if item_ids is None else list(item_ids), "at": at}
        await session.execute(ASK_FOR_REVIEWS, values)


async def ask_about_products(
    session: AsyncSession, notices: Sequence[InForce], product_ids: Sequence[int], *, actor: str, at: datetime
) -> list[Caught]:
    """The same for all items of products of which the catalogue says something else now."""
    if not notices or not product_ids:
        return []
    rows = await session.execute(ITEMS_OF, {"product_ids": list(product_ids)})
    items = {row.id: row.barcode for row in rows}
    return await ask_about_items(session, notices, items, cause=Cause.CATALOGUE, actor=actor, at=at)


async def ask_register(session: AsyncSession, notice: InForce, *, cause: Cause, actor: str, at: datetime) -> Asked:
    """Ask about every item there is. The caller is alone (`be_alone`), so nothing arrives meanwhile."""
    scope = (await read_scopes(session, {notice.digest}))[notice.digest]
    answers = await read_answers(session, scope.questions)
    register = await matching.read_register(session, today=uk_date(at), answers=answers)
    found = await matching.find_matches(session, scope, register)
    gone = await _evidence_on_what_is_gone(session, notice, scope, found, register)
    await session.execute(PLAN_AS_USUAL)
    caught = await settle(session, notice, found, gone, asked=None, cause=cause, actor=actor, at=at)
    await tell_of_late(session, notice, caught, actor=actor, at=at)
    await ask_for_reviews(session, notice, at=at)
    items: int = (await session.execute(ITEMS)).scalar_one()
    affected = sum(one.result is Result.AFFECTED for one in found)
    return Asked(Counts(affected, len(found) - affected, items - len(found)), caught)


async def ask_about_makers(session: AsyncSession, before: MakerNames, *, actor: str, at: datetime) -> list[Caught]:
    """Ask the whole register for each notice that finds other makers now than with the names of before; returns what is
    caught. The caller is alone."""
    notices = await read_in_force(session, waits=False)
    scopes = await read_scopes(session, {notice.digest for notice in notices})
    now = await matching.read_names(session)
    makers = {name_key(name) for name in await session.scalars(MAKERS)}
    caught: list[Caught] = []
    for notice in notices:
        if is_asked_otherwise(scopes[notice.digest], makers, before=before, now=now):
            caught += (await ask_register(session, notice, cause=Cause.CATALOGUE, actor=actor, at=at)).caught
    return caught


async def tell_of_late(
    session: AsyncSession, notice: InForce, caught: Sequence[Caught], *, actor: str, at: datetime
) -> None:
    """Nobody looks at a closed notice: those who handle notices are told, once an hour at most."""
    if not (notice.is_closed and caught):
        return
    tags = [display(one.barcode) for one in caught]
    is_held = any(one.hold for one in caught)
    letter = late_letter(notice.reference, notice.title, tags, is_held=is_held)
    roles = roles_with(Permission.HANDLE_SAFETY_NOTICES)
    since = at - timedelta(hours=1)
    await outbox.post_to_roles(session, roles, letter, unless_since=since, actor=actor, at=at)


async def read_answers(
    session: AsyncSession, questions: Sequence[str], item_ids: Sequence[int] | None = None
) -> list[Answer]:
    """What was seen on items, the newest to each question. No statement where nothing is asked."""
    if not questions:
        return []
    values = {"questions": list(questions), "item_ids": None if item_ids is None else list(item_ids)}
    return [Answer(*row) for row in await session.execute(ANSWERS, values)]


def _in_force(row: Mapping[str, Any] | RowMapping) -> InForce:
    return InForce(
        row["notice_id"],
        row["reference"],
        row["title"],
        row["state"] == "closed",
        row["scope_id"],
        row["number"],
        row["digest"],
        Handling(row["handling"]),
    )


def _before(said: Sequence[tuple[int, int, str | None]]) -> "_Before":
    changed = {(notice_id, item_id): by for notice_id, item_id, by in said if by}
    return _Before(frozenset(notice_id for notice_id, _, _ in said), changed)


async def _evidence_on_what_is_gone(
    session: AsyncSession, notice: InForce, scope: Scope, found: Sequence[Matched], register: Register
) -> dict[int, str]:
    """Why those are not covered that were before."""
    there = set(await session.scalars(OPEN, {"notice_id": notice.notice_id})) - {one.item_id for one in found}
    if not there:
        return {}
    return await matching.find_evidence(session, scope, replace(register, item_ids=sorted(there)))
