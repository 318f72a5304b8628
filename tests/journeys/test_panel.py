"""A case from the draft to the decision: built page by page, found incomplete, mended, heard, and approved 60/40."""

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from playwright.async_api import FilePayload
from pypdf import PdfReader

from app.domain.dates import uk_date
from tests.journeys.conftest import Walk
from tests.journeys.test_the_whole_loop import fill_date
from tests.pdfs import pdf
from tests.test_uploads import picture

THREE = ("Christine Hale", "Peter Adeyemi", "Priya Nair")
WHY = "The need is plain, the trial showed it, and nothing cheaper holds her."


async def fill(walk: Walk, link: str, **typed: str) -> None:
    """One page of the case."""
    await walk.follow(link)
    for name, text in typed.items():
        await walk.page.locator(f"[name='{name}']").fill(text)
    await walk.picture(f"panel-{link.split(maxsplit=1)[0].lower()}")
    await walk.press("Save")


async def attach(senior: Walk) -> None:
    """A quote and a photograph; a Word file is refused with what would do."""
    await senior.follow("Attachments")
    word: FilePayload = {"name": "quote.docx", "mimeType": "application/pdf", "buffer": b"PK\x03\x04" + bytes(99)}
    quote: FilePayload = {"name": "quote.pdf", "mimeType": "application/pdf", "buffer": pdf("Quote of Weald Seating")}
    photo: FilePayload = {"name": "chair.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(900, 600))}
    await senior.page.get_by_label("A file").set_input_files(word)
    await senior.press("Attach it")
    assert "Save it as PDF, and choose that." in await senior.page.content()
    for file, title in ((quote, "Quote of Weald Seating"), (photo, "The chair that she slid out of")):
        await senior.page.get_by_label("A file").set_input_files(file)
        await senior.page.get_by_label("What it is").fill(title)
        await senior.press("Attach it")
    await senior.picture("panel-attachments")
    await senior.page.get_by_role("link", name="Back to the case").click()
    assert "2 attached" in await senior.text()


async def download(walk: Walk, link: str) -> PdfReader:
    """The PDF behind a link of the page."""
    href = await walk.page.get_by_role("link", name=link).first.get_attribute("href")
    answer = await walk.page.request.get(f"{walk.address}{href}")
    assert answer.ok
    return PdfReader(BytesIO(await answer.body()))


async def build(senior: Walk) -> None:
    """Draw it up page by page; what is missing is said, and a split that does not come to the whole is refused."""
    await senior.go("/orders/O000007")
    assert "Joint Specialist Equipment Panel decides this order." in await senior.text()
    await senior.picture("panel-order")
    await senior.follow("P000001")
    await senior.press("Submit to the panel")
    assert "Name the options that were considered." in await senior.text()
    await senior.picture("panel-draft")
    said = {"need": "She must sit upright to eat and to breathe.", "outcomes": "Eats at the table."}
    await fill(senior, "Need and outcomes", **said)
    await attach(senior)
    said = {"risk_assessment": "Falls forward when tired.", "risk_of_not_providing": "Pressure damage in weeks."}
    await fill(senior, "Risks", **said)
    weighed = {"standard_stock-cost": "400", "standard_stock-why_not": "She slid out of it within minutes."}
    await fill(senior, "Options that were considered", **weighed, **{"recycled_special-cost": "0"})
    await fill(senior, "Recycled equipment")
    await fill(senior, "Who is to pay", **{"percent-ASC": "33.33"})
    assert "exactly 100 %" in await senior.page.content()
    await senior.page.get_by_label("Adult social care").fill("60")
    await senior.page.get_by_label("Integrated care board").fill("40")
    await senior.press("Save")
    await senior.press("Submit to the panel")


async def screen(member: Walk, senior: Walk) -> None:
    """It is found incomplete, goes back, is mended, and is found complete."""
    await member.follow("Cases to screen")
    await member.follow("P000001")
    await member.picture("panel-case-submitted")
    await member.press("Screen it")
    await member.page.get_by_label("Incomplete").check()
    await member.page.get_by_label("What is missing").fill("Moving and handling")
    await member.picture("panel-screen")
    await member.press("Save")
    await senior.go("/panel-cases/P000001")
    assert "The panel found it incomplete" in await senior.text()
    await senior.picture("panel-incomplete")
    await fill(senior, "Moving and handling", moving_and_handling="Two carers and a hoist; the sling fits.")
    await senior.press("Submit to the panel")
    await member.go("/panel-cases/P000001/screen")
    await member.page.get_by_label("Complete", exact=True).check()
    await member.press("Save")


async def meet(chair: Walk, case: str = "P000001", there: Sequence[str] = THREE) -> str:
    """A meeting of today with a case on its agenda, if one is named, and who is there; gives its address."""
    await chair.go("/panel-meetings")
    await chair.press("Schedule a meeting")
    await fill_date(chair, "Which day?", uk_date(datetime.now(UTC)))
    await chair.press("Schedule it")
    if case:
        await chair.page.get_by_label(case).check()
        await chair.press("Put it on the agenda")
    for name in there:
        await chair.page.get_by_role("checkbox", name=name).check()
    await chair.press("Record who is there")
    await chair.picture("panel-meeting")
    return chair.page.url.removeprefix(chair.address)


async def decide(chair: Walk, meeting: str) -> None:
    """From the meeting to the decision."""
    await chair.go(meeting)
    await chair.follow("P000001")
    await chair.press("Record the decision")
    await chair.page.get_by_label("Approve with conditions").check()
    await chair.page.get_by_label("Reasons").fill(WHY)
    await chair.page.get_by_label("Recycled equipment only").check()
    await chair.picture("panel-decide")
    await chair.press("Record the decision")


async def allocate(store: Walk) -> None:
    """The store sees the released order with its condition, and a recycled item is what it gets."""
    await store.go("/orders/O000007")
    assert "Recycled equipment only" in await store.text()
    await store.press("Start picking")
    await store.picture("panel-pick")
    await store.go("/orders/O000007")
    assert "Allocated" in await store.text()
    why = store.page.locator("table").filter(has_text="Why this one").locator("td")
    assert "Recycled" in await why.all_text_contents()
    await store.picture("panel-allocated")


async def learn(finance: Walk, manager: Walk) -> None:
    """What was committed stands against the budget; a manager sets a rule, and what is drafted next follows it."""
    await finance.go("/panel-learning")
    await finance.page.get_by_label("Panel", exact=True).select_option("JSEP")
    await finance.press("Show")
    assert "Adult social care" in await finance.text()
    await finance.picture("panel-learning")
    await manager.go("/panels")
    await manager.picture("panel-panels")
    await manager.follow("Joint Specialist Equipment Panel")
    await manager.page.get_by_label("Every line that is not in the agreed range").check()
    await manager.picture("panel-settings")
    await manager.press("Save")
    assert "The changes are kept." in await manager.page.content()


async def test_a_case_is_built_screened_mended_heard_and_approved(walks: Any) -> None:
    senior: Walk = await walks("senior.ot")
    await build(senior)
    member: Walk = await walks("panel2")
    await screen(member, senior)
    chair: Walk = await walks("chair")
    meeting = await meet(chair)
    await member.go("/panel-cases/P000001")
    await member.press("Declare an interest")
    await member.page.get_by_label("Is related to the person").check()
    await member.press("Declare it")
    await chair.go(meeting)
    pack = await download(chair, "Agenda and papers")
    assert f"Page 1 of {len(pack.pages)}" in pack.pages[0].extract_text()
    assert any("Quote of Weald Seating" in page.extract_text() for page in pack.pages[2:])
    await decide(chair, meeting)
    assert "Priya Nair does not count: is related to the person." in await chair.page.content()
    await chair.go(meeting)
    await chair.page.get_by_role("checkbox", name="Paula Marsh").check()
    await chair.press("Record who is there")
    await decide(chair, meeting)
    assert "Order O000007 goes on." in await chair.page.content()
    assert "60 %" in await chair.text()
    await chair.picture("panel-decided")
    assert "We said yes." in (await download(chair, "to the person")).pages[0].extract_text()
    assert "Decision about case" in (await download(chair, "to the prescriber")).pages[0].extract_text()
    await senior.go("/orders/O000007")
    assert "Approved" in await senior.text()
    await allocate(await walks("technician"))
    await learn(await walks("finance"), await walks("manager"))
