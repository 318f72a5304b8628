"""What was shown of an order and what it would get now: only what is worse is refused."""

from collections.abc import Iterable

import pytest

from app.domain.errors import Conflict
from app.domain.offers import NOT_AS_SHOWN, Offer, check_offer

NAMES = {1: "Mobile hoist", 2: "Bath board"}
TAKEN = "Somebody else was quicker: it would be"


def offer(
    recycled: int = 1, new: int = 1, *, position: int = 1, code: str = "HOIST", quantity: int = 3, price: int = 10_000
) -> Offer:
    return Offer(position, code, quantity, recycled, new, price)


def refusal(shown: Iterable[Offer], now: Iterable[Offer]) -> Conflict | None:
    try:
        check_offer(shown, now, NAMES)
    except Conflict as error:
        return error
    return None


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (offer(1, 1), "1 recycled and 1 new and 1 not on a shelf"),
        (offer(3, 0), "3 recycled"),
        (offer(0, 0), "3 not on a shelf"),
    ],
)
def test_an_offer_in_words(shown: Offer, text: str) -> None:
    assert shown.text == text


@pytest.mark.parametrize(
    "now",
    [offer(1, 1), offer(2, 0), offer(2, 1), offer(1, 2), offer(1, 1, price=9_000)],
    ids=["the same", "more recycled", "all of it", "more new", "cheaper"],
)
def test_what_is_the_same_or_better_is_no_surprise(now: Offer) -> None:
    assert refusal([offer(1, 1)], [now]) is None


@pytest.mark.parametrize(
    ("now", "code", "said"),
    [
        (offer(0, 2), "recycled-went", f"{TAKEN} 2 new and 1 not on a shelf now."),
        (offer(1, 0), "recycled-went", f"{TAKEN} 1 recycled and 2 not on a shelf now."),
        (offer(0, 0), "recycled-went", f"{TAKEN} 3 not on a shelf now."),
        (offer(1, 1, price=123_456), "price-went-up", "Mobile hoist: it costs £1,234.56 now, not £100.00."),
        (offer(0, 2, price=10_001), "recycled-went", "Mobile hoist: it costs £100.01 now, not £100.00."),
    ],
)
def test_what_is_worse_is_refused_and_said(now: Offer, code: str, said: str) -> None:
    other = offer(position=2, code="BOARD")
    found = refusal([other, offer(1, 1)], [now, other])
    assert found is not None
    assert (found.code, found.field) == (code, "offer")
    assert code in NOT_AS_SHOWN
    assert said in found.detail
    assert "Bath board" not in found.detail


@pytest.mark.parametrize(
    "now",
    [[], [offer(quantity=4)], [offer(code="OTHER")], [offer(position=2)], [offer(), offer(position=2)]],
    ids=["gone", "more wanted", "another product", "another place", "one more"],
)
def test_another_order_than_was_shown_is_looked_at_again(now: list[Offer]) -> None:
    found = refusal([offer()], now)
    assert found is not None
    assert found.code == "order-changed"
