"""One case as its panel reads it on paper. The person is named by reference and initials, and by nothing else of ours.

What somebody wrote is shown as it was written.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Image, Spacer

from app.domain.certificates import initials_of
from app.domain.dates import UK, in_words, uk_date
from app.domain.labels import display
from app.domain.panel import ConditionKind, DecisionKind, Screening
from app.domain.panel_appeal import AppealOutcome, Appellant
from app.domain.panel_funding import allot, in_percent
from app.domain.panel_meeting import Interest
from app.features.panel.case_forms import LABELS
from app.features.panel.records import CaseRecord
from app.uploads import MediaType
from app.web.printing import WIDTH, facts, table, words
from app.web.templating import pounds

TALLEST = 190 * mm
NO_EQUIVALENT = "No close equivalent is on a shelf."


def case_story(
    case: CaseRecord, attached: Sequence[Mapping[str, Any]], decided: Sequence[Mapping[str, Any]]
) -> list[Any]:
    """The case from its order to the earlier decisions and appeals, with what is attached by name."""
    row = case.row
    parts = (
        ("Appeals", list(appeals_story(row["appeals"]))),
        ("Screening", [screening_table(row["screenings"])] if row["screenings"] else []),
        ("Who cannot decide it", [_interests(case)]),
        ("Earlier decisions", [_decisions(decided)] if decided else []),
        ("Attachments", [_files(attached)] if attached else []),
    )
    return [*_head(case), *said_story(case), *titled(parts)]


def said_story(case: CaseRecord) -> list[Any]:
    """What the case itself says."""
    row = case.row
    said = [(LABELS[name][0], text) for name, text in case.words.items() if text]
    parts = (
        ("What is ordered", [_ordered(case)]),
        ("Options that were considered", [_options(case)]),
        ("Who is to pay, as it is proposed", [_split(case)]),
        ("Trials", [_trials(row["trials"])]),
        ("Quotes", [_quotes(row["quotes"])]),
        ("What the shelves held", list(_search(row["search"]))),
        ("Lifetime and servicing", [facts(_lifetime(row))] if _lifetime(row) else []),
    )
    story: list[Any] = []
    for label, text in said:
        story += [words(label, 11, bold=True, before=8, after=2), *(words(one, 10) for one in text.split("\n"))]
    return [*story, *titled(parts)]


def titled(parts: Iterable[tuple[str, Sequence[Any]]]) -> list[Any]:
    """Each part under its heading; none of what is empty."""
    story: list[Any] = []
    for heading, content in parts:
        if content:
            story += [words(heading, 11, bold=True, before=12, after=4), *content]
    return story


def withheld_story(case: CaseRecord, interest: Interest) -> list[Any]:
    """What stands there instead, for a member who has an interest in the case."""
    return [
        words(f"Case {case.number}", 18, bold=True, after=8),
        words("The papers of this case are not in your copy.", 12, bold=True, after=4),
        words(
            f"You have an interest in it: {interest.kind.text.lower()}{_named(interest, case)}. "
            "You do not decide it, and do not count for its quorum. If this is wrong, tell a chair before the meeting.",
            11,
        ),
    ]


def attachment_story(case: CaseRecord, attached: Mapping[str, Any], place: int, picture: bytes | None) -> list[Any]:
    """The page before an attachment; a picture stands on it."""
    kind, pages = MediaType(attached["media_type"]).text, attached["pages"]
    story: list[Any] = [
        words(f"Case {case.number}", 11),
        words(f"Attachment {place}: {attached['title']}", 16, bold=True, after=6),
        facts(
            [
                ("File", f"{attached['name'] or 'Without a name'}: {kind}, {pages} page{'' if pages == 1 else 's'}"),
                ("Attached", f"{_when(datetime.fromisoformat(attached['added_at']))}, by {attached['added_by']}"),
                ("SHA-256", attached["sha256"]),
            ]
        ),
    ]
    if picture is None:
        return [*story, words("It follows as it was attached, with the numbers of this pack.", 10, before=10)]
    width, height = ImageReader(BytesIO(picture)).getSize()
    scale = min(WIDTH / width, TALLEST / height, 1)
    shown = Image(BytesIO(picture), width * scale, height * scale, mask="auto", hAlign="LEFT")
    return [*story, Spacer(1, 5 * mm), shown]


def _head(case: CaseRecord) -> list[Any]:
    row = case.row
    who = f"{row['client_ref']} ({initials_of(row['client_name'])})"
    submitted = row["submitted_at"]
    return [
        words(f"Case {case.number}{', urgent' if row['is_urgent'] else ''}", 18, bold=True, after=8),
        facts(
            [
                ("Person", who),
                ("Order", row["order_number"]),
                ("Brought by", row["made_by_name"]),
                ("Submitted", _when(submitted) if submitted else "Not yet"),
                ("Value at catalogue prices", pounds(case.value_pence)),
            ]
        ),
    ]


def _ordered(case: CaseRecord) -> Any:
    rows = [
        (
            line["product"],
            line["kind"].capitalize(),
            str(line["quantity"]),
            pounds(line["quantity"] * line["unit_price_pence"]),
        )
        for line in case.row["lines"] or []
    ]
    return table(("Product", "Kind", "How many", "Value"), rows, (94, 26, 24, 30))


def _options(case: CaseRecord) -> Any:
    rows = [
        (one.detail or one.kind.text, pounds(one.cost_pence), one.why_not or "This is asked for")
        for one in case.options
    ]
    return table(("Option", "Cost", "Why not"), rows, (48, 28, 98))


def _split(case: CaseRecord) -> Any:
    names = {one["funder"]: one["name"] for one in case.row["shares"]}
    rows = [
        (names[one.funder], in_percent(one.percent), pounds(one.pence)) for one in allot(case.value_pence, case.shares)
    ]
    return table(("Funder", "Share", "Amount"), [*rows, ("Together", "", pounds(case.value_pence))], (94, 40, 40))


def _trials(trials: Sequence[Mapping[str, Any]]) -> Any:
    rows = [
        (
            f"{one['product']} {display(one['barcode'])}, serial number {one['serial_number'] or 'none'}",
            _days(one["started_on"], one["ended_on"]),
            (one["outcome"] or "Not yet").capitalize(),
            "\n".join(filter(None, (one["goals"] and f"Goals: {one['goals']}", one["notes"]))),
        )
        for one in trials
    ]
    return _or_none(("Item", "When", "Outcome", "Goals and notes"), rows, (52, 36, 22, 64), "None is named.")


def _quotes(quotes: Sequence[Mapping[str, Any]]) -> Any:
    rows = [(one["supplier"], one["reference"], pounds(one["price_pence"])) for one in quotes]
    return _or_none(("Supplier", "Reference", "Price"), rows, (84, 56, 34), "None is named.")


def _search(search: Mapping[str, Any]) -> Iterator[Any]:
    """As it is frozen: of each line what is held, what else is recycled and why not that, and close equivalents."""
    for line in search.get("lines", []):
        yield words(f"{line['product']}, on a shelf", 9, bold=True, before=4, after=2)
        rows = [(display(one["barcode"]), "Held for this order", one["detail"]) for one in line["held"]]
        rows += [
            (display(one["barcode"]), "Free" if one["code"] == "free" else "Will not do", one["detail"])
            for one in line["others"]
        ]
        yield _or_none(("Asset tag", "Stands", "Why"), rows, (36, 38, 100), "No item of this product is on a shelf.")
        yield words(f"Close equivalents of {line['product']}", 9, bold=True, before=4, after=2)
        found = [
            (one["product"], str(one["recycled"]), str(one["new"]), pounds(one["price_pence"]))
            for one in line["equivalents"]
        ]
        yield _or_none(("Product", "Recycled", "New", "Price"), found, (94, 26, 24, 30), NO_EQUIVALENT)
    if search.get("searched_at"):
        yield words(f"Searched on {_when(datetime.fromisoformat(search['searched_at']))}.", 9, before=4)


def _lifetime(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    said = []
    if row["lifetime_months"]:
        said.append(("How long it lasts", f"{row['lifetime_months']} months"))
    if row["servicing_pence_per_year"] is not None:
        said.append(("Servicing in a year", pounds(row["servicing_pence_per_year"])))
    return said


def screening_table(screenings: Sequence[Mapping[str, Any]]) -> Any:
    """What came of looking at it before the panel did."""
    rows = [
        (
            Screening(one["outcome"]).text,
            " ".join([*one["gaps"], one["note"]]).strip(),
            f"{_when(datetime.fromisoformat(one['screened_at']))}, {one['screened_by']}",
        )
        for one in screenings
    ]
    return table(("Outcome", "What was missing, and notes", "When, and by whom"), rows, (36, 84, 54))


def _interests(case: CaseRecord) -> Any:
    names = {one["username"]: one["name"] for one in case.row["members"] or []}
    names |= {case.row["made_by"]: case.row["made_by_name"]}
    rows = [(names.get(one.username, one.username), one.kind.text, _declared(one, names)) for one in case.interests]
    return table(("Who", "Why", "Declared"), rows, (60, 70, 44))


def _declared(one: Interest, names: Mapping[str, str]) -> str:
    return f"{_when(one.declared_at)}{_named_by(one, names)}" if one.declared_at else ""


def _named(one: Interest, case: CaseRecord) -> str:
    return _named_by(one, {member["username"]: member["name"] for member in case.row["members"] or []})


def _named_by(one: Interest, names: Mapping[str, str]) -> str:
    """Who said so of them, and in which words, where it was somebody else."""
    by = one.declared_by or one.username
    return f", named by {names.get(by, by)}: {one.detail.rstrip('.')}" if by != one.username else ""


def _decisions(decided: Sequence[Mapping[str, Any]]) -> Any:
    kinds = {kind.value: kind.text for kind in ConditionKind}
    rows = [
        (
            f"Number {one['number']}: {DecisionKind(one['kind']).text}, {_when(one['decided_at'])}",
            one["reasons"],
            "\n".join(_with_it(one, kinds)),
        )
        for one in decided
    ]
    return table(("Decision", "Reasons", "With it"), rows, (40, 70, 64))


def _with_it(one: Mapping[str, Any], kinds: Mapping[str, str]) -> Iterator[str]:
    if one["conditions"]:
        yield f"Conditions: {'; '.join(kinds.get(said, said) for said in one['conditions'])}"
    if one["information"]:
        yield f"Asked for: {'; '.join(one['information'])}"
    if one["kind"] == DecisionKind.DECLINE:
        yield f"What meets the need instead: {one['alternative'] or 'the panel named nothing'}"


def appeals_story(appeals: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
    """Why somebody is not content, what is new, and what came of it."""
    for one in appeals:
        stands = AppealOutcome(one["outcome"]).text if one["outcome"] else "Heard now, by others than those who decided"
        yield facts(
            [
                ("Who appeals", Appellant(one["appellant"]).text),
                ("Against the decision", f"Number {one['decision_id']}"),
                ("Appealed", _when(datetime.fromisoformat(one["made_at"]))),
                ("Grounds", one["grounds"]),
                ("What is new", one["new_evidence"] or "Nothing was named"),
                ("What came of it", stands),
            ]
        )


def _files(attached: Sequence[Mapping[str, Any]]) -> Any:
    rows = [(str(place), one["title"], one["sha256"]) for place, one in enumerate(attached, start=1)]
    return table(("Number", "What", "SHA-256"), rows, (18, 84, 72))


def _or_none(head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float], none: str) -> Any:
    return table(head, rows, widths) if rows else words(none, 9)


def _days(first: str, last: str | None) -> str:
    ended = f" to {in_words(date.fromisoformat(last))}" if last else ""
    return f"{in_words(date.fromisoformat(first))}{ended}"


def _when(at: datetime) -> str:
    return f"{in_words(uk_date(at))}, {at.astimezone(UK):%H:%M}"
