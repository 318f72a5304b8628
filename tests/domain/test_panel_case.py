"""What a case must say to be submitted, and what whoever screens it is told is missing."""

from dataclasses import replace

import pytest

from app.domain.errors import Incomplete, RuleError
from app.domain.panel_case import (
    MUST_SAY,
    SHOULD_SAY,
    TO_BE_WEIGHED,
    WORDS,
    Content,
    Option,
    OptionKind,
    Section,
    check_options,
    check_ready,
    find_gaps,
    may_read,
    read_option,
)

SAID = "She cannot sit safely in any standard chair."
WHOLE = Content(
    words=dict.fromkeys(WORDS, SAID),
    options=[Option(kind, "", 100, "It was tried and did not hold her.") for kind in TO_BE_WEIGHED],
    trials=1,
    quotes=1,
    equivalents=2,
    is_split=True,
)


def test_a_whole_case_has_no_gap_and_is_ready() -> None:
    assert find_gaps(WHOLE) == []
    check_ready(WHOLE)


def test_an_empty_case_is_told_everything_page_by_page() -> None:
    gaps = find_gaps(Content({}))
    assert [gap.section for gap in gaps] == sorted((gap.section for gap in gaps), key=list(Section).index)
    assert len(gaps) == len(MUST_SAY) + len(SHOULD_SAY) + len(TO_BE_WEIGHED) + 3
    assert set(Section) - {gap.section for gap in gaps} == {Section.RECYCLED}


@pytest.mark.parametrize(
    ("content", "section"),
    [
        *((replace(WHOLE, words={**WHOLE.words, name: "."}), WORDS[name]) for name in MUST_SAY),
        *((replace(WHOLE, words={**WHOLE.words, name: " "}), WORDS[name]) for name in SHOULD_SAY),
        (replace(WHOLE, options=WHOLE.options[1:]), Section.OPTIONS),
        (replace(WHOLE, trials=0), Section.TRIALS),
        (replace(WHOLE, quotes=0), Section.QUOTES),
        (replace(WHOLE, words={**WHOLE.words, "why_not_equivalents": ""}), Section.RECYCLED),
        (replace(WHOLE, is_split=False), Section.FUNDING),
    ],
)
def test_each_gap_is_named_with_its_page(content: Content, section: Section) -> None:
    [gap] = find_gaps(content)
    assert gap.section is section
    assert gap.detail.endswith(".")


def test_where_no_equivalent_is_on_a_shelf_nobody_asks_why_not() -> None:
    assert find_gaps(replace(WHOLE, equivalents=0, words={**WHOLE.words, "why_not_equivalents": ""})) == []


@pytest.mark.parametrize(
    ("content", "missing"),
    [
        (replace(WHOLE, words={}), list(MUST_SAY)),
        (replace(WHOLE, options=[]), ["options"]),
        (replace(WHOLE, is_split=False), ["proposed_funding"]),
        # What the contract of the API does not name stops nobody from submitting.
        (replace(WHOLE, words=dict.fromkeys(MUST_SAY, SAID), trials=0, quotes=0), None),
    ],
)
def test_only_what_no_panel_can_do_without_stops_a_case(content: Content, missing: list[str] | None) -> None:
    if missing is None:
        check_ready(content)
        return
    with pytest.raises(Incomplete) as refusal:
        check_ready(content)
    assert (refusal.value.code, refusal.value.field) == ("case-not-ready", missing[0])
    assert [one["field"] for one in refusal.value.wanted["missing"]] == missing


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("standard_stock", (OptionKind.STANDARD_STOCK, "")),
        ("Recycled special", (OptionKind.RECYCLED_SPECIAL, "")),
        ("A care package", (OptionKind.CARE_PACKAGE, "")),
        ("adapt what is there", (OptionKind.ADAPT_EXISTING, "")),
        ("adapt-existing", (OptionKind.ADAPT_EXISTING, "")),
        ("No equipment", (OptionKind.NO_EQUIPMENT, "")),
        ("Ceiling track hoist", (OptionKind.OTHER, "Ceiling track hoist")),
    ],
)
def test_an_option_is_read_by_its_name_or_kept_in_words(words: str, wanted: tuple[OptionKind, str]) -> None:
    assert read_option(words) == wanted


def test_only_what_is_asked_for_is_without_a_reason_against_it() -> None:
    asked, other = Option(OptionKind.NEW_SPECIAL, "", 1), Option(OptionKind.OTHER, "Ceiling track hoist", 1)
    check_options([asked, replace(other, why_not="The ceiling does not hold it.")])
    with pytest.raises(RuleError) as refusal:
        check_options([asked, other])
    assert refusal.value.code == "why-not-wanted"
    assert "“A new special” and “Ceiling track hoist”" in refusal.value.detail


def test_sections_are_called_by_their_headings() -> None:
    assert len({section.text for section in Section}) == len(Section)


@pytest.mark.parametrize(
    ("brings", "sits", "was_submitted", "may"),
    [(True, False, False, True), (False, True, True, True), (False, True, False, False), (False, False, True, False)],
)
def test_a_case_is_read_by_who_brings_it_and_once_submitted_by_its_panel(
    brings: bool, sits: bool, was_submitted: bool, may: bool
) -> None:
    assert may_read(brings=brings, sits=sits, was_submitted=was_submitted) is may
