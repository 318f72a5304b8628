"""What is urgent is approved between meetings and ratified at the next; what was declined is heard by others."""

import re
from typing import Any

from tests.journeys.conftest import Walk
from tests.journeys.test_panel import WHY, download, meet

URGENT, APPEALED = "P000002", "P000003"


async def act(chair: Walk) -> None:
    """The chair approves what cannot wait; the case says that the next meeting ratifies it."""
    await chair.go(f"/panel-cases/{URGENT}")
    await chair.press("Approve between meetings")
    await chair.page.get_by_label("Approve", exact=True).check()
    await chair.page.get_by_label("Reasons").fill(
        "She is in bed until the chair comes, and the next meeting is in days."
    )
    await chair.picture("panel-chair-action")
    await chair.press("Approve between meetings")
    assert "The next meeting ratifies it or not." in await chair.text()


async def ratify(chair: Walk) -> None:
    """At the meeting, once three are there."""
    await chair.go(f"/panel-cases/{URGENT}")
    await chair.press("Record what the meeting says")
    await chair.page.get_by_label("Yes", exact=True).check()
    await chair.page.get_by_label("Reasons").fill("It could not wait, and we had decided the same.")
    await chair.picture("panel-ratify")
    await chair.press("Record it")


async def test_an_urgent_case_is_approved_between_meetings_and_ratified_at_the_next(walks: Any) -> None:
    chair: Walk = await walks("chair")
    await act(chair)
    member: Walk = await walks("panel1")
    await member.go(f"/panel-cases/{URGENT}")
    await member.picture("panel-waits-for-ratifying")
    meeting = await meet(chair, "")
    assert "actions to ratify" in await chair.text()
    await chair.picture("panel-to-ratify")
    await ratify(chair)
    assert "Ratified on" in await chair.text()
    await chair.picture("panel-ratified")
    await chair.go(meeting)
    assert "we had decided the same" in await chair.text()
    await chair.picture("panel-meeting-minutes")
    await chair.press("Close the meeting")
    assert "Its minutes stay as they are." in await chair.text()


async def decline(chair: Walk) -> None:
    """From the agenda of next week to the one of today, where it is declined."""
    await chair.go("/panel-meetings/1")
    await chair.press(re.compile(f"Take off.*{APPEALED}"))
    meeting = await meet(chair, APPEALED)
    await chair.follow(APPEALED)
    await chair.press("Record the decision")
    await chair.page.get_by_label("Decline", exact=True).check()
    await chair.page.get_by_label("Reasons").fill("A chair of the agreed range with a wedge holds the pelvis as well.")
    await chair.page.get_by_label("Declined: what meets the need instead").fill("A riser chair with a wedge.")
    await chair.press("Record the decision")
    assert "declined" in (await chair.text()).lower()
    await chair.go(meeting)
    await chair.press("Close the meeting")


async def appeal(senior: Walk) -> None:
    """The prescriber is not content, and says why."""
    await senior.go(f"/panel-cases/{APPEALED}")
    assert "no" in (await download(senior, "to the person")).pages[0].extract_text().lower()
    await senior.press("Appeal")
    await senior.page.get_by_label("The person").first.check()
    await senior.page.get_by_label("Why is the decision not right?").fill("The wedge was tried in May; she slid out.")
    await senior.page.get_by_label("What is new?").fill("A photograph of her in the chair with the wedge.")
    await senior.picture("panel-appeal")
    await senior.press("Appeal")
    assert "Others than those who decided hear it" in await senior.text()
    await senior.picture("panel-appealed")


async def add_another_panel(admin: Walk, manager: Walk) -> None:
    """Two people of the coast get their roles, and a panel of their own."""
    for username, role in (("safety2", "Panel chair"), ("finance", "Panel member")):
        await admin.go(f"/users/{username}")
        await admin.page.get_by_role("checkbox", name=role, exact=True).check()
        await admin.press("Save changes")
    await manager.go("/panels/new")
    for label, text in (("Code", "COAST"), ("Name", "Coast Equipment Panel"), ("How many members must be there", "2")):
        await manager.page.get_by_label(label, exact=True).fill(text)
    await manager.page.get_by_label("Stephen Ward").first.select_option("health")
    await manager.page.get_by_label("Fiona Grant").first.select_option("social_care")
    await manager.page.get_by_role("checkbox", name="Stephen Ward").check()
    await manager.picture("panel-new-panel")
    await manager.press("Add the panel")


async def invite(chair: Walk) -> str:
    """Too few others sit on the panel, so two of another are invited, and one of it chairs; gives the meeting."""
    await chair.go(f"/panel-cases/{APPEALED}")
    meeting = await meet(chair, "", ())
    await chair.page.get_by_label(APPEALED).check()
    await chair.press("Put it on the agenda")
    assert "Invite members of another panel" in await chair.text()
    await chair.picture("panel-too-few-others")
    for name, chairs in (("Stephen Ward", False), ("Fiona Grant", False), ("Paula Marsh", True)):
        await chair.page.get_by_role("radio", name=name).check()
        if chairs:
            await chair.page.get_by_label("Yes, they chair it where you cannot").check()
        await chair.press("Invite them")
    await chair.page.get_by_label(APPEALED).check()
    await chair.press("Put it on the agenda")
    return meeting


async def hear(other: Walk, meeting: str) -> None:
    """Others are there, and allow it."""
    await other.go(meeting)
    for name in ("Paula Marsh", "Stephen Ward", "Fiona Grant"):
        await other.page.get_by_role("checkbox", name=name).check()
    await other.press("Record who is there")
    await other.picture("panel-hearing")
    await other.follow(APPEALED)
    await other.press("Record the decision")
    await other.page.get_by_label("Approve", exact=True).check()
    await other.page.get_by_label("Reasons").fill(WHY)
    await other.press("Record the decision")


async def test_others_hear_an_appeal_and_the_order_goes_on(walks: Any) -> None:
    chair: Walk = await walks("chair")
    await decline(chair)
    senior: Walk = await walks("senior.ot")
    await appeal(senior)
    await add_another_panel(await walks("admin"), await walks("manager"))
    meeting = await invite(chair)
    other: Walk = await walks("panel3")
    await hear(other, meeting)
    await other.picture("panel-appeal-allowed")
    assert "Appeal: " in await other.text()
    await senior.go(f"/panel-cases/{APPEALED}")
    assert "which is approved" in await senior.text()
    await senior.go("/panel-follow-up")
    await senior.picture("panel-follow-up")
