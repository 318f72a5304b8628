"""The pages of imports: choose, check, confirm; what is written is exactly what was checked."""

from base64 import b64encode
from secrets import token_urlsafe

import pytest
from httpx import AsyncClient

from app.features.imports.checked import most_bytes
from app.features.imports.columns import Kind
from app.features.imports.columns_doc import sample
from app.features.imports.service import ONE_AT_A_TIME
from app.models import SignInKind
from app.settings import Settings
from tests.browser import Browser, Page, page_from, shown_in
from tests.conftest import Query, Scratch
from tests.features.imports.sending import send

HEAD = "code,name,category,purchase_price"


async def upload(browser: Browser, content: bytes, kind: str = "catalogue", name: str = "products.csv") -> Page:
    """Choose a file on its page and press the button."""
    page = await browser.get(f"/import/{kind}")
    token = shown_in(page.form(f"/import/{kind}"))["csrf_token"]
    files = {"file": (name, content, "text/csv")}
    return page_from(await browser.client.post(f"/import/{kind}", data={"csrf_token": token}, files=files))


async def test_the_manager_is_led_to_the_three_kinds_and_their_columns(manager: Browser) -> None:
    page = await manager.get("/")
    assert page.soup.select_one("nav a[href='/import']") is not None
    page = await manager.get("/import")
    assert [link["href"] for link in page.soup.select("main h2 a")] == [
        "/import/catalogue",
        "/import/items",
        "/import/clients",
    ]
    page = await manager.get("/import/items")
    assert page.table()[0][:2] == ["import_ref", "Yes"]
    assert "up to 712 kB" in page.text
    answer = await manager.client.get("/import/items/sample")
    assert answer.content.decode("utf-8-sig") == sample(Kind.ITEMS)


async def test_a_file_is_checked_then_confirmed_then_there(manager: Browser, query: Query) -> None:
    page = await upload(manager, sample(Kind.CATALOGUE).encode())
    assert (page.status, page.heading) == (200, "Check the import of products")
    assert await query("SELECT code FROM product") == []
    done = await manager.send(page, "/import/catalogue/confirm")
    assert (done.status, done.goes_to) == (303, "/import")
    assert len(await query("SELECT code FROM product")) == 3
    banner = (await manager.get("/import")).banner
    assert "Imported products. New: 3, there already: 0." in banner
    page = await upload(manager, sample(Kind.CATALOGUE).encode())
    assert "There is nothing to import." in page.text


async def test_items_that_will_be_held_and_products_that_will_change_are_shown_before(
    manager: Browser, query: Query
) -> None:
    await upload(manager, sample(Kind.CATALOGUE).encode())
    page = await upload(manager, sample(Kind.CATALOGUE).encode())
    await manager.send(page, "/import/catalogue/confirm")
    page = await upload(manager, sample(Kind.ITEMS).encode(), "items")
    assert "Of these on hold, as used before 1" in page.text
    await manager.send(page, "/import/items/confirm")
    assert "Imported items. New: 3, of these on hold: 1, there already: 0." in (await manager.get("/import")).banner
    page = await upload(manager, sample(Kind.CATALOGUE).replace("31.50", "33.00").encode())
    assert "IMP-STOOL: purchase_price was £31.50 and becomes £33.00." in page.text
    await manager.send(page, "/import/catalogue/confirm")
    assert "New: 0, changed: 1, there already: 2." in (await manager.get("/import")).banner
    page = await upload(manager, sample(Kind.ITEMS).replace("A1,,24-117", "A1,,24-118").encode(), "items")
    assert "What differs and stays as it is" in page.text


async def test_faults_are_a_table_and_nothing_can_be_confirmed(manager: Browser, query: Query) -> None:
    page = await upload(manager, f"{HEAD}\nA,Stool,9,x\n".encode())
    assert (page.status, page.title.startswith("Error: ")) == (422, True)
    assert page.errors == {"faults": "The file has 2 faults."}
    assert [row[0:2] for row in page.table()] == [["2", "category"], ["2", "purchase_price"]]
    assert page.soup.select("form[action$=confirm]") == []
    rows = "".join("A,Stool,9,1\n" for _ in range(1100))
    page = await upload(manager, f"{HEAD}\n{rows}".encode())
    assert "And 1,199 more." in page.text
    assert await query("SELECT code FROM product") == []


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "", "Choose a file."),
        (b" \n", "a.csv", "The file is empty. Its first row must be the headings."),
        (b"x" * 720_000, "a.csv", "The file is larger than 712 kB. Import it with the command."),
    ],
)
async def test_what_is_no_file_to_check_is_said_at_the_field(
    manager: Browser, content: bytes, name: str, words: str
) -> None:
    page = await upload(manager, content, name=name)
    assert (page.status, page.errors) == (422, {"file": words})


async def test_the_largest_file_that_is_taken_can_be_confirmed_however_ill_it_packs(
    manager: Browser, query: Query
) -> None:
    rows = [f"P-{n},Stool,093307,10,{token_urlsafe(148)}" for n in range(3200)]
    content = f"{HEAD},model\n{chr(10).join(rows)}".encode()
    assert 690_000 < len(content) < 712_000
    page = await upload(manager, content)
    shown = page.form("/import/catalogue/confirm").select("input[name]")
    parts = {str(tag["name"]): (None, str(tag["value"])) for tag in shown}  # As a browser sends this form.
    answer = await manager.client.post("/import/catalogue/confirm", files=parts)
    assert (page.status, answer.status_code) == (200, 303)
    assert await query("SELECT count(*) AS there FROM product") == [{"there": 3200}]


@pytest.mark.parametrize("field", ["packed", "signature"])
async def test_another_file_than_the_checked_one_is_refused(manager: Browser, query: Query, field: str) -> None:
    page = await upload(manager, sample(Kind.CATALOGUE).encode())
    for other in (b64encode(b"other").decode(), "no base 64!", ""):
        answer = await manager.send(page, "/import/catalogue/confirm", **{field: other})
        assert answer.status == 422
        assert "This is not the file that was checked" in answer.text
    assert await query("SELECT code FROM product") == []


async def test_the_check_of_one_kind_is_not_anothers(manager: Browser) -> None:
    page = await upload(manager, sample(Kind.CATALOGUE).encode())
    form = page.form("/import/catalogue/confirm")
    fields = {str(tag["name"]): str(tag["value"]) for tag in form.select("input[name]")}
    answer = page_from(await manager.client.post("/import/clients/confirm", data=fields))
    assert "This is not the file that was checked" in answer.text


async def test_what_has_changed_between_check_and_confirmation_is_checked_again(
    manager: Browser, as_manager: AsyncClient, query: Query
) -> None:
    head = "client_ref,nhs_number,name,address,postcode"
    page = await upload(manager, f"{head}\nC-1,9990000018,A,x,SR7 7AA".encode(), "clients")
    await send(as_manager, f"{head}\nC-2,9990000018,A,x,SR7 7AA", "clients")
    answer = await manager.send(page, "/import/clients/confirm")
    assert (answer.status, answer.errors) == (422, {"faults": "The file has 1 fault."})
    assert await query("SELECT client_ref FROM client") == [{"client_ref": "C-2"}]


async def test_sending_the_confirmation_twice_imports_once(manager: Browser, query: Query) -> None:
    page = await upload(manager, sample(Kind.CATALOGUE).encode())
    answers = [await manager.send(page, "/import/catalogue/confirm") for _ in range(2)]
    assert [answer.status for answer in answers] == [303, 303]
    trail = await query("SELECT 1 AS one FROM audit_event WHERE action = 'data_imported'")
    assert trail == [{"one": 1}]


@pytest.mark.parametrize(("body", "file"), [(10_000, 3_750), (100_000, 37_500), (1_000_000, 712_500), (9**9, 750_000)])
def test_a_file_has_room_in_the_body_that_is_taken(settings: Settings, body: int, file: int) -> None:
    assert most_bytes(settings.model_copy(update={"max_body_bytes": body})) == file


async def test_a_technician_is_neither_led_nor_let_there(technician: Browser) -> None:
    assert (await technician.get("/")).soup.select_one("nav a[href='/import']") is None
    assert (await technician.get("/import")).status == 403


async def test_while_somebody_else_imports_a_file_can_be_checked_but_not_imported(scratch: Scratch) -> None:
    manager = Browser(await scratch.sign_in("manager", kind=SignInKind.PAGE))
    page = await upload(manager, sample(Kind.CATALOGUE).encode())
    async with scratch.database.sessions.begin() as session:
        assert await session.scalar(ONE_AT_A_TIME)
        again = await upload(manager, sample(Kind.CATALOGUE).encode())
        confirmed = await manager.send(page, "/import/catalogue/confirm")
    assert [one.status for one in (again, confirmed)] == [200, 409]
    assert "Another import is running." in confirmed.errors["main-content"]
