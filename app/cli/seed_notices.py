"""Safety notices of the demonstration, in words of our own: one to triage, one in force as advice, one not held, and
one that holds three hoists and is partly worked on.

The manufacturer's letters are made up, as their maker is; the alerts are real ones, told shortly.
"""

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import uk_date
from app.domain.notice_work import Handling, MatchAction
from app.domain.safety_notices import Deadlines, Decision
from app.features.notices import scopes, service
from app.features.notices.acting import Told, record_actions
from app.features.notices.service import NewNotice


async def receive_notices(session: AsyncSession, *, now: datetime) -> None:
    """Enter them by hand, as they came by letter and by e-mail, and triage all but the last."""
    today, before = uk_date(now), now - timedelta(days=20)
    slings = NewNotice(
        reference="MDA/2007/031",
        kind="devices",
        title="Patient hoists and slings of all makers: falls where the two do not go together",
        issuer="MHRA",
        issued_on=date(2007, 6, 1),
        body=(
            "People have fallen where a sling did not go with its hoist, or was worn.\n\n"
            "Check for each person which hoist and which slings are used together, and write down who assessed it."
        ),
        deadlines=Deadlines(own_target_on=today + timedelta(days=24)),
    )
    chairs = NewNotice(
        reference="MDA/2010/004",
        kind="devices",
        title="Invacare Action 3 and Action 4 manual wheelchairs: revised instructions for use",
        issuer="MHRA",
        issued_on=date(2010, 1, 11),
        body="The maker has revised the instructions, and names a life of five years. Obtain them and hand them on.",
    )
    letter = NewNotice(
        reference="FSN FC-2604",
        kind="field-safety-notice",
        title="Mover 150 mobile hoist: the rear castor bolt may loosen",
        issuer="Fenwick Care",
        issued_on=today - timedelta(days=3),
        body=(
            "Dear customer,\n\n"
            "On some hoists of the model Mover 150 the bolt of a rear castor was tightened too little. "
            "It may loosen, and the hoist may tip.\n\n"
            "Affected: serial numbers MH150-2101 to MH150-2104, both included.\n\n"
            "Take them out of use, check the bolt with a torque wrench, and send us the reply form."
        ),
        deadlines=Deadlines(underway_by=today + timedelta(days=4), complete_by=today + timedelta(days=32)),
    )
    slings_id = await service.enter(session, slings, actor="safety", at=before)
    chairs_id = await service.enter(session, chairs, actor="safety", at=before)
    await service.enter(session, letter, actor="safety", at=now - timedelta(days=1))
    await service.triage(
        session,
        slings_id,
        decision=Decision.RELEVANT,
        reason="We lend hoists and slings of several makers, and they meet in people's homes.",
        search=["Hoist", "Sling"],
        version=1,
        actor="safety",
        at=before + timedelta(hours=1),
    )
    await service.add_action(
        session,
        slings_id,
        action="Review which sling is used with which hoist for everybody who has both, and record the assessment.",
        owner="Head of occupational therapy",
        due_on=today + timedelta(days=24),
        actor="safety",
        at=before + timedelta(hours=2),
    )
    whole_class = [{"effect": "include", "categories": ["12 36"]}]
    at = before + timedelta(hours=4)
    await scopes.draft_scope(session, slings_id, whole_class, handling=Handling.ADVICE, actor="safety", at=at)
    await scopes.activate(session, slings_id, actor="safety2", at=at + timedelta(hours=1))
    await service.triage(
        session,
        chairs_id,
        decision=Decision.NOT_HELD,
        reason="The catalogue has no product of Invacare's, and wheelchairs are lent by the wheelchair service.",
        search=["Invacare", "Action 3", "Action 4"],
        version=1,
        actor="safety2",
        at=before + timedelta(hours=3),
    )


async def quarantine_hoists(session: AsyncSession, *, at_home: str, on_shelf: str, mended: str, now: datetime) -> None:
    """A letter that two people put into force, and what was done since: nobody opened, one is set apart, one is mended.

    The store has no other hoist of this model, so nothing else is held, whatever is taken in.
    """
    today, came = uk_date(now), now - timedelta(days=8)
    letter = NewNotice(
        reference="FSN FC-2511",
        kind="field-safety-notice",
        title="Mover 130 mobile hoist: the pin of the spreader bar may wear through",
        issuer="Fenwick Care",
        issued_on=uk_date(came) - timedelta(days=2),
        body=(
            "Dear customer,\n\n"
            "The pin that carries the spreader bar may wear through within a year. The bar may fall.\n\n"
            "Affected: Mover 130, serial numbers MH130-1980 to MH130-1992, both included.\n\n"
            "Do not lift anybody with it. Replace the pin (part FC-771) and return the reply form."
        ),
        deadlines=Deadlines(underway_by=uk_date(came) + timedelta(days=3), complete_by=today + timedelta(days=20)),
    )
    notice_id = await service.enter(session, letter, actor="safety", at=came)
    await service.triage(
        session,
        notice_id,
        decision=Decision.RELEVANT,
        reason="We have three Mover 130 hoists to people at home.",
        search=["Mover 130"],
        version=1,
        actor="safety",
        at=came + timedelta(hours=1),
    )
    wanted = {"serial_range": {"from": "MH130-1980", "to": "MH130-1992"}}
    lines = [{"effect": "include", "manufacturers": ["Fenwick Care"], "models": ["Mover 130"], "where": wanted}]
    at = came + timedelta(hours=2)
    await scopes.draft_scope(session, notice_id, lines, handling=Handling.QUARANTINE, actor="safety", at=at)
    await scopes.activate(session, notice_id, actor="safety2", at=at + timedelta(hours=1))
    phoned = "Told not to use it, and to lift with two carers until we come. They will be in on the next visit."
    for barcode, told, days, actor in (
        (at_home, Told(MatchAction.CONTACTED, phoned, "phone"), 7, "technician"),
        (on_shelf, Told(MatchAction.QUARANTINED, "In the quarantine cage, with a red label."), 7, "technician"),
        (mended, Told(MatchAction.CORRECTED, "New pin FC-771 fitted; photograph with the job."), 4, "technician2"),
        (at_home, Told(MatchAction.NO_ACCESS, "Nobody opened at ten; a card was left."), 2, "technician"),
    ):
        done_at = now - timedelta(days=days)
        await record_actions(session, notice_id, [barcode], told, after_tries=3, actor=actor, at=done_at)
