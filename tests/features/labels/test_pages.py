"""The pages of labels, and the command barcodes of the scan page."""

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image

from app.domain.labels import make_tag
from app.domain.scanning import COMMANDS
from app.features.labels.symbol import code_128
from tests.browser import Browser, Page
from tests.given import Given


def chosen(page: Page) -> str:
    return str(page.soup.select("select[name=stock] option[selected]")[0]["value"])


async def test_labels_are_printed_from_a_list_of_scanned_tags(technician: Browser, given: Given) -> None:
    barcodes = await given.items(2)
    answer = await technician.post_form("/labels", barcodes="\r\n".join(barcodes) + "\r\n", skip="3")
    assert answer.response.headers["content-type"] == "application/pdf"
    assert answer.response.headers["content-disposition"] == 'attachment; filename="labels-2-items.pdf"'


async def test_the_same_labels_may_be_printed_again(technician: Browser, given: Given) -> None:
    page = await technician.get("/labels", barcode=await given.items(2))
    first = await technician.send(page, stock="ZEBRA-57X32/300")
    second = await technician.send(page, stock="ZEBRA-57X32/300")
    assert first.response.text == second.response.text
    assert first.response.text.count("^XA") == 2
    assert "^PW673^LL377" in first.response.text


async def test_what_was_printed_on_last_is_chosen_the_next_time(technician: Browser, given: Given) -> None:
    page = await technician.get("/labels", barcode=[await given.item()])
    assert chosen(page) == "L7160"
    await technician.send(page, stock="L7651", skip="64")
    assert chosen(await technician.get("/labels")) == "L7651"
    technician.client.cookies.set("stores_label_stock", "a stock of the past")
    assert chosen(await technician.get("/labels")) == "L7160"


async def test_new_items_get_their_labels_from_the_page_that_lists_their_tags(
    technician: Browser, given: Given
) -> None:
    await given.product("BED")
    taken = await technician.post_form("/items/receive", product_code="BED", store="MAIN", quantity=3)
    page = await technician.follow(taken)
    labels = await technician.send(page, "/labels")
    assert labels.response.headers["content-disposition"] == 'attachment; filename="labels-3-items.pdf"'


@pytest.mark.parametrize(
    ("typed", "status", "field", "words"),
    [
        ({"barcodes": ""}, 422, "barcodes", "at least one asset tag"),
        ({"barcodes": "ES123456700\nhello"}, 422, "barcodes", "ES123456700: This asset tag is mistyped"),
        ({"barcodes": make_tag("ES", 9_999_999)}, 404, "barcodes", "No item here has this barcode"),
        ({"skip": "21"}, 422, "skip", "skip 0 to 20"),
        ({"stock": "DK-11209", "skip": "1"}, 422, "skip", "is a roll"),
        ({"stock": "L9999"}, 422, "stock", "from the list"),
        ({"stock": "ZEBRA-57X32"}, 422, "stock", "from the list"),
        ({"stock": "L7160/300"}, 422, "stock", "from the list"),
        ({"skip": "-1"}, 422, "skip", "0 or more"),
        ({"barcodes": "x" * 3000}, 422, "barcodes", "2000 characters or fewer"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    typed: dict[str, str], status: int, field: str, words: str, technician: Browser, given: Given
) -> None:
    fields = {"barcodes": await given.item()} | typed
    page = await technician.post_form("/labels", **fields)
    assert page.status == status
    assert words in page.errors[field]
    shown = page.soup.select_one("textarea[name=barcodes]")
    assert shown is not None
    assert shown.get_text().strip() == fields["barcodes"].replace("\r", "")


async def test_one_label_is_shown_in_the_browser(technician: Browser, given: Given) -> None:
    barcode = await given.item()
    answer = await technician.get(f"/items/{barcode}/label")
    assert answer.response.headers["content-disposition"].startswith("inline;")
    picture = Image.open(BytesIO(answer.response.content))
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [barcode]


async def test_the_command_barcodes_say_what_they_are_for_and_are_what_they_say(technician: Browser) -> None:
    page = await technician.get("/scan/commands")
    shown = {str(image["src"]) for image in page.soup.select("main img")}
    assert shown == {f"/scan/commands/{command}.svg" for command in COMMANDS}
    for command in COMMANDS:
        answer = await technician.get(f"/scan/commands/{command}.svg")
        assert answer.response.headers["content-type"] == "image/svg+xml"
        assert "viewBox" in answer.response.text
        assert "<text" not in answer.response.text
        # As many bars as the symbol has; that the drawing itself is read back is tested with the printing.
        assert answer.response.text.count("<rect") - 1 == len(code_128(command).replace("0", " ").split())
    assert (await technician.get("/scan/commands/CMD-NOTHING.svg")).status == 404
