"""What every HTML page must satisfy, whoever fetches it. A page's own content is for that page's test."""

import re
from collections import Counter
from hashlib import sha256

from bs4 import BeautifulSoup, Tag

TITLE = re.compile("^(Error: )?\\S.* \N{EN DASH} \\S.*$", re.DOTALL)
LANDMARKS = ("main", "nav", "header", "footer", "aside")
SECTIONS = ("section", "form", "h1", "h2", "h3", "h4")
WEIGHTY = ("role", "type", "lang", "scope", "alt", "tabindex", "hidden", "disabled", "open", "checked", "autocomplete")
"""Attributes whose values matter to accessibility; of the others it matters that they are there."""
WORDS = re.compile(r"\S")
UNLABELLED_TYPES = {"hidden", "submit", "button", "image", "reset"}


def shape_of(soup: BeautifulSoup) -> str:
    """A digest of what a page is made of, whatever its words: each kind of element where it stands, and its landmarks.

    Two lists of one kind have the same shape with three rows or with thirty; a row with one more link has another.
    """
    kinds: set[str] = set()
    landmarks: list[str] = []
    paths: dict[int, str] = {}
    for tag in soup.find_all(True):
        facts = [tag.name, *sorted(tag.get("class") or [])]
        facts += [f"{name}={tag[name]}" if _is_weighty(name) else name for name in sorted(tag.attrs)]
        facts += ["words"] if tag.find(string=WORDS, recursive=False) else []
        path = f"{paths.get(id(tag.parent), '')}/{' '.join(facts)}"
        paths[id(tag)] = path
        kinds.add(path)
        if tag.name in LANDMARKS or (tag.name in SECTIONS and landmarks[-1:] != [tag.name]):
            landmarks.append(tag.name)
    return sha256("\n".join([*sorted(kinds), *landmarks]).encode()).hexdigest()


def _is_weighty(name: str) -> bool:
    return name in WEIGHTY or (
        name.startswith("aria-") and name not in {"aria-label", "aria-describedby", "aria-labelledby"}
    )


def check_page(html: str, *, url: str) -> BeautifulSoup:
    """The parsed page, after everything that holds for all pages was asserted. Each message names the url."""
    soup = BeautifulSoup(html, "html.parser")
    page = Parts(soup, html, url)
    for check in (
        _begins_as_html,
        _has_one_heading_and_a_title,
        _has_unique_ids,
        _labels_every_field,
        _sends_forms_on_purpose,
        _captions_tables,
        _describes_images,
        _has_nothing_inline,
        _links_errors_to_fields,
    ):
        check(page)
    return soup


class Parts:
    """The elements of a page by their names, found in one go: each check looks at a few of them."""

    def __init__(self, soup: BeautifulSoup, html: str, url: str) -> None:
        self.html, self.url = html, url
        self.all = [part for part in soup.descendants if isinstance(part, Tag)]
        self._named: dict[str, list[Tag]] = {}
        for tag in self.all:
            self._named.setdefault(tag.name, []).append(tag)
        self.ids = Counter(str(tag.attrs["id"]) for tag in self.all if "id" in tag.attrs)
        self.summaries = [tag for tag in self.all if "govuk-error-summary" in tag.attrs.get("class", ())]

    def named(self, *names: str) -> list[Tag]:
        """The elements of these kinds."""
        return [tag for name in names for tag in self._named.get(name, ())]


def _begins_as_html(page: Parts) -> None:
    assert page.html.lstrip().lower().startswith("<!doctype html>"), (
        f"{page.url}: the page does not begin with <!DOCTYPE html>"
    )
    roots = page.named("html")
    assert roots, f"{page.url}: there is no <html>"
    assert roots[0].get("lang") == "en", f"{page.url}: <html> has no lang"


def _has_one_heading_and_a_title(page: Parts) -> None:
    headings = [heading.get_text(strip=True) for heading in page.named("h1")]
    assert len(headings) == 1, f"{page.url}: {len(headings)} <h1>, one is right: {headings}"
    assert headings[0], f"{page.url}: the <h1> is empty"
    titles = [title for title in page.named("title") if title.find_parent("svg") is None]
    assert len(titles) == 1, f"{page.url}: {len(titles)} <title>, one is right"
    title = titles[0].get_text()
    assert TITLE.match(title.strip()), f"{page.url}: the title {title!r} is not the page, an en dash and the service"
    has_summary = bool(page.summaries)
    assert title.strip().startswith("Error: ") == has_summary, (
        f"{page.url}: the title {title!r} begins with “Error: ” exactly when there is an error summary ({has_summary=})"
    )


def _has_unique_ids(page: Parts) -> None:
    twice = [name for name, count in page.ids.items() if count > 1]
    assert not twice, f"{page.url}: ids that stand more than once: {twice}"
    assert "" not in page.ids, f"{page.url}: an id is empty"
    for tag in page.all:
        missing = [name for name in str(tag.attrs.get("aria-describedby", "")).split() if name not in page.ids]
        assert not missing, f"{page.url}: {_brief(tag)} is described by ids that do not exist: {missing}"


def _labels_every_field(page: Parts) -> None:
    labels = {str(label["for"]): label for label in page.named("label") if label.has_attr("for")}
    for field in page.named("input", "select", "textarea"):
        if field.get("type") in UNLABELLED_TYPES:
            continue
        label = labels.get(str(field.get("id"))) or field.find_parent("label")
        named = field.get("aria-label") or field.get("aria-labelledby") or (label and label.get_text(strip=True))
        assert named, f"{page.url}: {_brief(field)} has no label"
    for button in page.named("button"):
        assert button.get_text(strip=True) or button.get("aria-label"), f"{page.url}: {_brief(button)} has no words"


def _sends_forms_on_purpose(page: Parts) -> None:
    for form in page.named("form"):
        assert form.get("action"), f"{page.url}: {_brief(form)} does not say where it is sent (action)"
        assert form.get("method") in {"get", "post"}, f"{page.url}: {_brief(form)} does not say how it is sent (method)"
        if form["method"] == "post":
            token = form.find("input", attrs={"type": "hidden", "name": "csrf_token"})
            assert isinstance(token, Tag), f"{page.url}: {_brief(form)} has no csrf_token field"
            assert token.get("value"), f"{page.url}: the csrf_token of {_brief(form)} is empty"


def _captions_tables(page: Parts) -> None:
    for table in page.named("table"):
        caption = table.find("caption")
        words = caption.get_text(strip=True) if caption else ""
        assert words, f"{page.url}: {_brief(table)} has no caption"


def _describes_images(page: Parts) -> None:
    for image in page.named("img"):
        assert image.has_attr("alt"), f"{page.url}: {_brief(image)} has no alt"


def _has_nothing_inline(page: Parts) -> None:
    """The Content-Security-Policy would block it silently; here it is said."""
    for script in page.named("script"):
        assert script.get("src"), f"{page.url}: an inline <script>: {_brief(script)}"
    assert not page.named("style"), f"{page.url}: an inline <style>"
    for tag in page.all:
        inline = [name for name in tag.attrs if name == "style" or name.startswith("on")]
        assert not inline, f"{page.url}: inline {inline} on {_brief(tag)}"
        assert not str(tag.attrs.get("href", "")).startswith("javascript:"), (
            f"{page.url}: a javascript: link, {_brief(tag)}"
        )


def _links_errors_to_fields(page: Parts) -> None:
    targets = [str(link["href"]) for summary in page.summaries for link in summary.find_all("a", href=True)]
    for target in targets:
        assert target in {f"#{name}" for name in page.ids}, (
            f"{page.url}: the error summary points at {target}, which is not there"
        )


def _brief(tag: Tag) -> str:
    """The tag as it opens, short enough for a message."""
    return str(tag).split(">", 1)[0][:160] + ">"
