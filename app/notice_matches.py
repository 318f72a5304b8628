"""What stands of a notice's matches: written when its items were asked about, with the holds that follow from them.

`rematching.py` asks; this writes what came of it, in the same transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger, outbox, safety
from app.domain.access import Permission, roles_with
from app.domain.clearance import HoldFact, HoldKind
from app.domain.labels import display
from app.domain.notice_evidence import explain, read_findings
from app.domain.notice_parsing import read_scope
from app.domain.notice_scope import Scope
from app.domain.notice_work import (
    ANOTHER_SCOPE,
    Cause,
    Handling,
    MatchOutcome,
    freed_letter,
    hold_reason,
    is_reopened,
    weakened_by,
)
from app.domain.notices import Result
from app.matching import Matched

THERE = text("""
    SELECT item_id FROM notice_match
    WHERE notice_id = :notice_id AND (CAST(:item_ids AS bigint[]) IS NULL OR item_id = ANY(:item_ids))
""")
# The hold is found by its number alone: an index of open holds, of which there were few when they were last counted,
# would be walked through once for each item.
KNOWN = text("""
    SELECT match.item_id, item.barcode, match.scope_id, was.digest, was.handling, match.result, match.evidence,
           match.outcome, match.weakened_by, match.is_after_closing,
           CASE WHEN held.lifted_at IS NULL THEN held.id END AS open_hold,
           EXISTS (SELECT FROM notice_match_action AS act WHERE act.match_id = match.id) AS is_acted_on
    FROM notice_match AS match JOIN item ON item.id = match.item_id JOIN notice_scope AS was ON was.id = match.scope_id
    LEFT JOIN hold AS held ON held.id = match.hold_id
    WHERE match.notice_id = :notice_id AND (CAST(:item_ids AS bigint[]) IS NULL OR match.item_id = ANY(:item_ids))
""")
WRITE = text("""
    INSERT INTO notice_match (notice_id, item_id, scope_id, result, evidence, cause, found_at, found_by,
                              first_blocked_at, hold_id, is_after_closing, finished_at, finished_by, outcome,
                              weakened_by)
    SELECT :notice_id, item_id, :scope_id, result, evidence, :cause, :at, :actor,
           CASE WHEN hold_id IS NOT NULL THEN CAST(:at AS timestamptz) END, hold_id, is_after_closing,
           CASE WHEN outcome IS NOT NULL THEN CAST(:at AS timestamptz) END,
           CASE WHEN outcome IS NOT NULL THEN :actor END, outcome, weakened_by
    FROM unnest(CAST(:item_ids AS bigint[]), CAST(:results AS text[]), CAST(:evidence AS text[]),
                CAST(:hold_ids AS bigint[]), CAST(:after_closing AS boolean[]), CAST(:outcomes AS text[]),
                CAST(:weakened_by AS text[]))
         AS line (item_id, result, evidence, hold_id, is_after_closing, outcome, weakened_by)
    ON CONFLICT (notice_id, item_id) DO UPDATE
    SET scope_id = excluded.scope_id, result = excluded.result, evidence = excluded.evidence, cause = excluded.cause,
        found_at = excluded.found_at, found_by = excluded.found_by,
        first_blocked_at = COALESCE(notice_match.first_blocked_at, excluded.first_blocked_at),
        hold_id = COALESCE(excluded.hold_id, notice_match.hold_id), is_after_closing = excluded.is_after_closing,
        finished_at = excluded.finished_at, finished_by = excluded.finished_by, outcome = excluded.outcome,
        weakened_by = excluded.weakened_by
""")
SCOPES = text("SELECT digest, lines FROM notice_scope WHERE digest = ANY(:digests)")

# PostgreSQL remembers how it checks a foreign key: where there were few holds then, it reads them all for each row.
FORGET_PLANS = text("DISCARD PLANS")
MANY = 1000

Line = tuple[int, str, str, int | None, bool, str | None, str | None]
"""What is written of one item: its id, the result, the evidence, the hold, whether after closing, the outcome, and who
weakened it."""
COLUMNS = ("item_ids", "results", "evidence", "hold_ids", "after_closing", "outcomes", "weakened_by")

_scopes: dict[str, Scope] = {}
MOST_REMEMBERED = 500


@dataclass(frozen=True, slots=True)
class InForce:
    """A notice that items are asked about, with the scope that is in force."""

    notice_id: int
    reference: str
    title: str
    is_closed: bool
    scope_id: int
    number: int
    digest: str
    handling: Handling


@dataclass(frozen=True, slots=True)
class Caught:
    """An item that a notice covers, and did not before; `hold` where it is held now."""

    reference: str
    item_id: int
    barcode: str
    result: Result
    hold: HoldFact | None

    @property
    def text(self) -> str:
        """What whoever has it in their hands is told."""
        may = "covers it" if self.result is Result.AFFECTED else "may cover it"
        then = "It is held: quarantine it." if self.hold else "The notice asks for advice only: read it."
        return f"Safety notice {self.reference} {may}. {then}"


async def read_scopes(session: AsyncSession, digests: set[str]) -> dict[str, Scope]:
    """Scopes by their digests. They never change, so a process remembers them: no statement when it has read them."""
    unread = digests - _scopes.keys()
    if unread:
        if len(_scopes) + len(unread) > MOST_REMEMBERED:
            _scopes.clear()
            unread = set(digests)
        for row in await session.execute(SCOPES, {"digests": sorted(unread)}):
            _scopes[row.digest] = read_scope(row.lines)
    return {digest: _scopes[digest] for digest in digests}


async def settle(
    session: AsyncSession,
    notice: InForce,
    found: Sequence[Matched],
    gone: Mapping[int, str],
    *,
    asked: Sequence[int] | None,
    cause: Cause,
    actor: str,
    at: datetime,
) -> list[Caught]:
    """Write what came of asking, and hold what the notice wants held; returns what was not covered before.

    `found`: what is covered, of all items or of those `asked`. `gone`: the evidence on those that are not, where it is
    known. What is covered no longer is let go only by another scope, and where nobody has acted on it or weakened it:
    whoever changes a record does not clear an item by that. A scope that only advises holds nothing, whatever was done.
    """
    writer = _Writer(session, notice, cause, actor, at)
    await writer.read(found, asked)
    return await writer.write(found, gone)


class _Writer:
    """One notice, one asking."""

    def __init__(self, session: AsyncSession, notice: InForce, cause: Cause, actor: str, at: datetime) -> None:
        self.session, self.notice, self.cause, self.actor, self.at = session, notice, cause, actor, at
        self.known: dict[int, RowMapping] = {}
        self.scopes: dict[str, Scope] = {}
        self.holds = notice.handling is Handling.QUARANTINE
        self.facts = {
            result: HoldFact(HoldKind.SAFETY_NOTICE, self._reason(result), notice.reference, notice.notice_id)
            for result in Result
        }

    async def read(self, found: Sequence[Matched], asked: Sequence[int] | None) -> None:
        """What stands already, of items that nobody moves now."""
        values = {"notice_id": self.notice.notice_id, "item_ids": None if asked is None else list(asked)}
        there = set(await self.session.scalars(THERE, values))
        if self.holds or there:
            await ledger.lock_items(self.session, {one.item_id for one in found} | there)
        if there:
            rows = (await self.session.execute(KNOWN, values)).mappings()
            self.known = {row["item_id"]: row for row in rows}
            digests = {row["digest"] for row in self.known.values()}
            self.scopes = await read_scopes(self.session, digests | {self.notice.digest})

    async def write(self, found: Sequence[Matched], gone: Mapping[int, str]) -> list[Caught]:
        """The matches, with holds placed and lifted."""
        changed = [one for one in found if self._is_new(one)]
        to_hold = [one for one in changed if self.holds and not self._open_hold(one.item_id)]
        holds = await self._hold(to_hold)
        lines = [self._line(one, holds) for one in changed]
        covered = {one.item_id for one in found}
        lifted: dict[int, str] = {}
        for row in self.known.values():
            is_gone = row["item_id"] not in covered and row["outcome"] is None
            lets_go = self.cause in ANOTHER_SCOPE and not row["is_acted_on"]
            if is_gone:
                lets_go = lets_go and row["weakened_by"] is None
                lines += self._gone(row, gone.get(row["item_id"]), lets_go=lets_go)
            is_advice = self.cause in ANOTHER_SCOPE and not self.holds
            if row["open_hold"] and (is_advice or (is_gone and lets_go)):
                lifted[row["open_hold"]] = row["barcode"]
        if lifted:
            reference = self.notice.reference
            why = f"{reference}: no longer covered by scope {self.notice.number}, or not to be held."
            await safety.lift_each(self.session, lifted, reason=why, reference=reference, actor=self.actor, at=self.at)
        await self._keep(lines)
        await self._tell_of_change(lines)
        return [self._caught(one, holds) for one in changed if self._is_caught(one)]

    async def _keep(self, lines: Sequence[Line]) -> None:
        if not lines:
            return
        if len(lines) > MANY:
            await self.session.execute(FORGET_PLANS)
        values: dict[str, Any] = {"notice_id": self.notice.notice_id, "scope_id": self.notice.scope_id}
        values |= {"cause": self.cause.value, "at": self.at, "actor": self.actor}
        values |= dict(zip(COLUMNS, map(list, zip(*lines, strict=True)), strict=True))
        await self.session.execute(WRITE, values)

    async def _tell_of_change(self, lines: Sequence[Line]) -> None:
        """Who handles notices is told of a change of the catalogue by which items would be free."""
        freed = [self.known[item_id]["barcode"] for item_id, *_, by in lines
                 if self.cause is Cause.CATALOGUE and by and item_id in self.known
                 and self.known[item_id]["weakened_by"] is None]  # fmt: skip
        if freed:
            tags = [display(barcode) for barcode in sorted(freed)]
            letter = freed_letter(self.notice.reference, self.notice.title, tags, by=self.actor)
            roles = roles_with(Permission.HANDLE_SAFETY_NOTICES)
            await outbox.post_to_roles(self.session, roles, letter, actor=self.actor, at=self.at)

    def _open_hold(self, item_id: int) -> int | None:
        row = self.known.get(item_id)
        return row["open_hold"] if row else None

    def _is_new(self, one: Matched) -> bool:
        """Whether something is to be written of it: it is not known so, or its work begins again."""
        row = self.known.get(one.item_id)
        if row is None:
            return True
        if row["outcome"] is None:
            is_same = (row["scope_id"], row["result"], row["evidence"]) == (
                self.notice.scope_id,
                one.result.value,
                one.evidence,
            )
            return not is_same or (self.holds and row["open_hold"] is None)
        return is_reopened(
            MatchOutcome(row["outcome"]),
            was=Result(row["result"]),
            now=one.result,
            cause=self.cause,
            other_reasons=row["handling"] != self.notice.handling.value or self._because(one) != self._because_of(row),
        )

    def _because(self, one: Matched) -> tuple[str, ...]:
        return explain(self.scopes[self.notice.digest], read_findings(one.evidence))

    def _because_of(self, row: RowMapping) -> tuple[str, ...]:
        return explain(self.scopes[row["digest"]], read_findings(row["evidence"])) if row["evidence"] else ()

    async def _hold(self, items: Sequence[Matched]) -> dict[int, int]:
        holds: dict[int, int] = {}
        for result in Result:
            some = {one.item_id: one.barcode for one in items if one.result is result}
            if some:
                holds |= await safety.hold_each(
                    self.session,
                    some,
                    kind=HoldKind.SAFETY_NOTICE,
                    reason=self._reason(result),
                    notice_id=self.notice.notice_id,
                    reference=self.notice.reference,
                    actor=self.actor,
                    at=self.at,
                )
        return holds

    def _reason(self, result: Result) -> str:
        return hold_reason(self.notice.reference, result, self.notice.title)

    def _line(self, one: Matched, holds: Mapping[int, int]) -> Line:
        row = self.known.get(one.item_id)
        is_after = self.notice.is_closed if row is None or row["outcome"] is not None else row["is_after_closing"]
        weakened = one.changed_by or self._weakened(row, one.result)
        return one.item_id, one.result.value, one.evidence, holds.get(one.item_id), is_after, None, weakened

    def _weakened(self, row: RowMapping | None, now: Result) -> str | None:
        if row is None or row["outcome"] is not None:
            return None
        was = Result(row["result"])
        return weakened_by(row["weakened_by"], was=was, now=now, cause=self.cause, actor=self.actor)

    def _gone(self, row: RowMapping, evidence: str | None, *, lets_go: bool) -> list[Line]:
        is_same = row["result"] == Result.NOT_AFFECTED and row["scope_id"] == self.notice.scope_id
        if is_same and not lets_go:
            return []
        outcome = MatchOutcome.NOT_COVERED.value if lets_go else None
        now, weakened = Result.NOT_AFFECTED, self._weakened(row, Result.NOT_AFFECTED)
        return [(row["item_id"], now.value, evidence or "", None, row["is_after_closing"], outcome, weakened)]

    def _is_caught(self, one: Matched) -> bool:
        row = self.known.get(one.item_id)
        return row is None or row["outcome"] is not None or row["result"] == Result.NOT_AFFECTED

    def _caught(self, one: Matched, holds: Mapping[int, int]) -> Caught:
        fact = self.facts[one.result] if one.item_id in holds else None
        return Caught(self.notice.reference, one.item_id, one.barcode, one.result, fact)
