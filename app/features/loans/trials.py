"""Trials: what was tried and found, and what was decided: keep it, have it collected, or go on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, ledger, outbox
from app.domain.authority import NOBODY_CAN, Asked, Setting, Tier
from app.domain.clearance import check_use_goes_on
from app.domain.combinations import OVERLOADS, OrderWarning, Severity, check_answered, unanswered
from app.domain.counter import CameBy, check_extend, check_keep
from app.domain.dates import in_words, uk_date
from app.domain.errors import BadValue, Conflict, NotAllowed, NotFound
from app.domain.labels import display
from app.domain.lifecycle import Move, State
from app.domain.loans import CollectionSpeed, LoanKind, TrialOutcome, check_trial_dates
from app.domain.reasons import is_reason
from app.features.loans.answering import answer_anew, leave_unanswered
from app.features.loans.counter import keep_answers, look
from app.fetching import Lent, request_collection
from app.models import Loan, TrialReview
from app.signing import find_person, read_setting, read_setting_around
from app.web.answers import Answer, keys

OPEN_TRIAL = text("""
    SELECT loan.client_id, client.client_ref, loan.item_id, loan.kind, loan.trial_ends_on, loan.ended_at, item.barcode,
           item.state, client.died_on IS NOT NULL AS has_died,
           EXISTS (SELECT FROM stop_use_notice WHERE loan_id = loan.id) AS is_stopped
    FROM loan JOIN item ON item.id = loan.item_id JOIN client ON client.id = loan.client_id
    WHERE loan.id = :loan_id FOR UPDATE OF item
""")
HAS_DIED = text("""
    SELECT client.died_on IS NOT NULL FROM loan JOIN client ON client.id = loan.client_id WHERE loan.id = :loan_id
""")
# A weight that is being written down counts for the decision; whoever writes it locks the client first too.
LOCK_CLIENT = text("""
    SELECT client.id FROM client JOIN loan ON loan.client_id = client.id WHERE loan.id = :loan_id
    FOR NO KEY UPDATE OF client
""")
# Whose trial it is, and what it would ask of them if they ordered it.
MAKER = text("""
    SELECT COALESCE(asked.made_by, loan.started_by) AS made_by, prescriber.team_id, product.tier,
           product.purchase_price_pence AS value_pence,
           CASE WHEN asked.id IS NULL THEN 'counter'
                WHEN asked.authority -> 'panel_made_trials' @> to_jsonb(unit.order_line_id) THEN 'tried_first'
                WHEN asked.authority ? 'panel_case' THEN 'panel_trial' ELSE 'order' END AS came_by
    FROM loan JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    LEFT JOIN order_unit AS unit ON unit.loan_id = loan.id
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    LEFT JOIN account ON account.username = COALESCE(asked.made_by, loan.started_by)
    LEFT JOIN prescriber ON prescriber.account_id = account.id
    WHERE loan.id = :loan_id
""")


# Whose trial it is: who ordered it or started it, if they have an account and did not decide this themselves.
WHOSE = text("""
    SELECT account.username, product.name AS product_name, client.client_ref
    FROM loan JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    JOIN client ON client.id = loan.client_id
    LEFT JOIN order_unit ON order_unit.loan_id = loan.id
    LEFT JOIN order_line ON order_line.id = order_unit.order_line_id
    LEFT JOIN equipment_order ON equipment_order.id = order_line.order_id
    JOIN account ON account.username = COALESCE(equipment_order.made_by, loan.started_by)
    WHERE loan.id = :loan_id AND account.username <> :actor
""")


AFTER_A_DEATH = (
    "This client has died. Nothing is decided about the trial: have it collected with all else that they have, after a "
    "death, with one person to speak to."
)


@dataclass(frozen=True, slots=True)
class Tried:
    """How it went: what was tried, where, who was there, what came of it, and anything else."""

    what: str
    where: str
    who: str
    result: str
    notes: str = ""


async def decide_trial(
    session: AsyncSession,
    loan_id: int,
    outcome: TrialOutcome,
    *,
    tried: Tried,
    until: date | None,
    answers: Sequence[Answer] | None = (),
    actor: str,
    at: datetime,
) -> str | None:
    """Record what was decided about a trial; returns the collection's number when it is collected. `answers`: to what
    is warned of, kept with the loan; None: nobody was asked for any (ADR 29), and only dangers want one.

    Raises NotFound `unknown-loan`, Conflict `not-on-trial`, `client-has-died` or `use-was-stopped`, NotClear `on-hold`,
    WrongState, BadValue for the new end, Incomplete `answer-the-warnings`, and NotAllowed as
    `domain.counter.check_keep` and `check_extend` do.
    """
    await session.execute(LOCK_CLIENT, {"loan_id": loan_id})
    loan = await _open_trial(session, loan_id)
    if outcome is not TrialOutcome.COLLECT:
        await _check_is_used_on(session, loan)
    if (outcome is TrialOutcome.EXTEND) != (until is not None):
        raise BadValue("extension-without-end", "A new end goes with an extension, and only with that.", field="until")
    if outcome is not TrialOutcome.COLLECT:
        lent = await check_may_decide(session, loan_id, outcome, actor=actor, today=uk_date(at))
        if lent:
            subject = f"item:{loan.barcode}"
            await audit.record(session, "trial_kept", subject, actor=actor, at=at, loan=loan_id, on_behalf_of=lent)
    if until:
        _check_extension(loan.trial_ends_on, until, today=uk_date(at))
    await _answer_warnings(session, loan_id, loan, outcome, answers, actor=actor, at=at)
    await _keep_review(session, loan_id, outcome, tried, until, actor=actor, at=at)
    if outcome is TrialOutcome.COLLECT:
        reason = tried.notes if is_reason(tried.notes) else tried.result
        collection = await _collect(session, loan_id, loan, reason, actor=actor, at=at)
        await _tell(session, loan_id, loan, f"it is collected, by collection {collection}", actor=actor, at=at)
        return collection
    goes_on = f"it goes on until {in_words(until)}" if until else "they keep it, and it is a loan now"
    await _tell(session, loan_id, loan, goes_on, actor=actor, at=at)
    if outcome is TrialOutcome.KEEP:
        details = {"actor": actor, "at": at, "reason": tried.notes or None, "reference": f"loan {loan_id}"}
        await ledger.move_one(session, loan.barcode, Move.KEEP_AFTER_TRIAL, **details)
        await session.execute(update(Loan).where(col(Loan.id) == loan_id).values(kind=LoanKind.LOAN))
        return None
    ends = {"until": until.isoformat() if until else "", "was_until": loan.trial_ends_on.isoformat()}
    await audit.record(session, "trial_extended", f"item:{loan.barcode}", actor=actor, at=at, loan=loan_id, **ends)
    # Its owner is warned afresh before the new end.
    extended = {"trial_ends_on": until, "warned_at": None}
    await session.execute(update(Loan).where(col(Loan.id) == loan_id).values(**extended))
    return None


async def check_not_held(session: AsyncSession, barcode: str) -> None:
    """Whether the trial may go on, or become a loan, by what holds the item. Raises NotClear `on-hold`."""
    items = await ledger.read_items(session, [barcode])
    check_use_goes_on(items[barcode].evidence)


async def check_may_decide(
    session: AsyncSession, loan_id: int, outcome: TrialOutcome, *, actor: str, today: date
) -> str | None:
    """Whether this person may decide that they keep it, or that it goes on; returns whose lent authority it rests on,
    if any. Raises NotAllowed as `domain.counter.check_keep` and `check_extend` do."""
    judged = (await _judge(session, loan_id, [outcome], actor=actor, today=today))[outcome]
    if isinstance(judged, NotAllowed):
        raise judged
    return judged


async def why_not_decide(
    session: AsyncSession, loan_id: int, *, actor: str, today: date
) -> dict[TrialOutcome, NotAllowed]:
    """What this person may not decide, each with its refusal. Four statements, or seven."""
    asked = (TrialOutcome.KEEP, TrialOutcome.EXTEND)
    judged = await _judge(session, loan_id, asked, actor=actor, today=today)
    return {outcome: refusal for outcome, refusal in judged.items() if isinstance(refusal, NotAllowed)}


async def _judge(
    session: AsyncSession, loan_id: int, outcomes: Iterable[TrialOutcome], *, actor: str, today: date
) -> dict[TrialOutcome, str | NotAllowed | None]:
    """For each outcome the refusal, or on whose lent authority the decision would rest. A refusal names who of the
    trial's team could decide; only where nobody of it can is everybody of the county read."""
    row = (await session.execute(MAKER, {"loan_id": loan_id})).one()
    trial = Asked(row.made_by, row.team_id, Tier(row.tier), row.value_pence)
    near = await read_setting_around(session, today, actor, teams=[row.team_id])
    found = {outcome: _judged(outcome, trial, actor, near, CameBy(row.came_by)) for outcome in outcomes}
    if not any(isinstance(one, NotAllowed) and NOBODY_CAN in one.detail for one in found.values()):
        return found
    everybody = await read_setting(session, today)
    return {outcome: _judged(outcome, trial, actor, everybody, CameBy(row.came_by)) for outcome in found}


def _judged(
    outcome: TrialOutcome, trial: Asked, actor: str, setting: Setting, came_by: CameBy
) -> str | NotAllowed | None:
    person = find_person(setting, actor)
    try:
        if outcome is TrialOutcome.KEEP:
            return check_keep(trial, person, setting, came_by=came_by)
        check_extend(trial, person, setting, came_by=came_by)
    except NotAllowed as refusal:
        return refusal
    return None


@dataclass(frozen=True, slots=True)
class OpenTrial:
    """A running trial, its item locked."""

    client_id: int
    client_ref: str
    item_id: int
    barcode: str
    trial_ends_on: date
    is_stopped: bool


async def _open_trial(session: AsyncSession, loan_id: int) -> OpenTrial:
    row = (await session.execute(OPEN_TRIAL, {"loan_id": loan_id})).one_or_none()
    if row is None:
        raise NotFound("unknown-loan", "There is no loan with this number.")
    if row.ended_at is not None or row.kind != LoanKind.TRIAL or row.state != State.ON_TRIAL:
        words = State(row.state).text.lower()
        raise Conflict("not-on-trial", f"This is not a running trial: the item is “{words}”.")
    if row.has_died:
        raise Conflict("client-has-died", AFTER_A_DEATH, field="outcome")
    return OpenTrial(row.client_id, row.client_ref, row.item_id, row.barcode, row.trial_ends_on, row.is_stopped)


async def client_has_died(session: AsyncSession, loan_id: int) -> bool:
    """Whether whose trial it is has died: then it is collected, and nothing else."""
    return bool(await session.scalar(HAS_DIED, {"loan_id": loan_id}))


async def _check_is_used_on(session: AsyncSession, loan: OpenTrial) -> None:
    # What holds it says more than that its use was stopped for it.
    await check_not_held(session, loan.barcode)
    if loan.is_stopped:
        detail = "Its use was stopped, so it is neither kept nor tried on. Have it collected."
        raise Conflict("use-was-stopped", detail, field="outcome")


async def read_warnings(session: AsyncSession, barcode: str, client_ref: str, *, today: date) -> list[OrderWarning]:
    """What the counter would warn of if the item went to this client now. Four statements."""
    return list((await look(session, barcode, client_ref=client_ref, today=today)).warnings)


def warned_of(warnings: Iterable[OrderWarning], outcome: TrialOutcome) -> list[OrderWarning]:
    """Which of these are asked about where that is decided: all where they keep it, and what is too weak for them where
    the trial goes on, because that is going on using it."""
    if outcome is TrialOutcome.KEEP:
        return list(warnings)
    return [one for one in warnings if one.code in OVERLOADS and outcome is TrialOutcome.EXTEND]


async def _answer_warnings(
    session: AsyncSession,
    loan_id: int,
    loan: OpenTrial,
    outcome: TrialOutcome,
    answers: Sequence[Answer] | None,
    *,
    actor: str,
    at: datetime,
) -> None:
    if outcome is TrialOutcome.COLLECT:
        return
    there = await read_warnings(session, loan.barcode, loan.client_ref, today=uk_date(at))
    warnings = warned_of(there, outcome)
    wanted = warnings if answers is not None else [one for one in warnings if one.severity is Severity.DANGER]
    check_answered(wanted, keys(answers or ()))
    await answer_anew(session, loan_id, answers or ())
    await keep_answers(session, loan_id, warnings, answers or (), actor=actor, at=at)
    left = unanswered(warnings, keys(answers or ()))
    await leave_unanswered(session, loan_id, left, actor=actor, at=at)


def _check_extension(ends_on: date, until: date, *, today: date) -> None:
    if until <= ends_on:
        detail = f"The trial ends on {in_words(ends_on)} now. Extend it to a later day."
        raise BadValue("extension-too-short", detail, field="until")
    check_trial_dates(LoanKind.TRIAL, until, today=today, field="until")


async def _keep_review(
    session: AsyncSession,
    loan_id: int,
    outcome: TrialOutcome,
    tried: Tried,
    until: date | None,
    *,
    actor: str,
    at: datetime,
) -> None:
    words = {"tried_what": tried.what, "tried_where": tried.where, "who_was_there": tried.who, "result": tried.result}
    review = {"outcome": outcome, "notes": tried.notes, "until_on": until, "reviewed_at": at, "reviewed_by": actor}
    await session.execute(insert(TrialReview).values(loan_id=loan_id, **words, **review))


async def _tell(session: AsyncSession, loan_id: int, loan: OpenTrial, what: str, *, actor: str, at: datetime) -> None:
    """Tell whose trial it is what somebody else decided about it."""
    whose = (await session.execute(WHOSE, {"loan_id": loan_id, "actor": actor})).one_or_none()
    if whose is None:
        return
    thing = f"{whose.product_name} ({display(loan.barcode)})"
    await outbox.post(
        session,
        purpose="trial_decided",
        subject=f"The outcome of your trial is recorded: {display(loan.barcode)}",
        body=f"{actor} recorded the outcome of your trial of {thing} with client {whose.client_ref}: {what}.\n\n"
        "How it went stands with the trial. You find it with the client.",
        to=whose.username,
        about=f"loan:{loan_id}",
        actor=actor,
        at=at,
    )


async def _collect(
    session: AsyncSession, loan_id: int, loan: OpenTrial, reason: str, *, actor: str, at: datetime
) -> str:
    asked = await request_collection(
        session,
        loan.client_id,
        [Lent(loan.item_id, loan_id, loan.barcode)],
        reason=reason,
        speed=CollectionSpeed.STANDARD,
        actor=actor,
        at=at,
    )
    return asked.number
