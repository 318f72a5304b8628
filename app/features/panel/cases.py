"""Bringing a case before a panel: drawing it up, submitting, screening, withdrawing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, outbox
from app.domain.dates import uk_date
from app.domain.errors import BadValue, Conflict, NotAllowed, NotFound, Stale
from app.domain.funders import FunderKind, check_no_person
from app.domain.ordering import NEXT, OrderDecision, OrderState
from app.domain.panel import CaseState, DecisionKind, Screening, Step, check_can_mend
from app.domain.panel_appeal import AppealOutcome
from app.domain.panel_case import WORDS, check_options, check_ready, find_gaps
from app.domain.panel_funding import Share, check_split
from app.features.panel.records import CaseRecord, read_case
from app.features.panel.releasing import approve_order
from app.features.panel.routing import route_now, send_to_another
from app.features.panel.schemas import CaseContent, NewCase
from app.features.panel.searching import search_stock
from app.features.panel.telling import tell_of_submission
from app.models import (
    PanelAppealEnd,
    PanelCase,
    PanelCaseOption,
    PanelCaseQuote,
    PanelCaseShare,
    PanelCaseTrial,
    PanelCaseVersion,
    PanelScreening,
)

# The panel that decides is the one whose rules sent the order there when it was submitted.
ORDER = text("""
    SELECT asked.id, asked.number, asked.decision, asked.client_id, asked.made_by, asked.clinical_reasoning,
           panel.id AS panel_id,
           EXISTS (SELECT FROM prescriber JOIN account ON account.id = account_id
                   WHERE account.username = :actor AND prescriber.team_id = asked.team_id
                     AND NOT prescriber.is_supervised) AS is_of_team,
           (SELECT number FROM panel_case WHERE order_id = asked.id AND state <> 'withdrawn') AS case_number
    FROM equipment_order AS asked
    LEFT JOIN panel ON panel.is_active AND panel.code = asked.authority -> 'route' ->> 'code'
    WHERE asked.number = upper(:number) FOR NO KEY UPDATE OF asked
""")
FUNDERS = text("SELECT id, code, kind FROM funder WHERE upper(code) = ANY(:codes)")
TRIALS = text("""
    SELECT loan.id FROM loan WHERE loan.id = ANY(:ids) AND client_id = :client_id
      AND (kind = 'trial' OR EXISTS (SELECT FROM trial_review WHERE loan_id = loan.id))
""")
LAST_VERSION = text("SELECT content FROM panel_case_version WHERE case_id = :case_id ORDER BY number DESC LIMIT 1")
AUTHOR = text("""
    UPDATE panel_case SET changed_by = changed_by || to_jsonb(CAST(:actor AS text))
    WHERE id = :case_id AND NOT changed_by ? :actor
""")
PLAIN = ("lifetime_months", "servicing_pence_per_year")
ATTACHED = ("number", "title", "name", "media_type", "size_bytes", "sha256")


async def make_case(session: AsyncSession, new: NewCase, *, actor: str, at: datetime) -> str:
    """Draw up a case about an order that waits for a panel; returns its number. The shelves are searched now.

    Raises NotFound `unknown-order`, NotAllowed `not-your-order`, Conflict `order-not-waiting`, `has-a-case`,
    `no-panel`, and as `change_case` does for what is said.
    """
    values = {"number": new.order_number.strip(), "actor": actor}
    order = (await session.execute(ORDER, values)).mappings().one_or_none()
    if order is None:
        raise NotFound("unknown-order", "There is no order with this number.", field="order_number")
    if order["made_by"] != actor and not order["is_of_team"]:
        detail = "Only who made an order, or a qualified prescriber of its team, brings it before a panel."
        raise NotAllowed("not-your-order", detail)
    if order["decision"] != OrderDecision.AWAITING_PANEL:
        state = OrderState(order["decision"])
        detail = f"The order is “{state.text.lower()}” and waits for no panel. {NEXT[state]}"
        raise Conflict("order-not-waiting", detail)
    if order["case_number"]:
        raise Conflict("has-a-case", f"Case {order['case_number']} is about this order already. Go on with that.")
    panel_id = order["panel_id"] or await send_to_another(session, order["id"], actor=actor, at=at)
    case_id: int = await session.scalar(text("SELECT nextval(pg_get_serial_sequence('panel_case', 'id'))"))
    number = f"P{case_id:06}"
    row = {
        "id": case_id,
        "number": number,
        "panel_id": panel_id,
        "order_id": order["id"],
        "state": CaseState.DRAFT,
        "is_urgent": new.urgent,
        "search": await search_stock(session, order["id"], order["client_id"], at=at),
        "made_at": at,
        "made_by": actor,
    }
    # The order's own words are where the case begins.
    said = _words(new) | ({} if new.clinical_reasoning else {"clinical_reasoning": order["clinical_reasoning"]})
    await session.execute(insert(PanelCase).values(**row, **said))
    await _write_lists(session, case_id, order["client_id"], new, new.model_fields_set)
    subject = f"panel_case:{number}"
    await audit.record(session, "panel_case_drafted", subject, actor=actor, at=at, order=order["number"])
    return number


async def change_case(
    session: AsyncSession, number: str, change: CaseContent, *, version: int, actor: str, at: datetime
) -> None:
    """Change what the body names of a draft; a list replaces the one before. What was deferred is mended in the same
    way, and goes in again.

    Raises NotFound `unknown-case`, NotAllowed `not-your-case`, WrongState, Stale, Conflict `order-not-waiting`,
    BadValue `unknown-funder`, `unknown-trial`, `why-not-wanted` or as `check_split` does.
    """
    case = await read_to_mend(session, number, actor=actor)
    if case.version != version:
        raise Stale("stale", "Somebody changed this case while you had it open. Read it again.")
    fields = change.model_fields_set
    values: dict[str, Any] = {name: value for name, value in _words(change).items() if name in fields}
    if "urgent" in fields:
        values["is_urgent"] = change.urgent
    await _write_lists(session, case.id, case.row["client_id"], change, fields)
    await _change(session, case, **values)
    await keep_author(session, case, actor)
    said = ", ".join(sorted(fields))
    await audit.record(session, "panel_case_changed", case.subject, actor=actor, at=at, fields=said)


async def submit_case(
    session: AsyncSession, number: str, *, must_differ: bool = False, actor: str, at: datetime
) -> None:
    """Put the case before its panel: the shelves are searched once more, and all of it is frozen with its hash.
    `must_differ`: an answer to a deferral changes something; the short form of the API is not asked for it (ADR 29).

    Raises as `change_case` does, and Incomplete `case-not-ready`, Conflict `nothing-changed`.
    """
    case = await read_to_mend(session, number, submits=True, actor=actor)
    state = case.after(Step.SUBMIT)
    check_ready(case.content)
    if must_differ:
        await _check_differs(session, case)
    search = await search_stock(session, case.row["order_id"], case.row["client_id"], at=at)
    await _change(session, case, state=state, search=search, submitted_at=at, submitted_by=actor)
    frozen = content_json(case.row) | {"search": search}
    number_of_version = text("SELECT count(*) + 1 FROM panel_case_version WHERE case_id = :case_id")
    await session.execute(
        insert(PanelCaseVersion).values(
            case_id=case.id,
            number=await session.scalar(number_of_version, {"case_id": case.id}),
            content=frozen,
            digest=digest_of(frozen),
            frozen_at=at,
            frozen_by=actor,
        )
    )
    await audit.record(session, "panel_case_submitted", case.subject, actor=actor, at=at, digest=digest_of(frozen))
    await tell_of_submission(session, case, actor=actor, at=at)


async def screen_case(
    session: AsyncSession,
    number: str,
    *,
    outcome: Screening,
    gaps: Sequence[str] = (),
    note: str = "",
    actor: str,
    at: datetime,
) -> None:
    """Say whether a submitted case is complete. An incomplete one goes back to its prescriber with what is missing; of
    one that no panel is needed for, the order goes on, if no rule of the panel asks for it any more.

    Raises NotFound `unknown-case`, NotAllowed `not-your-case`, `not-a-member`, WrongState, Conflict
    `order-not-waiting`, `conflict-of-interest`, `panel-is-needed`, BadValue `gaps-wanted`.
    """
    case = await read_case(session, number, actor=actor, lock=True)
    case.check_member()
    case.check_order_waits()
    state = case.after(outcome.step)
    check_no_interest(case, actor, "screen")
    named = list(gaps) or [gap.detail for gap in find_gaps(case.content)]
    if outcome is Screening.INCOMPLETE and not named:
        raise BadValue("gaps-wanted", "Name what is missing, so that it can be mended.", field="gaps")
    values: dict[str, Any] = {"state": state}
    if outcome is Screening.NOT_NEEDED:
        await _check_not_needed(session, case, at=at)
        because = "No panel is needed: no rule of the panel asks for it any more."
        values |= {"withdrawn_at": at, "withdrawn_by": actor, "withdrawn_because": because}
        await approve_order(session, case, {"panel_not_needed": because}, note=note, actor=actor, at=at)
    line = {"outcome": outcome, "gaps": named if outcome is Screening.INCOMPLETE else [], "note": note}
    await session.execute(insert(PanelScreening).values(case_id=case.id, screened_at=at, screened_by=actor, **line))
    await _change(session, case, **values)
    await audit.record(session, "panel_case_screened", case.subject, actor=actor, at=at, outcome=outcome.value)
    if outcome is Screening.INCOMPLETE:
        said = "\n".join(f"- {gap}" for gap in named)
        await tell_presenter(session, case, "is incomplete", f"The panel misses:\n{said}", actor=actor, at=at)


async def withdraw_case(session: AsyncSession, number: str, *, reason: str, actor: str, at: datetime) -> None:
    """Take the case back before it is decided; its order waits on until it is cancelled or brought again. Of one that
    is appealed against the appeal is taken back, and what was decided stands.

    Raises NotFound `unknown-case`, NotAllowed `not-your-case`, WrongState.
    """
    case = await read_case(session, number, actor=actor, lock=True)
    case.check_brings()
    state = case.after(Step.WITHDRAW)
    if case.appeal is not None:
        await _withdraw_appeal(session, case, state, because=reason, actor=actor, at=at)
        return
    values = {"withdrawn_at": at, "withdrawn_by": actor, "withdrawn_because": reason, "meeting_id": None}
    await _change(session, case, state=state, **values)
    await audit.record(session, "panel_case_withdrawn", case.subject, actor=actor, at=at, because=reason)


async def _withdraw_appeal(
    session: AsyncSession, case: CaseRecord, state: CaseState, *, because: str, actor: str, at: datetime
) -> None:
    appeal = case.appeal or {}
    ended = {"appeal_id": appeal["id"], "outcome": AppealOutcome.WITHDRAWN, "ended_at": at, "ended_by": actor}
    await session.execute(insert(PanelAppealEnd).values(**ended))
    await _change(session, case, state=state, meeting_id=None)
    await audit.record(session, "panel_appeal_withdrawn", case.subject, actor=actor, at=at, because=because)


def check_no_interest(case: CaseRecord, username: str, what: str) -> None:
    """Raises Conflict `conflict-of-interest`."""
    own = next((one for one in case.interests if one.username == username), None)
    if own:
        detail = f"You cannot {what} this case: {own.kind.text.lower()}. Another member does it."
        raise Conflict("conflict-of-interest", detail)


async def tell_presenter(
    session: AsyncSession, case: CaseRecord, what: str, body: str, *, actor: str, at: datetime
) -> None:
    """Tell who brings the case what became of it. No health data: who reads it looks at the case."""
    subject = f"Panel case {case.number} {what}"
    text_ = f"Panel case {case.number} about order {case.row['order_number']} {what}. {body}".strip()
    details: dict[str, Any] = {"about": case.subject, "actor": actor, "at": at}
    for username in sorted({case.row["made_by"], case.row["prescribed_by"]} - {actor}):
        purpose = f"panel_case_{what.replace(' ', '_')}"
        await outbox.post(session, purpose=purpose, to=username, subject=subject, body=text_, **details)


def content_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """All that a case says, as it is frozen. The person is named by their reference alone."""
    names = (*WORDS, *PLAIN, "number", "order_number", "client_ref", "is_urgent", "lines", "value_pence", "search")
    lists = {name: row[name] for name in ("options", "quotes", "trials")}
    attached = [{name: one[name] for name in ATTACHED} for one in row["attachments"] if not one["taken_out_at"]]
    return {name: row[name] for name in names} | lists | {"proposed_funding": row["shares"], "attachments": attached}


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the content, whose keys are in order."""
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


async def keep_author(session: AsyncSession, case: CaseRecord, actor: str) -> None:
    """Whoever writes in a case presents it, and does not decide it."""
    await session.execute(AUTHOR, {"case_id": case.id, "actor": actor})


async def read_to_mend(session: AsyncSession, number: str, *, submits: bool = False, actor: str) -> CaseRecord:
    """The case, locked, if this person may change what it says now, or submit it (`submits`): a draft, one that was
    deferred, or whose approval has lapsed.

    Raises NotFound `unknown-case`, NotAllowed `not-your-case`, WrongState, Conflict `order-not-waiting`.
    """
    case = await read_case(session, number, actor=actor, lock=True)
    case.check_brings()
    is_appealed = case.appeal is not None
    if submits:
        case.after(Step.SUBMIT)
    check_can_mend(case.state, case.kind_in_force, has_lapsed=case.has_lapsed, is_appealed=is_appealed)
    case.check_order_waits()
    return case


async def _check_differs(session: AsyncSession, case: CaseRecord) -> None:
    if case.kind_in_force is not DecisionKind.DEFER or case.state is not CaseState.DECIDED:
        return
    before = await session.scalar(LAST_VERSION, {"case_id": case.id})
    now = content_json(case.row)
    if before and all(before.get(name) == said for name, said in now.items() if name != "search"):
        detail = "Nothing was changed since the panel deferred it. Mend what it asks for first: then submit it again."
        raise Conflict("nothing-changed", detail)


async def _check_not_needed(session: AsyncSession, case: CaseRecord, *, at: datetime) -> None:
    panel = await route_now(session, case.row["order_id"], today=uk_date(at))
    if panel:
        said = " ".join(reason.detail for reason in panel.reasons)
        raise Conflict("panel-is-needed", f"The panel's rules ask for it: {said} Find it complete or incomplete.")


def _words(said: CaseContent) -> dict[str, Any]:
    return {name: getattr(said, name) for name in (*WORDS, *PLAIN)}


async def _change(session: AsyncSession, case: CaseRecord, **values: Any) -> None:
    changed = update(PanelCase).where(col(PanelCase.id) == case.id)
    await session.execute(changed.values(**values, version=case.version + 1))


async def _write_lists(
    session: AsyncSession, case_id: int, client_id: int, said: CaseContent, fields: set[str]
) -> None:
    """Each list that is named replaces the one before."""
    if "options" in fields:
        options = [option.as_option() for option in said.options]
        check_options(options)
        await _replace(session, PanelCaseOption, case_id, [asdict(option) for option in options])
    if "quotes" in fields:
        await _replace(session, PanelCaseQuote, case_id, [quote.model_dump() for quote in said.quotes])
    if "trials" in fields:
        await _write_trials(session, case_id, client_id, said.trials)
    if "proposed_funding" in fields:
        shares = [share.as_share() for share in said.proposed_funding]
        await _replace(session, PanelCaseShare, case_id, await read_split(session, shares, field="proposed_funding"))


async def read_split(session: AsyncSession, shares: Sequence[Share], *, field: str) -> list[dict[str, Any]]:
    """The shares with their funders' ids; none where nobody has proposed any yet. Raises BadValue `unknown-funder`,
    `person-never-charged` and as `check_split` does."""
    if not shares:
        return []
    codes = [share.funder.upper() for share in shares]
    rows = (await session.execute(FUNDERS, {"codes": codes})).all()
    known = {row.code.upper(): row.id for row in rows}
    for share in shares:
        if share.funder.upper() not in known:
            raise BadValue("unknown-funder", f"{share.funder} is no funder here. Choose one of the list.", field=field)
    check_no_person([row.code for row in rows if row.kind == FunderKind.PERSON], field=field)
    check_split([Share(share.funder.upper(), share.percent) for share in shares], field=field)
    return [{"funder_id": known[share.funder.upper()], "percent": share.percent} for share in shares]


async def _write_trials(session: AsyncSession, case_id: int, client_id: int, trials: Sequence[int]) -> None:
    ids = sorted(set(trials))
    known = set(await session.scalars(TRIALS, {"ids": ids, "client_id": client_id}))
    if known != set(ids):
        raise BadValue("unknown-trial", "One of these is no trial of this client. Choose theirs.", field="trials")
    await session.execute(delete(PanelCaseTrial).where(col(PanelCaseTrial.case_id) == case_id))
    if ids:
        await session.execute(insert(PanelCaseTrial), [{"case_id": case_id, "loan_id": loan_id} for loan_id in ids])


async def _replace(session: AsyncSession, table: Any, case_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    await session.execute(delete(table).where(table.case_id == case_id))
    if rows:
        placed = [dict(row) | {"case_id": case_id, "position": place} for place, row in enumerate(rows, start=1)]
        await session.execute(insert(table), placed)
