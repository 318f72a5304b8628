"""The camera reads labels that this service printed, as a phone sees them."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from PIL import Image
from playwright.async_api import Browser, Playwright
from playwright.async_api import expect as expect_that
from zxingcpp import BarcodeFormat, create_barcode, write_barcode_to_image

from app.cli.seed import PASSWORD
from tests.journeys.conftest import Walk, arguments

PRINTED = "ES000000143"
SQUARE = {"ES000000240": BarcodeFormat.DataMatrix, "ES000000337": BarcodeFormat.QRCode}
FRAMES_EACH = 45


async def picture_of(address: str, barcode: str) -> Image.Image:
    """The label, as it comes from the service."""
    async with AsyncClient(base_url=f"{address}/api/v1") as client:
        answer = await client.post("/token", data={"username": "technician", "password": PASSWORD})
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        answer = await client.get(f"/items/{barcode}/label", headers=headers)
        assert answer.status_code == 200, answer.text
        return Image.open(io.BytesIO(answer.content)).convert("RGB")


def square(tag: str, kind: BarcodeFormat) -> Image.Image:
    """A tag as makers print theirs."""
    drawn = write_barcode_to_image(create_barcode(tag, kind), scale=8)
    symbol = Image.fromarray(drawn)
    paper = Image.new("RGB", (symbol.width * 3, symbol.height * 2), "white")
    paper.paste(symbol, (symbol.width, symbol.height // 2))
    return paper


def frame(label: Image.Image | None) -> bytes:
    """What the camera sees of a label that is held a little askew before it, on a grey floor; or of the floor alone."""
    seen = Image.new("RGB", (1280, 720), (120, 118, 112))
    if label:
        size = (900, 900 * label.height // label.width)
        held = label.resize(size, Image.Resampling.BICUBIC).rotate(4, expand=True, fillcolor=(120, 118, 112))
        seen.paste(held, ((1280 - held.width) // 2, (720 - held.height) // 2))
    written = io.BytesIO()
    seen.save(written, "JPEG", quality=85)
    return written.getvalue()


@pytest.fixture
async def watching(
    playwright: Playwright, chromium_path: str | None, address: str, tmp_path: Path
) -> AsyncIterator[Browser]:
    """A browser whose camera sees one label, the floor, another label, and so on, a second and a half each."""
    film = tmp_path / "labels.mjpeg"
    seen = [await picture_of(address, PRINTED), *(square(tag, kind) for tag, kind in SQUARE.items())]
    film.write_bytes(b"".join(frame(one) * FRAMES_EACH + frame(None) * FRAMES_EACH for one in seen))
    camera = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    browser = await playwright.chromium.launch(executable_path=chromium_path, args=[*arguments(), *camera])
    yield browser
    await browser.close()


async def open_walk(browser: Browser, address: str, **options: Any) -> Walk:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, service_workers="block", **options)
    context.set_default_timeout(20_000)
    walk = Walk(context, await context.new_page(), address)
    await walk.begin_as("technician")
    return walk


async def test_the_camera_scans_labels_that_were_printed_here_one_line_each(watching: Browser, address: str) -> None:
    walk = await open_walk(watching, address)
    page = walk.page
    await walk.go("/scan?mode=look_up")
    button = page.get_by_role("button", name="Use the camera")
    await button.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Camera")
    await expect_that(dialog).to_be_visible()
    lines = page.get_by_test_id("scan-line")
    await expect_that(lines.filter(has_text="ES-0000001-43").first).to_have_attribute("data-outcome", "accepted")
    await expect_that(lines.filter(has_text="ES-0000002-40").first).to_be_attached()
    await expect_that(lines.filter(has_text="ES-0000003-37").first).to_be_attached()
    # Each stood before the camera for many looks: one that stays in view is one scan.
    assert await lines.count() <= 5
    await expect_that(dialog.get_by_role("status")).to_contain_text("ES-0000003-37")
    await walk.look()
    await walk.picture("scan-camera")
    await page.keyboard.press("Escape")
    await expect_that(dialog).to_be_hidden()
    await expect_that(button).to_be_focused()
    assert await page.evaluate("document.getElementById('camera-picture').srcObject") is None

    # On a page that finds, the first label that is read closes the camera and is looked for.
    await walk.go("/")
    await page.get_by_role("button", name="Use the camera").click()
    await page.wait_for_url("**/items/ES00000*")


async def test_a_camera_that_may_not_be_used_says_what_helps(walks: Any) -> None:
    walk: Walk = await walks("technician")
    await walk.go("/scan")
    await walk.page.get_by_role("button", name="Use the camera").click()
    status = walk.page.get_by_role("dialog", name="Camera").get_by_role("status")
    await expect_that(status).to_contain_text("Type the tag")
    await walk.page.get_by_role("button", name="Close the camera").click()
    await expect_that(status).to_be_hidden()
