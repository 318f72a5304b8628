"""Decontaminations: to begin them, to record how they ended, and to take back a pass that was none."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger, promising, safety
from app.charging_apart import take_back
from app.domain.clearance import HoldFact, HoldKind, check_cleaning
from app.domain.costs import ChargeKind
from app.domain.dates import in_words, uk_date
from app.domain.errors import BadValue, Conflict, NotFound, RuleError
from app.domain.hygiene import (
    Cleaned,
    InfectionRisk,
    Job,
    Outcome,
    Route,
    check_passed,
    higher_risk,
    quarantine_until,
)
from app.domain.lifecycle import OUT, Move, State, can_move, refusal
from app.ledger import Moved, Refused
from app.models import Decontamination
from app.web.held_at_clients import stop_held

START = text("""
    INSERT INTO decontamination (item_id, opened_at, route, started_at, started_by,
                                 infection_risk, contractor, quarantine_until)
    SELECT item_id, :at, route, :at, :actor, infection_risk, contractor, quarantine_until
    FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS line (
        item_id bigint, route text, infection_risk text, contractor text, quarantine_until date)
    ON CONFLICT (item_id) WHERE finished_at IS NULL
    DO UPDATE SET route = excluded.route, started_at = excluded.started_at, started_by = excluded.started_by,
                  infection_risk = excluded.infection_risk, contractor = excluded.contractor,
                  quarantine_until = excluded.quarantine_until
""")
JOBS = text("""
    SELECT item.barcode, COALESCE(job.route, product.decontamination_route) AS route, job.infection_risk,
           job.quarantine_until, product.strike_through_test, COALESCE(job.contractor, '') AS contractor
    FROM item JOIN product ON product.id = item.product_id
    LEFT JOIN decontamination AS job ON job.item_id = item.id AND job.finished_at IS NULL
    WHERE item.barcode = ANY(:barcodes)
""")
FINISH = text("""
    UPDATE decontamination
    SET finished_at = :at, finished_by = :actor, outcome = line.outcome, finished_seq = line.seq, notes = line.notes,
        infection_risk = line.infection_risk, method = line.method, product_used = line.product_used,
        strike_through = line.strike_through, contractor_reference = line.contractor_reference,
        contractor = COALESCE(NULLIF(line.contractor, ''), decontamination.contractor)
    FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS line (
        item_id bigint, outcome text, seq int, notes text, infection_risk text, method text, product_used text,
        strike_through text, contractor_reference text, contractor text)
    WHERE decontamination.item_id = line.item_id AND decontamination.finished_at IS NULL
""")
FINISHED = text("""
    SELECT job.id, job.route, job.outcome, job.finished_seq, job.finished_at, job.infection_risk, job.contractor,
           job.contractor_reference, item.barcode
    FROM decontamination AS job JOIN item ON item.id = job.item_id
    WHERE job.id = :id AND job.finished_at IS NOT NULL
""")
# What is reserved for later may be clean by then.
UNFIT = text("""
    UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = 'item_unfit'
    WHERE item_id = :id AND ended_at IS NULL AND from_on <= :today
""")


@dataclass(frozen=True, slots=True)
class Terms:
    """How cleanings are begun. `route` None: each by its product's. Contractor and day count if the route has any."""

    route: Route | None = None
    infection_risk: InfectionRisk | None = None
    contractor: str = ""
    quarantine_until: date | None = None

    def check(self, *, on: date) -> None:
        """Whether they go together. Raises BadValue `no-contractor`, `no-quarantine`, or as `quarantine_until`."""
        if self.contractor and self.route not in {None, Route.CONTRACTOR}:
            detail = "Only what is sent to a contractor has one. Choose that route, or leave the contractor out."
            raise BadValue("no-contractor", detail, field="contractor")
        if self.quarantine_until and self.route not in {None, Route.QUARANTINE_THEN_CLEAN}:
            detail = "Only what goes into quarantine stays there until a day. Choose that route, or leave the day out."
            raise BadValue("no-quarantine", detail, field="quarantine_until")
        quarantine_until(Route.QUARANTINE_THEN_CLEAN, self.quarantine_until, on=on)


async def start_decontaminations(
    session: AsyncSession,
    barcodes: Sequence[str],
    *,
    route: Route | None,
    actor: str,
    at: datetime,
    terms: Terms | None = None,
    may_overrule: bool = False,
    because: str = "",
) -> tuple[list[Moved], list[Refused]]:
    """Begin to clean items, each by its product's route unless one is named. Six statements for any number.

    `terms`: what else is said of all of them; raises what `Terms.check` does. `may_overrule`: a manager, who may name a
    route for what was said to be past cleaning; `because`: why it can be cleaned after all.
    """
    terms = replace(terms or Terms(), route=route)
    terms.check(on=uk_date(at))
    overruled = may_overrule and route not in {None, Route.CANNOT}
    items = await ledger.read_items(session, barcodes, lock=True)
    past_cleaning = _past_cleaning(items, overruled=overruled)
    fit = [barcode for barcode in barcodes if barcode not in past_cleaning]
    reason = f"Cleaned by order: {route.text.lower()}{because and f'. {because}'}" if overruled and route else None
    moved, refused = await ledger.move(session, fit, Move.START_DECONTAMINATION, actor=actor, at=at, reason=reason)
    refused += [past_cleaning[barcode] for barcode in barcodes if barcode in past_cleaning]
    lines = [_begun(one, terms, on=uk_date(at)) for one in moved]
    if lines:
        await session.execute(START, {"lines": json.dumps(lines), "at": at, "actor": actor})
    return moved, refused


async def finish_decontaminations(
    session: AsyncSession, said: Sequence[Cleaned], *, actor: str, at: datetime
) -> tuple[list[Moved], list[Refused]]:
    """Record how cleanings ended. What failed goes back to be cleaned again; what may not pass yet is refused.

    The first word on an item counts.
    """
    moved: list[Moved] = []
    told = {one.barcode: one for one in reversed(said)}
    # All of them at once, in barcode order, before the two kinds of outcome take their turns.
    items = await ledger.read_items(session, list(told), lock=True)
    jobs = await _read_jobs(session, list(told))
    refused = _not_yet(told, items, jobs, on=uk_date(at))
    turned_away = {one.barcode for one in refused}
    groups: Mapping[tuple[Move, str], list[str]] = defaultdict(list)
    for barcode in dict.fromkeys(one.barcode for one in said):
        if barcode not in turned_away:
            passed = told[barcode].outcome is Outcome.PASSED
            how = Move.PASS_DECONTAMINATION if passed else Move.FAIL_DECONTAMINATION
            groups[how, told[barcode].notes].append(barcode)
    for (how, notes), barcodes in groups.items():
        done, unknown = await ledger.move(session, barcodes, how, actor=actor, at=at, reason=notes or None)
        moved += done
        refused += unknown
    lines = [_ended(one, told[one.item.barcode], jobs[one.item.barcode]) for one in moved]
    if lines:
        await session.execute(FINISH, {"lines": json.dumps(lines), "at": at, "actor": actor})
    return [_cleaned(one, told[one.item.barcode], jobs[one.item.barcode], actor) for one in moved], refused


async def correct_decontamination(
    session: AsyncSession, number: int, *, outcome: Outcome, reason: str, actor: str, at: datetime
) -> Moved:
    """A cleaning that was recorded as passed was none: a line of its own says so, and the item is not clean any more.

    In a store it goes back to be cleaned; where a client or the van has it, it is put on hold until it is fetched.
    Raises NotFound `unknown-decontamination`, Conflict `not-a-pass` or `not-the-newest`, WrongState.
    """
    row = (await session.execute(FINISHED, {"id": number})).one_or_none()
    if row is None:
        raise NotFound("unknown-decontamination", "No finished decontamination has this number.")
    if row.outcome != Outcome.PASSED or outcome is Outcome.PASSED:
        detail = (
            "Only a pass is taken back, as failed or as one that cannot be cleaned. Clean it again to make it pass."
        )
        raise Conflict("not-a-pass", detail, field="outcome")
    item = (await ledger.read_items(session, [row.barcode], lock=True))[row.barcode]
    if item.evidence.decontamination_seq != row.finished_seq:
        detail = "It was cleaned again or corrected since. The newest record counts: correct that one, if it is wrong."
        raise Conflict("not-the-newest", detail)
    moved = await ledger.move_one(session, row.barcode, Move.FAIL_DECONTAMINATION, actor=actor, at=at, reason=reason)
    charged = (item.id, row.finished_seq, ChargeKind.DECONTAMINATION)
    await take_back(session, *charged, because=f"The cleaning was none: {reason}", actor=actor, at=at)
    correction = {
        "item_id": item.id,
        "opened_at": at,
        "route": row.route,
        "started_at": at,
        "started_by": actor,
        "finished_at": at,
        "finished_by": actor,
        "finished_seq": moved.seq,
        "outcome": outcome,
        "notes": reason,
        "infection_risk": row.infection_risk,
        "contractor": row.contractor,
        "contractor_reference": row.contractor_reference,
        "corrects_id": row.id,
    }
    await session.execute(insert(Decontamination).values(**correction))
    evidence = replace(moved.evidence, decontamination_outcome=outcome, decontamination_seq=moved.seq)
    moved = replace(moved, evidence=evidence)
    if item.state is State.RESERVED:
        await session.execute(UNFIT, {"at": at, "actor": actor, "id": item.id, "today": uk_date(at)})
        await promising.look_again(session, [item.id], actor=actor, at=at)
    if item.state in OUT:
        cleaned = in_words(uk_date(row.finished_at))
        moved = await _hold(session, moved, f"It went out unclean: its cleaning of {cleaned} was no pass. {reason}", at)
    return moved


def _past_cleaning(items: Mapping[str, ledger.ItemRecord], *, overruled: bool) -> dict[str, Refused]:
    found = {}
    for barcode, item in items.items():
        if not can_move(item.state, Move.START_DECONTAMINATION):
            continue
        try:
            check_cleaning(item.evidence, item.route, overruled=overruled)
        except Conflict as error:
            found[barcode] = Refused(barcode, error, item)
    return found


def _begun(moved: Moved, terms: Terms, *, on: date) -> dict[str, object]:
    route = terms.route or moved.item.route
    until = quarantine_until(route, terms.quarantine_until, on=on)
    return {
        "item_id": moved.item.id,
        "route": route,
        "infection_risk": terms.infection_risk,
        "contractor": terms.contractor if route is Route.CONTRACTOR else "",
        "quarantine_until": until and until.isoformat(),
    }


async def _read_jobs(session: AsyncSession, barcodes: Sequence[str]) -> dict[str, Job]:
    rows = await session.execute(JOBS, {"barcodes": list(barcodes)})
    return {
        row.barcode: Job(
            route=Route(row.route),
            infection_risk=row.infection_risk and InfectionRisk(row.infection_risk),
            quarantine_until=row.quarantine_until,
            has_cover=row.strike_through_test,
            contractor=row.contractor,
        )
        for row in rows
    }


def _not_yet(
    told: Mapping[str, Cleaned], items: Mapping[str, ledger.ItemRecord], jobs: Mapping[str, Job], *, on: date
) -> list[Refused]:
    """Those that are not being cleaned, and those whose pass lacks something."""
    refused = []
    for barcode, item in items.items():
        passed = told[barcode].outcome is Outcome.PASSED
        try:
            if item.state is not State.DECONTAMINATING:
                raise refusal(item.state, Move.PASS_DECONTAMINATION if passed else Move.FAIL_DECONTAMINATION)
            if passed:
                check_passed(jobs[barcode], told[barcode], on=on)
        except RuleError as error:
            refused.append(Refused(barcode, error, item))
    return refused


def _ended(moved: Moved, said: Cleaned, job: Job) -> dict[str, object]:
    return {
        "item_id": moved.item.id,
        "seq": moved.seq,
        "outcome": said.outcome,
        "notes": said.notes,
        "infection_risk": higher_risk(job.infection_risk, said.infection_risk),
        "method": said.method,
        "product_used": said.product_used,
        "strike_through": said.strike_through,
        "contractor": said.contractor if job.route is Route.CONTRACTOR else "",
        "contractor_reference": said.contractor_reference,
    }


def _cleaned(moved: Moved, said: Cleaned, job: Job, actor: str) -> Moved:
    """The move with the evidence that was recorded beside it."""
    risk = higher_risk(job.infection_risk, said.infection_risk)
    evidence = replace(
        moved.evidence,
        decontamination_outcome=said.outcome,
        decontamination_seq=moved.seq,
        decontaminated_by=actor,
        high_risk=moved.evidence.high_risk or risk is InfectionRisk.HIGH,
    )
    return replace(moved, evidence=evidence)


async def _hold(session: AsyncSession, moved: Moved, reason: str, at: datetime) -> Moved:
    kind = HoldKind.INVESTIGATION
    await safety.hold(session, moved.item.id, moved.item.barcode, kind=kind, reason=reason, actor=moved.by, at=at)
    await stop_held(session, moved.item.id, HoldFact(kind, reason), actor=moved.by, at=at)
    holds = (*moved.evidence.holds, HoldFact(kind, reason))
    return replace(moved, evidence=replace(moved.evidence, holds=holds))
