"""Reads of loans and trials."""

from datetime import date, timedelta

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.db import literally
from app.domain.clearance import leaving_blockers, place_blockers
from app.domain.errors import NotFound
from app.domain.lifecycle import Move, moves_from
from app.domain.loans import LoanKind
from app.domain.overloads import weight_wanted
from app.features.loans.schemas import (
    FoundClient,
    Issuable,
    LoanBody,
    TrialReviewLine,
    TrialRow,
    TrialsShown,
)
from app.web.results import BlockerBody

LOANS = """
    SELECT loan.id, item.barcode, product.name AS product_name, client.client_ref, loan.kind, item.state,
           loan.started_at, loan.started_by, loan.trial_ends_on, loan.trial_goals, loan.ended_at,
           collection.number AS collection_number, notice.reason AS must_not_be_used,
           CASE WHEN loan.ended_at IS NULL AND client.weight_kg IS NULL
                     AND (item.load_lowered_at >= loan.started_at OR loan.weight_wanted_since IS NOT NULL)
                     AND notice.id IS NULL
                THEN CASE WHEN item.certified_load_kg = LEAST(product.safe_working_load_kg, item.certified_load_kg)
                     THEN item.certified_on
                     ELSE CAST(COALESCE(item.load_lowered_at, loan.weight_wanted_since) AT TIME ZONE 'Europe/London'
                          AS date) END END AS lowered_on,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS carries_kg,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object(
                'code', said.code, 'subject', said.subject, 'warning', said.warning, 'answer', said.answer,
                'answered_by', said.answered_by) ORDER BY said.id), '[]')
            FROM loan_answer AS said WHERE said.loan_id = loan.id) AS answers
    FROM loan JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    JOIN client ON client.id = loan.client_id LEFT JOIN stop_use_notice AS notice ON notice.loan_id = loan.id
    LEFT JOIN collection_line AS line ON line.item_id = loan.item_id AND line.loan_id = loan.id
      AND line.collected_at IS NULL AND line.cancelled_at IS NULL
    LEFT JOIN collection ON collection.id = line.collection_id
"""
ONE = text(f"{LOANS} WHERE loan.id = :loan_id")
ISSUABLE = text("""
    SELECT item.serial_number, product.model, store.code AS store,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS carries_kg, kept.client_ref AS kept_for,
           kept.from_on AS kept_from, kept.until_on AS kept_until
    FROM item JOIN store ON store.id = item.store_id JOIN product ON product.id = item.product_id
    LEFT JOIN LATERAL (
        SELECT client.client_ref, reservation.from_on, reservation.until_on
        FROM reservation JOIN client ON client.id = reservation.client_id
        WHERE reservation.item_id = item.id AND reservation.ended_at IS NULL ORDER BY reservation.from_on LIMIT 1
    ) AS kept ON true
    WHERE item.id = :item_id
""")
# Each way to be found is an arm of its own, so that each uses its own index.
CLIENTS = text("""
    WITH found AS (
        (SELECT id FROM client WHERE upper(client_ref) LIKE upper(:begins) ORDER BY client_ref LIMIT :limit)
        UNION (SELECT id FROM client WHERE name ILIKE :holds ORDER BY client_ref LIMIT :limit)
        UNION (SELECT id FROM client WHERE replace(postcode, ' ', '') LIKE upper(:postcode)
               ORDER BY client_ref LIMIT :limit)
        UNION SELECT id FROM client WHERE nhs_number = :digits
    )
    SELECT client_ref, name, date_of_birth, postcode FROM client JOIN found ON found.id = client.id
    ORDER BY client_ref LIMIT :limit
""")
CLIENT = text(
    "SELECT client_ref, name, date_of_birth, postcode FROM client WHERE upper(client_ref) = upper(:client_ref)"
)
# A trial that came with an order was started by its driver; it is the trial of who ordered it.
TRIALS = text("""
    SELECT loan.id, item.barcode, product.name AS product_name, client.client_ref, loan.trial_ends_on, loan.trial_goals,
           loan.trial_ends_on - CAST(:today AS date) AS days_left,
           COALESCE(equipment_order.made_by, loan.started_by) AS started_by, client.died_on IS NOT NULL AS has_died
    FROM loan JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    JOIN client ON client.id = loan.client_id
    LEFT JOIN order_unit ON order_unit.loan_id = loan.id
    LEFT JOIN order_line ON order_line.id = order_unit.order_line_id
    LEFT JOIN equipment_order ON equipment_order.id = order_line.order_id
    WHERE loan.ended_at IS NULL AND loan.kind = 'trial' AND item.state = 'on_trial'
      AND loan.trial_ends_on BETWEEN :first AND :last
      AND (CAST(:whose AS text) IS NULL OR COALESCE(equipment_order.made_by, loan.started_by) = :whose)
      AND (loan.trial_ends_on, loan.id) > (:after_day, :after_id)
    ORDER BY loan.trial_ends_on, loan.id LIMIT :limit
""")
SOON = timedelta(days=7)


async def get_issuable(session: AsyncSession, barcode: str, *, today: date) -> Issuable:
    """The item, and every reason why it may not be handed over. Raises NotFound `unknown-barcode`."""
    item = (await ledger.read_items(session, [barcode])).get(barcode)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    row = (await session.execute(ISSUABLE, {"item_id": item.id})).mappings().one()
    fact = item.evidence
    on_shelf = Move.ISSUE in moves_from(item.state)
    # What keeps a dirty item from the shelf is the bench's business; here it is enough that it is not on the shelf.
    blockers = leaving_blockers(fact, on=today) if on_shelf else place_blockers(fact)
    return Issuable(
        **row,
        barcode=item.barcode,
        product_code=item.product_code,
        product_name=item.product_name,
        state=item.state,
        bay=item.bay,
        times_issued=fact.times_issued,
        blockers=[BlockerBody(code=one.code, detail=one.detail) for one in blockers],
    )


async def find_clients(session: AsyncSession, q: str, *, limit: int) -> list[FoundClient]:
    """Clients by a reference, a name, an NHS number or a postcode."""
    literal = literally(q)
    values = {
        "begins": f"{literal}%",
        "holds": f"%{literal}%",
        "digits": "".join(character for character in q if character.isdigit()),
        "postcode": f"{literal.replace(' ', '')}%",
        "limit": limit,
    }
    return [FoundClient(**row) for row in (await session.execute(CLIENTS, values)).mappings()]


async def find_client(session: AsyncSession, client_ref: str) -> FoundClient | None:
    """The client of that reference, if there is one."""
    row = (await session.execute(CLIENT, {"client_ref": client_ref})).mappings().one_or_none()
    return FoundClient(**row) if row else None


async def get_loan(session: AsyncSession, loan_id: int) -> LoanBody:
    """One loan. Raises NotFound `unknown-loan`."""
    row = (await session.execute(ONE, {"loan_id": loan_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-loan", "There is no loan with this number.")
    return _loan(row)


def _loan(row: RowMapping) -> LoanBody:
    facts = dict(row)
    return LoanBody(**facts, weight_wanted=weight_wanted(facts["carries_kg"], facts["lowered_on"]))


async def list_loans(
    session: AsyncSession,
    *,
    client_ref: str | None = None,
    kind: LoanKind | None = None,
    due_before: date | None = None,
    is_open: bool | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[LoanBody]:
    """Loans, oldest first, `limit + 1` of them; `due_before`: trials that end before that day."""
    # What is not asked for is left out: as a question that is left open it would hide an index from the database.
    conditions = {
        "loan.id > :after": True,
        "upper(client.client_ref) = upper(:client_ref)": client_ref is not None,
        "loan.kind = :kind": kind is not None,
        "loan.kind = 'trial' AND loan.trial_ends_on < :due_before": due_before is not None,
        "loan.ended_at IS NULL": is_open is True,
        "loan.ended_at IS NOT NULL": is_open is False,
    }
    asked = " AND ".join(condition for condition, is_asked in conditions.items() if is_asked)
    values = {"client_ref": client_ref, "kind": kind and kind.value, "due_before": due_before}
    wanted = text(f"{LOANS} WHERE {asked} ORDER BY loan.id LIMIT :limit")
    rows = await session.execute(wanted, {**values, "after": after, "limit": limit + 1})
    return [_loan(row) for row in rows.mappings()]


async def list_trials(
    session: AsyncSession,
    show: TrialsShown,
    *,
    whose: str | None,
    today: date,
    after: tuple[date, int] = (date.min, 0),
    limit: int,
) -> list[TrialRow]:
    """Running trials, the soonest end first, `limit + 1` of them; `whose`: only those of that person."""
    values = {
        "today": today,
        "first": today if show is TrialsShown.ENDING else date.min,
        "last": {TrialsShown.ENDING: today + SOON, TrialsShown.OVERDUE: today - timedelta(days=1)}.get(show, date.max),
        "whose": whose,
        "after_day": after[0],
        "after_id": after[1],
        "limit": limit + 1,
    }
    return [TrialRow(**row) for row in (await session.execute(TRIALS, values)).mappings()]


async def list_trial_reviews(session: AsyncSession, loan_id: int) -> list[TrialReviewLine]:
    """What was decided about a trial before, oldest first."""
    wanted = text("""
        SELECT outcome, until_on, notes, tried_what, tried_where, who_was_there, result, reviewed_at, reviewed_by
        FROM trial_review WHERE loan_id = :loan_id ORDER BY id
    """)
    return [TrialReviewLine(**row) for row in (await session.execute(wanted, {"loan_id": loan_id})).mappings()]
