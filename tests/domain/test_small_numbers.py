"""What is said of few people, so that nobody is recognised by a figure or by what is left of a total."""

from collections.abc import Iterable, Sequence

import pytest

from app.domain.small_numbers import Group, few, hidden_groups, not_shown, once_in_words, suppression_in_words


def of(keys: str, people: Iterable[int], smallest: int = 5) -> Group:
    """A group by the letters of its keys."""
    found = frozenset(people)
    return Group(tuple(keys), len(found), frozenset(sorted(found)[: max(smallest, 4)]))


def apart(*sizes: int) -> list[Group]:
    """Groups of one dimension whose people are all different."""
    return [of(str(place), range(place * 100, place * 100 + size)) for place, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("groups", "hidden"),
    [
        ([], set()),
        (apart(9, 8), set()),
        (apart(5), set()),
        (apart(0, 0), set()),
        (apart(4, 2, 9), {0, 1}),
        (apart(1, 2, 9, 7), {0, 1, 3}),  # three people together are still too few
        (apart(1, 9, 7), {0, 2}),  # one alone could be worked out from the total
        (apart(4, 5), {0, 1}),
        (apart(1, 0, 9), {0, 2}),  # what is about nobody hides nobody
        # The same three people in two groups are three, not six.
        ([of("a", range(3)), of("b", range(3)), of("c", range(10, 20)), of("d", range(30, 36))], {0, 1, 3}),
        # No group is of enough people: nothing may be said.
        (apart(1), None),
        (apart(1, 0), None),
        (apart(4, 4, 4), None),
    ],
)
def test_of_few_people_nothing_is_said_that_can_be_worked_out(groups: Sequence[Group], hidden: set[int] | None) -> None:
    assert hidden_groups(groups, 5) == hidden


@pytest.mark.parametrize(
    ("groups", "hidden"),
    [
        # a/x alone in its row and in its column: one more of each is hidden, and then their corner, too.
        (
            [of("ax", range(3)), of("ay", range(10, 16)), of("bx", range(20, 27)), of("by", range(30, 38))],
            {"ax", "ay", "bx", "by"},
        ),
        # Two in the row; the column of the first has another group, which goes with it; so has that of the second.
        (
            [
                of("ax", range(3)),
                of("ay", range(10, 13)),
                of("az", range(40, 60)),
                of("bx", range(20, 27)),
                of("by", range(30, 38)),
                of("bz", range(70, 90)),
            ],
            {"ax", "ay", "bx", "by"},
        ),
        # What has a row and a column for itself: its total is not told either; another goes with it in the whole.
        ([of("ax", range(2)), of("by", range(10, 16)), of("cz", range(20, 27))], {"ax", "by"}),
        # Where a row has nothing else but what is about nobody, that goes along, and what would give it away.
        (
            [of("ax", range(2)), of("bx", range(10, 16)), of("by", ()), of("cx", range(20, 27)), of("cy", range(8))],
            {"ax", "bx", "by", "cx", "cy"},
        ),
    ],
)
def test_nothing_is_worked_out_from_the_total_of_a_row_or_a_column(groups: Sequence[Group], hidden: set[str]) -> None:
    found = hidden_groups(groups, 5)
    assert found is not None
    assert {"".join(groups[place].keys) for place in found} == hidden


def test_the_rule_is_said() -> None:
    assert few(5) == "Fewer than 5 people"
    assert not_shown(5) == "Fewer than 5 people: not shown"
    assert "each person counted once" in suppression_in_words(7)
    assert "fewer than 7 people" in suppression_in_words(7)
    said = once_in_words("only whole months can be asked for")
    assert "though only whole months can be asked for. Give out one such report of a span" in said
    assert "not two of spans that overlap, nor one that is narrowed to a part" in said
