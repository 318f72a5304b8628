"""The pack of a meeting as one PDF: the agenda, the cases, their attachments. Pure rendering: papers in, bytes out.

Our own pages are made in one document, and the attached PDFs bound in between. Page numbers are written on all of them
beside what stands there: what was attached is not unpacked for it, whatever it holds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from pypdf import PdfReader, PdfWriter
from pypdf.generic import IndirectObject, NameObject, TextStringObject
from reportlab.platypus import Flowable, PageBreak

from app.domain.certificates import initials_of
from app.domain.dates import UK, in_words, uk_date
from app.domain.panel_meeting import Interest
from app.features.panel.case_papers import attachment_story, case_story, withheld_story
from app.features.panel.meeting_schemas import MeetingBody
from app.features.panel.records import CaseRecord
from app.uploads import PICTURES, MediaType
from app.web.numbering import number_pages
from app.web.printing import facts, pdf, table, words
from app.web.templating import pounds

CONFIDENTIAL: Final = "Confidential: personal health data"


@dataclass(frozen=True, slots=True)
class CasePapers:
    """A case as one member gets it: with its attachments and earlier decisions, or the interest why without."""

    case: CaseRecord
    interest: Interest | None
    attached: Sequence[tuple[Mapping[str, Any], bytes]] = ()
    decided: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Papers:
    """A meeting with the papers of the cases that it hears."""

    meeting: MeetingBody
    cases: Sequence[CasePapers]


@dataclass(slots=True)
class Part:
    """A stretch of the pack with a bookmark: pages of ours, and bound ones behind them. `depth`: 1 a case, 2 a file."""

    title: str
    depth: int
    story: list[Any]
    bound: PdfReader | None = None
    first: int = 0
    """Its first page in our own document, from 0; in the pack once it is laid out."""
    own: int = 0

    @property
    def pages(self) -> int:
        return self.own + (len(self.bound.pages) if self.bound else 0)


class _Mark(Flowable):  # type: ignore[misc]  # the library ships no types
    """Takes down on which page a part begins."""

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.part = part

    def wrap(self, *_: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        self.part.first = self.canv.getPageNumber() - 1


def pack_pdf(papers: Papers, *, service: str, at: datetime) -> bytes:
    """The pack, every page numbered, with bookmarks of meeting, cases and attachments."""
    meeting = papers.meeting
    title = f"{meeting.panel_name}, {in_words(meeting.held_on)}: agenda and papers"
    parts = [part for one in papers.cases for part in _parts(one)]
    foot = f"{meeting.panel}, {in_words(meeting.held_on)}. {CONFIDENTIAL}"
    return bind(parts, lambda: _front(papers, parts, at), title=title, foot=foot, service=service)


def bind(parts: Sequence[Part], make_front: Callable[[], list[Any]], *, title: str, foot: str, service: str) -> bytes:
    """One PDF of a front that may name the pages of the parts, and of these, with numbers and bookmarks."""
    body = _own_pages(parts, title=title, service=service)
    starts = [part.first for part in parts]
    front, front_pages = b"", 0
    # The agenda names pages, and how long it is itself shifts them.
    for _ in range(3):
        _lay_out(parts, front_pages)
        front = pdf(make_front(), title=title, author=service)
        count = len(PdfReader(BytesIO(front)).pages)
        if count == front_pages:
            break
        front_pages = count
    writer = PdfWriter()
    writer.append(BytesIO(front), import_outline=False)
    above: list[IndirectObject] = [writer.add_outline_item(title=title, page_number=0)]
    for part, start in zip(parts, starts, strict=True):
        here = len(writer.pages)
        if body:
            writer.append(body, pages=(start, start + part.own), import_outline=False)
        if part.bound:
            writer.append(part.bound, import_outline=False)
        del above[part.depth :]
        above.append(writer.add_outline_item(title=part.title, page_number=here, parent=above[-1]))
    number_pages(writer, foot)
    writer.add_metadata({"/Title": title, "/Author": service})
    writer.root_object[NameObject("/Lang")] = TextStringObject("en-GB")
    writer.page_mode = "/UseOutlines"
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _parts(papers: CasePapers) -> Iterator[Part]:
    case = papers.case
    title = f"Case {case.number}: {initials_of(case.row['client_name'])}, order {case.row['order_number']}"
    if papers.interest:
        yield Part(f"{title} (not in your copy)", 1, withheld_story(case, papers.interest))
        return
    yield Part(title, 1, case_story(case, [one for one, _ in papers.attached], papers.decided))
    yield from attached_parts(case, papers.attached)


def attached_parts(case: CaseRecord, files: Sequence[tuple[Mapping[str, Any], bytes]]) -> Iterator[Part]:
    """What is attached to a case, each file behind a page that names it."""
    for place, (attached, content) in enumerate(files, start=1):
        is_picture = MediaType(attached["media_type"]) in PICTURES
        story = attachment_story(case, attached, place, content if is_picture else None)
        bound = None if is_picture else PdfReader(BytesIO(content))
        yield Part(f"Attachment {place}: {attached['title']}", 2, story, bound)


def _own_pages(parts: Sequence[Part], *, title: str, service: str) -> PdfReader | None:
    """Our pages of all parts in one document, with one typeface; each part then knows which are its."""
    if not parts:
        return None
    story: list[Any] = []
    for part in parts:
        story += [*([PageBreak()] if story else []), _Mark(part), *part.story]
    made = PdfReader(BytesIO(pdf(story, title=title, author=service)))
    ends = [*(part.first for part in parts[1:]), len(made.pages)]
    for part, end in zip(parts, ends, strict=True):
        part.own = end - part.first
    return made


def _lay_out(parts: Sequence[Part], front_pages: int) -> None:
    """On which page of the pack each part begins."""
    at = front_pages
    for part in parts:
        part.first = at
        at += part.pages


def _front(papers: Papers, parts: Sequence[Part], at: datetime) -> list[Any]:
    meeting = papers.meeting
    sides = "Money of both sides wants a member of each." if meeting.joint_needs_both else ""
    members = [
        (one.name + (", chair" if one.is_chair else ""), one.side.text, _there(meeting, one.username))
        for one in meeting.members
    ]
    printed = f"{in_words(uk_date(at))}, {at.astimezone(UK):%H:%M}"
    heard = {one.case.number for one in papers.cases}
    left_out = [one.number for one in meeting.cases if one.number not in heard]
    return [
        words(meeting.panel_name, 11),
        words("Agenda and papers", 20, bold=True, after=8),
        facts(
            [
                ("Meeting", in_words(meeting.held_on)),
                ("Quorum", f"{meeting.quorum} members without an interest in the case. {sides}".strip()),
                ("Cases", str(len(papers.cases))),
                ("Printed", printed),
            ]
        ),
        words("Members", 13, bold=True, before=12, after=4),
        table(("Who", "For", "There"), members, (74, 50, 50)),
        words("Agenda", 13, bold=True, before=12, after=4),
        table(("Place", "Case", "What", "Value", "Page"), list(_agenda(papers, parts)), (14, 24, 92, 28, 16)),
        *([words(f"Withdrawn since: {', '.join(left_out)}.", 9, before=6)] if left_out else []),
        *_to_ratify(meeting),
        words(
            "People are named by their reference and initials. Keep these papers to yourself, and destroy your copy "
            "after the meeting. That you have them is recorded.",
            9,
            before=10,
        ),
    ]


def _to_ratify(meeting: MeetingBody) -> list[Any]:
    rows = [
        (
            one.number,
            one.decision.text,
            f"{in_words(uk_date(one.decided_at))}, {one.decided_at.astimezone(UK):%H:%M}",
            one.acted_by,
        )
        for one in meeting.to_ratify
    ]
    head = words("Chair's actions to ratify", 13, bold=True, before=12, after=4)
    return [head, table(("Case", "Decision", "When", "Who acted"), rows, (24, 62, 50, 38))] if rows else []


def _agenda(papers: Papers, parts: Sequence[Part]) -> Iterator[tuple[str, str, str, str, str]]:
    found = iter(parts)
    for place, one in enumerate(papers.cases, start=1):
        case = one.case
        page = str(next(found).first + 1)
        if one.interest:
            yield str(place), case.number, "Not in your copy: you have an interest in it", "", page
            continue
        what = ", ".join(f"{line['quantity']} x {line['product']}" for line in case.row["lines"] or [])
        urgent = "Urgent. " if case.row["is_urgent"] else ""
        who = f"{case.row['client_ref']} ({initials_of(case.row['client_name'])})"
        yield str(place), case.number, f"{urgent}{who}: {what}", pounds(case.value_pence), page
        for number, (attached, _) in enumerate(one.attached, start=1):
            yield "", "", f"Attachment {number}: {attached['title']}", "", str(next(found).first + 1)


def _there(meeting: MeetingBody, username: str) -> str:
    return "Is there" if username in meeting.present else "Invited"
