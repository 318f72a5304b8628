"""An order over the limit from the finder to the client's door, a student's, and a replacement with stop-use."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import expect as expect_that

from app.domain.dates import uk_date
from tests.journeys.conftest import Walk
from tests.journeys.test_every_page import tab_to
from tests.journeys.test_the_whole_loop import fill_date

REASONING = "Cannot rise from a low surface alone. Assessed at home with her daughter."


async def reflows(walk: Walk) -> None:
    """1280 CSS pixels at 400 % are 320 (WCAG 2.2, 1.4.10): the page must not scroll sideways."""
    await walk.page.set_viewport_size({"width": 320, "height": 256})
    too_wide = await walk.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert too_wide <= 0, f"{walk.page.url} scrolls sideways by {too_wide} pixels at 400 %"
    await walk.page.set_viewport_size({"width": 1280, "height": 900})


async def find(prescriber: Walk, words: str, name: str) -> None:
    """Find it by misspelt words, which the page answers while they are typed, and open it."""
    await prescriber.follow("Find equipment")
    await prescriber.page.get_by_label("Search", exact=True).fill(words)
    await expect_that(prescriber.page.get_by_role("link", name=name)).to_be_visible()
    await prescriber.look()
    await prescriber.follow(name)


async def reserve(prescriber: Walk, client: str) -> None:
    """From a product's page, keep the best one for the client."""
    await prescriber.press("Reserve")
    await prescriber.page.get_by_label(re.compile("Client.s reference")).fill(client)
    await fill_date(prescriber, "Last day", uk_date(datetime.now(UTC)) + timedelta(days=10))
    await prescriber.press("Reserve")


async def begin(prescriber: Walk, product: str, client: str, *, quantity: int = 1) -> str:
    """From the product's page to a draft; gives its number."""
    page = prescriber.page
    await prescriber.go(f"/products/{product}")
    await prescriber.press("Order")
    await page.get_by_label("Find the client").fill(client)
    await page.get_by_role("button", name="Search").click()
    await expect_that(page.locator("#found")).to_be_focused()
    await prescriber.look()
    await prescriber.follow(f"Choose {client}")
    await page.get_by_label("How many").fill(str(quantity))
    await page.get_by_label("Why is it needed?").select_option("hospital_discharge")
    await page.get_by_label("Next working day").check()
    await page.get_by_label("Who pays?", exact=True).select_option("ASC")
    await page.get_by_label("Clinical reasoning").fill(REASONING)
    await prescriber.picture("order-start")
    await prescriber.press("Save and continue")
    found = re.search(r"O\d{6}", page.url)
    assert found, page.url
    return found[0]


async def add(prescriber: Walk, words: str, name: str) -> None:
    """Add a line that is found by misspelt words, by the keyboard alone: the list narrows while one types."""
    page = prescriber.page
    await prescriber.press("Add equipment")
    await tab_to(prescriber, "Find equipment")
    await page.keyboard.type(words)
    choose = page.get_by_role("link", name=f"Choose {name}", exact=True).first
    await expect_that(choose).to_be_visible()
    await expect_that(page.get_by_role("status")).to_contain_text("found for")
    assert await page.evaluate("document.activeElement.id") == "q"
    await prescriber.look()
    await prescriber.picture("order-picker")
    await choose.focus()
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await prescriber.press("Add to the order")


async def answer_all(prescriber: Walk, action: str | None = None) -> None:
    """Answer every warning, and say the same of each old item."""
    page = prescriber.page
    for box in await page.get_by_label("What you decided, and why").all():
        await box.fill("Assessed at home. It fits, and the carers were shown how to use it.")
    if action:
        for choice in await page.get_by_label(action).all():
            await choice.check()
        for choice in await page.get_by_label("No, it does not suit this person").all():
            await choice.check()
        for box in await page.get_by_label(re.compile("Why, for ")).all():
            await box.fill("It is too weak for the client now.")


async def send_out_and_deliver(technician: Walk, number: str, *, pictures: bool = False) -> None:
    """Pick, scan out with the scanner's keys, and record the delivery."""
    page = technician.page
    await technician.go("/orders/pick")
    if pictures:
        await technician.picture("order-pick-list")
    button = page.get_by_role("button", name=re.compile(f"Start picking {number}")).first
    await technician.click(button)
    assert "Scan out" in await technician.text()
    await expect_that(page.get_by_label("Scan the label")).to_be_focused()
    async with page.expect_navigation():
        await page.keyboard.type("ES000000143")
        await page.keyboard.press("Enter")
    await technician.look()
    assert "is not on order" in await technician.text()
    if pictures:
        await technician.picture("order-scan-refused")
    tags = await page.locator("table tbody tr td:first-child").all_inner_texts()
    for tag in tags:
        await expect_that(page.get_by_label("Scan the label")).to_be_focused()
        async with page.expect_navigation():
            await page.keyboard.type(tag.replace("-", ""))
            await page.keyboard.press("Enter")
        await technician.look()
    if pictures:
        await technician.picture("order-scan-out")
    await reflows(technician)
    await technician.press("Send out what is scanned")
    if pictures:
        here = page.url
        await technician.press("Record a visit in vain")
        await page.goto(here)
    await technician.press("Record the delivery")
    await page.get_by_label("Who took it in?").fill("Rose Marsh")
    if pictures:
        await technician.picture("order-delivery")
    await technician.press("Record the delivery")
    assert "Delivered" in await technician.text()


async def test_found_reserved_ordered_authorised_picked_and_delivered(walks: Any) -> None:
    prescriber: Walk = await walks("ot")
    senior: Walk = await walks("senior.ot")
    technician: Walk = await walks("technician")
    await find(prescriber, "showr chiar", "Wheeled shower chair, attendant propelled")
    await reserve(prescriber, "C-1005")
    number = await begin(prescriber, "SHOWER-CHAIR", "C-1005", quantity=2)
    # A chair was ordered for the client yesterday: together they are over the prescriber's limit.
    over = re.compile(r"Together with order O\d{6}, the order comes to £1,059, and your limit is £1,000.")
    assert over.search(await prescriber.text())
    await prescriber.press("Check and submit")
    await answer_all(prescriber)
    await prescriber.picture("order-check-over-limit")
    assert over.search(await prescriber.text())
    assert "It was reserved for this client." in await prescriber.text()
    await prescriber.press("Submit the order")
    assert "waits to be authorised" in await prescriber.text()

    await senior.go("/")
    await senior.follow(number)
    assert over.search(await senior.text())
    await senior.press("Authorise")
    await senior.press("Authorise the order")
    assert "Approved" in await senior.text()

    await send_out_and_deliver(technician, number, pictures=True)
    await prescriber.go(f"/orders/{number}")
    await prescriber.picture("order-delivered")
    assert "Signed by senior.ot" in await prescriber.text()
    await prescriber.go("/orders")
    await prescriber.picture("order-list")


async def test_a_students_order_is_countersigned(walks: Any) -> None:
    student: Walk = await walks("student.ot")
    senior: Walk = await walks("senior.ot")
    number = await begin(student, "TOILET-SEAT-10", "C-1003", quantity=2)
    await student.picture("order-draft")
    await student.go(f"/orders/{number}/details")
    await reflows(student)
    await student.go(f"/orders/{number}/check")
    await answer_all(student)
    await student.picture("order-check")
    await reflows(student)
    await student.press("Submit the order")
    assert "waits to be authorised" in await student.text()

    await senior.go("/")
    await senior.picture("order-my-work")
    await senior.follow(number)
    await senior.picture("order-to-sign")
    await reflows(senior)
    await senior.go(f"/orders/{number}/decline")
    await senior.go(f"/orders/{number}")
    await senior.press("Authorise")
    await senior.page.get_by_label("Note (optional)").fill("We assessed her together.")
    await senior.press("Authorise the order")
    assert "Approved" in await senior.text()
    await student.go(f"/orders/{number}")
    assert "We assessed her together." in await student.text()


async def test_an_old_item_is_replaced_and_its_use_stopped(walks: Any) -> None:
    senior: Walk = await walks("senior.ot")
    await begin(senior, "BED-PRO", "C-1001")
    await senior.press("Check and submit")
    await senior.press("Submit the order")
    assert (await senior.page.title()).startswith("Error:")
    await senior.picture("order-check-missing")
    await answer_all(senior, "Stop using it now")
    await senior.press("Submit the order")
    await senior.picture("order-replaces")
    assert "is submitted" in await senior.text()
    assert "Stop using it now" in await senior.text()
    await senior.follow("Safety")
    await senior.follow("Stop use")
    # The sling's use was stopped before; the bed's is from now on.
    assert "ES-0000023-74" in await senior.text()

    # Over the counter the same is asked.
    await senior.go("/items?product_code=SLING-L&state=in_stock")
    await senior.click(senior.page.locator("main table tbody a").first)
    await senior.press("Issue to a client")
    await senior.page.get_by_label("Find the client").fill("C-1001")
    await senior.page.get_by_role("button", name="Search", exact=True).click()
    await senior.follow("C-1001")
    await senior.picture("issue-old-equipment")
    assert await senior.page.get_by_label("Keep it in use").count() == 0
    await senior.page.get_by_label("On loan").check()
    await senior.press("Issue the item")
    assert "Choose what becomes of" in await senior.text()
    await reflows(senior)


async def test_the_keyboard_alone_adds_a_line_and_cancels_the_draft(walks: Any) -> None:
    prescriber: Walk = await walks("ot")
    page = prescriber.page
    number = await begin(prescriber, "COMMODE", "C-1002")
    await add(prescriber, "slng", "Universal loop sling, medium")
    await prescriber.go(f"/orders/{number}/lines/1")
    await tab_to(prescriber, "How many")
    await page.keyboard.press("Control+a")
    await page.keyboard.type("2")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await prescriber.look()
    assert "is changed." in await prescriber.text()
    await prescriber.go(f"/orders/{number}/cancel")
    await tab_to(prescriber, "Why?")
    await page.keyboard.type("Made by mistake.")
    await page.keyboard.press("Tab")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await prescriber.look()
    assert "Cancelled" in await prescriber.text()
