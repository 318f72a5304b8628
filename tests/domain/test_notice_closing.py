"""Whether the counts of a notice add up, and who closes it."""

from dataclasses import replace
from datetime import date

import pytest

from app.domain.errors import RuleError
from app.domain.notice_closing import (
    LEFT,
    Reconciliation,
    Request,
    Tally,
    by_model,
    check_closing,
    check_notes_seen,
    deadline_words,
    fingerprint_of,
)
from app.domain.notice_standing import ActionState, Place
from app.domain.safety_notices import DeadlineKind, Deadlines, NoticeState


def tally(place: Place, state: ActionState, items: int = 1, code: str = "BED") -> Tally:
    return Tally(code, "Bed", "Harbour", "C3", place, state, items)


DONE = Reconciliation(
    held=3,
    tallies=(tally(Place.IN_STORE, ActionState.CORRECTED, 2), tally(Place.MISSING, ActionState.UNTRACEABLE)),
    wants_items=True,
)


def test_what_adds_up_lacks_nothing_and_shows_what_nobody_can_trace() -> None:
    assert (DONE.missing, DONE.found, DONE.finished) == ([], 3, 3)
    assert DONE.counts["places"]["missing"] == 1
    assert DONE.counts["action_states"]["untraceable"] == 1
    assert DONE.fingerprint == fingerprint_of(DONE.counts)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"held": 4}, "The notice lists 4 items, and 3 items were found in the records."),
        ({"unlisted": 1}, "1 item that its scope covers is not on its list. Activate a scope again."),
        ({"unlisted": 2}, "2 items that its scope covers are not on its list. Activate a scope again."),
        ({"reviews": 5, "reviews_open": 2}, "2 of 5 reviews of people are not done."),
        (
            {"reviews": 5, "reviews_open": 2, "reviews_unreached": 2},
            "2 of 5 reviews of people are not done. 2 of them are of people whom nobody has reached: those who handle "
            "notices decide.",
        ),
        (
            {"reviews": 5, "reviews_open": 2, "reviews_unreached": 1},
            "2 of 5 reviews of people are not done. 1 of them is of people whom nobody has reached: those who handle "
            "notices decide.",
        ),
        ({"actions": 1, "actions_open": 1}, "1 of 1 actions of the organisation are not done."),
        (
            {"is_changed": True},
            "Its text has changed since somebody decided on it. Read what changed, and decide again.",
        ),
        ({"has_newer_scope": True}, "A newer scope is entered and not in force. Activate it first."),
        (
            {"is_activated": False},
            "Nothing was done about it yet. Enter its scope, or what the organisation does about it.",
        ),
    ],
)
def test_what_is_missing_is_said(changes: dict[str, int], said: str) -> None:
    assert replace(DONE, **changes).missing == [said]  # type: ignore[arg-type]


@pytest.mark.parametrize("state", sorted(set(ActionState) - {state for state in ActionState if state.is_finished}))
def test_work_that_is_left_is_said_unless_the_notice_only_advises(state: ActionState) -> None:
    left = replace(DONE, held=2, tallies=(tally(Place.WITH_CLIENT, state, 2),))
    assert left.missing == [f"2 items: {LEFT[state]}"]
    assert replace(left, wants_items=False).missing == []


def test_tallies_go_by_model() -> None:
    tallies = [tally(Place.IN_STORE, ActionState.OPEN), tally(Place.MISSING, ActionState.OPEN, code="COT")]
    assert [(key[0], len(of)) for key, of in by_model([*tallies, tallies[0]]).items()] == [("BED", 2), ("COT", 1)]


def test_a_line_that_is_recorded_is_seen_also_where_it_counts_the_same() -> None:
    assert replace(DONE, last_line=91).fingerprint != DONE.fingerprint


def test_who_says_which_notes_they_read_has_read_all() -> None:
    for fine in (None, 91):
        check_notes_seen(fine, 91)
    for other in (90, 92):
        with pytest.raises(RuleError, match="not those that you read"):
            check_notes_seen(other, 91)


ASKED = Request("safety", DONE.fingerprint)


@pytest.mark.parametrize(
    ("state", "now", "asked", "actor", "seen", "again", "ends"),
    [
        (NoticeState.ACTIVE, DONE, None, "safety", None, False, False),
        (NoticeState.ACTIVE, DONE, ASKED, "safety2", None, False, True),
        (NoticeState.ACTIVE, DONE, ASKED, "safety2", DONE.fingerprint, False, True),
        (NoticeState.RELEVANT, DONE, ASKED, "safety2", None, False, True),
        (NoticeState.ACTIVE, DONE, ASKED, "safety2", None, True, False),
        (NoticeState.ACTIVE, DONE, ASKED, "safety", None, False, "same-person"),
        (NoticeState.ACTIVE, DONE, ASKED, "safety2", "other", False, "counts-changed"),
        (NoticeState.ACTIVE, DONE, Request("safety", "other"), "safety2", None, False, "counts-changed"),
        (NoticeState.ACTIVE, replace(DONE, held=4), ASKED, "safety2", None, False, "not-reconciled"),
        (NoticeState.CLOSED, DONE, None, "safety", None, False, "notice-closed"),
        (NoticeState.RECEIVED, DONE, None, "safety", None, False, "not-in-hand"),
    ],
)
def test_one_asks_and_another_closes_on_the_same_counts(
    state: NoticeState,
    now: Reconciliation,
    asked: Request | None,
    actor: str,
    seen: str | None,
    again: bool,
    ends: bool | str,
) -> None:
    try:
        found: bool | str = check_closing(state, now, asked, actor=actor, seen=seen, again=again)
    except RuleError as error:
        found = error.code
    assert found == ends


def test_deadlines_are_met_late_or_still_open() -> None:
    days = Deadlines(date(2026, 3, 6), date(2026, 4, 30), date(2026, 4, 1))
    met_on: dict[DeadlineKind, date | None] = {
        DeadlineKind.UNDERWAY: date(2026, 3, 2),
        DeadlineKind.OWN_TARGET: date(2026, 4, 2),
    }
    assert deadline_words(days, met_on=met_on, today=date(2026, 5, 2)) == [
        ("Actions underway", "By 6 March 2026: met on 2 March 2026"),
        ("Our own target", "By 1 April 2026: 1 day late, on 2 April 2026"),
        ("Actions complete", "By 30 April 2026: not yet, 2 days late"),
    ]
    # A day that was moved, or that is there no more, is said as it was first, and how late that was.
    first = Deadlines(date(2026, 3, 1), date(2026, 4, 30), date(2026, 3, 31))
    later = Deadlines(date(2026, 3, 6), date(2026, 4, 30), None)
    assert deadline_words(later, met_on=met_on, today=date(2026, 5, 2), first=first) == [
        ("Actions underway", "By 6 March 2026: met on 2 March 2026. Before it was changed: By 1 March 2026: 1 day "
         "late, on 2 March 2026"),
        ("Our own target", "Before it was changed: By 31 March 2026: 2 days late, on 2 April 2026"),
        ("Actions complete", "By 30 April 2026: not yet, 2 days late"),
    ]  # fmt: skip
    assert deadline_words(Deadlines(complete_by=date(2026, 4, 30)), met_on={}, today=date(2026, 4, 1)) == [
        ("Actions complete", "By 30 April 2026: not yet")
    ]


def test_a_scope_of_another_text_is_entered_anew_before_the_closing() -> None:
    older = replace(DONE, version=2, older_version=1)
    assert older.missing == [
        "The scope in force was entered on version 1, and version 2 has another text. Enter it anew, also where it "
        "fits as it is, and have another person put it into force."
    ]
    assert replace(older, has_newer_scope=True).missing == [
        "A newer scope is entered and not in force. Activate it first."
    ]
    assert replace(DONE, version=2).fingerprint != DONE.fingerprint
