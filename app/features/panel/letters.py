"""Letters about a decision, and about the end of an approval: to who prescribes, and to the person.

They are made from what was frozen with the decision. What became of it later stands on top (ADR 39).
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from anyio import to_thread
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.dates import uk_date
from app.domain.errors import Conflict, NotFound, RuleError
from app.domain.ordering import OrderDecision
from app.domain.panel import LapseKind, Step
from app.domain.panel_meeting import InterestKind
from app.features.panel.letter_end_pdf import end_to_person, end_to_prescriber
from app.features.panel.letter_layout import Contact, Letter
from app.features.panel.letter_pdf import letter_to_person, letter_to_prescriber
from app.features.panel.letter_standing import SUPERSEDED, LateInterest, Standing
from app.features.panel.records import CaseRecord, read_case
from app.features.panel.releasing import read_issued
from app.settings import Settings

DECISION = text("""
    SELECT decision.*, client.name AS client_name, client.address, client.postcode, client.died_on,
           lapse.kind AS lapsed, lapse.lapsed_at, later.decided_at AS replaced_at, heard.reasons AS ratification,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('name', account.name, 'kind', interest.kind,
                                                         'declared_at', declared_at) ORDER BY interest.id), '[]')
            FROM panel_interest AS interest JOIN account ON account.id = account_id
            WHERE interest.case_id = decision.case_id AND declared_at > decision.decided_at
              AND decision.seen -> 'took_part' ? account.username) AS late,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('kind', kind, 'detail', detail) ORDER BY position), '[]')
            FROM panel_condition WHERE decision_id = decision.id) AS conditions,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('name', funder.name, 'percent', percent::text, 'pence', pence)
                                      ORDER BY position), '[]')
            FROM panel_allotment JOIN funder ON funder.id = funder_id WHERE decision_id = decision.id) AS funding
    FROM panel_decision AS decision JOIN panel_case AS brought ON brought.id = decision.case_id
    JOIN equipment_order AS asked ON asked.id = brought.order_id JOIN client ON client.id = asked.client_id
    LEFT JOIN panel_lapse AS lapse ON lapse.decision_id = decision.id
    LEFT JOIN panel_decision AS later ON later.supersedes_id = decision.id
    LEFT JOIN panel_ratification AS heard ON heard.decision_id = decision.id
    WHERE decision.id = :decision_id AND decision.case_id = :case_id
""")


class Recipient(StrEnum):
    """To whom a letter goes."""

    PRESCRIBER = "prescriber"
    PERSON = "person"


class Topic(StrEnum):
    """What a letter is about."""

    DECISION = "decision"
    END = "end"


async def write_letter(
    session: AsyncSession,
    number: str,
    decision_id: int,
    *,
    to: Recipient,
    about: Topic = Topic.DECISION,
    settings: Settings,
    actor: str,
    at: datetime,
) -> bytes:
    """The letter as PDF, for whoever may read the case; the reading is logged as one of the client's record.

    Raises NotFound `unknown-case`, `unknown-decision`, `has-not-ended`, NotAllowed `not-your-case`, Conflict
    `person-died`.
    """
    case = await read_case(session, number, actor=actor)
    row = (await session.execute(DECISION, {"decision_id": decision_id, "case_id": case.id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-decision", "The case has no decision with this number.")
    if about is Topic.END and not row["lapsed"]:
        raise NotFound("has-not-ended", "This decision has not ended, so there is no letter about its end.")
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
        standing=_standing(case, dict(row)),
    )
    facts: dict[str, Any] = {"case": case.number, "decision": decision_id, "to": to.value, "about": about.value}
    subject = f"client:{case.row['client_ref']}"
    await audit.record(session, "panel_letter_read", subject, actor=actor, at=at, **facts)
    if about is Topic.END:
        end = end_to_person if to is Recipient.PERSON else end_to_prescriber
        return await to_thread.run_sync(partial(end, letter, await read_issued(session, case)))
    write = letter_to_person if to is Recipient.PERSON else letter_to_prescriber
    return await to_thread.run_sync(partial(write, letter))


def _standing(case: CaseRecord, row: Mapping[str, Any]) -> Standing:
    """What has become of this decision of the case."""
    return Standing(
        lapsed=LapseKind(row["lapsed"]) if row["lapsed"] else None,
        lapsed_on=uk_date(row["lapsed_at"]) if row["lapsed_at"] else None,
        replaced_on=uk_date(row["replaced_at"]) if row["replaced_at"] else None,
        late=[
            LateInterest(
                one["name"], InterestKind(one["kind"]).text, uk_date(datetime.fromisoformat(one["declared_at"]))
            )
            for one in row["late"]
        ],
        no_appeal=_why_no_appeal(case, row),
        is_heard_again=case.appeal is not None and case.appeal["decision_id"] == row["id"],
    )


def _why_no_appeal(case: CaseRecord, row: Mapping[str, Any]) -> tuple[str, str] | None:
    if row["replaced_at"]:
        return SUPERSEDED, "Another decision took the place of this one. Its letter says how to appeal."
    if case.row["order_decision"] == OrderDecision.CANCELLED or case.row["died_on"]:
        return "order-not-waiting", "The order has ended, so an appeal would change nothing."
    try:
        case.check_appeal()
        case.after(Step.APPEAL)
    except RuleError as refusal:
        return refusal.code, refusal.detail
    return None
