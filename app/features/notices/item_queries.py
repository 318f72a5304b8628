"""One item that a notice covers, with why and what was done about it."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import uk_date
from app.domain.errors import NotFound
from app.domain.notice_acts import ends_hold, without_names
from app.domain.notice_evidence import explain, read_findings
from app.domain.notice_parsing import read_scope
from app.domain.notice_standing import Act, ActionState, Place, Reading, Standing
from app.domain.notice_work import MatchAction, MatchOutcome
from app.domain.notices import Result
from app.domain.safety_notices import NoticeState
from app.features.notices.acting_schemas import ActBody, MatchBody
from app.features.notices.match_sql import MATCHES, READINGS

ONE = text(f"""
    SELECT match.id, match.barcode, product.name AS product_name, product.manufacturer, product.model,
           match.serial_number, match.lot_number, match.result, match.evidence, match.place, match.action_state,
           match.recorded_place, match.outcome, match.found_at, match.first_blocked_at, match.is_after_closing,
           match.is_apart, match.weakened_by, {READINGS} AS readings,
           ARRAY(SELECT client.name FROM loan JOIN client ON client.id = loan.client_id
                 WHERE loan.item_id = match.item_id ORDER BY loan.id) AS names,
           notice.state AS notice_state, was.lines AS found_with,
           CASE WHEN in_force.id <> was.id THEN in_force.lines END AS lines_in_force,
           EXISTS (SELECT FROM hold WHERE hold.notice_id = match.notice_id AND hold.item_id = match.item_id
                   AND hold.lifted_at IS NULL) AS is_held
    FROM ({MATCHES}) AS match JOIN product ON product.id = match.product_id
    JOIN notice_scope AS was ON was.id = match.scope_id JOIN safety_notice AS notice ON notice.id = match.notice_id
    JOIN notice_scope AS in_force ON in_force.id = (
        SELECT scope_id FROM notice_activation WHERE notice_id = match.notice_id ORDER BY id DESC LIMIT 1)
    WHERE match.barcode = :barcode
""")  # noqa: S608 - the parts are constants
ACTS = text("""
    SELECT action, channel, notes, answers, serial_read, serial_before, to_confirm, sound, recorded_at,
           recorded_by
    FROM notice_match_action
    WHERE match_id = :match_id ORDER BY id
""")


@dataclass(frozen=True, slots=True)
class Matched:
    """The item as it is shown, what stands of it for what may be done next, and whether it came after the closing."""

    body: MatchBody
    standing: Standing
    is_apart: bool


async def get_match(session: AsyncSession, notice_id: int, barcode: str, *, works_on_it: bool = True) -> Matched:
    """The item with its actions; names that we know are taken out of the notes for whoever does not work on it. Raises
    NotFound `not-covered`. Two statements."""
    found = await session.execute(ONE, {"notice_id": notice_id, "barcode": barcode})
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("not-covered", "This notice does not cover an item with this asset tag.")
    lines = (await session.execute(ACTS, {"match_id": row["id"]})).mappings()
    acts = [ActBody(**line) for line in lines]
    if not works_on_it:
        acts = [act.model_copy(update={"notes": without_names(act.notes, row["names"])}) for act in acts]
    scope = read_scope(row["found_with"])
    in_force = read_scope(row["lines_in_force"]) if row["lines_in_force"] else scope
    done = tuple(
        Act(MatchAction(act.action), act.recorded_by, act.answers, uk_date(act.recorded_at), act.to_confirm, act.sound)
        for act in acts
    )
    outcome = MatchOutcome(row["outcome"]) if row["outcome"] else None
    is_counted = row["notice_state"] == NoticeState.CLOSED and not row["is_apart"]
    place, result = Place(row["recorded_place"]), Result(row["result"])
    readings = tuple(Reading(**one) for one in row["readings"] or ())
    standing = Standing(place, result, outcome, done, is_counted, row["is_held"], row["weakened_by"], readings)
    body = MatchBody(
        barcode=row["barcode"],
        product_name=row["product_name"],
        manufacturer=row["manufacturer"] or "",
        model=row["model"] or "",
        serial_number=row["serial_number"],
        lot_number=row["lot_number"],
        result=standing.result,
        because=list(explain(scope, read_findings(row["evidence"]))) if row["evidence"] else [],
        where=Place(row["place"]),
        action_state=ActionState(row["action_state"]),
        found_at=row["found_at"],
        first_blocked_at=row["first_blocked_at"],
        is_held=row["is_held"],
        hold_ends=ends_hold(standing) if row["is_held"] else None,
        is_after_closing=row["is_after_closing"],
        questions=list(in_force.questions),
        actions=acts,
    )
    return Matched(body, standing, row["is_apart"])
