"""One hoist, all the way round: goods in, trial, kept, collected, back, cleaned, checked, released, out again."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.domain.dates import uk_date
from tests.journeys.conftest import Walk

CLIENT = "C-1004"


async def scan(walk: Walk, text: str) -> dict[str, str]:
    """Scan like a wedge scanner does: keys and Enter, nothing focused; gives the line that appears."""
    lines = walk.page.get_by_test_id("scan-line")
    before = await lines.count()
    await walk.page.keyboard.type(text)
    await walk.page.keyboard.press("Enter")
    if text.startswith("CMD-"):
        return {}
    await walk.page.wait_for_function(
        "before => { const lines = document.querySelectorAll('[data-testid=scan-line]');"
        " return lines.length > before && lines[0].dataset.outcome !== 'waiting' }",
        arg=before,
    )
    line = lines.first
    return {"outcome": await line.get_attribute("data-outcome") or "", "text": await line.inner_text()}


async def fill_date(walk: Walk, legend: str, day: date) -> None:
    """The three boxes of a date."""
    group = walk.page.get_by_role("group", name=legend)
    for label, value in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
        await group.get_by_label(label).fill(str(value))


async def receive_a_hoist(technician: Walk, serial_number: str) -> str:
    """Goods in, by page; gives the new item's barcode."""
    page = technician.page
    await technician.go("/items/receive")
    await page.get_by_label("Product", exact=True).select_option("HOIST-150")
    await page.get_by_label("Store", exact=True).select_option("MAIN")
    await page.get_by_label("Serial numbers").fill(serial_number)
    await technician.picture("goods-in")
    await technician.press("Take them in")
    tag = re.search(r"ES-\d{7}-\d{2}", await technician.text())
    assert tag, await technician.text()
    return tag[0].replace("-", "")


async def try_and_keep(prescriber: Walk, senior: Walk, barcode: str, tag: str) -> None:
    """The prescriber issues it to a client on trial; that it is kept is decided by somebody of its tier."""
    await prescriber.go(f"/items/{barcode}/issue?client_ref={CLIENT}")
    await prescriber.page.get_by_label(re.compile("Client.s reference")).fill(CLIENT)
    await answer_warnings(prescriber)
    await prescriber.page.get_by_label("On trial").check()
    await fill_date(prescriber, "Day on which the trial ends", uk_date(datetime.now(UTC)) + timedelta(days=14))
    await prescriber.page.get_by_label("What is the trial to show?").fill("Transfers with one carer.")
    await prescriber.picture("issue")
    await prescriber.press("Issue the item")
    assert f"with {CLIENT} on trial" in await prescriber.text()

    await prescriber.go(f"/clients/{CLIENT}")
    await prescriber.picture("client")
    await prescriber.follow(f"Trial outcome of {tag}")
    await prescriber.picture("trial-outcome")
    assert "your tier is standard. Sarah Okafor can decide that they keep it." in await prescriber.text()
    await senior.go(f"/clients/{CLIENT}")
    await senior.follow(f"Trial outcome of {tag}")
    await senior.page.get_by_label("They keep it").check()
    await tell_how_it_went(senior, "Transfers safely with one carer.")
    await answer_warnings(senior)
    await senior.press("Record the outcome")
    assert "On loan" in await senior.text()


async def answer_warnings(prescriber: Walk) -> None:
    """Nobody has weighed this client yet, and a hoist must bear them."""
    for box in await prescriber.page.locator("textarea[name^=answer-]").all():
        await box.fill("They weigh about 70 kg by the hospital's letter.")


async def tell_how_it_went(prescriber: Walk, result: str) -> None:
    """What was tried, where, with whom, and how it went."""
    await prescriber.page.get_by_label("What was tried?").fill("Transfers from bed to chair.")
    await prescriber.page.get_by_label("Where?").fill("At home.")
    await prescriber.page.get_by_label("Who was there?").fill("The client and a carer.")
    await prescriber.page.get_by_label("How did it go?").fill(result)


async def call_back(prescriber: Walk, tag: str) -> None:
    """The prescriber asks for its collection."""
    await prescriber.follow(f"Collect {tag}")
    await prescriber.page.get_by_label("Mobile hoist").first.check()
    await prescriber.page.get_by_label("Why?").fill("Now has a ceiling track hoist.")
    await prescriber.press("Request the collection")
    assert tag in await prescriber.text()


async def bring_back_and_make_ready(technician: Walk, barcode: str) -> None:
    """Through the scanner alone: no mouse, nothing focused, the modes by command cards."""
    await technician.go("/scan")
    returned = await scan(technician, barcode)
    assert returned["outcome"] == "accepted"
    assert "wash down" in returned["text"]
    await technician.look()
    await technician.picture("scan-return")
    again = await scan(technician, barcode)
    assert again["outcome"] == "duplicate"
    assert "Already scanned just now" in again["text"]

    await scan(technician, "CMD-RELEASE")
    too_early = await scan(technician, barcode)
    assert too_early["outcome"] == "refused"
    assert "has not passed decontamination" in too_early["text"]
    for command, state in (
        ("CMD-START-CLEANING", "cleaned"),
        ("CMD-CLEANED", "inspection bench"),
        ("CMD-INSPECTED", "Release it"),
        ("CMD-RELEASE", "ready to issue"),
    ):
        await scan(technician, command)
        if command == "CMD-CLEANED":
            unsaid = await scan(technician, barcode)
            assert "infection risk" in unsaid["text"]
            await technician.page.get_by_label("Low").check()
            await technician.picture("scan-cleaned")
        result = await scan(technician, barcode)
        assert result["outcome"] == "accepted", result
        assert state in result["text"]
    await technician.look()
    await technician.picture("scan-returns")


async def lend(prescriber: Walk, barcode: str) -> None:
    """Hand it to the client over the counter, for good."""
    await prescriber.go(f"/items/{barcode}/issue?client_ref={CLIENT}")
    await prescriber.page.get_by_label(re.compile("Client.s reference")).fill(CLIENT)
    await answer_warnings(prescriber)
    await prescriber.page.get_by_label("On loan").check()
    await prescriber.press("Issue the item")


async def test_a_hoist_goes_all_the_way_round_and_out_again(walks: Any) -> None:
    technician: Walk = await walks("technician")
    prescriber: Walk = await walks("ot")
    senior: Walk = await walks("senior.ot")
    barcode = await receive_a_hoist(technician, "MH150-JOURNEY")
    tag = f"{barcode[:2]}-{barcode[2:9]}-{barcode[9:]}"
    await technician.picture("received")
    await try_and_keep(prescriber, senior, barcode, tag)
    await prescriber.go(f"/clients/{CLIENT}")
    await call_back(prescriber, tag)
    await bring_back_and_make_ready(technician, barcode)

    # On the shelf, recycled, and out again; its page tells all of it.
    await technician.go(f"/items/{barcode}")
    assert "In stock" in await technician.text()
    # A hoist is specialist: for good it is lent by somebody of that tier.
    await lend(prescriber, barcode)
    assert "your tier is standard" in await prescriber.text()
    await lend(senior, barcode)
    await technician.go(f"/items/{barcode}")
    history = await technician.text()
    for line in ("Received", "Trial started", "Kept after trial", "Collection requested", "Returned", "Issued on loan"):
        assert line in history
    await technician.picture("item")


async def test_the_workshop_works_by_page_too(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    await technician.go("/workshop")
    await technician.picture("workshop")
    row = page.get_by_role("row").filter(has_text="Commode chair").first
    tag = (await row.get_by_role("link").first.inner_text()).strip()
    await look_on_a_phone(technician, "returned", f"Start cleaning {tag}")
    await technician.press(f"Start cleaning {tag}")
    await technician.go("/workshop?bench=decontaminating")
    await look_on_a_phone(technician, "decontaminating", f"Failed {tag}")
    await technician.press(f"Record the cleaning {tag}")
    await page.get_by_label("Passed: it is clean").check()
    await page.get_by_label("Low").check()
    await technician.press("Record it")
    await technician.go("/workshop?bench=awaiting_inspection")
    await (
        page.get_by_role("row")
        .filter(has_text=tag)
        .get_by_role("button", name=re.compile("Inspect|inspection"))
        .click()
    )
    await technician.look()
    await page.get_by_label("Passed").check()
    await technician.press(re.compile("Record"))
    await technician.go(f"/items/{tag.replace('-', '')}")
    await technician.press(re.compile("Release"))
    await technician.go(f"/items/{tag.replace('-', '')}")
    assert "In stock" in await technician.text()


async def look_on_a_phone(technician: Walk, bench: str, button: str) -> None:
    """At 320 pixels the button of a row is seen whole, large enough for a glove, above the rest of its card."""
    page = technician.page
    await page.set_viewport_size({"width": 320, "height": 640})
    await technician.look()
    await technician.picture(f"workshop-{bench}-320")
    pressed = page.get_by_role("button", name=button)
    box = await pressed.bounding_box()
    waiting = await page.get_by_role("row").filter(has=pressed).locator('[data-label="Waiting"]').bounding_box()
    assert box
    assert waiting
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    assert box["height"] >= 48
    assert box["y"] < waiting["y"]
    await page.set_viewport_size({"width": 1280, "height": 900})


async def test_a_trial_that_is_not_kept_is_collected(walks: Any) -> None:
    technician: Walk = await walks("technician")
    prescriber: Walk = await walks("ot")
    barcode = await receive_a_hoist(technician, "MH150-NOT-KEPT")
    tag = f"{barcode[:2]}-{barcode[2:9]}-{barcode[9:]}"
    await prescriber.go(f"/items/{barcode}/issue?client_ref=C-1002")
    await prescriber.page.get_by_label(re.compile("Client.s reference")).fill("C-1002")
    await answer_warnings(prescriber)
    await prescriber.page.get_by_label("On trial").check()
    await fill_date(prescriber, "Day on which the trial ends", uk_date(datetime.now(UTC)) - timedelta(days=1))
    await prescriber.page.get_by_label("What is the trial to show?").fill("Whether it fits beside the bed.")
    await prescriber.press("Issue the item")
    assert (await prescriber.page.title()).startswith("Error:")
    assert "must end after" in await prescriber.text()
    await fill_date(prescriber, "Day on which the trial ends", uk_date(datetime.now(UTC)) + timedelta(days=7))
    await prescriber.press("Issue the item")
    await prescriber.go("/clients/C-1002")
    await prescriber.follow(f"Trial outcome of {tag}")
    await prescriber.page.get_by_label("It is collected").check()
    await tell_how_it_went(prescriber, "It does not fit.")
    await prescriber.press("Record the outcome")
    await prescriber.go(f"/items/{barcode}")
    assert "Awaiting collection" in await prescriber.text()
