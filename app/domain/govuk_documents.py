"""Documents of GOV.UK about safety notices, as its Search API and its Content API write them: read with tolerance,
since old ones have other kinds and missing fields. Nothing is judged or sanitised here."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

from app.domain.errors import BadValue

LONGEST_TITLE, LONGEST_SUMMARY, LONGEST_KIND = 500, 4000, 100
MOST_DOCUMENTS = 1500
"""As many as one page of the Search API has at most."""


@dataclass(frozen=True, slots=True)
class Publication:
    """One document. `body` is its HTML as it came: None where only the Search API has spoken."""

    base_path: str
    title: str
    summary: str
    kind: str
    issuer: str
    issued_on: date | None
    updated_at: datetime
    body: str | None
    change_note: str = ""
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One document of several that cannot be read, and why."""

    place: int
    detail: str


def read_documents(raw: bytes) -> list[Publication | Unreadable]:
    """The documents of a file: one of the Content API, or the results of the Search API.

    Raises BadValue `not-a-document` when it is neither, or when the only document in it cannot be read.
    """
    try:
        known = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _neither() from error
    if not isinstance(known, dict):
        raise _neither()
    if isinstance(known.get("details"), dict) and "base_path" in known:
        try:
            return [_from_content(known)]
        except ValueError as error:
            raise BadValue("not-a-document", str(error), field="file") from error
    results = known.get("results")
    if not isinstance(results, list):
        raise _neither()
    if len(results) > MOST_DOCUMENTS:
        raise BadValue("too-many-documents", f"Send at most {MOST_DOCUMENTS:,} documents at once.", field="file")
    return [_result(place, one) for place, one in enumerate(results)]


def is_path(text: str) -> bool:
    """Whether it can be the path of a document: nothing that leads elsewhere."""
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(" ?#%\\:@\"'<>")
    return text.startswith("/") and is_plain and "//" not in text and "/." not in text and 1 < len(text) <= 400


def _result(place: int, one: object) -> Publication | Unreadable:
    if not isinstance(one, dict):
        return Unreadable(place, "It is no document.")
    try:
        return _from_search(one)
    except ValueError as error:
        return Unreadable(place, str(error))


def _from_search(one: Mapping[str, Any]) -> Publication:
    path = _path(one.get("link"))
    return Publication(
        base_path=path,
        title=_title(one),
        summary=_words(one.get("description"), LONGEST_SUMMARY),
        kind=_kind(one),
        issuer=_issuer(path),
        issued_on=_day(one.get("issued_date")),
        updated_at=_instant(one.get("public_timestamp"), "public_timestamp"),
        body=None,
    )


def _from_content(known: Mapping[str, Any]) -> Publication:
    path, details = _path(known.get("base_path")), known["details"]
    metadata = details.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    withdrawn = known.get("withdrawn_notice")
    body = details.get("body")
    if not isinstance(body, str):
        raise ValueError("Its `details` have no `body`. Send what the Content API answers for one notice.")  # noqa: TRY004
    return Publication(
        base_path=path,
        title=_title(known),
        summary=_words(known.get("description"), LONGEST_SUMMARY),
        kind=_kind(metadata),
        issuer=_issuer(path),
        issued_on=_day(metadata.get("issued_date") or metadata.get("product_recall_alert_date")),
        updated_at=_instant(known.get("public_updated_at"), "public_updated_at"),
        body=without_controls(body),
        change_note=_last_note(details.get("change_history")),
        # Present is not withdrawn: documents in force carry an empty one.
        is_withdrawn=isinstance(withdrawn, dict) and bool(withdrawn.get("withdrawn_at")),
    )


def without_controls(text: str) -> str:
    """The text without the characters that a database or a page cannot keep; line breaks become new lines."""
    return "".join(
        character
        for character in text.replace("\r\n", "\n").replace("\r", "\n")
        if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cs"}
    )


def _words(value: object, longest: int) -> str:
    return " ".join(without_controls(value).split())[:longest] if isinstance(value, str) else ""


def _title(one: Mapping[str, Any]) -> str:
    title = _words(one.get("title"), LONGEST_TITLE)
    if not title:
        raise ValueError("It has no title.")
    return title


def _path(value: object) -> str:
    if not isinstance(value, str) or not is_path(value):
        raise ValueError("Its path on GOV.UK is missing or wrong: it looks like /drug-device-alerts/the-name.")
    return value


def _kind(metadata: Mapping[str, Any]) -> str:
    """The alert type: a list in the Search API, a word in the Content API. Any is taken, and none is `unknown`."""
    value = metadata.get("alert_type") or metadata.get("product_alert_type")
    first = value[0] if isinstance(value, list) and value else value
    return _words(first, LONGEST_KIND) or "unknown"


def _issuer(path: str) -> str:
    return "OPSS" if path.startswith("/product-safety-alerts") else "MHRA"


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _instant(value: object, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"Its {name} is no point in time, so that nobody could tell an amended notice.") from error


def _last_note(history: object) -> str:
    lines = [line for line in history if isinstance(line, dict)] if isinstance(history, list) else []
    lines.sort(key=lambda line: str(line.get("public_timestamp", "")))
    return _words(lines[-1].get("note"), LONGEST_SUMMARY) if lines else ""


def _neither() -> BadValue:
    detail = (
        "This is neither a document of GOV.UK's Content API nor the results of its Search API. "
        "Send the JSON as it came from https://www.gov.uk/api."
    )
    return BadValue("not-a-document", detail, field="file")


BLOCKS = frozenset(
    {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "table", "tr", "br", "blockquote", "caption"}
)


class _Lines(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self.lines.append("")
        elif tag in {"td", "th"}:
            self.lines[-1] += " "

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        self.lines[-1] += data


def lines_of(html: str) -> tuple[str, ...]:
    """The paragraphs, list entries and table rows of a text as plain words, none of them empty."""
    reader = _Lines()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in reader.lines)
    return tuple(line for line in lines if line)
