"""Labels over HTTP: each format with its type and a safe file name, read back by a reader that is not ours."""

from dataclasses import replace
from io import BytesIO

import pytest
import zxingcpp
from httpx import AsyncClient
from PIL import Image

from app.domain.labels import display, make_tag
from app.domain.lifecycle import State
from app.features.labels.choices import options
from app.features.labels.shapes import dots
from app.features.labels.stocks import STOCKS, LabelSize
from tests.given import Given
from tests.problems import check_problem

LABELS = "/api/v1/labels"
UNKNOWN = make_tag("ES", 9_999_999)


@pytest.mark.parametrize(
    ("how", "media_type", "begins"),
    [
        ("png", "image/png", b"\x89PNG"),
        ("svg", "image/svg+xml", b"<svg"),
        ("pdf", "application/pdf", b"%PDF"),
        ("zpl", "application/zpl", b"^XA"),
    ],
)
async def test_one_label_comes_in_every_format(
    how: str, media_type: str, begins: bytes, as_technician: AsyncClient, given: Given
) -> None:
    barcode = await given.item()
    answer = await as_technician.get(f"/api/v1/items/{display(barcode)}/label", params={"format": how})
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert answer.headers["content-disposition"] == f'attachment; filename="labels-{barcode}.{how}"'
    assert answer.content.startswith(begins)


@pytest.mark.parametrize("dpi", [203, 300])
async def test_a_label_is_read_back_at_both_resolutions(dpi: int, as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item()
    answer = await as_technician.get(f"/api/v1/items/{barcode}/label", params={"format": "png", "dpi": dpi})
    picture = Image.open(BytesIO(answer.content))
    assert round(picture.info["dpi"][0]) == dpi
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [barcode]


async def test_many_labels_are_one_file(as_technician: AsyncClient, given: Given) -> None:
    barcodes = await given.items(22)
    sheets = await as_technician.post(LABELS, json={"barcodes": barcodes, "skip": 20})
    assert sheets.headers["content-disposition"] == 'attachment; filename="labels-22-items.pdf"'
    assert sheets.content.count(b"/Type /Page\n") == 2
    zpl = await as_technician.post(LABELS, json={"barcodes": [barcodes[0], barcodes[0]], "format": "zpl"})
    assert zpl.text.count("^XA") == 2


@pytest.mark.parametrize(("stock", "pages"), [("L7160", 2), ("L7651", 1), ("L6011", 1), ("DK-11209", 22)])
async def test_every_stock_is_printed_on(stock: str, pages: int, as_technician: AsyncClient, given: Given) -> None:
    body = {"barcodes": await given.items(22), "stock": stock}
    sheets = await as_technician.post(LABELS, json=body)
    assert sheets.content.count(b"/Type /Page\n") == pages


@pytest.mark.parametrize("stock", ["L7651", "ZEBRA-102X51"])
async def test_one_label_comes_in_the_size_of_every_stock(stock: str, as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item()
    answer = await as_technician.get(f"/api/v1/items/{barcode}/label", params={"stock": stock, "dpi": 300})
    picture = Image.open(BytesIO(answer.content))
    assert picture.width == dots(STOCKS[stock].label.width_mm, 300)
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [barcode]


async def test_a_stock_that_cannot_carry_the_services_tags_is_refused_with_the_width_that_would_do(
    as_technician: AsyncClient, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    barcode = await given.item()
    monkeypatch.setitem(STOCKS, "L7651", replace(STOCKS["L7651"], label=LabelSize(33, 21.2)))
    answer = await as_technician.post(LABELS, json={"barcodes": [barcode], "stock": "L7651"})
    check_problem(answer, 422, "label-too-small")
    assert "38 mm would do" in answer.json()["detail"]


def test_a_service_with_a_longer_prefix_is_not_offered_labels_too_narrow_for_its_tags() -> None:
    everything = [code for code, _ in options("ES")]
    assert "L7651" in everything
    for prefix in ("ABC", "KENT"):
        assert [code for code, _ in options(prefix)] == [code for code in everything if code != "L7651"]


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"skip": 21}, 422, "skip-off-the-sheet", "skip"),
        ({"stock": "L9999"}, 422, "unknown-stock", "stock"),
        ({"stock": "99012", "skip": 1}, 422, "skip-off-the-sheet", "skip"),
        ({"format": "png", "twice": True}, 422, "one-label-a-file", "format"),
        ({"barcodes": []}, 422, "malformed", "barcodes"),
        ({"format": "docx"}, 422, "malformed", "format"),
        ({"dpi": 150}, 422, "malformed", "dpi"),
        ({"barcodes": ["ES123456700", "x\x00y"]}, 422, "mistyped-barcodes", "barcodes"),
        ({"barcodes": [UNKNOWN]}, 404, "unknown-barcodes", "barcodes"),
    ],
)
async def test_labels_that_cannot_be_printed_are_refused_in_words(
    body: dict[str, object], status: int, code: str, field: str, as_technician: AsyncClient, given: Given
) -> None:
    barcode = await given.item()
    twice = bool(body.pop("twice", False))
    answer = await as_technician.post(LABELS, json={"barcodes": [barcode, barcode] if twice else [barcode], **body})
    check_problem(answer, status, code)
    assert field in str(answer.json()["errors"][0]["loc"])


async def test_every_wrong_barcode_is_named_and_no_more_than_ten(as_technician: AsyncClient, given: Given) -> None:
    wrong = [f"ES12345{number:02}00" for number in range(1, 14)]
    answer = await as_technician.post(LABELS, json={"barcodes": [await given.item(), *wrong]})
    detail = answer.json()["detail"]
    assert sum(tag in detail for tag in wrong) == 10
    assert "more." in detail


async def test_a_label_never_says_who_has_the_item(as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item(State.ON_LOAN, client=await given.client("C-4711", name="Winifred Sharp"))
    for how in ("svg", "zpl"):
        answer = await as_technician.get(f"/api/v1/items/{barcode}/label", params={"format": how})
        assert "4711" not in answer.text
        assert "Winifred" not in answer.text


async def test_an_unknown_and_a_mistyped_tag_are_told_apart(as_technician: AsyncClient) -> None:
    check_problem(await as_technician.get(f"/api/v1/items/{UNKNOWN}/label"), 404, "unknown-barcodes")
    check_problem(await as_technician.get("/api/v1/items/ES123456700/label"), 422, "mistyped-barcode")
