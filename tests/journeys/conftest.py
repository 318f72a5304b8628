"""A real service in a process and a real Chromium. Every page that a walk looks at is checked, also by axe."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from bs4 import BeautifulSoup
from playwright.async_api import Browser, BrowserContext, Locator, Page, Playwright, async_playwright

from app.cli.seed import PASSWORD
from tests.conftest import SHAPES
from tests.database import create_database, drop_database
from tests.page import check_page, shape_of

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = os.environ.get("STORES_SCREENSHOTS")
WHAT_HELPS = (
    "There is no Chromium for the browser walks. Install one (apt-get install chromium) or set STORES_CHROMIUM."
)
# Chromium is not to look for updates or accounts: there is no network for that, and the noise is no fault of ours.
ARGUMENTS = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # what passed is not described, which takes half as long
}


def has_passed(shape: str) -> bool:
    """Whether axe has passed a page of that shape in this run, for whichever of the workers."""
    return Path(os.environ[SHAPES], shape).exists()


def note_passed(shape: str) -> None:
    """Tell all workers of this run that axe passed a page of that shape."""
    Path(os.environ[SHAPES], shape).touch()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is a journey."""
    for item in items:
        if "journeys" in str(item.path):
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="session")
async def address(server_url: str, worker_name: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of a demonstration service that was started as a newcomer starts it, on an empty database."""
    name = f"journeys_{worker_name}"
    url = await create_database(server_url, name)
    with running_service(url, tmp_path_factory.mktemp("service")) as found:
        yield found
    await drop_database(server_url, name)


class running_service:  # noqa: N801 - used like a function
    """`stores demo` on a database, in a process of its own, until the end of the block; gives its address."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.environment = {
            **os.environ,
            "STORES_DATABASE_URL": database_url,
            "STORES_DATA_DIR": str(folder),
            "STORES_PORT": "0",
            "STORES_PUBLIC_ADDRESS": "https://stores.example.org",
            "STORES_GS1_COMPANY_PREFIX": "5012345",
        }
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> str:
        command = [sys.executable, "-m", "app.cli.main", "demo"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        said = []
        for line in self.process.stdout or ():
            said.append(line)
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                return found[0]
        raise AssertionError(f"The service did not start:\n{''.join(said)}")

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.communicate(timeout=20)


@pytest.fixture(scope="session")
def chromium_path() -> str | None:
    """The machine's Chromium, or None for the one that Playwright brought."""
    return os.environ.get("STORES_CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    """Playwright's driver."""
    async with async_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
async def chromium(playwright: Playwright, chromium_path: str | None) -> AsyncIterator[Browser]:
    """One Chromium for all walks of this worker; without one the walks fail, with the command that helps."""
    if chromium_path is None and not shutil.which(playwright.chromium.executable_path):
        pytest.fail(WHAT_HELPS)
    browser = await playwright.chromium.launch(executable_path=chromium_path, args=arguments())
    yield browser
    await browser.close()


def arguments() -> list[str]:
    """How Chromium is started here."""
    return [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else ARGUMENTS


class Walk:
    """One person at one browser."""

    def __init__(self, context: BrowserContext, page: Page, address: str) -> None:
        self.context, self.page, self.address = context, page, address
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        page.on("console", lambda said: self._hear(said.type, said.text))

    def _hear(self, kind: str, text: str) -> None:
        # A refused request is logged by the browser as an error too; what the page makes of it is the walk's to see.
        if kind == "error" and "Failed to load resource" not in text:
            self.faults.append(f"console: {text}")

    async def sign_in(self, username: str) -> None:
        """Sign in through the page, as a person does."""
        await self.go("/sign-in")
        await self.page.get_by_label("Username", exact=True).fill(username)
        await self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        await self.press("Sign in")

    async def begin_as(self, username: str) -> None:
        """Sign in by the form's request alone, without showing the form, and open the start page."""
        shown = BeautifulSoup(await (await self.context.request.get(f"{self.address}/sign-in")).text(), "html.parser")
        hidden = {str(one["name"]): str(one["value"]) for one in shown.select("main input[type=hidden]")}
        form: dict[str, str | float | bool] = {**hidden, "username": username, "password": PASSWORD}
        answer = await self.context.request.post(f"{self.address}/sign-in", form=form)
        assert answer.ok, await answer.text()
        await self.page.goto(f"{self.address}/")

    async def sign_out(self) -> None:
        """Sign out by the button in the header."""
        await self.press("Sign out")

    async def go(self, path: str) -> None:
        """Open a page and look at it."""
        await self.page.goto(f"{self.address}{path}")
        await self.look()

    async def press(self, name: str | re.Pattern[str]) -> None:
        """Press a button and look at the page that comes."""
        exact = isinstance(name, str)
        await self.click(self.page.get_by_role("button", name=name, exact=exact).first)

    async def follow(self, name: str) -> None:
        """Follow a link and look at the page that comes."""
        await self.click(self.page.get_by_role("link", name=name, exact=True).first)

    async def click(self, what: Locator) -> None:
        """Click what leads to another page, and look at that page when it is there."""
        async with self.page.expect_navigation():
            await what.click()
        await self.look()

    async def look(self) -> None:
        """Check the page as it stands: its markup, axe, no script error, no sideways scrolling."""
        await self.page.wait_for_load_state("load")
        # Where axe looked before, it leaves empty style attributes behind.
        soup = check_page((await self.page.content()).replace(' style=""', ""), url=self.page.url)
        await self._run_axe(shape_of(soup))
        assert not self.faults, f"{self.page.url}: {self.faults}"

    async def _run_axe(self, shape: str) -> None:
        """Ask axe, unless it has passed a page of this shape at this width before: axe is half of what walks cost."""
        size = self.page.viewport_size
        name = f"{size and size['width']}-{shape}"
        if has_passed(name):
            return
        found = await Axe().run(self.page, options=RULES)
        assert not found.violations_count, f"{self.page.url}\n{found.generate_report()}"
        note_passed(name)

    async def picture(self, name: str) -> None:
        """Keep a picture of what is seen, when STORES_SCREENSHOTS names a folder for them."""
        if SCREENSHOTS:
            path = Path(SCREENSHOTS) / f"{name}.png"
            await self.page.screenshot(path=path, full_page=True, animations="disabled")

    async def text(self) -> str:
        """The words of the page's main part."""
        return await self.page.locator("main").inner_text()


@pytest.fixture
async def walks(chromium: Browser, address: str) -> AsyncIterator[Any]:
    """Opens walks: `technician = await walks("technician")`; each is a browser window of its own."""
    contexts: list[BrowserContext] = []

    async def start(username: str | None = None, **options: Any) -> Walk:
        # A worker would answer from what it kept; the walks of `test_offline.py` are about that, and no others.
        usual = {"viewport": {"width": 1280, "height": 900}, "service_workers": "block"}
        context = await chromium.new_context(**usual | options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        walk = Walk(context, await context.new_page(), address)
        if username:
            await walk.begin_as(username)
        return walk

    yield start
    for context in contexts:
        await context.close()
