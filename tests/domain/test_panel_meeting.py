"""Who decides: quorum, both sides for joint money, interests, who has left, appeals; laws that no meeting breaks."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import RuleError
from app.domain.panel_meeting import (
    Interest,
    InterestKind,
    Seat,
    Side,
    Terms,
    check_chair,
    check_enough_others,
    check_named,
    check_quorum,
    check_records_ratification,
    deciders,
    declared_too_late,
    still_stands,
)

AT = datetime(2026, 3, 2, 14, tzinfo=UTC)
EARLIER, LATER = AT - timedelta(hours=1), AT + timedelta(hours=1)
HEALTH, SOCIAL = Side
JSEP = Terms(quorum=3)
CHAIR = Seat("chair", "Christine Hale", SOCIAL, is_chair=True, arrived_at=EARLIER)
PETER = Seat("panel1", "Peter Adeyemi", HEALTH, arrived_at=EARLIER)
PRIYA = Seat("panel2", "Priya Nair", SOCIAL, arrived_at=EARLIER)
PAULA = Seat("panel3", "Paula Marsh", SOCIAL, arrived_at=EARLIER)
ALL = (CHAIR, PETER, PRIYA, PAULA)


def interest(seat: Seat, kind: InterestKind = InterestKind.RELATED, at: datetime | None = None) -> Interest:
    return Interest(seat.username, kind, declared_at=at)


@pytest.mark.parametrize(
    ("arrived", "left", "there"),
    [
        (None, None, False),
        (AT, None, True),
        (LATER, None, False),
        (EARLIER, AT, False),
        (EARLIER, LATER, True),
        (AT - timedelta(hours=12), None, False),
    ],
)
def test_a_member_is_there_from_coming_until_leaving(
    arrived: datetime | None,
    left: datetime | None,
    there: bool,
) -> None:
    assert replace(PETER, arrived_at=arrived, left_at=left).is_there(AT) is there


@pytest.mark.parametrize(
    ("seats", "interests", "is_joint", "refused"),
    [
        (ALL, (), True, None),
        (ALL[:3], (), True, None),
        (ALL, (interest(PRIYA),), True, None),
        ((CHAIR, PRIYA, PAULA), (), False, None),
        (ALL[:2], (), False, "2 of the members who are there can decide this case, and 3 are needed."),
        (
            ALL[:3],
            (interest(PRIYA),),
            False,
            "2 of the members who are there can decide this case, and 3 are needed. "
            "Priya Nair does not count: is related to the person.",
        ),
        (
            (CHAIR, PETER, replace(PRIYA, left_at=AT)),
            (),
            False,
            "2 of the members who are there can decide this case, and 3 are needed. Priya Nair has left.",
        ),
        (
            (CHAIR, PRIYA, PAULA),
            (),
            True,
            "The money comes from both sides, and nobody who can decide is here for health.",
        ),
        (
            ALL,
            (interest(PETER, InterestKind.PRESENTED),),
            True,
            "The money comes from both sides, and nobody who can decide is here for health. "
            "Peter Adeyemi does not count: presents the case.",
        ),
    ],
)
def test_the_quorum_is_counted_of_who_is_there_without_an_interest(
    seats: tuple[Seat, ...],
    interests: tuple[Interest, ...],
    is_joint: bool,
    refused: str | None,
) -> None:
    if refused is None:
        able = check_quorum(JSEP, seats, interests, at=AT, is_joint=is_joint)
        assert able == deciders(seats, interests, at=AT)
        return
    with pytest.raises(RuleError) as refusal:
        check_quorum(JSEP, seats, interests, at=AT, is_joint=is_joint)
    assert (refusal.value.code, refusal.value.detail) == ("not-quorate", refused)


def test_a_panel_may_do_without_both_sides() -> None:
    alone = Terms(quorum=1, joint_needs_both=False)
    assert check_quorum(alone, (CHAIR,), (), at=AT, is_joint=True) == (CHAIR,)


def test_an_appeal_is_heard_by_others() -> None:
    with pytest.raises(RuleError) as refusal:
        check_quorum(JSEP, ALL, (), at=AT, is_joint=False, heard_before=("panel1", "panel2"))
    said = "Peter Adeyemi took part in the decision that is appealed against."
    assert refusal.value.code == "not-quorate"
    assert said in refusal.value.detail
    assert check_quorum(Terms(2), ALL, (), at=AT, is_joint=False, heard_before=("panel1", "panel2")) == (CHAIR, PAULA)


@pytest.mark.parametrize(
    ("seat", "interests", "at", "code"),
    [
        (CHAIR, (), AT, None),
        (replace(CHAIR, arrived_at=None), (), None, None),
        (None, (), AT, "not-the-chair"),
        (PETER, (), AT, "not-the-chair"),
        (CHAIR, (interest(CHAIR),), AT, "conflict-of-interest"),
        (CHAIR, (interest(PETER),), AT, None),
        (replace(CHAIR, left_at=AT), (), AT, "not-at-the-meeting"),
    ],
)
def test_a_chair_who_is_there_without_an_interest_records_the_decision(
    seat: Seat | None, interests: tuple[Interest, ...], at: datetime | None, code: str | None
) -> None:
    if code is None:
        check_chair(seat, interests, at=at)
        return
    with pytest.raises(RuleError) as refusal:
        check_chair(seat, interests, at=at)
    assert refusal.value.code == code


def test_an_interest_that_is_declared_after_the_decision_is_found() -> None:
    late, before, stranger = interest(PETER, at=LATER), interest(PRIYA, at=EARLIER), interest(PAULA, at=LATER)
    derived = interest(CHAIR)
    found = declared_too_late({"panel1", "panel2", "chair"}, (late, before, stranger, derived), decided_at=AT)
    assert found == (late,)


def test_words_are_for_people() -> None:
    assert [side.text for side in Side] == ["Health", "Social care"]
    assert all(kind.text[0].isupper() for kind in InterestKind)


moments = st.none() | st.sampled_from([EARLIER, AT, LATER])
members = st.builds(
    Seat,
    username=st.sampled_from(["a", "b", "c", "d"]),
    name=st.just("X"),
    side=st.sampled_from(Side),
    is_chair=st.booleans(),
    arrived_at=moments,
    left_at=moments,
)
conflicts = st.lists(st.builds(Interest, st.sampled_from(["a", "b", "c"]), st.sampled_from(InterestKind)), max_size=3)


@given(
    st.lists(members, unique_by=lambda seat: seat.username), conflicts, st.integers(1, 4), st.booleans(), st.booleans()
)
def test_whoever_decides_is_there_without_an_interest_and_they_are_enough(
    seats: list[Seat],
    interests: list[Interest],
    quorum: int,
    both: bool,
    is_joint: bool,
) -> None:
    able = deciders(seats, interests, at=AT)
    is_enough = len(able) >= quorum
    has_both = not (is_joint and both) or {seat.side for seat in able} == set(Side)
    with nullcontext() if is_enough and has_both else pytest.raises(RuleError):
        assert check_quorum(Terms(quorum, both), seats, interests, at=AT, is_joint=is_joint) == able
    assert all(seat.is_there(AT) for seat in able)
    assert {seat.username for seat in able}.isdisjoint({one.username for one in interests})


def test_who_heard_a_case_before_does_not_chair_its_appeal() -> None:
    check_chair(CHAIR, [], at=AT, heard_before={"panel1"})
    with pytest.raises(RuleError) as refusal:
        check_chair(CHAIR, [], at=AT, heard_before={"chair"})
    assert refusal.value.code == "heard-before"


def test_an_appeal_is_listed_where_enough_others_are_invited_and_one_of_them_chairs() -> None:
    seats = [Seat(name, name.title(), Side.HEALTH, is_chair=name in {"ann", "dev"}) for name in ("ann", "bob", "cy")]
    guests = [Seat(name, name.title(), Side.HEALTH, is_chair=name == "dev", is_guest=True) for name in ("dev", "eve")]
    terms, before = Terms(2), {"ann", "bob"}
    with pytest.raises(RuleError) as refusal:
        check_enough_others(terms, seats, [], before)
    assert refusal.value.code == "too-few-others"
    assert "1 can hear the appeal, and 2 are needed. Ann and Bob took part in the decision." in refusal.value.detail
    with pytest.raises(RuleError, match="0 can hear the appeal, and 2 are needed"):
        check_enough_others(terms, [], [], before)
    with pytest.raises(RuleError) as refusal:
        check_enough_others(terms, [*seats, guests[1]], [], before)
    assert refusal.value.code == "no-other-chair"
    check_enough_others(terms, [*seats, *guests], [], before)
    with pytest.raises(RuleError):
        check_enough_others(
            terms, [*seats, *guests], [Interest(one, InterestKind.OTHER) for one in ("cy", "eve")], before
        )


@pytest.mark.parametrize(
    ("is_own", "detail", "refused"),
    [(True, "", False), (False, "", True), (False, ".", True), (False, "He is her sister's husband.", False)],
)
def test_an_interest_that_is_named_for_somebody_else_is_in_words(is_own: bool, detail: str, refused: bool) -> None:
    with pytest.raises(RuleError, match="what the interest is") if refused else nullcontext():
        check_named(is_own=is_own, detail=detail)


@pytest.mark.parametrize(
    ("conflicted", "is_joint", "is_alone", "stands"),
    [
        ((), True, False, True),
        ((PRIYA,), True, False, True),
        ((PETER,), True, False, False),
        ((PETER,), False, False, True),
        ((PETER, PRIYA), False, False, False),
        ((PETER, PRIYA, PAULA), False, True, True),
        (ALL, False, True, False),
    ],
)
def test_what_was_decided_stands_while_those_without_an_interest_are_enough(
    conflicted: tuple[Seat, ...], is_joint: bool, is_alone: bool, stands: bool
) -> None:
    took_part = {seat.username: seat.side for seat in ALL}
    interests = [interest(seat, at=LATER) for seat in conflicted]
    assert still_stands(JSEP, took_part, interests, is_joint=is_joint, is_alone=is_alone) is stands


def test_who_does_not_sit_on_the_panel_any_more_does_not_count() -> None:
    gone = replace(PETER, sits=False)
    with pytest.raises(RuleError) as refusal:
        check_quorum(JSEP, (CHAIR, gone, PRIYA, replace(PAULA, arrived_at=None, sits=False)), (), at=AT, is_joint=False)
    assert refusal.value.detail.endswith("3 are needed. Peter Adeyemi does not sit on the panel any more.")


def test_who_took_an_action_records_what_a_meeting_says_to_it_only_where_nobody_else_may() -> None:
    other = replace(PRIYA, is_chair=True)
    check_records_ratification("chair", "chair", ALL, [])
    check_records_ratification("panel2", "chair", (CHAIR, other), [])
    check_records_ratification("chair", "chair", (CHAIR, other), [interest(PRIYA)])
    with pytest.raises(RuleError) as refusal:
        check_records_ratification("chair", "chair", (CHAIR, other, other), [])
    assert (refusal.value.code, "Priya Nair records" in refusal.value.detail) == ("own-action", True)
