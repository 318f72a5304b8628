"""Everything that was done about a notice, read together for the evidence pack. No client's name is in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import uk_date
from app.domain.govuk_documents import lines_of
from app.domain.lifecycle import Move
from app.domain.notice_acts import without_names
from app.domain.notice_closing import Reconciliation, deadline_words
from app.domain.notice_parsing import read_scope
from app.domain.notice_scope import Words, line_in_words
from app.domain.notice_standing import ActionState, Channel, Place
from app.domain.notice_work import Cause, Handling, MatchAction, ReviewOutcome
from app.domain.notices import Result
from app.domain.safety_notices import DeadlineKind, Deadlines
from app.features.notices.match_sql import FORMER_SERIALS, MATCHES
from app.features.notices.queries import get_notice
from app.features.notices.reconciling import reconcile
from app.features.notices.schemas import NoticeBody
from app.features.notices.sign_offs import Closing, list_closings
from app.matching import Because

SCOPES = text("""
    SELECT scope.number, scope.notice_version, scope.lines, scope.handling, scope.drafted_at, scope.drafted_by,
           activation.affected, activation.possible, activation.not_affected, activation.activated_at,
           activation.activated_by, said.body_html
    FROM notice_activation AS activation JOIN notice_scope AS scope ON scope.id = activation.scope_id
    JOIN safety_notice_version AS said ON said.notice_id = scope.notice_id AND said.number = scope.notice_version
    WHERE activation.notice_id = :notice_id ORDER BY activation.id
""")
BLOCKED = text("""
    SELECT min(first_blocked_at) AS first, count(first_blocked_at) AS items FROM notice_match
    WHERE notice_id = :notice_id
""")
PREVENTED = text("""
    SELECT move, count(*) AS times, count(DISTINCT item_id) AS items, min(at) AS first, max(at) AS last
    FROM notice_prevented WHERE notice_id = :notice_id GROUP BY move ORDER BY move
""")
LINES = text("""
    SELECT act.id, act.recorded_at, act.recorded_by, act.to_confirm, item.barcode, act.action, act.channel, act.notes,
           act.answers, act.sound, act.serial_read, act.serial_before,
           ARRAY(SELECT client.name FROM loan JOIN client ON client.id = loan.client_id
                 WHERE loan.item_id = match.item_id ORDER BY loan.id) AS names
    FROM notice_match_action AS act JOIN notice_match AS match ON match.id = act.match_id
    JOIN item ON item.id = match.item_id
    WHERE match.notice_id = :notice_id AND act.id > :after ORDER BY item.barcode, act.id
""")
REVIEWS = text("""
    SELECT outcome, count(*) AS people FROM notice_review WHERE notice_id = :notice_id GROUP BY outcome ORDER BY outcome
""")
ITEMS = text(f"""
    SELECT match.barcode, product.code AS product_code, product.name AS product_name, product.manufacturer,
           product.model, match.serial_number, match.lot_number, match.result, match.evidence, match.scope_id,
           match.cause, match.found_at, match.first_blocked_at, match.place, match.action_state, match.finished_at,
           match.is_after_closing, scope.lines, {FORMER_SERIALS} AS serial_before,
           (SELECT count(*) FROM notice_match_action AS act WHERE act.match_id = match.id AND act.action = 'contacted')
               AS contacts,
           (SELECT count(*) FROM notice_match_action AS act WHERE act.match_id = match.id AND act.action = 'no_access')
               AS tries_in_vain,
           (SELECT count(*) FROM notice_prevented AS kept
            WHERE kept.notice_id = match.notice_id AND kept.item_id = match.item_id) AS prevented
    FROM ({MATCHES}) AS match JOIN product ON product.id = match.product_id
    JOIN notice_scope AS scope ON scope.id = match.scope_id
    ORDER BY match.barcode
""")  # noqa: S608 - the parts are constants


@dataclass(frozen=True, slots=True)
class ScopeInForce:
    """A scope that was put into force: in words, with the text that it was taken from, and by whom."""

    number: int
    version: int
    handling: Handling
    words: Sequence[Words]
    source: Sequence[str]
    drafted_at: datetime
    drafted_by: str
    activated_at: datetime
    activated_by: str
    affected: int
    possible: int
    not_affected: int


@dataclass(frozen=True, slots=True)
class Prevented:
    """How often items were refused to somebody, by what they were to be used for."""

    move: Move
    times: int
    items: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """One line of what was done about an item. `notes`: only in what was kept at a closing."""

    id: int
    at: datetime
    by: str
    barcode: str
    action: MatchAction
    channel: str
    notes: str
    answers: Mapping[str, bool]
    to_confirm: bool = False
    sound: bool | None = None
    serial_read: str | None = None
    serial_before: str | None = None

    @property
    def seen(self) -> list[str]:
        """How whoever looked at it found it, and what its label says, in words."""
        said = [] if self.sound is None else ["It is sound." if self.sound else "It is not sound."]
        if self.serial_read:
            before = f", before on our record: {self.serial_before}" if self.serial_before else ""
            said.append(f"Serial number on its label: {self.serial_read}{before}.")
        return said


@dataclass(frozen=True, slots=True)
class Covered:
    """One item that the notice covers or covered."""

    barcode: str
    product_code: str
    product_name: str
    manufacturer: str
    model: str
    serial_number: str | None
    lot_number: str | None
    result: Result
    because: str
    cause: Cause
    found_at: datetime
    first_blocked_at: datetime | None
    place: Place
    action_state: ActionState
    finished_at: datetime | None
    is_after_closing: bool
    contacts: int
    tries_in_vain: int
    prevented: int
    serial_before: str | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """All of it."""

    notice: NoticeBody
    scopes: Sequence[ScopeInForce]
    counts: Reconciliation
    first_blocked_at: datetime | None
    blocked: int
    prevented: Sequence[Prevented]
    done: Sequence[Done]
    reviews: Sequence[tuple[str, int]]
    deadlines: Sequence[tuple[str, str]]
    closings: Sequence[Closing]
    items: Sequence[Covered]

    @property
    def late(self) -> list[Covered]:
        """What came after a closing."""
        return [item for item in self.items if item.is_after_closing]


async def read_pack(session: AsyncSession, notice_id: int, *, with_notes: bool = False, today: date) -> Pack:
    """The pack as things are now, with the notes of staff, or without. The same number of statements for any number
    of items. Raises NotFound `unknown-notice`."""
    values = {"notice_id": notice_id}
    notice = await get_notice(session, notice_id, today=today)
    counts = await reconcile(session, notice_id, today=today)
    scopes = [_scope(row) for row in (await session.execute(SCOPES, values)).mappings()]
    blocked = (await session.execute(BLOCKED, values)).one()
    prevented = await session.execute(PREVENTED, values)
    reviews = await session.execute(REVIEWS, values)
    closings = await list_closings(session, notice_id)
    return Pack(
        notice=notice,
        scopes=scopes,
        counts=counts,
        first_blocked_at=blocked.first,
        blocked=blocked.items,
        prevented=[Prevented(Move(row.move), row.times, row.items, row.first, row.last) for row in prevented],
        done=await list_done(session, notice_id, with_notes=with_notes),
        reviews=[(ReviewOutcome(row.outcome).text if row.outcome else "Not done", row.people) for row in reviews],
        deadlines=_deadlines(notice, scopes, closings, today),
        closings=closings,
        items=await list_covered(session, notice_id),
    )


async def list_done(session: AsyncSession, notice_id: int, *, after: int = 0, with_notes: bool = False) -> list[Done]:
    """What was done about each item, by its lines after `after`. Notes that are left out are named. One statement."""
    rows = (await session.execute(LINES, {"notice_id": notice_id, "after": after})).mappings()
    return [_done(row, with_notes=with_notes) for row in rows]


async def list_covered(session: AsyncSession, notice_id: int) -> list[Covered]:
    """Each item that the notice covers or covered, with why, by barcode. One statement."""
    reasons: dict[int, Because] = {}
    found = []
    for row in (await session.execute(ITEMS, {"notice_id": notice_id})).mappings():
        if row["scope_id"] not in reasons:
            reasons[row["scope_id"]] = Because(read_scope(row["lines"]))
        because = reasons[row["scope_id"]].of(row["evidence"]) if row["evidence"] else ()
        kinds: dict[str, Any] = {"result": Result, "cause": Cause, "place": Place, "action_state": ActionState}
        facts = {name: row[name] for name in Covered.__slots__ if name != "because"}
        facts |= {name: kind(row[name]) for name, kind in kinds.items()}
        facts |= {"manufacturer": row["manufacturer"] or "", "model": row["model"] or ""}
        found.append(Covered(**facts, because=" ".join(because)))
    return found


def _scope(row: RowMapping) -> ScopeInForce:
    return ScopeInForce(
        number=row["number"],
        version=row["notice_version"],
        handling=Handling(row["handling"]),
        words=[line_in_words(line) for line in read_scope(row["lines"]).lines],
        source=lines_of(row["body_html"]),
        drafted_at=row["drafted_at"],
        drafted_by=row["drafted_by"],
        activated_at=row["activated_at"],
        activated_by=row["activated_by"],
        affected=row["affected"],
        possible=row["possible"],
        not_affected=row["not_affected"],
    )


NOTE_LEFT_OUT = "(A note stands on the item’s page under this notice.)"  # noqa: RUF001 - people read it


def _done(row: RowMapping, *, with_notes: bool) -> Done:
    channel = Channel(row["channel"]).text if row["channel"] in set(Channel) else row["channel"]
    notes = without_names(row["notes"], row["names"]) if with_notes else NOTE_LEFT_OUT
    action = MatchAction(row["action"])
    facts = {"id": row["id"], "at": row["recorded_at"], "by": row["recorded_by"], "barcode": row["barcode"]}
    said = {"notes": notes if row["notes"] else "", "answers": row["answers"], "to_confirm": row["to_confirm"]}
    said |= {name: row[name] for name in ("sound", "serial_read", "serial_before")}
    return Done(**facts, action=action, channel=channel, **said)


def _deadlines(
    notice: NoticeBody, scopes: Sequence[ScopeInForce], closings: Sequence[Closing], today: date
) -> list[tuple[str, str]]:
    """Underway is what is in force, or what the organisation has set itself; complete is what is closed."""
    begun = [scope.activated_at for scope in scopes] + [action.asked_at for action in notice.organisation_actions]
    closed = [closing.closed_at for closing in closings if closing.closed_at]
    underway = uk_date(min(begun)) if begun else None
    complete = uk_date(max(closed)) if closed and notice.state.value == "closed" else None
    met_on = {
        DeadlineKind.UNDERWAY: underway,
        DeadlineKind.OWN_TARGET: complete,
        DeadlineKind.COMPLETE: complete,
    }
    days = Deadlines(notice.underway_by, notice.complete_by, notice.own_target_on)
    return deadline_words(days, met_on=met_on, today=today, first=notice.first_days)
