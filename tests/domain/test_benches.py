"""The benches, and the sentence that says why an item stands where it does."""

from datetime import date

import pytest

from app.domain.benches import Bench, Demand, why_here
from app.domain.lifecycle import State

FIRST = date(2026, 3, 3)


@pytest.mark.parametrize(
    ("demand", "says"),
    [
        (Demand(), "Nobody waits for it. It stands by how long it has been here."),
        (Demand(held=True, pieces=1, prescribers=1, since=FIRST), "It is on hold, so it comes last."),
        (Demand(pieces=1, prescribers=1, since=FIRST), "1 prescriber waits for this, since 3 March 2026."),
        (Demand(pieces=2, prescribers=1, since=FIRST), "1 prescriber waits for 2 of these, since 3 March 2026."),
        (Demand(pieces=2, prescribers=2, since=FIRST), "2 prescribers wait for this, the first since 3 March 2026."),
        (
            Demand(place=3, pieces=2, prescribers=2, since=FIRST),
            "Those before it are enough for what is waited for: 2 of this product.",
        ),
        (Demand(kept_from=FIRST), "It is kept for a client from 3 March 2026."),
        (
            Demand(kept_from=FIRST, pieces=1, prescribers=1, since=FIRST),
            "It is kept for a client from 3 March 2026. 1 prescriber waits for this, since 3 March 2026.",
        ),
        (
            Demand(kept_from=FIRST, place=2, pieces=1, prescribers=1, since=FIRST),
            "It is kept for a client from 3 March 2026.",
        ),
    ],
)
def test_why_an_item_stands_where_it_does(demand: Demand, says: str) -> None:
    assert why_here(demand) == says


def test_every_bench_has_its_states_and_its_words() -> None:
    assert Bench.SCRAP.states == (
        State.RETURNED,
        State.DECONTAMINATING,
        State.AWAITING_INSPECTION,
        State.IN_REPAIR,
    )
    assert [bench.states for bench in Bench if bench is not Bench.SCRAP] == [(state,) for state in Bench.SCRAP.states]
    assert [bench.text for bench in Bench] == [
        "Awaiting decontamination",
        "Decontaminating",
        "Awaiting inspection",
        "In repair",
        "Awaiting scrap",
    ]
