"""A service with a GS1 company prefix and a public address: what its labels carry, and that every scan is read."""

from collections.abc import Iterator
from io import BytesIO
from urllib.parse import quote
from uuid import uuid4

import pytest
import typer
import zxingcpp
from fastapi import FastAPI
from httpx import AsyncClient
from PIL import Image

from app.cli.reach import read_settings
from app.domain.carriers import AssetNumber, element_string
from app.domain.labels import make_tag
from app.domain.lifecycle import State
from app.settings import Settings
from tests.browser import Browser
from tests.conftest import Clock
from tests.given import Given
from tests.problems import check_problem

PREFIX = "5012345"
ADDRESS = "https://stores.example.org"


@pytest.fixture(autouse=True)
def equipped(app: FastAPI, settings: Settings) -> Iterator[None]:
    """The service as it is with both settings."""
    app.state.settings = settings.model_copy(update={"gs1_company_prefix": PREFIX, "public_address": ADDRESS})
    yield
    app.state.settings = settings


def carriers(barcode: str) -> list[str]:
    """Each way in which one of our labels says the tag."""
    return [
        f"]d2{element_string(barcode, AssetNumber.GIAI, company_prefix=PREFIX)}",
        element_string(barcode, AssetNumber.GRAI, company_prefix=PREFIX),
        f"{ADDRESS}/l/{barcode}",
    ]


async def test_every_carrier_is_a_return(as_technician: AsyncClient, given: Given, clock: Clock) -> None:
    barcodes = [await given.item(State.ON_LOAN) for _ in range(3)]
    raws = [carriers(barcode)[place] for place, barcode in enumerate(barcodes)]
    scans = [{"scan_id": str(uuid4()), "barcode": raw, "scanned_at": clock.now.isoformat()} for raw in raws]
    answer = await as_technician.post("/api/v1/returns/scans", json={"store": "MAIN", "scans": scans})
    results = answer.json()["results"]
    assert [(result["outcome"], result["barcode"]) for result in results] == [("accepted", tag) for tag in barcodes]


async def test_every_carrier_is_read_wherever_a_tag_is(
    as_technician: AsyncClient, technician: Browser, given: Given
) -> None:
    barcode = await given.item()
    for raw in carriers(barcode):
        parsed = (await as_technician.post("/api/v1/barcodes/parse", json={"raw": raw})).json()
        assert (parsed["kind"], parsed["barcode"]) == ("ours", barcode)
        # As the scan page writes it into an address: a slash twice over.
        there = quote(raw.replace("/", "%2F"), safe="")
        assert (await as_technician.get(f"/api/v1/items/{there}")).json()["barcode"] == barcode
        assert (await technician.get("/items", q=raw)).goes_to == f"/items/{barcode}"


async def test_another_companys_number_and_another_services_page_are_told_apart(as_technician: AsyncClient) -> None:
    tag = make_tag("ES", 1)
    for raw, kind in ((f"]d280045099999{tag}", "gs1"), (f"https://other.example.org/l/{tag}", "unknown")):
        parsed = (await as_technician.post("/api/v1/barcodes/parse", json={"raw": raw})).json()
        assert parsed["kind"] == kind
        assert parsed["barcode"] is None
        assert "other-service" in [warning["code"] for warning in parsed["warnings"]]


@pytest.mark.parametrize(
    ("symbols", "read"),
    [
        ("code_128", {"]C0"}),
        ("code_128_and_data_matrix", {"]C0", "]d2"}),
        ("data_matrix", {"]d2"}),
        ("code_128_and_qr", {"]C0", "]Q1"}),
        ("qr", {"]Q1"}),
    ],
)
async def test_a_label_comes_with_the_symbols_that_are_asked_for(
    symbols: str, read: set[str], as_technician: AsyncClient, technician: Browser, given: Given
) -> None:
    barcode = await given.item()
    for answer in (
        await as_technician.get(f"/api/v1/items/{barcode}/label", params={"symbols": symbols}),
        (await technician.get(f"/items/{barcode}/label", symbols=symbols)).response,
    ):
        found = zxingcpp.read_barcodes(Image.open(BytesIO(answer.content)))
        assert {code.symbology_identifier for code in found} == read


async def test_grais_have_the_type_of_asset_that_is_set(app: FastAPI, as_technician: AsyncClient, given: Given) -> None:
    chosen = {"gs1_asset_number": AssetNumber.GRAI, "gs1_asset_type": "17"}
    app.state.settings = app.state.settings.model_copy(update=chosen)
    barcode = await given.item()
    answer = await as_technician.get(f"/api/v1/items/{barcode}/label", params={"symbols": "data_matrix"})
    [code] = zxingcpp.read_barcodes(Image.open(BytesIO(answer.content)))
    assert code.text == f"(8003)05012345000176{barcode}"


async def test_a_printer_keeps_what_its_labels_carry_and_the_page_may_say_otherwise(
    technician: Browser, as_technician: AsyncClient, given: Given
) -> None:
    barcode = await given.item()
    kept = await technician.post_form("/printers/new", name="Zebra", stock="ZEBRA-57X32/203", symbols="qr")
    key = f"printer-{str(kept.goes_to).rsplit('/', 1)[-1]}"
    [printer] = (await as_technician.get("/api/v1/printers")).json()
    assert printer["symbols"] == "qr"
    page = await technician.get("/labels", barcode=[barcode])
    as_kept = (await technician.send(page, stock=key)).response.text
    assert ("^BC" in as_kept, "^GFA" in as_kept) == (False, True)
    otherwise = (await technician.send(page, stock=key, symbols="code_128")).response.text
    assert ("^BC" in otherwise, "^GFA" in otherwise) == (True, False)
    body = {"barcodes": [barcode], "printer": printer["id"]}
    assert "^GFA" in (await as_technician.post("/api/v1/labels", json=body)).text
    both = await as_technician.post("/api/v1/labels", json=body | {"symbols": "code_128_and_data_matrix"})
    assert ("^BC" in both.text, "^GFA" in both.text) == (True, True)


async def test_a_stock_without_room_is_refused_in_words(technician: Browser, given: Given) -> None:
    page = await technician.post_form("/labels", barcodes=await given.item(), stock="L7651", symbols="code_128_and_qr")
    assert page.status == 422
    assert "too small for a QR code beside its bars" in page.errors["stock"]


async def test_what_nobody_has_set_up_is_neither_offered_nor_printed(
    app: FastAPI, settings: Settings, technician: Browser, as_technician: AsyncClient, given: Given
) -> None:
    barcode = await given.item()
    app.state.settings = settings
    for address in ("/labels", "/printers/new"):
        assert (await technician.get(address)).soup.select_one("[name=symbols]") is None
    for symbols, code in (("qr", "no-public-address"), ("code_128_and_data_matrix", "no-company-prefix")):
        answer = await as_technician.post("/api/v1/labels", json={"barcodes": [barcode], "symbols": symbols})
        check_problem(answer, 422, code, field="symbols")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GS1_COMPANY_PREFIX", "50", "4 to 12 digits"),
        ("GS1_COMPANY_PREFIX", "2012345", "gives no company"),
        ("GS1_ASSET_NUMBER", "gtin", "giai"),
        ("PUBLIC_ADDRESS", "stores.example.org", "https://stores.example.org"),
        ("GS1_ASSET_TYPE", "x", "up to 12 digits"),
    ],
)
def test_a_setting_that_is_wrong_is_refused_at_the_start_in_words(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"STORES_{name}", value)
    with pytest.raises(typer.Exit):
        read_settings()
    said = " ".join(capsys.readouterr().err.split())
    assert f"STORES_{name}" in said
    assert words in said
