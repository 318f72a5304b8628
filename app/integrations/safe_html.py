"""Others' HTML, made safe to show on our pages: the words, their structure and their links; nothing that runs, loads or
looks different."""

from html import escape

import nh3

TAGS = frozenset(
    {
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "code",
        "dd",
        "div",
        "dl",
        "dt",
        "em",
        "h3",
        "h4",
        "h5",
        "i",
        "li",
    }
    | {"ol", "p", "s", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"}
)
_ATTRIBUTES = {
    "a": {"href"},
    "abbr": {"title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_LEVELS = {"h1": "h3", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h5", "h6": "h5"}
"""On our page the text stands under a heading of its own, so that its headings go down."""

_cleaner = nh3.Cleaner(
    tags=set(TAGS | set(_LEVELS)),
    attributes={name: set(kept) for name, kept in _ATTRIBUTES.items()},
    url_schemes={"http", "https", "mailto", "tel"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
    clean_content_tags={"script", "style", "template", "svg", "math", "noscript"},
)


def sanitise(html: str) -> str:
    """The HTML without anything but text, headings, lists, tables and links that lead to others' pages or mailboxes."""
    clean = _cleaner.clean(html)
    for old, new in _LEVELS.items():
        # A sanitised heading has no attributes, so that these are all; capitals mark those that are done.
        clean = clean.replace(f"<{old}>", f"<{new.upper()}>").replace(f"</{old}>", f"</{new.upper()}>")
    for new in set(_LEVELS.values()):
        clean = clean.replace(f"<{new.upper()}>", f"<{new}>").replace(f"</{new.upper()}>", f"</{new}>")
    return clean


def shown(html: str) -> str:
    """Sanitised HTML for our pages: its tables scroll in a frame of their own, and each has a caption."""
    parts = html.split("<table>")
    framed = [parts[0]]
    for number, part in enumerate(parts[1:], 1):
        name = f"Table {number} of the notice"
        caption = "" if part.lstrip().startswith("<caption>") else f"<caption>{name}</caption>"
        framed.append(f'<div class="app-table" role="region" aria-label="{name}" tabindex="0"><table>{caption}{part}')
    return "".join(framed).replace("</table>", "</table></div>")


def from_text(text: str) -> str:
    """Plain text as HTML: an empty line begins a paragraph."""
    blocks = [block for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]
    return "".join(f"<p>{'<br>'.join(escape(line) for line in block.strip().splitlines())}</p>" for block in blocks)
