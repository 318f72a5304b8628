"""States, references, deadlines and versions of safety notices, as tables."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.domain.errors import BadValue, Conflict, NotAllowed, RuleError, Stale
from app.domain.safety_notices import (
    IN_HAND,
    MOST_COMPARED,
    MOST_LINES,
    Change,
    Clock,
    DeadlineKind,
    Deadlines,
    Decision,
    NoticeState,
    Seen,
    Text,
    after_new_version,
    after_scope,
    after_triage,
    changes_between,
    check_can_act,
    check_can_activate,
    check_days_kept,
    check_deadlines,
    check_hits_no_less,
    check_is_triaged,
    check_reference,
    check_same_scope,
    check_scope_is_current,
    clocks,
    find_reference,
    furthest_day,
    kind_text,
    threshold_of,
)

TODAY = date(2026, 3, 2)
S, D = NoticeState, Decision


@pytest.mark.parametrize(
    ("state", "decision", "leads_to"),
    [
        *((state, decision, decision.value) for state in (S.RECEIVED, S.RELEVANT, S.NOT_HELD) for decision in D),
        (S.ACTIVE, D.RELEVANT, "active"),
        (S.SCOPE_ENTERED, D.RELEVANT, "scope_entered"),
        (S.SCOPE_ENTERED, D.NOT_HELD, Conflict),
        (S.ACTIVE, D.NOT_RELEVANT, Conflict),
        (S.CLOSED, D.RELEVANT, Conflict),
    ],
)
def test_triage_leads_to_what_was_decided_unless_the_work_has_gone_on(
    state: NoticeState, decision: Decision, leads_to: str | type[Conflict]
) -> None:
    if isinstance(leads_to, str):
        assert after_triage(state, decision) == leads_to
    else:
        with pytest.raises(Conflict):
            after_triage(state, decision)


def test_a_closed_notice_that_has_changed_is_decided_on_and_stays_closed() -> None:
    assert {after_triage(S.CLOSED, decision, is_changed=True) for decision in D} == {S.CLOSED}


def test_an_amended_notice_is_decided_on_again_but_its_work_goes_on_and_a_closed_one_stays_closed() -> None:
    assert {state: after_new_version(state) for state in S} == {
        S.RECEIVED: S.RECEIVED,
        S.NOT_RELEVANT: S.RECEIVED,
        S.NOT_HELD: S.RECEIVED,
        S.RELEVANT: S.RECEIVED,
        S.SCOPE_ENTERED: S.SCOPE_ENTERED,
        S.ACTIVE: S.ACTIVE,
        S.CLOSED: S.CLOSED,
    }


@pytest.mark.parametrize("state", S)
def test_actions_belong_to_what_is_relevant(state: NoticeState) -> None:
    if state in IN_HAND:
        check_can_act(state)
    else:
        with pytest.raises(Conflict) as refused:
            check_can_act(state)
        assert (refused.value.code, state.text.lower() in refused.value.detail) == ("not-relevant", True)


def test_states_decisions_and_kinds_are_read_in_words() -> None:
    assert [state.text for state in S][:3] == ["To triage", "Not relevant", "Not held"]
    assert [decision.text for decision in D] == ["Relevant", "Not relevant", "Not held"]
    assert kind_text("national-patient-safety") == "National Patient Safety Alert"
    assert kind_text("field_safety_notice") == "Field safety notice"
    assert kind_text("a-kind-of-2031") == "A kind of 2031"


@pytest.mark.parametrize(
    "reference", ["NatPSA/2023/010/MHRA", "MDA/2015/025", "DSI/2024/001", "FSN 2013-02 (rev. 3)", "EL(26)A/12", "x"]
)
def test_a_reference_is_kept_as_the_notice_has_it(reference: str) -> None:
    assert check_reference(f"  {reference} ") == reference


@pytest.mark.parametrize(
    "reference",
    ["", "/a", "a//b", "a/../b", "a/./b", "a/", "a?b", "a#b", "a%2Fb", "a\\b", "ä", "a" * 101, "A/Triage", "a/close/b"],
)
def test_a_reference_that_no_address_can_hold_is_refused(reference: str) -> None:
    with pytest.raises(BadValue) as refused:
        check_reference(reference)
    assert (refused.value.code, refused.value.field) == ("bad-reference", "reference")


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (("Beds (NatPSA/2023/010/MHRA)", ""), "NatPSA/2023/010/MHRA"),
        (("Mattress", "Risk of burns (MDA/2015/025)"), "MDA/2015/025"),
        (("Update of MDA/2007/031", "Replaces MDA/2004/001"), "MDA/2007/031"),
        (("MDA/2007/031 replaces MDA/2004/001", "DSI/2023/001"), None),
        (("Mda/2007/031", "No reference here: 2007/031"), None),
        ((), None),
    ],
)
def test_a_reference_is_found_only_where_there_is_no_doubt(texts: tuple[str, ...], found: str | None) -> None:
    assert find_reference(*texts) == found


@pytest.mark.parametrize(
    ("days", "code"),
    [
        (Deadlines(), None),
        (Deadlines(TODAY, TODAY, TODAY), None),
        (Deadlines(complete_by=date(2026, 2, 1)), "deadline-before-issue"),
        (Deadlines(underway_by=TODAY + timedelta(1), complete_by=TODAY), "underway-after-complete"),
        (Deadlines(own_target_on=TODAY + timedelta(1), complete_by=TODAY), "target-after-complete"),
        (Deadlines(underway_by=TODAY, own_target_on=TODAY), None),
    ],
)
def test_deadlines_must_stand_in_order(days: Deadlines, code: str | None) -> None:
    if code is None:
        check_deadlines(days, issued_on=date(2026, 2, 2))
        check_deadlines(days, issued_on=None)
    else:
        with pytest.raises(BadValue) as refused:
            check_deadlines(days, issued_on=date(2026, 2, 2))
        assert refused.value.code == code


DAYS = Deadlines(underway_by=date(2026, 3, 1), complete_by=date(2026, 3, 9), own_target_on=date(2026, 3, 2))


def test_clocks_run_the_soonest_first_until_there_is_nothing_to_do_any_more() -> None:
    running = clocks(S.RELEVANT, DAYS, is_underway=False, today=TODAY)
    assert [(clock.kind.text, clock.text, clock.is_overdue) for clock in running] == [
        ("Actions underway", "1 day overdue", True),
        ("Our own target", "due today", False),
        ("Actions complete", "7 days left", False),
    ]
    assert [clock.kind for clock in clocks(S.RELEVANT, DAYS, is_underway=True, today=TODAY)] == [
        DeadlineKind.OWN_TARGET,
        DeadlineKind.COMPLETE,
    ]
    assert len(clocks(S.ACTIVE, DAYS, is_underway=False, today=TODAY)) == 2
    assert clocks(S.NOT_HELD, DAYS, is_underway=False, today=TODAY) == []
    assert clocks(S.RECEIVED, Deadlines(), is_underway=False, today=TODAY) == []
    assert Clock(DeadlineKind.COMPLETE, TODAY, -3).text == "3 days overdue"


@pytest.mark.parametrize(("days", "threshold"), [(8, None), (7, 7), (2, 7), (1, 1), (0, 1), (-1, -1), (-40, -1)])
def test_people_are_reminded_a_week_and_a_day_before_and_afterwards(days: int, threshold: int | None) -> None:
    assert threshold_of(days) == threshold
    assert furthest_day(TODAY) == TODAY + timedelta(days=7)


TEXT = Text("Beds", "Risk of falls", "devices", TODAY, Deadlines(complete_by=TODAY), False, True, ("One", "Two"))


@pytest.mark.parametrize(
    ("after", "changes"),
    [
        (TEXT, []),
        (replace(TEXT, title="All beds"), [Change("Title", "Beds", "All beds")]),
        (replace(TEXT, kind="x"), [Change("Kind", "Medical device alert", "X")]),
        (replace(TEXT, issued_on=None), [Change("Issued", "2 March 2026", "")]),
        (
            replace(TEXT, deadlines=Deadlines(complete_by=date(2026, 4, 2))),
            [Change("Actions complete", "2 March 2026", "2 April 2026")],
        ),
        (replace(TEXT, is_withdrawn=True), [Change("Withdrawn", "No", "Yes")]),
        (replace(TEXT, lines=("One", "2", "Three")), [Change("Text", "Two", "2"), Change("Text", "", "Three")]),
        (replace(TEXT, lines=("Two",)), [Change("Text", "One", "")]),
        (
            replace(TEXT, is_whole=False, lines=()),
            [Change("Text", "The whole text", "Only the summary: the new text has not been fetched yet")],
        ),
    ],
)
def test_what_a_version_changed_is_said_in_words(after: Text, changes: list[Change]) -> None:
    assert changes_between(TEXT, after) == changes


def test_the_whole_text_in_place_of_the_summary_is_one_change_and_a_rewritten_one_is_not_listed_for_ever() -> None:
    short = replace(TEXT, is_whole=False, lines=())
    assert changes_between(short, TEXT) == [Change("Text", "Only the summary", "The whole text")]
    rewritten = replace(TEXT, lines=tuple(f"Line {number}" for number in range(100)))
    changes = changes_between(TEXT, rewritten)
    assert (len(changes), changes[-1].after) == (MOST_LINES + 1, "60 more paragraphs")


def test_a_very_long_text_is_compared_by_the_lines_it_has() -> None:
    long = replace(TEXT, lines=tuple(f"Line {number}" for number in range(MOST_COMPARED + 1)))
    other = replace(long, lines=("Line one", *long.lines[1:]))
    assert changes_between(long, other) == [Change("Text", "Line 0", "Line one")]


def test_only_what_is_relevant_takes_a_scope_and_what_is_in_force_stays_so_until_the_next_is() -> None:
    assert {state: after_scope(state) for state in S if state in {*IN_HAND, S.CLOSED}} == {
        S.RELEVANT: S.SCOPE_ENTERED,
        S.SCOPE_ENTERED: S.SCOPE_ENTERED,
        S.ACTIVE: S.ACTIVE,
        S.CLOSED: S.CLOSED,
    }
    for state in (S.RECEIVED, S.NOT_HELD, S.NOT_RELEVANT):
        with pytest.raises(Conflict, match="triage it first"):
            after_scope(state)


def test_a_scope_is_put_into_force_once_and_by_somebody_else_than_its_author() -> None:
    check_can_activate(S.SCOPE_ENTERED, author="safety", actor="manager", is_newest=True)
    with pytest.raises(NotAllowed, match="Somebody else must check it"):
        check_can_activate(S.ACTIVE, author="safety", actor="safety", is_newest=True)
    with pytest.raises(Conflict, match="in force already"):
        check_can_activate(S.ACTIVE, author="safety", actor="manager", is_newest=False)


def test_a_scope_of_an_older_version_is_looked_at_again() -> None:
    check_scope_is_current(2, 2, None)
    check_scope_is_current(1, 2, 2)
    for looked_at, code in ((None, "older-version"), (1, "stale")):
        with pytest.raises(RuleError) as error:
            check_scope_is_current(1, 2, looked_at)
        assert error.value.code == code


def test_a_scope_waits_until_the_newest_text_was_decided_on() -> None:
    check_is_triaged(2, 2)
    with pytest.raises(Conflict, match="decided yet on version 2"):
        check_is_triaged(2, 1)


def test_what_was_checked_is_put_into_force_and_hits_no_less() -> None:
    check_same_scope(2, 2)
    with pytest.raises(Stale, match="Scope 2 has been entered since you checked scope 1"):
        check_same_scope(1, 2)
    check_hits_no_less(None, Seen(1, 0, 0))
    check_hits_no_less(Seen(1, 1, 2), Seen(1, 2, 1))
    for fewer in (Seen(1, 0, 3), Seen(1, 1, 1)):
        with pytest.raises(Conflict, match="Find out what was changed"):
            check_hits_no_less(Seen(1, 1, 2), fewer)


def test_a_day_that_the_notice_sets_is_moved_and_never_taken_away() -> None:
    days = Deadlines(date(2026, 3, 6), date(2026, 4, 30), date(2026, 4, 1))
    check_days_kept(Deadlines(), days)
    check_days_kept(days, Deadlines(date(2026, 3, 7), date(2026, 5, 30), None))
    for less in (Deadlines(None, date(2026, 4, 30)), Deadlines(date(2026, 3, 6), None)):
        with pytest.raises(RuleError, match="is not taken away"):
            check_days_kept(days, less)
