"""The pages of one cleaning: begun with its terms, ended with its details, its certificate, and its correction."""

import pypdfium2
from httpx import AsyncClient
from sqlalchemy import text

from app.domain.hygiene import Outcome, Route
from app.domain.labels import display
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Sessions, Statements
from tests.given import Given
from tests.problems import check_problem


def words_of(pdf: bytes) -> str:
    """All the text of a PDF, on one line."""
    pages = (page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
    return " ".join(" ".join(pages).split())


async def test_a_cleaning_is_begun_and_ended_with_all_that_is_known_of_it(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.RETURNED, product=await given.product(strike_through_test=True))
    form = f"/workshop/{barcode}/decontamination"
    wrong = await technician.post_form(form, route="thermal", contractor="Fenland Laundry")
    assert set(wrong.errors) == {"contractor"}
    begun = await technician.post_form(form, route="contractor", contractor="Fenland Laundry", infection_risk="high")
    assert "Cleaning started" in (await technician.follow(begun)).banner
    page = await technician.get(form)
    assert "Fenland Laundry" in page.text
    untested = await technician.post_form(form, do="passed", contractor_reference="FL-1")
    assert set(untested.errors) == {"strike_through"}
    lacking = await technician.post_form(form, do="passed", strike_through="passed", contractor_reference="FL-1")
    assert set(lacking.errors) == {"method"}
    done = await technician.post_form(
        form, do="passed", strike_through="passed", contractor_reference="FL-1", method="Laundered, 71 °C"
    )
    assert done.goes_to == "/workshop?bench=decontaminating"
    assert "no cleaning to begin or to end" in (await technician.get(form)).text


async def test_a_quick_pass_that_lacks_something_leads_to_the_page_that_asks_for_it(
    technician: Browser, given: Given
) -> None:
    barcode = await given.item(State.DECONTAMINATING, product=await given.product(strike_through_test=True))
    form = f"/workshop/{barcode}/decontamination"
    refused = await technician.post_form(form, on=f"/items/{barcode}", do="passed", back=f"/items/{barcode}")
    assert refused.status == 422
    assert "strike-through" in refused.text
    tested = await technician.send(refused, form, strike_through="passed")
    assert set(tested.errors) == {"infection_risk"}
    passed = await technician.send(tested, form, strike_through="passed", infection_risk="low")
    assert passed.goes_to == f"/items/{barcode}"


async def test_quarantine_is_said_on_the_page(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.RETURNED)
    await given.cleaning(barcode, route=Route.QUARANTINE_THEN_CLEAN)
    page = await technician.get(f"/workshop/{barcode}/decontamination")
    assert "a pass can be recorded from" in page.text


async def test_the_certificate_that_counts_is_on_the_items_page_and_ends_with_the_next_use(
    technician: Browser, as_technician: AsyncClient, given: Given
) -> None:
    barcode = await given.item(State.DECONTAMINATING)
    await given.cleaned(barcode, method="Washed by hand", product_used="Chlorine 1,000 ppm", notes="Twice <b>.")
    item = await technician.get(f"/items/{barcode}")
    assert item.soup.select_one(f'a[href="/items/{barcode}/certificate"]')
    [job] = (await as_technician.get(f"/api/v1/items/{barcode}/decontaminations")).json()["items"]
    answer = await as_technician.get(f"/api/v1/decontaminations/{job['id']}/certificate")
    assert answer.headers["content-type"] == "application/pdf"
    says = words_of(answer.content)
    for words in (
        job["number"],
        display(barcode),
        "Chlorine 1,000 ppm",
        "Twice <b>.",
        "Terry Nash",
        "certificate holds",
    ):
        assert words in says
    await given.inspected(barcode)
    await given.released(barcode)
    await given.on(barcode, State.RETURNED)
    after = words_of((await as_technician.get(f"/api/v1/decontaminations/{job['id']}/certificate")).content)
    assert "It no longer holds: the item has been out since" in after
    assert (await technician.get(f"/items/{barcode}")).soup.select_one('a[href$="/certificate"]') is None
    gone = await technician.get(f"/items/{barcode}/certificate")
    assert (gone.status, "has been out since" in gone.text) == (409, True)


async def test_a_certificate_says_who_the_contractor_was_and_that_a_band_was_never_recorded(
    as_technician: AsyncClient, given: Given, sessions: Sessions
) -> None:
    barcode = await given.item(State.RETURNED)
    await given.cleaning(barcode, route=Route.CONTRACTOR)
    await given.cleaned(barcode, contractor="Fenland Laundry")
    [job] = (await as_technician.get(f"/api/v1/items/{barcode}/decontaminations")).json()["items"]
    says = words_of((await as_technician.get(f"/api/v1/decontaminations/{job['id']}/certificate")).content)
    assert "Infection risk as it came Low" in says
    assert "Contractor Fenland Laundry Outcome" in says
    # As records were written before the band was asked for.
    async with sessions.begin() as session:
        await session.execute(text("ALTER TABLE decontamination DISABLE TRIGGER USER"))
        await session.execute(text("UPDATE decontamination SET infection_risk = NULL"))
        await session.execute(text("ALTER TABLE decontamination ENABLE TRIGGER USER"))
    says = words_of((await as_technician.get(f"/api/v1/decontaminations/{job['id']}/certificate")).content)
    assert "Infection risk as it came Not recorded: treat it as high" in says


async def test_a_new_item_and_one_that_was_not_cleaned_have_no_certificate(technician: Browser, given: Given) -> None:
    for barcode, says in ((await given.item(), "never cleaned"), (await given.item(State.RETURNED), "contaminated")):
        page = await technician.get(f"/items/{barcode}/certificate")
        assert (page.status, says in page.text) == (409, True)
    unknown = await technician.get("/certificates", barcode="ES009999927")
    assert unknown.status in {404, 422}


async def test_several_certificates_come_in_one_file_at_the_same_cost(
    technician: Browser, given: Given, statements: Statements
) -> None:
    barcodes = [await given.item(State.AWAITING_INSPECTION) for _ in range(3)]
    counts = []
    for some in (barcodes[:1], barcodes):
        statements.clear()
        answer = await technician.client.get("/certificates", params={"barcode": some})
        counts.append(len(statements))
        assert len(pypdfium2.PdfDocument(answer.content)) == len(some)
    assert counts[0] == counts[1]


async def test_a_pass_is_taken_back_on_its_page_and_says_so_on_its_certificate(
    technician: Browser, as_technician: AsyncClient, given: Given
) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    record = f"/items/{barcode}/cleanings"
    link = (await technician.get(record)).soup.select_one('a[href$="/correct"]')
    assert link
    form = str(link["href"])
    assert set((await technician.post_form(form)).errors) == {"outcome", "reason"}
    sent = await technician.post_form(form, outcome="failed", reason="Soiled under the seat.")
    after = await technician.follow(sent)
    assert "is not clean" in after.banner
    assert "Soiled under the seat." in after.text
    assert after.soup.select_one('a[href$="/correct"]') is None
    assert (await given.record(barcode)).state is State.RETURNED
    number = form.split("/")[2]
    says = words_of((await as_technician.get(f"/api/v1/decontaminations/{number}/certificate")).content)
    assert "until the item is next used" not in says
    assert "Treat the item as contaminated" in says
    newest, _ = (await as_technician.get(f"/api/v1/items/{barcode}/decontaminations")).json()["items"]
    assert f"Taken back by {newest['number']} Date and time 2 March 2026" in says
    assert "By Terry Nash Reason: Soiled under the seat." in says
    own = words_of((await as_technician.get(f"/api/v1/decontaminations/{newest['id']}/certificate")).content)
    assert f"Corrects the record {newest['corrects']}" in own
    late = await technician.post_form(form, outcome="failed", reason="Again.")
    assert (late.status, "correct that one" in late.text) == (409, True)


async def test_a_certificate_of_what_is_not_clean_declares_that(as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item(State.DECONTAMINATING)
    await given.cleaned(barcode, Outcome.CANNOT, notes="Foam soaked through." + "\n" * 3900)
    [job] = (await as_technician.get(f"/api/v1/items/{barcode}/decontaminations")).json()["items"]
    says = words_of((await as_technician.get(f"/api/v1/decontaminations/{job['id']}/certificate")).content)
    assert "Foam soaked through." in says
    assert "no certificate that the item is clean" in says
    check_problem(await as_technician.get("/api/v1/decontaminations/999999999/certificate"), 404)
