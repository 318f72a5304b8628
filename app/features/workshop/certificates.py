"""Certificates of decontamination as PDF, a page each. Pure rendering: words in, bytes out; no database, no HTTP.

The wording is ours. What it declares is what such declarations usually do: that the item was never contaminated, that
it was and is decontaminated, or that it could not be; with who, when, how and with what.
"""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor, black, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from app.domain.catalogue import is_printable
from app.domain.dates import UK, in_words, uk_date
from app.domain.hygiene import Outcome, Route, band_in_words
from app.domain.labels import display
from app.features.workshop.cleaning_queries import Certificate
from app.settings import Settings
from app.web.typefaces import typeface

RED: Final = HexColor("#942514")
GREEN: Final = HexColor("#005a30")
LINE: Final = HexColor("#b1b4b6")

DECLARATIONS: Final = (
    ("A", "It has not been with a client, and has not touched blood, body fluids or other contamination."),
    ("B", "It has been in use. It was cleaned and decontaminated as stated below. It can be handled, inspected, "
     "repaired and carried without special precautions."),
    ("C", "It is not decontaminated, or cannot be. What is left on it, and what to take care of, is stated below."),
)  # fmt: skip
"""What can be declared. A is there to be seen not to apply: what never was with a client needs no certificate."""

NOTHING: Final = "Not recorded"


def certificate_pdf(certificates: Sequence[Certificate], *, settings: Settings, at: datetime) -> bytes:
    """A page of A4 for each. The same certificates at the same instant give the same bytes."""
    stream = BytesIO()
    title = f"Certificate of decontamination {certificates[0].number}"
    title += f" and {len(certificates) - 1} more" if len(certificates) > 1 else ""
    document = SimpleDocTemplate(
        stream,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=title,
        author=settings.service_name,
        lang="en-GB",
        invariant=1,
    )
    story: list[Any] = []
    for position, certificate in enumerate(certificates):
        story += [PageBreak()] if position else []
        story += _page(certificate, settings=settings, at=at)
    document.build(story, canvasmaker=Canvas)
    return stream.getvalue()


def _page(one: Certificate, *, settings: Settings, at: datetime) -> list[Any]:
    printed = f"{in_words(uk_date(at))}, {at.astimezone(UK):%H:%M}"
    return [
        _text(settings.service_name, size=10),
        _text("Declaration of contamination status", size=20, bold=True),
        _text(f"Certificate of decontamination {one.number}", size=12),
        Spacer(1, 4 * mm),
        _standing(one),
        Spacer(1, 4 * mm),
        _facts("The item", _item(one)),
        Spacer(1, 4 * mm),
        _declarations(one),
        Spacer(1, 4 * mm),
        _facts("How it was decontaminated" if _is_pass(one) else "What was found", _how(one)),
        *_notes(one),
        *_correction(one),
        Spacer(1, 4 * mm),
        _text(f"Recorded in person by {one.signed_by} under their own sign-in; this stands for a signature.", size=9),
        _text(
            f"{one.standing.text} Printed on {printed}, and true of that moment: whether it still "
            f"holds is on the page of item {display(one.barcode)}. An item without a certificate that holds counts as "
            "contaminated.",
            size=9,
        ),
    ]


def _is_pass(one: Certificate) -> bool:
    return one.outcome is Outcome.PASSED


def _standing(one: Certificate) -> Table:
    """The first thing that is read: whether it holds."""
    colour = GREEN if one.standing.holds else RED
    words = "This certificate holds. " if one.standing.holds else "This is no certificate that the item is clean. "
    box = Table([[_text(words + one.standing.text, size=12, bold=True, colour=white)]], colWidths=[170 * mm])
    box.setStyle(TableStyle([("BACKGROUND", (0, 0), (-1, -1), colour), ("TOPPADDING", (0, 0), (-1, -1), 6)]))
    return box


def _item(one: Certificate) -> list[tuple[str, str]]:
    return [
        ("Asset tag", display(one.barcode)),
        ("Product", one.product_name),
        ("Maker and model", " ".join(filter(None, (one.manufacturer, one.model))) or NOTHING),
        ("Serial number", one.serial_number or NOTHING),
        *([("Lot", one.lot_number)] if one.lot_number else []),
        ("Store", one.store_name),
    ]


def _how(one: Certificate) -> list[tuple[str, str]]:
    done = one.finished_at.astimezone(UK)
    cover = {"passed": "Passed: no fluid comes through the cover", "failed": "Failed: fluid comes through the cover"}
    return [
        *([("Corrects the record", one.corrects)] if one.corrects else []),
        ("Infection risk as it came", band_in_words(one.infection_risk)),
        ("Route", one.route.text),
        ("Method", one.method or one.route.text),
        ("Product used", one.product_used or NOTHING),
        *([("Strike-through test", cover[one.strike_through])] if one.strike_through else []),
        *([("Contractor", one.contractor or NOTHING)] if one.route is Route.CONTRACTOR else []),
        *([("Reference of the contractor", one.contractor_reference)] if one.contractor_reference else []),
        ("Outcome", {"passed": "Passed", "failed": "Failed", "cannot": "Cannot be decontaminated"}[one.outcome]),
        ("Date and time", f"{in_words(done.date())}, {done:%H:%M}"),
        ("By", one.signed_by),
    ]


def _notes(one: Certificate) -> list[Any]:
    """They may be long, so they are no cell of a table, which could not go on over the page."""
    if not one.notes:
        return []
    heading = "Remarks" if _is_pass(one) else "What is left, and what to take care of"
    return [Spacer(1, 4 * mm), _text(heading, size=12, bold=True), _text(one.notes, size=10)]


def _correction(one: Certificate) -> list[Any]:
    """Whoever holds an older print is to see at once what took it back."""
    if one.corrected is None:
        return []
    when = one.corrected.at.astimezone(UK)
    facts = [
        ("Taken back by", one.corrected.number),
        ("Date and time", f"{in_words(when.date())}, {when:%H:%M}"),
        ("By", one.corrected.by),
    ]
    why = _text(f"Reason: {one.corrected.reason}", size=10)
    return [Spacer(1, 4 * mm), _facts("What took it back", facts), Spacer(1, 2 * mm), why]


def _declarations(one: Certificate) -> Table:
    applies = "B" if _is_pass(one) else "C"
    over = _is_pass(one) and not one.standing.holds
    rows = [
        [
            _text("X" if letter == applies else "", size=12, bold=True),
            _text(f"{letter}. {words}", size=10, bold=letter == applies and not over),
        ]
        for letter, words in DECLARATIONS
    ]
    heading = [_text("What was declared at the time" if over else "What is declared", size=12, bold=True), ""]
    table = Table([heading, *rows], colWidths=[10 * mm, 160 * mm])
    grid = [("BOX", (0, row), (0, row), 1, black) for row in range(1, len(rows) + 1)]
    table.setStyle(TableStyle([("SPAN", (0, 0), (1, 0)), ("VALIGN", (0, 0), (-1, -1), "MIDDLE"), *grid]))
    return table


def _facts(heading: str, facts: Sequence[tuple[str, str]]) -> Table:
    rows = [[_text(name, size=10, bold=True), _text(value, size=10)] for name, value in facts]
    table = Table([[_text(heading, size=12, bold=True), ""], *rows], colWidths=[55 * mm, 115 * mm])
    lines = [("LINEBELOW", (0, row), (-1, row), 0.5, LINE) for row in range(1, len(rows) + 1)]
    tight = [("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 3)]
    table.setStyle(TableStyle([("SPAN", (0, 0), (1, 0)), ("VALIGN", (0, 0), (-1, -1), "TOP"), *lines, *tight]))
    return table


def _text(words: str, *, size: float, bold: bool = False, colour: Any = black) -> Paragraph:
    style = ParagraphStyle("p", fontName=typeface(bold), fontSize=size, leading=1.3 * size, textColor=colour)
    seen = "".join(letter if letter.isspace() or is_printable(letter) else "?" for letter in words)
    return Paragraph(escape(seen).replace("\n", "<br/>"), style)
