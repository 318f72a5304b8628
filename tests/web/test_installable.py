"""What makes the service an app on a phone: its manifest, its worker, the page for no network, the camera."""

import re
from pathlib import Path

import pytest
from httpx import AsyncClient
from PIL import Image

from tests.browser import Browser
from tests.given import Given

DIST = Path(__file__).resolve().parent.parent.parent / "app/static/dist"


async def test_the_manifest_has_icons_that_are_there_in_the_sizes_that_it_says(anonymous: AsyncClient) -> None:
    answer = await anonymous.get("/manifest.webmanifest")
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest = answer.json()
    assert (manifest["name"], manifest["start_url"], manifest["display"]) == ("Equipment Stores", "/", "standalone")
    assert [icon.get("purpose") for icon in manifest["icons"]] == [None, None, "maskable"]
    for icon in manifest["icons"]:
        source = DIST / re.sub(r"^/static/dist/|\?v=.*$", "", icon["src"])
        with Image.open(source) as picture:
            assert "x".join(map(str, picture.size)) == icon["sizes"]


async def test_the_worker_keeps_every_file_of_its_release_and_may_serve_every_page(anonymous: AsyncClient) -> None:
    answer = await anonymous.get("/service-worker.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    for name in ("app.css", "scan.js", "scan/asks.js", "scan/camera.js", "zxing/zxing_reader.wasm", "zxing/share.js"):
        [url] = re.findall(rf'"(/static/dist/{re.escape(name)}\?v=\w+)"', answer.text)
        assert (await anonymous.get(url)).status_code == 200
    assert "unbuilt" not in answer.text


async def test_the_page_for_no_network_says_nothing_of_anybody(visitor: Browser, technician: Browser) -> None:
    page = await visitor.get("/offline")
    assert "what you scan is safe on this device" in page.text
    assert (await technician.get("/offline")).soup.select_one(".app-header__person") is None


@pytest.mark.parametrize(
    ("path", "reads_labels"),
    [
        *((path, True) for path in ("/scan", "/", "/items", "/workshop", "/items/receive")),
        *((path, False) for path in ("/scan/commands", "/clients", "/account", "/orders")),
    ],
)
async def test_only_a_page_with_a_camera_may_compile_what_reads_its_labels(
    technician: Browser, given: Given, path: str, reads_labels: bool
) -> None:
    await given.product()
    answer = await technician.client.get(path)
    policy = answer.headers["content-security-policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert scripts == ("script-src 'self' 'wasm-unsafe-eval'" if reads_labels else "script-src 'self'")
    assert ("data-camera" in answer.text) is reads_labels
