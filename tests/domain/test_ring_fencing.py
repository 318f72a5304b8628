"""Who may have what a panel ring-fenced."""

from dataclasses import replace

import pytest

from app.domain.errors import RuleError
from app.domain.hygiene import NextStep
from app.domain.lifecycle import State
from app.domain.ring_fencing import RingFence, beside, check_ring_fence

FENCE = RingFence(7, 1, "North team", "P000001", 3, "Joint Panel")
BENCH = NextStep("bench", "Take it to the bench.")


@pytest.mark.parametrize(("team_id", "is_kept"), [(1, False), (2, True), (None, True)])
def test_it_is_kept_from_all_but_its_team(team_id: int | None, is_kept: bool) -> None:
    assert FENCE.keeps_from(team_id) is is_kept


def test_others_are_told_whose_it_is_and_who_lifts_that() -> None:
    check_ring_fence(None, None)
    check_ring_fence(FENCE, 1)
    with pytest.raises(RuleError) as refusal:
        check_ring_fence(replace(FENCE, team="South team"), 2)
    assert (refusal.value.code, refusal.value.field) == ("ring-fenced", "barcode")
    assert refusal.value.detail == (
        "It is ring-fenced for South team by panel case P000001. Take another one, or order it for that team. "
        "A manager or the chair of Joint Panel can lift that."
    )


@pytest.mark.parametrize(
    ("fence", "state", "is_said"),
    [(FENCE, State.RETURNED, True), (FENCE, State.ON_LOAN, False), (None, State.RETURNED, False)],
)
def test_in_a_store_it_is_said_beside_what_is_next(fence: RingFence | None, state: State, is_said: bool) -> None:
    said = "Take it to the bench. It is ring-fenced for North team by panel case P000001."
    assert beside(BENCH, fence, state).text == (said if is_said else BENCH.text)
