"""A report of thorough examination as a PDF. Pure rendering: a report in, bytes out; its words can be copied."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from app.domain.dates import in_words, uk_date
from app.domain.labels import display
from app.domain.thorough_examinations import SCHEDULE_1, DefectKind
from app.features.workshop.inspections.schemas import DefectBody, Equipment, ExaminationReport, ReportRecord
from app.web.typefaces import typeface

_MARGIN: Final = 18 * mm
_WIDTH: Final = A4[0] - 2 * _MARGIN


def _style(size: float, *, bold: bool = False, before: float = 0) -> ParagraphStyle:
    face = typeface(bold)
    return ParagraphStyle(
        f"{face} {size}",
        fontName=face,
        fontSize=size,
        leading=size * 1.35,
        spaceBefore=before,
        keepWithNext=bold and size >= 10,
    )


def report_pdf(record: ReportRecord, *, for_authority: bool = False) -> bytes:
    """The report on A4, by the fields of Schedule 1, every page numbered. The same report, the same bytes.

    `for_authority`: says on top that it is the copy for the enforcing authority.
    """
    stream = BytesIO()
    title = f"Report of thorough examination {record.id}: {display(record.barcode)}"
    document = SimpleDocTemplate(
        stream,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=22 * mm,
        title=title,
        author=record.report.examiner_name,
        subject="LOLER 1998, regulation 10 and Schedule 1",
        lang="en-GB",
        invariant=1,
    )
    pages = _count_pages(record, for_authority=for_authority)

    def foot(canvas: Canvas, page: Any) -> None:
        canvas.setFont(typeface(False), 8)
        canvas.drawString(_MARGIN, 12 * mm, title)
        canvas.drawRightString(A4[0] - _MARGIN, 12 * mm, f"Page {page.page} of {pages}")

    document.build(_story(record, for_authority=for_authority), onFirstPage=foot, onLaterPages=foot)
    return stream.getvalue()


def _count_pages(record: ReportRecord, *, for_authority: bool) -> int:
    counted = SimpleDocTemplate(
        BytesIO(), pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=22 * mm
    )
    counted.build(_story(record, for_authority=for_authority))
    return int(counted.page)


def _story(record: ReportRecord, *, for_authority: bool) -> list[Any]:
    report, head = record.report, _style(12, bold=True, before=8)
    story: list[Any] = [Paragraph("Report of thorough examination", _style(18, bold=True)), Spacer(1, 2 * mm)]
    law = "Lifting Operations and Lifting Equipment Regulations 1998, regulation 10 and Schedule 1."
    story.append(Paragraph(f"{law} Number {record.id}.", _style(9)))
    if for_authority:
        said = "Copy for the enforcing authority under regulation 10(1)(c): a defect is an existing or imminent danger."
        story.append(Paragraph(said, _style(11, bold=True, before=6)))
    if record.superseded_by:
        said = f"This report was wrong and is superseded by number {record.superseded_by}: {record.superseded_because}"
        story.append(Paragraph(escape(said), _style(11, bold=True, before=6)))
    if record.supersedes:
        said = f"It supersedes number {record.supersedes}: {record.supersede_reason}"
        story.append(Paragraph(escape(said), _style(9, before=4)))
    story += [Paragraph("Equipment (paragraph 3)", head), _pairs(equipment_lines(report.equipment))]
    story += [Paragraph("Examination", head), _pairs(report_lines(report))]
    story += _defects(report.defects, Paragraph("Defects that are or could become a danger (paragraph 8)", head))
    recorded = f"Recorded by {record.recorded_by} on {in_words(uk_date(record.recorded_at))}."
    return [*story, Spacer(1, 4 * mm), Paragraph(escape(recorded), _style(8))]


def equipment_lines(equipment: Equipment) -> list[tuple[str, str]]:
    """What identifies the equipment, as (label, words)."""
    made = in_words(equipment.manufactured_on) if equipment.manufactured_on else "Not known"
    if equipment.manufactured_on and equipment.manufactured_precision not in {None, "day"}:
        made = f"{made} (to the {equipment.manufactured_precision})"
    return [
        ("Asset tag", display(equipment.barcode)),
        ("Equipment", f"{equipment.name} ({equipment.code})"),
        (
            "Maker and model",
            " ".join(part for part in (equipment.manufacturer, equipment.model) if part) or "Not recorded",
        ),
        ("Serial number", equipment.serial_number or "None recorded"),
        ("Lot", equipment.lot_number or "None recorded"),
        ("Date of manufacture", made),
    ]


def report_lines(report: ExaminationReport) -> list[tuple[str, str]]:
    """What the report says, as (label with its paragraph, words), in the order of the schedule; without its defects."""
    lines = []
    for field in SCHEDULE_1:
        value = getattr(report, field.name)
        if field.name not in {"defects", "no_defects"} and value not in (None, "", False):
            lines.append((f"{field.label} ({field.paragraph})", _words(value)))
        elif value is False and field.name not in {"never_examined_before", "no_defects"}:
            lines.append((f"{field.label} ({field.paragraph})", "No"))
    due = in_words(report.next_due_on) if report.next_due_on else "Not set: it must pass an examination first"
    lines.append(("Next examination at the latest by (8(d))", due))
    return lines


def defect_lines(defect: DefectBody) -> list[tuple[str, str]]:
    """One defect, as (label, words)."""
    lines = [("Part", defect.part), ("What is wrong", defect.description)]
    lines.append(("How bad it is", defect.kind.text if defect.kind else ""))
    if defect.kind is DefectKind.COULD_BECOME_DANGER and defect.danger_by:
        lines.append(("Could become a danger by", in_words(defect.danger_by)))
    return [*lines, ("Repair, renewal or alteration needed", defect.remedy)]


def _defects(defects: Sequence[DefectBody], head: Paragraph) -> list[Any]:
    """The defects, none of them torn apart, and the first not from its heading."""
    if not defects:
        return [head, Paragraph("None was found.", _style(10))]
    blocks = [
        [Paragraph(f"Defect {number}", _style(10, bold=True, before=4)), _pairs(defect_lines(defect))]
        for number, defect in enumerate(defects, start=1)
    ]
    return [KeepTogether([head, *blocks[0]]), *(KeepTogether(block) for block in blocks[1:])]


def _words(value: Any) -> str:
    if value is True:
        return "Yes"
    if hasattr(value, "text"):
        return str(value.text)
    return in_words(value) if hasattr(value, "isoformat") else str(value)


def _pairs(lines: Sequence[tuple[str, str]]) -> Table:
    rows = [
        [
            Paragraph(escape(label), _style(9, bold=True)),
            Paragraph(escape(words).replace("\n", "<br/>"), _style(10)),
        ]
        for label, words in lines
    ]
    table = Table(rows, colWidths=[_WIDTH * 0.36, _WIDTH * 0.64], hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, "#b1b4b6"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ]
        )
    )
    return table
