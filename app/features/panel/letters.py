"""The letter about a decision: to who prescribes, and to the person. Both are made from what was frozen with it.

What became of the decision later is not in them: the same decision gives the same letter each time.
"""

from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from anyio import to_thread
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.errors import Conflict, NotFound
from app.features.panel.letter_pdf import Contact, Letter, letter_to_person, letter_to_prescriber
from app.features.panel.records import read_case
from app.settings import Settings

DECISION = text("""
    SELECT decision.*, client.name AS client_name, client.address, client.postcode, client.died_on,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('kind', kind, 'detail', detail) ORDER BY position), '[]')
            FROM panel_condition WHERE decision_id = decision.id) AS conditions,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('name', funder.name, 'percent', percent::text, 'pence', pence)
                                      ORDER BY position), '[]')
            FROM panel_allotment JOIN funder ON funder.id = funder_id WHERE decision_id = decision.id) AS funding
    FROM panel_decision AS decision JOIN panel_case AS brought ON brought.id = decision.case_id
    JOIN equipment_order AS asked ON asked.id = brought.order_id JOIN client ON client.id = asked.client_id
    WHERE decision.id = :decision_id AND decision.case_id = :case_id
""")


class Recipient(StrEnum):
    """To whom a letter goes."""

    PRESCRIBER = "prescriber"
    PERSON = "person"


async def write_letter(
    session: AsyncSession,
    number: str,
    decision_id: int,
    *,
    to: Recipient,
    settings: Settings,
    actor: str,
    at: datetime,
) -> bytes:
    """The letter as PDF, for whoever may read the case; the reading is logged as one of the client's record.

    Raises NotFound `unknown-case`, `unknown-decision`, NotAllowed `not-your-case`, Conflict `person-died`.
    """
    case = await read_case(session, number, actor=actor)
    row = (await session.execute(DECISION, {"decision_id": decision_id, "case_id": case.id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-decision", "The case has no decision with this number.")
    if to is Recipient.PERSON and row["died_on"]:
        detail = "The person has died, so there is no letter to them. Speak to the family before anybody writes."
        raise Conflict("person-died", detail)
    # Who sat there then is in what was frozen; a decision of before that was kept takes the names of today.
    names = {one["username"]: one["name"] for one in case.row["members"] or []}
    names |= {case.row["made_by"]: case.row["made_by_name"]} | row["seen"].get("names", {})
    letter = Letter(
        case=case.number,
        panel=case.row["panel_name"],
        presenter=case.row["made_by"],
        decision=dict(row),
        names=names,
        contact=Contact(settings.service_name, settings.return_phone),
    )
    facts: dict[str, Any] = {"case": case.number, "decision": decision_id, "to": to.value}
    subject = f"client:{case.row['client_ref']}"
    await audit.record(session, "panel_letter_read", subject, actor=actor, at=at, **facts)
    write = letter_to_person if to is Recipient.PERSON else letter_to_prescriber
    return await to_thread.run_sync(partial(write, letter))
