"""What is written when a client has died: the news, what ended, and nothing more about the person."""

import pytest

from app.domain.bereavement import Arranged


@pytest.mark.parametrize(
    ("arranged", "says"),
    [
        (Arranged("C-7", ["O000001"]), "is called off: order O000001. You need not"),
        (Arranged("C-7", ["O000001", "O000002"]), "is called off: orders O000001, O000002. You need not"),
        (Arranged("C-7", (), (), ["a commode"]), "is called off: the reservation of a commode. You need not"),
        (
            Arranged("C-7", ["O000001"], ["O000001"], ["a commode", "a hoist"]),
            "is called off: order O000001; the reservation of a commode; the reservation of a hoist. What is with the "
            "driver comes back to the store (order O000001). You need not",
        ),
        (
            Arranged("C-7", (), ["O000001"]),
            "news.\n\nWhat is with the driver comes back to the store (order O000001). You need not",
        ),
    ],
)
def test_whoever_arranged_something_is_told_what_of_it_ended(arranged: Arranged, says: str) -> None:
    letter = arranged.called_off()
    assert says in letter.body
    assert "died" not in letter.subject


def test_after_a_mistake_they_are_told_to_arrange_it_again() -> None:
    letter = Arranged("C-7", ["O000001"], (), ["a commode"]).withdrawn()
    assert "recorded by mistake" in letter.body
    assert "by itself: order O000001; the reservation of a commode. Order or reserve again" in letter.body
    out = Arranged("C-7", (), ["O000001"]).withdrawn()
    assert "distress.\n\nWhat was with the driver (order O000001) is delivered after all, unless" in out.body
    assert letter.subject == "Client C-7: what was called off must be arranged again"
