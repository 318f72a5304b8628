"""A death is recorded, what is on the road is brought back, and the mistake is put right: axe on every page."""

from datetime import UTC, datetime
from typing import Any

from app.domain.dates import uk_date
from tests.journeys.conftest import Walk
from tests.journeys.test_ordering import reflows
from tests.journeys.test_the_whole_loop import fill_date


async def test_a_death_is_recorded_and_a_mistake_is_put_right(walks: Any) -> None:
    prescriber: Walk = await walks("ot")
    technician: Walk = await walks("technician")
    await prescriber.go("/clients/C-1004/edit")
    await fill_date(prescriber, "Date of death", uk_date(datetime.now(UTC)))
    await prescriber.press("Keep the changes")
    await prescriber.picture("death-client")
    await reflows(prescriber)
    assert "was called off: order O000005." in await prescriber.text()

    await technician.go("/")
    assert "order to bring back" in await technician.text()
    await technician.picture("death-home")
    await technician.go("/orders/pick")
    await technician.picture("death-pick-list")
    await reflows(technician)
    await technician.follow("O000002")
    await technician.picture("death-order")
    await technician.press("Record what was handed over already")
    await technician.page.get_by_label("Who took it in?").fill("Rose Marsh")
    await technician.press("Record the delivery")
    assert "Do not hand anything over" in await technician.text()
    await technician.picture("death-delivery")
    await reflows(technician)

    student: Walk = await walks("student.ot")
    await student.go("/messages")
    await student.follow("Client C-1004: what was not delivered is called off")
    await student.picture("death-message")

    await prescriber.go("/clients/C-1004/edit")
    for part in ("Day", "Month", "Year"):
        await prescriber.page.get_by_role("group", name="Date of death").get_by_label(part).fill("")
    await prescriber.press("Keep the changes")
    assert "A death was recorded here by mistake" in await prescriber.text()
    await prescriber.picture("death-undone")
    await reflows(prescriber)


async def test_a_look_at_how_to_get_in_needs_an_open_visit(walks: Any) -> None:
    technician: Walk = await walks("technician")
    manager: Walk = await walks("manager")
    await manager.go("/clients/C-1005/edit")
    await manager.page.get_by_label("How to get in (optional)").fill("Ring and wait, she is slow to the door.")
    await manager.press("Keep the changes")
    for walk, said in ((technician, "You cannot see how to get in"), (manager, "Write down why you need to know")):
        await walk.go("/clients/C-1005")
        await walk.page.get_by_label("How to get in").select_option("collection")
        await walk.press("Show access notes")
        assert said in await walk.text()
        await walk.picture(f"access-{'refused' if walk is technician else 'manager'}")
        await reflows(walk)
    await manager.page.get_by_label("Why all the same").fill("The daughter has locked herself out.")
    await manager.press("Show access notes")
    assert "That you saw this is logged." in await manager.text()
