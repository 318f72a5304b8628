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
        check(soup, html, url)
    return soup


def _begins_as_html(soup: BeautifulSoup, html: str, url: str) -> None:
    assert html.lstrip().lower().startswith("<!doctype html>"), f"{url}: the page does not begin with <!DOCTYPE html>"
    root = soup.find("html")
    assert isinstance(root, Tag), f"{url}: there is no <html>"
    assert root.get("lang") == "en", f"{url}: <html> has no lang"


def _has_one_heading_and_a_title(soup: BeautifulSoup, _html: str, url: str) -> None:
    headings = [heading.get_text(strip=True) for heading in soup.find_all("h1")]
    assert len(headings) == 1, f"{url}: {len(headings)} <h1>, one is right: {headings}"
    assert headings[0], f"{url}: the <h1> is empty"
    titles = [title for title in soup.find_all("title") if title.find_parent("svg") is None]
    assert len(titles) == 1, f"{url}: {len(titles)} <title>, one is right"
    title = titles[0].get_text()
    assert TITLE.match(title.strip()), f"{url}: the title {title!r} is not the page, an en dash and the service"
    has_summary = soup.select_one(".govuk-error-summary") is not None
    assert title.strip().startswith("Error: ") == has_summary, (
        f"{url}: the title {title!r} begins with “Error: ” exactly when there is an error summary ({has_summary=})"
    )


def _has_unique_ids(soup: BeautifulSoup, _html: str, url: str) -> None:
    counts = Counter(str(tag["id"]) for tag in soup.find_all(id=True))
    twice = [name for name, count in counts.items() if count > 1]
    assert not twice, f"{url}: ids that stand more than once: {twice}"
    assert "" not in counts, f"{url}: an id is empty"
    for tag in soup.select("[aria-describedby]"):
        missing = [name for name in str(tag["aria-describedby"]).split() if name not in counts]
        assert not missing, f"{url}: {_brief(tag)} is described by ids that do not exist: {missing}"


def _labels_every_field(soup: BeautifulSoup, _html: str, url: str) -> None:
    labels = {str(label["for"]): label for label in soup.find_all("label", attrs={"for": True})}
    for field in soup.find_all(["input", "select", "textarea"]):
        if field.get("type") in UNLABELLED_TYPES:
            continue
        label = labels.get(str(field.get("id"))) or field.find_parent("label")
        named = field.get("aria-label") or field.get("aria-labelledby") or (label and label.get_text(strip=True))
        assert named, f"{url}: {_brief(field)} has no label"
    for button in soup.find_all("button"):
        assert button.get_text(strip=True) or button.get("aria-label"), f"{url}: {_brief(button)} has no words"


def _sends_forms_on_purpose(soup: BeautifulSoup, _html: str, url: str) -> None:
    for form in soup.find_all("form"):
        assert form.get("action"), f"{url}: {_brief(form)} does not say where it is sent (action)"
        assert form.get("method") in {"get", "post"}, f"{url}: {_brief(form)} does not say how it is sent (method)"
        if form["method"] == "post":
            token = form.select_one('input[type="hidden"][name="csrf_token"]')
            assert token is not None, f"{url}: {_brief(form)} has no csrf_token field"
            assert token.get("value"), f"{url}: the csrf_token of {_brief(form)} is empty"


def _captions_tables(soup: BeautifulSoup, _html: str, url: str) -> None:
    for table in soup.find_all("table"):
        caption = table.find("caption")
        words = caption.get_text(strip=True) if caption else ""
        assert words, f"{url}: {_brief(table)} has no caption"


def _describes_images(soup: BeautifulSoup, _html: str, url: str) -> None:
    for image in soup.find_all("img"):
        assert image.has_attr("alt"), f"{url}: {_brief(image)} has no alt"


def _has_nothing_inline(soup: BeautifulSoup, _html: str, url: str) -> None:
    """The Content-Security-Policy would block it silently; here it is said."""
    for script in soup.find_all("script"):
        assert script.get("src"), f"{url}: an inline <script>: {_brief(script)}"
    assert soup.find("style") is None, f"{url}: an inline <style>"
    for tag in soup.find_all(True):
        inline = [name for name in tag.attrs if name == "style" or name.startswith("on")]
        assert not inline, f"{url}: inline {inline} on {_brief(tag)}"
        assert not str(tag.get("href", "")).startswith("javascript:"), f"{url}: a javascript: link, {_brief(tag)}"


def _links_errors_to_fields(soup: BeautifulSoup, _html: str, url: str) -> None:
    ids = {str(tag["id"]) for tag in soup.find_all(id=True)}
    for link in soup.select(".govuk-error-summary a[href]"):
        target = str(link["href"])
        assert target in {f"#{name}" for name in ids}, (
            f"{url}: the error summary points at {target}, which is not there"
        )


def _brief(tag: Tag) -> str:
    """The tag as it opens, short enough for a message."""
    return str(tag).split(">", 1)[0][:160] + ">"
