"""Safety notices of the demonstration, in words of our own: one to triage, one in force as advice, one not held.

The manufacturer's letter is made up, as its maker is; the alerts are real ones, told shortly.
"""

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import uk_date
from app.domain.notice_work import Handling
from app.domain.safety_notices import Deadlines, Decision
from app.features.notices import scopes, service
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
