"""A case as its verbs read it: what it says, its order, who sits on its panel, and what was decided; locked or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.authority import Tier
from app.domain.errors import Conflict, NotAllowed, NotFound, RuleError
from app.domain.ordering import NEXT, OrderDecision, OrderState
from app.domain.panel import CaseState, DecisionKind, LapseKind, Link, Step, in_force, next_state
from app.domain.panel_appeal import check_appeal
from app.domain.panel_case import WORDS, Content, Option, OptionKind, may_read
from app.domain.panel_funding import Share
from app.domain.panel_meeting import Interest, InterestKind, Seat, Side, Terms

# Orders are locked before cases, as everywhere: whoever ends an order ends its case afterwards. Not their keys: what
# comes back meanwhile is charged to them.
LOCK_ORDER = text("""
    SELECT asked.id FROM panel_case AS brought JOIN equipment_order AS asked ON asked.id = brought.order_id
    WHERE brought.number = upper(:number) FOR NO KEY UPDATE OF asked
""")
LOCK_CASE = text("SELECT id FROM panel_case WHERE number = upper(:number) FOR UPDATE")
CASE = text("""
    SELECT brought.*, panel.code AS panel, panel.name AS panel_name, panel.quorum, panel.joint_needs_both,
           panel.approval_days, asked.number AS order_number, asked.decision AS order_decision, asked.team_id,
           asked.made_by AS prescribed_by, asked.authority, asked.client_id, asked.submitted_at AS ordered_at,
           client.client_ref, client.name AS client_name, client.died_on,
           COALESCE(maker.name, brought.made_by) AS made_by_name, what.tiers, what.value_pence, what.lines,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('kind', kind, 'detail', detail, 'cost_pence', cost_pence,
                                                         'why_not', why_not) ORDER BY position), '[]')
            FROM panel_case_option WHERE case_id = brought.id) AS options,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('supplier', supplier, 'reference', reference,
                                                         'price_pence', price_pence) ORDER BY position), '[]')
            FROM panel_case_quote WHERE case_id = brought.id) AS quotes,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('funder', funder.code, 'percent', share.percent::text,
                                                         'name', funder.name) ORDER BY position), '[]')
            FROM panel_case_share AS share JOIN funder ON funder.id = share.funder_id
            WHERE case_id = brought.id) AS shares,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object(
                       'loan_id', loan.id, 'barcode', item.barcode, 'serial_number', item.serial_number,
                       'product', product.name, 'started_on', (loan.started_at AT TIME ZONE 'Europe/London')::date,
                       'ended_on', (loan.ended_at AT TIME ZONE 'Europe/London')::date, 'goals', loan.trial_goals,
                       'outcome', review.outcome, 'notes', review.notes) ORDER BY loan.id), '[]')
            FROM panel_case_trial AS named JOIN loan ON loan.id = named.loan_id JOIN item ON item.id = loan.item_id
            JOIN product ON product.id = item.product_id
            LEFT JOIN LATERAL (SELECT outcome, notes FROM trial_review WHERE loan_id = loan.id
                               ORDER BY id DESC LIMIT 1) AS review ON true
            WHERE named.case_id = brought.id) AS trials,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('username', account.username, 'name', account.name,
                       'kind', kind, 'detail', detail, 'declared_at', declared_at,
                       'declared_by', declared_by) ORDER BY interest.id), '[]')
            FROM panel_interest AS interest JOIN account ON account.id = interest.account_id
            WHERE case_id = brought.id) AS interests,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('username', account.username, 'name', account.name,
                       'kind', kind, 'reasons', reasons, 'made_at', made_at) ORDER BY said.id), '[]')
            FROM panel_recommendation AS said JOIN account ON account.id = said.account_id
            WHERE case_id = brought.id) AS recommendations,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('outcome', outcome, 'gaps', gaps, 'note', note,
                       'screened_at', screened_at, 'screened_by', screened_by) ORDER BY screening.id), '[]')
            FROM panel_screening AS screening WHERE case_id = brought.id) AS screenings,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('number', made.id, 'supersedes', supersedes_id,
                       'kind', made.kind, 'lapsed', lapse.kind, 'lapsed_at', lapse.lapsed_at,
                       'expires_on', expires_on, 'took_part', seen -> 'took_part',
                       'is_chair_action', is_chair_action, 'ratified', is_ratified,
                       'decided_at', decided_at, 'decided_by', decided_by) ORDER BY made.id), '[]')
            FROM panel_decision AS made LEFT JOIN panel_lapse AS lapse ON lapse.decision_id = made.id
            LEFT JOIN panel_ratification AS said ON said.decision_id = made.id
            WHERE case_id = brought.id) AS decisions,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('number', attached.id, 'title', title, 'name', attached.name,
                       'media_type', media_type, 'size_bytes', size_bytes, 'pages', pages, 'sha256', sha256,
                       'added_at', added_at, 'added_by', added_by, 'taken_out_at', taken_out_at, 'taken_out_by',
                       taken_out_by, 'was_submitted', EXISTS (
                           SELECT FROM panel_case_version WHERE case_id = brought.id AND frozen_at >= added_at
                             AND (taken_out_at IS NULL OR frozen_at < taken_out_at))) ORDER BY attached.id), '[]')
            FROM panel_attachment AS attached JOIN kept_file USING (sha256)
            LEFT JOIN panel_attachment_removal AS gone ON gone.attachment_id = attached.id
            WHERE attached.case_id = brought.id) AS attachments,
           (SELECT COALESCE(jsonb_agg(to_jsonb(made) || jsonb_build_object('outcome', outcome, 'outcome_of',
                       ended.decision_id) ORDER BY made.id), '[]')
            FROM panel_appeal AS made LEFT JOIN panel_appeal_end AS ended ON ended.appeal_id = made.id
            WHERE case_id = brought.id) AS appeals,
           (SELECT jsonb_agg(jsonb_build_object('username', account.username, 'name', account.name, 'side', side,
                       'is_chair', is_chair, 'is_guest', is_guest) ORDER BY is_guest, account.username)
            FROM (SELECT account_id, side, is_chair, false AS is_guest FROM panel_member
                  WHERE panel_id = brought.panel_id
                  UNION SELECT account_id, side, is_chair, true FROM panel_listing
                  JOIN panel_seat USING (meeting_id)
                  WHERE case_id = brought.id AND is_guest AND taken_off_at IS NULL
                    AND EXISTS (SELECT FROM panel_appeal WHERE panel_appeal.case_id = brought.id)
            ) AS sitting JOIN account ON account.id = account_id WHERE account.is_active) AS members,
           EXISTS (SELECT FROM order_unit WHERE order_id = asked.id AND loan_id IS NOT NULL) AS is_out,
           (SELECT held_on FROM panel_meeting WHERE panel_meeting.id = brought.meeting_id) AS held_on,
           EXISTS (SELECT FROM panel_seat AS seat JOIN account ON account.id = seat.account_id
                   WHERE seat.meeting_id = brought.meeting_id AND username = :actor AND seat.is_chair
           ) AS chairs_meeting,
           EXISTS (SELECT FROM prescriber JOIN account ON account.id = account_id
                   WHERE account.username = :actor AND prescriber.team_id = asked.team_id
                     AND NOT prescriber.is_supervised) AS is_of_team
    FROM panel_case AS brought JOIN panel ON panel.id = brought.panel_id
    JOIN equipment_order AS asked ON asked.id = brought.order_id JOIN client ON client.id = asked.client_id
    LEFT JOIN account AS maker ON maker.username = brought.made_by
    CROSS JOIN LATERAL (
        SELECT array_agg(product.tier) AS tiers, COALESCE(sum(line.quantity * line.unit_price_pence), 0) AS value_pence,
               jsonb_agg(jsonb_build_object('product_code', product.code, 'product', product.name, 'quantity',
                         line.quantity, 'kind', line.kind, 'unit_price_pence', line.unit_price_pence)
                         ORDER BY line.position) AS lines
        FROM order_line AS line JOIN product ON product.id = line.product_id WHERE line.order_id = asked.id
    ) AS what
    WHERE brought.number = ANY(:numbers)
""")


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case with its order, as one person (`actor`) may see it."""

    row: Mapping[str, Any]
    actor: str

    @property
    def id(self) -> int:
        """Its key."""
        return int(self.row["id"])

    @property
    def number(self) -> str:
        """What people call it."""
        return str(self.row["number"])

    @property
    def state(self) -> CaseState:
        """Where it stands."""
        return CaseState(self.row["state"])

    @property
    def subject(self) -> str:
        """What the audit trail calls it."""
        return f"panel_case:{self.number}"

    @property
    def version(self) -> int:
        """Counts its changes."""
        return int(self.row["version"])

    @property
    def value_pence(self) -> int:
        """What its order comes to at catalogue prices."""
        return int(self.row["value_pence"])

    @property
    def tier(self) -> Tier:
        """The highest tier of its order's lines."""
        return max((Tier(tier) for tier in self.row["tiers"] or []), key=list(Tier).index, default=Tier.STANDARD)

    @property
    def terms(self) -> Terms:
        """How its panel decides."""
        return Terms(self.row["quorum"], self.row["joint_needs_both"])

    @property
    def words(self) -> dict[str, str]:
        """What it says in words, by name."""
        return {name: self.row[name] for name in WORDS}

    @property
    def options(self) -> list[Option]:
        """The options that were weighed."""
        return [Option(**one | {"kind": OptionKind(one["kind"])}) for one in self.row["options"]]

    @property
    def shares(self) -> list[Share]:
        """Who is to pay, as the prescriber proposes."""
        return [Share(one["funder"], Decimal(one["percent"])) for one in self.row["shares"]]

    @property
    def content(self) -> Content:
        """As far as completeness is asked of it."""
        return Content(
            words=self.words,
            options=self.options,
            trials=len(self.row["trials"]),
            quotes=len(self.row["quotes"]),
            equivalents=sum(len(line["equivalents"]) for line in self.row["search"].get("lines", [])),
            is_split=bool(self.row["shares"]),
        )

    @property
    def interests(self) -> list[Interest]:
        """Who cannot decide it: who prescribed, supervised or presents it, and who declared an interest."""
        authority = self.row["authority"]
        known = [(InterestKind.PRESCRIBED, self.row["prescribed_by"])]
        known += [(InterestKind.SUPERVISED, authority.get(name)) for name in ("signed_by", "on_behalf_of")]
        wrote = [self.row["made_by"], self.row["submitted_by"], *self.row["changed_by"]]
        known += [(InterestKind.PRESENTED, username) for username in wrote]
        found = [Interest(username, kind) for kind, username in dict.fromkeys(known) if username]
        for one in self.row["interests"]:
            at = datetime.fromisoformat(one["declared_at"])
            found.append(Interest(one["username"], InterestKind(one["kind"]), one["detail"], at, one["declared_by"]))
        return found

    @property
    def holds(self) -> tuple[Link, DecisionKind] | None:
        """The decision in force, if there is one."""
        kinds = {one["number"]: DecisionKind(one["kind"]) for one in self.row["decisions"]}
        link = in_force([Link(one["number"], one["supersedes"]) for one in self.row["decisions"]])
        return (link, kinds[link.number]) if link else None

    @property
    def kind_in_force(self) -> DecisionKind | None:
        """The kind of the decision in force."""
        return self.holds[1] if self.holds else None

    @property
    def newest(self) -> Mapping[str, Any] | None:
        """The decision that no other supersedes, as it was kept: also one that has lapsed."""
        holds = self.holds
        return next((one for one in self.row["decisions"] if holds and one["number"] == holds[0].number), None)

    @property
    def has_lapsed(self) -> bool:
        """Whether its approval does not hold any more."""
        return bool(self.newest and self.newest["lapsed"])

    def after(self, step: Step) -> CaseState:
        """Where it stands once this has happened. Raises WrongState, Conflict `already-decided`."""
        is_appealed = self.appeal is not None
        return next_state(step, self.state, self.kind_in_force, has_lapsed=self.has_lapsed, is_appealed=is_appealed)

    @property
    def appeal(self) -> Mapping[str, Any] | None:
        """The appeal that is open, if one is."""
        if self.state is CaseState.WITHDRAWN:
            return None
        return next((one for one in self.row["appeals"] if one["outcome"] is None), None)

    @property
    def heard_before(self) -> frozenset[str]:
        """Who took part in the decision that is appealed against: others hear it."""
        if self.appeal is None:
            return frozenset()
        against = next(one for one in self.row["decisions"] if one["number"] == self.appeal["decision_id"])
        return frozenset(against["took_part"])

    @property
    def is_approved(self) -> bool:
        """Whether an approval holds."""
        return bool(self.kind_in_force and self.kind_in_force.approves and not self.has_lapsed)

    @property
    def is_out(self) -> bool:
        """Whether something that it is about has left the store."""
        return bool(self.row["is_out"])

    @property
    def suspended_at(self) -> datetime | None:
        """Since when others are to decide it again because of interests; a deferral meanwhile does not end it."""
        decided = reversed(self.row["decisions"])
        last = next((one for one in decided if one["kind"] != DecisionKind.DEFER), None)
        if last is None or last["lapsed"] != LapseKind.CONFLICT:
            return None
        return datetime.fromisoformat(last["lapsed_at"])

    @property
    def was_heard(self) -> bool:
        """Whether the newest decision was made on an appeal."""
        newest = self.newest
        return any(newest and one["outcome_of"] == newest["number"] for one in self.row["appeals"])

    @property
    def waits_for_meeting(self) -> bool:
        """Whether the decision in force is a chair's action that no meeting has heard yet."""
        newest = self.newest
        return bool(newest and newest["is_chair_action"] and newest["ratified"] is None and not newest["lapsed"])

    def check_appeal(self) -> None:
        """Raises as `domain.panel_appeal.check_appeal` does."""
        check_appeal(
            self.kind_in_force,
            has_lapsed=self.has_lapsed,
            waits_for_meeting=self.waits_for_meeting,
            is_appealed=self.appeal is not None,
            was_heard=self.was_heard,
        )

    @property
    def can_be_appealed(self) -> bool:
        """Whether somebody may appeal against what was decided."""
        try:
            self.check_appeal()
            self.after(Step.APPEAL)
        except RuleError:
            return False
        return True

    def who_counts(self, seats: Sequence[Seat]) -> list[Seat]:
        """Of those at a meeting who may hear this case: guests hear appeals alone."""
        return [seat for seat in seats if self.appeal is not None or not seat.is_guest]

    @property
    def recommended(self) -> dict[str, DecisionKind]:
        """What each member recommends; of several of one the newest."""
        return {one["username"]: DecisionKind(one["kind"]) for one in self.row["recommendations"]}

    @property
    def own_members(self) -> list[Seat]:
        """Who sits on its panel now."""
        members = self.row["members"] or []
        return [
            Seat(one["username"], one["name"], Side(one["side"]), one["is_chair"])
            for one in members
            if not one["is_guest"]
        ]

    def member(self, username: str) -> Seat | None:
        """That person as a member of its panel, or as a guest who hears its appeal."""
        for one in self.row["members"] or []:
            if one["username"] == username:
                chairs = one["is_chair"] and not one["is_guest"]
                return Seat(username, one["name"], Side(one["side"]), chairs, is_guest=one["is_guest"])
        return None

    @property
    def is_of_prescribers(self) -> bool:
        """Whether the reader brings it: who made it or its order, or a qualified colleague in their team."""
        return self.actor in {self.row["made_by"], self.row["prescribed_by"]} or bool(self.row["is_of_team"])

    def check_brings(self) -> None:
        """Raises NotAllowed `not-your-case`."""
        if not self.is_of_prescribers:
            who = f"{self.row['made_by_name']} and the qualified prescribers of that team bring this case."
            raise NotAllowed("not-your-case", f"{who} Ask one of them.")

    def check_member(self) -> Seat:
        """The reader as a member of the panel. Raises NotAllowed `not-a-member`."""
        member = self.member(self.actor)
        if member is None:
            raise NotAllowed("not-a-member", f"You do not sit on {self.row['panel_name']}, which decides this case.")
        return member

    def check_order_waits(self) -> None:
        """Raises Conflict `order-not-waiting` when its order does not wait for the panel any more. What is appealed
        against, or is decided again, was decided, so that the order may have gone on or ended by that."""
        decision = OrderDecision(self.row["order_decision"])
        if self.appeal is not None and decision in {OrderDecision.APPROVED, OrderDecision.DECLINED}:
            return
        if self.suspended_at is not None and decision is OrderDecision.APPROVED:
            return
        if decision is not OrderDecision.AWAITING_PANEL:
            state = OrderState(decision.value)
            stands = f"Order {self.row['order_number']} is “{state.text.lower()}”, so no panel decides it."
            raise Conflict("order-not-waiting", f"{stands} {NEXT[state]}")


async def read_case(
    session: AsyncSession, number: str, *, actor: str, lock: bool = False, is_system: bool = False
) -> CaseRecord:
    """The case, if this person may read it (`is_system`: the worker asks); with its order locked, and then itself. One
    statement, locked three.

    Raises NotFound `unknown-case`, NotAllowed `not-your-case`.
    """
    if lock:
        await session.execute(LOCK_ORDER, {"number": number})
        await session.execute(LOCK_CASE, {"number": number})
    found = await read_cases(session, [number.upper()], actor=actor, is_system=is_system)
    if not found:
        raise NotFound("unknown-case", "There is no panel case with this number.", field="number")
    return found[0]


async def read_cases(
    session: AsyncSession, numbers: Sequence[str], *, actor: str, is_system: bool = False
) -> list[CaseRecord]:
    """The cases of these numbers, in any order, if this person may read them all. One statement.

    Raises NotAllowed `not-your-case`.
    """
    rows = (await session.execute(CASE, {"numbers": list(numbers), "actor": actor})).mappings()
    found = [CaseRecord(dict(row), actor) for row in rows]
    for case in found if not is_system else ():
        _check_may_read(case)
    return found


def _check_may_read(case: CaseRecord) -> None:
    sits, was_submitted = case.member(case.actor) is not None, case.row["submitted_at"] is not None
    if not may_read(brings=case.is_of_prescribers, sits=sits, was_submitted=was_submitted):
        detail = "This case is not yours to read. Those who bring it may, and once it is submitted its panel."
        raise NotAllowed("not-your-case", detail)
