"""What the letters of a panel are laid out with, and what they are made from. Pure rendering."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table, TableStyle

from app.domain.dates import UK, in_words, uk_date
from app.domain.panel import DecisionKind
from app.features.panel.letter_standing import Standing
from app.web.printing import LINE, MARGIN, SHADE, words
from app.web.typefaces import typeface

LARGE: Final = 14
LARGE_MARGIN: Final = 24 * mm
PADDING: Final = 6
"""Between the margin and the text, in points."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Who writes, and where they are reached."""

    service: str
    phone: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A decision with what its letters say. `presenter`: the username of who brings the case; `standing`: what
    has become of it since."""

    case: str
    panel: str
    presenter: str
    decision: Mapping[str, Any]
    names: Mapping[str, str]
    contact: Contact
    standing: Standing

    @property
    def kind(self) -> DecisionKind:
        """What was decided."""
        return DecisionKind(self.decision["kind"])

    @property
    def seen(self) -> Mapping[str, Any]:
        """The case as the panel had it."""
        found: Mapping[str, Any] = self.decision["seen"]["case"]
        return found

    @property
    def equipment(self) -> list[str]:
        """What is ordered, one line each."""
        return [f"{line['quantity']} x {line['product']}" for line in self.seen["lines"] or []]

    def name(self, username: str) -> str:
        """Somebody's name."""
        return self.names.get(username, username)


def sender(letter: Letter, size: float, day: date) -> list[Any]:
    """Who writes, and when."""
    contact = letter.contact
    return [
        words(contact.service, size, bold=True),
        words(f"Phone {contact.phone}", size),
        words(in_words(day), size, before=size, after=size),
    ]


def to_person(letter: Letter) -> list[Any]:
    """To whom, in large print, and about what."""
    row = letter.decision
    lines = (row["client_name"], *row["address"].split("\n"), row["postcode"])
    return [
        *(words(line, LARGE) for line in lines if line),
        words(f"Our reference: {letter.case}", LARGE, before=14),
    ]


def part(heading: str, said: Sequence[str], size: float, *, as_bullets: bool = False) -> list[Any]:
    """A heading and what stands under it; nothing where nothing does."""
    if not said:
        return []
    lines = [line for one in said for line in one.split("\n") if line.strip()]
    body = bullets(lines, size) if as_bullets else [words(line, size, after=size / 3) for line in lines]
    return [*([words(heading, size + 2, bold=True, before=size, after=3)] if heading else []), *body]


def bullets(said: Sequence[str], size: float) -> list[Any]:
    """Each with a dot before it."""
    return [words(f"• {line}", size, after=size / 4) for line in said]


def notice(said: Sequence[str], size: float, margin: float = MARGIN) -> list[Any]:
    """What must be read first, in a box; nothing where nothing must."""
    if not said:
        return []
    lines = [words(line, size, bold=place == 0, after=size / 4) for place, line in enumerate(said)]
    box = Table([[lines]], colWidths=[A4[0] - 2 * margin - 2 * PADDING], hAlign="LEFT", spaceBefore=4, spaceAfter=10)
    box.setStyle(TableStyle([("BOX", (0, 0), (-1, -1), 1.5, LINE), ("BACKGROUND", (0, 0), (-1, -1), SHADE)]))
    return [box]


def foot(said: str, size: float, margin: float) -> Any:
    """The same at the foot of each page, with its number."""

    def draw(canvas: Canvas, page: Any) -> None:
        canvas.setFont(typeface(False), size)
        canvas.drawString(margin + PADDING, 12 * mm, said)
        canvas.drawRightString(A4[0] - margin - PADDING, 12 * mm, f"Page {page.page}")

    return draw


def when(at: datetime) -> str:
    """A day and the hour."""
    return f"{in_words(uk_date(at))}, {at.astimezone(UK):%H:%M}"
