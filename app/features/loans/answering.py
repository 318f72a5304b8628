"""Warnings at the counter that a short form of the API left without an answer: kept with the loan, answered later."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.combinations import OrderWarning
from app.domain.counter import prescribes_on
from app.domain.dates import uk_date
from app.domain.errors import BadValue, NotAllowed, NotFound
from app.signing import read_person
from app.web.answers import Answer

LEAVE = text("""
    INSERT INTO loan_answer (loan_id, code, subject, warning)
    SELECT :loan_id, code, subject, warning
    FROM unnest(CAST(:codes AS text[]), CAST(:subjects AS text[]), CAST(:warnings AS text[]))
         AS one (code, subject, warning)
    ON CONFLICT DO NOTHING
""")
# What is answered now waits for an answer no more.
ANSWERED = text("""
    DELETE FROM loan_answer USING unnest(CAST(:codes AS text[]), CAST(:subjects AS text[])) AS said (code, subject)
    WHERE loan_id = :loan_id AND answer IS NULL
      AND (loan_answer.code, loan_answer.subject) = (said.code, said.subject)
""")
ANSWER = text("""
    UPDATE loan_answer SET answer = :answer, answered_at = :at, answered_by = :actor
    WHERE loan_id = :loan_id AND code = :code AND subject = :subject AND answer IS NULL RETURNING id
""")
WHOSE = text("""
    SELECT COALESCE(asked.made_by, loan.started_by) AS username, COALESCE(account.name, loan.started_by) AS name
    FROM loan LEFT JOIN order_unit AS unit ON unit.loan_id = loan.id
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    LEFT JOIN account ON account.username = COALESCE(asked.made_by, loan.started_by)
    WHERE loan.id = :loan_id
""")


async def leave_unanswered(
    session: AsyncSession, loan_id: int, left: Sequence[OrderWarning], *, actor: str, at: datetime
) -> None:
    """Keep what was left without an answer (ADR 29), so that somebody answers it afterwards. No statement for none."""
    if not left:
        return
    columns = {"codes": [one.code for one in left], "subjects": [one.subject for one in left]}
    await session.execute(LEAVE, {"loan_id": loan_id, "warnings": [one.detail for one in left], **columns})
    for one in left:
        await audit.record(session, "warning_not_answered", f"loan:{loan_id}", actor=actor, at=at, warning=one.code)


async def answer_anew(session: AsyncSession, loan_id: int, answers: Sequence[Answer]) -> None:
    """What was left without an answer and is answered now, when more is decided about the loan, waits no more. No
    statement for none."""
    if answers:
        said = {"codes": [one.code for one in answers], "subjects": [one.subject for one in answers]}
        await session.execute(ANSWERED, {"loan_id": loan_id, **said})


async def answer(session: AsyncSession, loan_id: int, answers: Sequence[Answer], *, actor: str, at: datetime) -> None:
    """Answer what was left without an answer, whatever has become of the loan since: all of these, or none.

    Raises NotFound `unknown-loan`, NotAllowed `not-your-loan`, BadValue `nothing-to-answer`.
    """
    if why_not := await why_not_answer(session, loan_id, actor, at=at):
        raise NotAllowed("not-your-loan", why_not)
    for one in answers:
        values: dict[str, Any] = {"loan_id": loan_id, "actor": actor, "at": at, **one.model_dump()}
        if (await session.execute(ANSWER, values)).first() is None:
            detail = f"No warning “{one.code}” about {one.subject} waits for an answer here. Read the loan again."
            raise BadValue("nothing-to-answer", detail, field="answers")
    codes = ", ".join(one.code for one in answers)
    await audit.record(session, "warnings_answered", f"loan:{loan_id}", actor=actor, at=at, warnings=codes)


async def why_not_answer(session: AsyncSession, loan_id: int, actor: str, *, at: datetime) -> str:
    """Why this person may not answer for the loan; empty where they may: whose loan it is, and any prescriber who works
    without supervision, while their registration is in date. Raises NotFound `unknown-loan`."""
    whose = (await session.execute(WHOSE, {"loan_id": loan_id})).one_or_none()
    if whose is None:
        raise NotFound("unknown-loan", "There is no loan with this number.")
    if whose.username == actor:
        return ""
    person, _ = await read_person(session, actor)
    if person and prescribes_on(person, uk_date(at)):
        return ""
    return (
        f"{whose.name} answers for this loan, or a prescriber whose registration is in date and who does not work "
        "under supervision."
    )
