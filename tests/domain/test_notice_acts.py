"""Which action may be recorded of an item, and what follows from it."""

from dataclasses import replace
from datetime import date

import pytest

from app.domain.errors import BadValue, RuleError
from app.domain.notice_acts import (
    WHERE,
    check_act,
    check_details,
    check_list_asked,
    check_notice,
    check_seen_at_home,
    choices,
    ends_hold,
    is_to_confirm,
    is_to_escalate,
    outcome_after,
    wants_hold,
    without_names,
)
from app.domain.notice_standing import FINISHED, PLACES, Act, ActionState, Channel, Place, Standing
from app.domain.notice_work import Handling, MatchAction, MatchOutcome
from app.domain.notices import Result
from app.domain.safety_notices import NoticeState

A, N = MatchAction, Result.NOT_AFFECTED
CORRECTED = Act(A.CORRECTED, "technician")


def code_of(action: MatchAction, standing: Standing, actor: str = "technician") -> str | None:
    try:
        check_act(action, standing, actor=actor)
    except RuleError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    ("action", "places"),
    [
        (A.CONTACTED, "with_client with_contractor in_transit missing"),
        (A.NO_ACCESS, "with_client"),
        (A.QUARANTINED, "in_store in_repair"),
        (A.INSPECTED, "in_store in_repair with_client with_contractor in_transit"),
        (A.CORRECTED, "in_store in_repair with_client with_contractor in_transit"),
        (A.REPLACED, "in_store in_repair with_contractor in_transit"),
        (A.DISPOSED, "scrapped"),
        (A.UNTRACEABLE, "with_contractor in_transit missing"),
    ],
)
def test_an_action_belongs_to_where_the_item_is(action: MatchAction, places: str) -> None:
    found = {place for place in Place if code_of(action, Standing(place, Result.AFFECTED)) is None}
    assert found == {Place(word) for word in places.split()}
    refused = {code_of(action, Standing(place, Result.AFFECTED)) for place in set(Place) - found}
    assert refused - {"with-a-client"} == {WHERE[action][1]}


@pytest.mark.parametrize(
    ("result", "acts", "actor", "code"),
    [
        (Result.AFFECTED, (), "safety", "no-evidence"),
        (Result.POSSIBLE, (Act(A.CONTACTED, "ot"), Act(A.INSPECTED, "ot")), "safety", "no-evidence"),
        (N, (), "safety", None),
        (Result.AFFECTED, (CORRECTED,), "technician", "same-person"),
        (Result.AFFECTED, (CORRECTED,), "safety", None),
        (Result.AFFECTED, (CORRECTED, Act(A.INSPECTED, "ot", {"Is it so?": False})), "safety", None),
        (Result.AFFECTED, (CORRECTED, Act(A.INSPECTED, "ot", {"Is it so?": True})), "safety", "no-evidence"),
        (Result.AFFECTED, (CORRECTED, Act(A.CLEARED, "safety")), "safety", "no-evidence"),
    ],
)
def test_only_evidence_clears(result: Result, acts: tuple[Act, ...], actor: str, code: str | None) -> None:
    assert code_of(A.CLEARED, Standing(Place.IN_STORE, result, acts=acts), actor) == code


@pytest.mark.parametrize(
    ("places", "answers", "code"),
    [
        ({Place.WITH_CLIENT}, {"Used together?": False}, None),
        ({Place.IN_STORE}, {"Used together?": True, "Red?": False}, None),
        ({Place.IN_STORE, Place.WITH_CLIENT}, {"Used together?": False}, "only-at-home"),
    ],
)
def test_only_a_look_at_home_tells_that_it_is_not_used_with_something(
    places: set[Place], answers: dict[str, bool], code: str | None
) -> None:
    said = None
    try:
        check_seen_at_home(places, answers, {"Used together?"})
    except RuleError as error:
        said = error.code
    assert said == code


def test_who_changed_the_record_by_which_it_would_be_free_does_not_clear_it() -> None:
    standing = Standing(Place.IN_STORE, N, weakened_by="manager")
    assert [code_of(A.CLEARED, standing, actor) for actor in ("manager", "safety")] == ["same-person", None]
    looked = {
        actor: outcome_after(A.INSPECTED, standing, answers={"Q": False}, actor=actor) for actor in ("manager", "ot")
    }
    assert looked == {"manager": None, "ot": MatchOutcome.CLEARED}
    assert ends_hold(standing) == (
        "It would not be affected any more, since manager changed what is recorded: somebody else confirms that. "
        "Its hold ends when they clear it."
    )


def look(by: str, is_so: bool) -> Act:
    return Act(A.INSPECTED, by, {"Is it so?": is_so})


@pytest.mark.parametrize(
    ("acts", "by"),
    [
        ((look("ot", False), look("ot", False)), None),
        ((look("ot", True), look("ot", False)), "ot"),
        ((look("ot", True), look("technician", False)), "technician"),
        ((look("ot", True), look("ot", False), Act(A.INSPECTED, "ot"), look("ot", False)), "ot"),
        ((look("ot", True), look("ot", False), look("technician", False)), None),
        ((look("ot", True), look("ot", False), Act(A.CLEARED, "safety")), None),
        ((look("ot", True), CORRECTED, look("ot", False)), None),
        ((look("ot", True), CORRECTED, look("technician", False)), "technician"),
    ],
)
def test_who_sees_the_contrary_of_what_was_seen_clears_nothing_alone(acts: tuple[Act, ...], by: str | None) -> None:
    standing = Standing(Place.IN_STORE, N, acts=acts)
    assert standing.contrary_by == by
    for actor in ("ot", "technician", "safety"):
        assert code_of(A.CLEARED, standing, actor) == ("same-person" if actor == by else None)
    last, before = acts[-1], replace(standing, acts=acts[:-1])
    after = outcome_after(last.action, before, answers=last.answers, actor=last.by)
    assert after is (MatchOutcome.CLEARED if by is None else None)
    assert ("somebody else clears it" in ends_hold(standing)) is (by is not None)


def test_what_is_not_affected_is_not_corrected() -> None:
    assert code_of(A.CORRECTED, Standing(Place.IN_STORE, N)) == "not-affected"


def test_the_page_offers_what_may_be_done_and_says_why_not_the_rest() -> None:
    found = choices(Standing(Place.SCRAPPED, Result.AFFECTED), actor="technician")
    assert [action for action, why in found.items() if why is None] == [A.DISPOSED]
    assert found[A.QUARANTINED] == WHERE[A.QUARANTINED][2]


@pytest.mark.parametrize(
    ("counted", "held", "code"), [(False, False, None), (True, True, None), (True, False, "notice-closed")]
)
def test_a_closed_record_is_final_but_for_what_came_later_and_what_is_held(
    counted: bool, held: bool, code: str | None
) -> None:
    standing = Standing(Place.IN_STORE, Result.AFFECTED, is_counted=counted, is_held=held)
    assert code_of(A.CORRECTED, standing) == code
    assert code_of(A.INSPECTED, standing) is None


def test_nothing_is_recorded_of_a_notice_that_is_not_in_force() -> None:
    check_notice(NoticeState.ACTIVE)
    check_notice(NoticeState.CLOSED)
    with pytest.raises(RuleError, match="not been activated"):
        check_notice(NoticeState.RELEVANT)


def test_what_a_closing_has_counted_as_free_is_open_again_when_somebody_sees_the_danger() -> None:
    for outcome in (MatchOutcome.CLEARED, MatchOutcome.CORRECTED):
        hit = Standing(Place.IN_STORE, Result.AFFECTED, outcome, is_counted=True)
        assert outcome_after(A.INSPECTED, hit, answers={"Is it so?": True}) is None
        assert outcome_after(A.INSPECTED, hit, answers={"Is it so?": False}) is outcome
        sound = Standing(Place.IN_STORE, N, outcome, is_counted=True)
        assert outcome_after(A.INSPECTED, sound, answers={"Is it so?": True}) is outcome


def test_of_what_a_closing_has_counted_only_the_end_of_its_hold_is_recorded() -> None:
    counted = Standing(
        Place.IN_STORE, Result.AFFECTED, MatchOutcome.REPLACED, (CORRECTED,), is_counted=True, is_held=True
    )
    assert {action for action, why in choices(counted, actor="safety").items() if why is None} == {
        A.INSPECTED,
        A.CORRECTED,
        A.CLEARED,
    }
    assert code_of(A.QUARANTINED, counted) == "counted-already"
    # It is never open again, whatever is seen.
    assert outcome_after(A.CORRECTED, counted, answers={}) is MatchOutcome.REPLACED
    assert outcome_after(A.INSPECTED, counted, answers={"Is it so?": True}) is MatchOutcome.REPLACED
    assert outcome_after(A.CLEARED, counted, answers={}) is MatchOutcome.CORRECTED


@pytest.mark.parametrize(
    ("place", "result", "outcome", "acts", "said"),
    [
        (Place.SCRAPPED, Result.AFFECTED, None, (), "It is scrapped"),
        (Place.WITH_CLIENT, Result.AFFECTED, MatchOutcome.UNTRACEABLE, (), "When it turns up, scan it in"),
        (Place.IN_STORE, N, None, (), "ends when somebody clears it"),
        (
            Place.IN_STORE,
            Result.AFFECTED,
            MatchOutcome.REPLACED,
            (CORRECTED,),
            "Its correction is recorded, by technician.",
        ),
        (Place.IN_STORE, Result.AFFECTED, MatchOutcome.REPLACED, (), "Its client has another one; this one"),
        (Place.IN_STORE, Result.POSSIBLE, None, (), "Its hold ends when somebody has looked"),
        (Place.IN_STORE, Result.AFFECTED, None, (), "Its hold ends when it is corrected, and somebody else"),
    ],
)
def test_what_ends_a_hold_is_said(
    place: Place, result: Result, outcome: MatchOutcome | None, acts: tuple[Act, ...], said: str
) -> None:
    assert said in ends_hold(Standing(place, result, outcome, acts))


def test_what_a_known_client_has_is_untraceable_only_when_they_have_gone_and_two_people_say_so() -> None:
    at_home = Standing(Place.WITH_CLIENT, Result.AFFECTED)
    said = at_home.with_act(Act(A.UNTRACEABLE, "technician", to_confirm=True))
    assert code_of(A.UNTRACEABLE, at_home) == "with-a-client"
    for standing, actor, gone, code in (
        (at_home, "technician", True, None),
        (said, "technician", True, "same-person"),
        (said, "safety", False, "with-a-client"),
        (said, "safety", True, None),
        (said.with_act(Act(A.NO_ACCESS, "ot")), "technician", True, "same-person"),
        (said.with_act(Act(A.CONTACTED, "ot")), "technician", True, None),
    ):
        found = None
        try:
            check_act(A.UNTRACEABLE, standing, actor=actor, client_gone=gone)
        except RuleError as error:
            found = error.code
        assert found == code
    assert (is_to_confirm(A.UNTRACEABLE, at_home), is_to_confirm(A.UNTRACEABLE, said)) == (True, False)
    assert not is_to_confirm(A.UNTRACEABLE, replace(at_home, place=Place.MISSING))
    assert not is_to_confirm(A.NO_ACCESS, at_home)
    assert outcome_after(A.UNTRACEABLE, at_home, answers={}) is None
    assert outcome_after(A.UNTRACEABLE, said, answers={}) is MatchOutcome.UNTRACEABLE


@pytest.mark.parametrize("channel", [one for one in Channel if one is not Channel.VISIT])
def test_what_nobody_has_seen_is_no_inspection(channel: Channel) -> None:
    with pytest.raises(RuleError, match="clears nothing") as refused:
        check_details(A.INSPECTED, channel=channel, answers={"Is it so?": False}, questions=("Is it so?",))
    assert (refused.value.code, refused.value.field) == ("not-seen", "channel")
    check_details(A.INSPECTED, channel=Channel.VISIT, answers={"Is it so?": False}, questions=("Is it so?",))
    check_details(A.UNTRACEABLE, channel="", answers={}, questions=(), client_gone=True)
    with pytest.raises(RuleError, match="nobody can trace"):
        check_details(A.CONTACTED, channel=channel, answers={}, questions=(), client_gone=True)


@pytest.mark.parametrize(
    ("action", "channel", "answers", "questions", "code"),
    [
        (A.CONTACTED, "", {}, (), "channel-needed"),
        (A.CONTACTED, "phone", {}, (), None),
        (A.CLEARED, "", {}, (), None),
        (A.CLEARED, "", {"Is it so?": True}, ("Is it so?",), "no-answers-here"),
        (A.INSPECTED, "", {}, ("Is it so?",), "answers-needed"),
        (A.INSPECTED, "", {}, (), None),
        (A.INSPECTED, "", {"Is it so?": True}, ("Is it so?",), None),
        (A.INSPECTED, "", {"Is it?": True}, ("Is it so?",), "unknown-question"),
        (A.INSPECTED, "", {"Is it?": True}, (), "unknown-question"),
    ],
)
def test_what_must_be_said(
    action: MatchAction, channel: str, answers: dict[str, bool], questions: tuple[str, ...], code: str | None
) -> None:
    found = None
    try:
        check_details(action, channel=channel, answers=answers, questions=questions)
    except RuleError as error:
        found = error.code
    assert found == code


@pytest.mark.parametrize(
    ("action", "result", "before", "answers", "after"),
    [
        (A.REPLACED, Result.AFFECTED, None, {}, MatchOutcome.REPLACED),
        (A.DISPOSED, Result.AFFECTED, None, {}, MatchOutcome.DISPOSED),
        (A.UNTRACEABLE, Result.POSSIBLE, None, {}, MatchOutcome.UNTRACEABLE),
        (A.CLEARED, N, None, {}, MatchOutcome.CLEARED),
        (A.CLEARED, Result.AFFECTED, None, {}, MatchOutcome.CORRECTED),
        (A.CORRECTED, Result.AFFECTED, MatchOutcome.UNTRACEABLE, {}, None),
        (A.QUARANTINED, Result.AFFECTED, MatchOutcome.CORRECTED, {}, None),
        (A.INSPECTED, N, None, {"Is it so?": False}, MatchOutcome.CLEARED),
        (A.INSPECTED, Result.AFFECTED, MatchOutcome.CLEARED, {"Is it so?": True}, None),
        (A.INSPECTED, Result.AFFECTED, MatchOutcome.CORRECTED, {"Is it so?": False}, MatchOutcome.CORRECTED),
        (A.INSPECTED, Result.AFFECTED, None, {}, None),
        (A.CONTACTED, Result.AFFECTED, MatchOutcome.REPLACED, {}, MatchOutcome.REPLACED),
    ],
)
def test_how_the_work_stands_then(
    action: MatchAction,
    result: Result,
    before: MatchOutcome | None,
    answers: dict[str, bool],
    after: MatchOutcome | None,
) -> None:
    assert outcome_after(action, Standing(Place.IN_STORE, result, before), answers=answers) is after


def test_a_hold_ends_with_the_item_free_and_never_because_nobody_finds_it() -> None:
    held = {outcome for outcome in (None, *MatchOutcome) if wants_hold(Handling.QUARANTINE, outcome)}
    assert held == {None, MatchOutcome.REPLACED, MatchOutcome.DISPOSED, MatchOutcome.UNTRACEABLE}
    assert not any(wants_hold(Handling.ADVICE, outcome) for outcome in (None, *MatchOutcome))


def test_tries_count_from_when_somebody_was_reached_last() -> None:
    def in_vain(day: int) -> Act:
        return Act(A.NO_ACCESS, "ot", on=date(2026, 3, day))

    acts = (in_vain(2), in_vain(3), Act(A.CONTACTED, "ot"), in_vain(4), Act(A.INSPECTED, "ot"))
    standing = Standing(Place.WITH_CLIENT, Result.AFFECTED, acts=acts)
    assert standing.tries == 1
    # Several on one day are one.
    assert (standing.with_act(in_vain(4)).tries, standing.with_act(in_vain(5)).tries) == (1, 2)
    told = [is_to_escalate(before, tries, after_tries=3) for before, tries in ((1, 2), (2, 3), (3, 3), (3, 4))]
    assert told == [False, True, False, False]


@pytest.mark.parametrize(
    ("text", "names", "said"),
    [
        ("Told Mrs Ashby and ann-marie Ashby.", ["Ann-Marie Ashby"], "Told Mrs [name] and [name]."),
        ("A. Li was out.", ["A. Li"], "[name] was out."),
        ("The annex.", ["Ann"], "The annex."),
        ("Nobody opened.", [], "Nobody opened."),
    ],
)
def test_names_are_taken_out(text: str, names: list[str], said: str) -> None:
    assert without_names(text, names) == said


def test_all_words_have_their_text() -> None:
    assert set(PLACES) == set(Place)
    assert (Place.SCRAPPED.text, Channel.EMAIL.text, Channel.TEXT_MESSAGE.text) == (
        "Disposed",
        "E-mail",
        "Text message",
    )
    assert (ActionState.TO_RELEASE.text, ActionState.NO_ACCESS.text) == ("Corrected, to be released", "No access")
    assert {state for state in ActionState if state.is_finished} == FINISHED


@pytest.mark.parametrize(
    ("action", "read", "code"),
    [
        (A.INSPECTED, "AB 1000", None),
        (A.INSPECTED, "- -", "empty-serial"),
        (A.QUARANTINED, "AB 1000", "no-label-here"),
    ],
)
def test_a_label_is_read_by_who_looks(action: MatchAction, read: str, code: str | None) -> None:
    said = None
    try:
        check_details(action, channel="", answers={}, questions=("Red?",), serial_read=read)
    except RuleError as error:
        said = error.code
    assert said == code


def test_a_label_that_shows_that_an_item_is_not_affected_clears_it() -> None:
    standing = Standing(Place.WITH_CLIENT, N)
    for is_read, outcome in ((True, MatchOutcome.CLEARED), (False, None)):
        assert outcome_after(A.INSPECTED, standing, answers={}, actor="ot", is_label_read=is_read) is outcome


@pytest.mark.parametrize(
    ("may_handle", "numbered", "code"),
    [(False, [True], "not-seen-on-it"), (True, [True, True], "one-by-one"), (True, [False], "no-number")],
)
def test_only_the_maker_says_what_is_on_no_list(may_handle: bool, numbered: list[bool], code: str) -> None:
    with pytest.raises(BadValue) as refused:
        check_list_asked({"On the list?": False}, {"On the list?"}, may_handle=may_handle, numbered=numbered)
    assert refused.value.code == code
    check_list_asked({"On the list?": True}, {"On the list?"}, may_handle=False, numbered=[False, False])
    check_list_asked({"On the list?": False}, {"On the list?"}, may_handle=True, numbered=[True])
