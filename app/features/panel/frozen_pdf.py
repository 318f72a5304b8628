"""The papers of a decision as one PDF, made from what was frozen with it. Pure rendering."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.dates import UK, in_words, uk_date
from app.domain.panel import DecisionKind
from app.domain.panel_meeting import InterestKind, Side
from app.features.panel.case_papers import appeals_story, said_story, screening_table, titled
from app.features.panel.decision_schemas import FrozenBody
from app.features.panel.pack_pdf import CONFIDENTIAL, Part, attached_parts, bind
from app.features.panel.records import CaseRecord
from app.web.printing import facts, table, words


@dataclass(frozen=True, slots=True)
class Frozen:
    """A case, what was frozen with one of its decisions, and the files that it names."""

    case: CaseRecord
    papers: FrozenBody
    files: Sequence[tuple[Mapping[str, Any], bytes]]


def frozen_pdf(frozen: Frozen, *, service: str, at: datetime) -> bytes:
    """What the panel saw and who decided, with its hash in front."""
    papers, seen = frozen.papers, frozen.papers.seen
    said = seen["case"]
    case = CaseRecord({**frozen.case.row, **said, "shares": said["proposed_funding"]}, frozen.case.actor)
    title = f"Case {papers.case}: what the panel saw for decision {papers.number}"
    parts = [
        Part("The case as it was", 1, [words("The case as it was", 18, bold=True, after=8), *said_story(case)]),
        *attached_parts(case, frozen.files),
    ]
    foot = f"Case {papers.case}, decision {papers.number}. {CONFIDENTIAL}"
    return bind(parts, lambda: _front(frozen, title, at), title=title, foot=foot, service=service)


def _front(frozen: Frozen, title: str, at: datetime) -> list[Any]:
    papers, seen = frozen.papers, frozen.papers.seen
    names = seen.get("names", {})
    holds = (
        "It is the same now: nothing was changed." if papers.holds else f"IT IS NOT THE SAME NOW: {papers.digest_now}"
    )
    appeal = [seen["appeal"]] if seen.get("appeal") else []
    parts = (
        ("Who was there", [_there(seen["attendance"], names)] if seen["attendance"] else []),
        ("What members recommended", [_said(seen["recommendations"])] if seen["recommendations"] else []),
        ("Who could not decide it", [_interests(seen["interests"], names)] if seen["interests"] else []),
        ("The appeal", list(appeals_story(appeal))),
        ("Screening", [screening_table(seen["screenings"])] if seen["screenings"] else []),
    )
    return [
        words(frozen.case.row["panel_name"], 11),
        words(title, 18, bold=True, after=8),
        facts(
            [
                ("Person", frozen.case.row["client_ref"]),
                ("Order", seen["case"]["order_number"]),
                ("Decision", papers.decision.text),
                ("Reasons", papers.reasons),
                (
                    "Decided",
                    f"{_when(papers.decided_at)}, recorded by {names.get(papers.decided_by, papers.decided_by)}",
                ),
                ("Who decided", ", ".join(names.get(one, one) for one in seen["took_part"])),
                ("Quorum", str(seen["quorum"])),
                ("SHA-256 of all of it", papers.digest),
                ("Made again", holds),
                ("Printed", _when(at)),
            ]
        ),
        *titled(parts),
    ]


def _there(attendance: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Any:
    rows = [
        (
            names.get(one["username"], one["username"]),
            Side(one["side"]).text,
            _hour(one["arrived_at"]),
            _hour(one["left_at"]),
        )
        for one in attendance
    ]
    return table(("Who", "For", "Came", "Left"), rows, (60, 34, 40, 40))


def _said(recommendations: Sequence[Mapping[str, Any]]) -> Any:
    rows = [(one["name"], DecisionKind(one["kind"]).text, one["reasons"]) for one in recommendations]
    return table(("Who", "What", "Why"), rows, (44, 40, 90))


def _interests(interests: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Any:
    rows = [(names.get(one["username"], one["username"]), InterestKind(one["kind"]).text) for one in interests]
    return table(("Who", "Why"), rows, (74, 100))


def _hour(at: str | None) -> str:
    return _when(datetime.fromisoformat(at)) if at else ""


def _when(at: datetime) -> str:
    return f"{in_words(uk_date(at))}, {at.astimezone(UK):%H:%M}"
