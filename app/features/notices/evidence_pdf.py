"""The evidence pack of a safety notice as a PDF. Pure rendering: a pack in, bytes out."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Spacer

from app.domain.dates import UK, in_words, uk_date
from app.domain.labels import display
from app.domain.notice_closing import by_model
from app.domain.notice_scope import Words
from app.domain.notice_standing import ActionState, Place
from app.domain.safety_notices import NoticeState
from app.features.notices.evidence import Covered, Done, Pack, ScopeInForce
from app.features.notices.packs import Handed, Since
from app.web.printing import MARGIN, facts, pdf, table, words
from app.web.typefaces import typeface


def evidence_pdf(handed: Handed, *, service: str) -> bytes:
    """The pack on A4, every page numbered. The same pack at the same instant gives the same bytes."""
    pack = handed.pack
    title = f"Evidence pack: safety notice {pack.notice.reference}"

    def foot(canvas: Canvas, page: Any) -> None:
        canvas.setFont(typeface(False), 8)
        canvas.drawString(MARGIN, 12 * mm, f"{title}. As of {_when(handed.as_of)}.")
        canvas.drawRightString(A4[0] - MARGIN, 12 * mm, f"Page {page.page}")

    return pdf(_story(handed, service), title=title, author=service, foot=foot)


def _story(handed: Handed, service: str) -> list[Any]:
    pack, notice = handed.pack, handed.pack.notice
    parts = (
        ("How it was received", _received(pack)),
        ("Whether it concerns us", _triage(pack)),
        ("What it covers", [part for scope in pack.scopes for part in _scope(scope)]),
        ("Whether the counts add up", _counts(pack)),
        ("What was kept from going out", _prevented(pack)),
        ("What the organisation did", _organisation(pack)),
        ("Deadlines", [facts(pack.deadlines)] if pack.deadlines else []),
        ("Closing", _closings(pack)),
        ("What was caught after an earlier closing", _caught(pack.late)),
        ("What was done about each item", _done(pack)),
        *([("After this closing", _since(handed.since))] if handed.since else []),
    )
    story: list[Any] = [
        words(service, 10),
        words(f"Safety notice {notice.reference}", 18, bold=True),
        words(notice.title, 12),
        words(f"{notice.kind_text}, by {notice.issuer}. State: {notice.state.text.lower()}.", 10),
        words(_kept(handed), 9),
    ]
    for heading, content in parts:
        story += [words(heading, 13, bold=True, before=12), *(content or [words("Nothing is recorded.", 9)])]
    return story


def _received(pack: Pack) -> list[Any]:
    rows = [
        [
            str(version.number),
            _when(version.received_at),
            f"{version.source.text}, {version.received_by}",
            version.payload_sha256 or "No document: days were entered by hand.",
            version.change_note,
        ]
        for version in reversed(pack.notice.versions)
    ]
    issued = in_words(pack.notice.issued_on) if pack.notice.issued_on else "on a day that it does not say"
    head = ("Version", "Received", "How, and by whom", "SHA-256 of what was received", "What changed")
    return [words(f"Issued {issued}.", 9), table(head, rows, (18, 28, 32, 60, 36))]


def _triage(pack: Pack) -> list[Any]:
    rows = [
        [
            f"{one.decision.text}, version {one.version}",
            one.reason,
            f"{', '.join(one.search['terms'])}: {one.search['products']} of {one.search['catalogue_products']} "
            f"products, {one.search['items']} items",
            f"{_when(one.decided_at)}, {one.decided_by}",
        ]
        for one in reversed(pack.notice.triage)
    ]
    return [table(("Decision", "Why", "Looked for in the catalogue", "When, and by whom"), rows, (28, 56, 56, 34))]


def _scope(scope: ScopeInForce) -> list[Any]:
    said = [
        ("Scope", f"Number {scope.number}, from version {scope.version} of the notice. {scope.handling.text}."),
        ("Entered", f"{_when(scope.drafted_at)} by {scope.drafted_by}"),
        ("Put into force", f"{_when(scope.activated_at)} by {scope.activated_by}"),
        (
            "Covered then",
            f"{scope.affected} affected, {scope.possible} possible, {scope.not_affected} not affected",
        ),
    ]
    lines = [line for part in scope.words for line in _in_lines(part)]
    rows = [list(pair) for pair in zip_longest(lines, scope.source, fillvalue="")]
    return [facts(said), Spacer(1, 2 * mm), table(("As it was entered", "What the notice says"), rows, (87, 87))]


def _in_lines(said: Words, deep: int = 0) -> Iterator[str]:
    yield "\u00a0" * 4 * deep + said.text
    for under in said.under:
        yield from _in_lines(under, deep + 1)


def _counts(pack: Pack) -> list[Any]:
    counts = pack.counts
    places = [(place, counts.in_place(place)) for place in Place]
    equation = f"Held {counts.held} = {counts.found}: "
    equation += ", ".join(f"{place.text.lower()} {number}" for place, number in places) + "."
    states = [(state, counts.in_state(state)) for state in ActionState]
    rows = []
    for (code, name, maker, model), tallies in by_model(counts.tallies).items():
        for tally in tallies:
            product = f"{name} ({code}), {maker} {model}".rstrip(", ")
            rows.append([product, tally.place.text, tally.action_state.text, str(tally.items)])
    blocked = f"{pack.blocked} items were blocked, the first on {_when(pack.first_blocked_at)}."
    return [
        words(equation, 10, bold=True),
        words(" ".join(counts.missing) or "Nothing is left to do.", 9),
        words(blocked if pack.first_blocked_at else "No item was blocked.", 9),
        facts([(state.text, str(number)) for state, number in states if number]),
        Spacer(1, 2 * mm),
        table(("Product", "Where", "How far", "Items"), rows, (84, 36, 40, 14)),
    ]


def _prevented(pack: Pack) -> list[Any]:
    if not pack.prevented:
        return []
    rows = [
        [kept.move.value.replace("_", " ").capitalize(), str(kept.times), str(kept.items), _when(kept.first)]
        for kept in pack.prevented
    ]
    total = sum(kept.times for kept in pack.prevented)
    said = words(f"{total} time{'' if total == 1 else 's'} an item was refused because of this notice.", 9)
    return [said, table(("What was refused", "Times", "Items", "First"), rows, (60, 30, 30, 54))]


def _organisation(pack: Pack) -> list[Any]:
    rows = [
        [
            action.action,
            action.owner,
            in_words(action.due_on),
            f"{action.done_note} {_when(action.done_at)}, {action.done_by}" if action.done_at else "Not done",
        ]
        for action in pack.notice.organisation_actions
    ]
    acts = table(("Action", "Who sees to it", "By", "Done"), rows, (60, 36, 24, 54))
    reviews = [(f"Reviews of people: {outcome.lower()}", str(people)) for outcome, people in pack.reviews]
    return [*([acts] if rows else []), *([Spacer(1, 2 * mm), facts(reviews)] if reviews else [])]


def _closings(pack: Pack) -> list[Any]:
    rows = [
        [
            f"{_when(closing.asked_at)}, {closing.asked_by}",
            f"{_when(closing.closed_at)}, {closing.closed_by}" if closing.closed_at else "Not closed yet",
            f"Held {closing.counts['held']}; untraceable {closing.counts['action_states']['untraceable']}",
        ]
        for closing in reversed(pack.closings)
    ]
    return [table(("Asked for by", "Closed by", "With the counts"), rows, (58, 58, 58))] if rows else []


def _kept(handed: Handed) -> str:
    if handed.sha256:
        return (
            f"This is the evidence as it was kept when the notice was closed, {_when(handed.as_of)}. SHA-256 of what "
            f"is kept: {handed.sha256}. What was recorded later stands at the end, apart."
        )
    if handed.pack.notice.state is NoticeState.CLOSED:
        return "The notice was closed before evidence was kept at closing. This is what the records say now."
    return "The notice is not closed. This is what the records say now; notes of staff are added at the closing."


def _since(since: Since) -> list[Any]:
    rows = [[f"{_when(at)}, {by}", what] for at, by, what in since.rows]
    lines = [table(("When, and by whom", "What was recorded"), rows, (48, 126))] if rows else []
    caught = [words("Caught since:", 9, before=4), *_caught(since.items)] if since.items else []
    return [*lines, *caught]


def _caught(items: Sequence[Covered]) -> list[Any]:
    rows = [
        [display(item.barcode), item.product_name, f"{_when(item.found_at)}, {item.cause.text.lower()}",
         item.result.value.replace("_", " "), item.action_state.text]
        for item in items
    ]  # fmt: skip
    return [table(("Asset tag", "Product", "Caught", "Result", "How far"), rows, (30, 52, 42, 20, 30))] if rows else []


def _done(pack: Pack) -> list[Any]:
    """No table: notes may be longer than a page."""
    story: list[Any] = []
    for done in pack.done:
        story += [words(_head(done), 9, bold=True, before=4), *_notes(done)]
    return story


def _head(done: Done) -> str:
    how = f", {done.channel.lower()}" if done.channel else ""
    how += ", to be confirmed by another person" if done.to_confirm else ""
    return f"{display(done.barcode)}: {done.action.text}{how}. {_when(done.at)}, {done.by}"


def _notes(done: Done) -> list[Any]:
    answers = [words(f"{question} {'Yes' if is_so else 'No'}.", 9) for question, is_so in done.answers.items()]
    said = [words(text, 9) for text in (*done.seen, done.notes) if text]
    return [*answers, *said]


def _when(at: datetime | None) -> str:
    return f"{in_words(uk_date(at))}, {at.astimezone(UK):%H:%M}" if at else ""
