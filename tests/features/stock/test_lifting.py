"""What the page for lifting a hold says will come of it."""

import pytest

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.given import Given


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.IN_STOCK, "Nothing else holds it: once lifted, it can go out."),
        (
            State.RETURNED,
            "that alone does not let it go out: The item is “returned”: it waits for decontamination. It has not",
        ),
        (State.ON_LOAN, "that alone does not let it go out: The item is “on loan”."),
    ],
)
async def test_lifting_a_hold_does_not_promise_what_it_cannot(
    safety: Browser, given: Given, state: State, words: str
) -> None:
    barcode = await given.item(state)
    hold = await given.hold(barcode)
    assert words in (await safety.get(f"/items/{barcode}/holds/{hold}/lift")).text
