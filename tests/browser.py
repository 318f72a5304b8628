"""A person at a browser without JavaScript, for page tests: opens pages, fills in forms, presses buttons."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from httpx import AsyncClient, Response

from tests.page import check_page

Typed = str | int | list[str] | None


@dataclass(frozen=True, slots=True)
class Page:
    """What came back. `soup` is the parsed page (empty for a redirect), checked already by `tests/page.py`."""

    response: Response
    soup: BeautifulSoup

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def path(self) -> str:
        """The path and query that it was fetched from."""
        return self.response.request.url.raw_path.decode()

    @property
    def goes_to(self) -> str | None:
        """Where a redirect leads."""
        location: str | None = self.response.headers.get("location")
        return location

    @property
    def title(self) -> str:
        """The words of <title>."""
        return self.soup.title.get_text(strip=True) if self.soup.title else ""

    @property
    def heading(self) -> str:
        """The words of <h1>."""
        return self._words("h1")

    @property
    def banner(self) -> str:
        """The words of the success banner, or nothing."""
        return self._words(".govuk-notification-banner__content")

    @property
    def text(self) -> str:
        """All words of the page, with single blanks."""
        return " ".join(self.soup.get_text(" ").split())

    @property
    def errors(self) -> dict[str, str]:
        """The error summary: {"field": "what is wrong"}; what is about the whole form is under "main-content"."""
        links = self.soup.select(".govuk-error-summary__list a")
        return {str(link["href"]).removeprefix("#"): link.get_text(strip=True) for link in links}

    def form(self, action: str | None = None, fields: Iterable[str] = ()) -> Tag:
        """The form that is sent to `action` (None: the only form in the main part of the page).

        Where two forms are sent there, such as a search and what it is for, it is the one that has these fields.
        """
        if action is None:
            forms = list(self.soup.select("main form"))
        else:
            forms = [form for form in self.soup.find_all("form") if urljoin(self.path, str(form["action"])) == action]
        assert forms, f"{self.path}: there is no form that is sent to {action or 'anywhere'}"
        return next((form for form in forms if set(fields) <= names_in(form)), forms[0])

    def table(self) -> list[list[str]]:
        """The rows of the first table's body, as words."""
        return [
            [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])]
            for row in self.soup.select("table tbody tr")
        ]

    def _words(self, selector: str) -> str:
        found = self.soup.select_one(selector)
        return " ".join(found.get_text(" ").split()) if found else ""


AS_READ = "as read"


class Browser:
    """One person's browser: its cookies are kept, redirects are shown and not followed (`follow` does)."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client

    async def get(self, url: str, **params: Any) -> Page:
        """Open a page."""
        return page_from(await self.client.get(url, params=params or None))

    async def post(self, url: str, **fields: Any) -> Page:
        """Send fields as they are, without any page before it: no token is added."""
        return page_from(await self.client.post(url, data=fields))

    async def post_form(self, url: str, *, on: str | None = None, **fields: Typed) -> Page:
        """Open the page `on` (as a rule `url` itself), fill in the form that is sent to `url`, and send it.

        What the form shows already is sent along, the hidden csrf_token and once too, as a browser does. A field that
        the form does not have fails the test; None empties one. Names with dashes: `**{"received_on-day": "1"}`.
        """
        page = await self.get(on or url)
        assert page.status == 200, f"GET {on or url} answered {page.status} {page.goes_to or page.heading}"
        return await self.send(page, url, **fields)

    async def send(self, page: Page, action: str | None = None, **fields: Typed) -> Page:
        """Fill in and send a form of a page that is open, for example one that came back with errors."""
        form = page.form(action, fields)
        shown = shown_in(form)
        known = names_in(form)
        unknown = set(fields) - known
        assert not unknown, f"{page.path}: the form has no {sorted(unknown)}, it has {sorted(known)}"
        for name, value in fields.items():
            shown[name] = [] if value is None else [str(one) for one in (value if isinstance(value, list) else [value])]
        return page_from(await self.client.post(urljoin(page.path, str(form["action"])), data=shown))

    async def follow(self, page: Page) -> Page:
        """Go where a redirect leads."""
        assert page.goes_to is not None, (
            f"{page.path} answered {page.status} and no redirect: {page.errors or page.text}"
        )
        return await self.get(page.goes_to)


def page_from(response: Response) -> Page:
    """The response as a page; it was read when it was checked, unless it is a fragment or no page at all."""
    read = response.extensions.get(AS_READ)
    return Page(response, read or BeautifulSoup(response.text if is_html(response) else "", "html.parser"))


def is_html(response: Response) -> bool:
    """Whether the response is an HTML page."""
    return str(response.headers.get("content-type", "")).startswith("text/html")


async def check_every_page(response: Response) -> None:
    """For httpx's event hooks: each HTML page that anybody fetches is checked; fragments for htmx are not pages."""
    if is_html(response) and "hx-request" not in response.request.headers:
        html = (await response.aread()).decode()
        response.extensions[AS_READ] = check_page(html, url=urlsplit(str(response.request.url)).path)


def names_in(form: Tag) -> set[str]:
    """The names of all fields and buttons of a form."""
    return {str(tag["name"]) for tag in form.find_all(["input", "select", "textarea", "button"], attrs={"name": True})}


def shown_in(form: Tag) -> dict[str, list[str]]:
    """What a browser would send of an untouched form; buttons send nothing unless they are pressed."""
    shown: dict[str, list[str]] = {}
    for tag in form.find_all(["input", "select", "textarea"], attrs={"name": True}):
        for value in values_of(tag):
            shown.setdefault(str(tag["name"]), []).append(value)
    return shown


def values_of(tag: Tag) -> list[str]:
    """What one field sends as it stands."""
    if tag.name == "textarea":
        return [tag.get_text().removeprefix("\n")]
    if tag.name == "select":
        options = tag.find_all("option")
        chosen = [option for option in options if option.has_attr("selected")] or options[:1]
        return [str(option.get("value", option.get_text(strip=True))) for option in chosen]
    kind = tag.get("type", "text")
    if kind in {"submit", "button", "image", "file"} or (kind in {"checkbox", "radio"} and not tag.has_attr("checked")):
        return []
    return [str(tag.get("value", "on" if kind in {"checkbox", "radio"} else ""))]
