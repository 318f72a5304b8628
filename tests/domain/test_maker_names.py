"""Makers' names over time."""

from datetime import date

import pytest

from app.domain.errors import BadValue
from app.domain.maker_names import ALWAYS, FIRST, LAST, Alias, MakerNames, Periods, check_alias

EARLY, LATE = date(2007, 6, 1), date(2012, 1, 1)
NAMES = MakerNames(
    [
        Alias("Mechanaids", "Arjo"),
        Alias("Arjo Mechanaids", "Mechanaids", None, LATE),
        Alias("Huntleigh", "Arjo", EARLY),
        Alias("Coopers", "Sunrise", None, date(2009, 12, 31)),
        Alias("Coopers", "Drive", date(2010, 1, 1)),
        Alias("Kite", "Sunrise", date(2009, 1, 1), date(2009, 2, 1)),
        Alias("Kite", "Sunrise", date(2009, 2, 2), date(2009, 3, 1)),
        Alias("Kite", "Sunrise", date(2011, 1, 1), date(2011, 1, 2)),
    ]
)


@pytest.mark.parametrize(
    ("one", "other", "periods"),
    [
        ("ARJO", "arjo", ALWAYS),
        ("Mechanaids", "Arjo", ALWAYS),
        ("Arjo", "Arjo-Mechanaids", ((FIRST, LATE),)),
        ("Huntleigh", "Arjo Mechanaids", ((EARLY, LATE),)),
        ("Coopers", "Sunrise", ((FIRST, date(2009, 12, 31)),)),
        ("Coopers", "Drive", ((date(2010, 1, 1), LAST),)),
        ("Sunrise", "Drive", ()),
        ("Kite", "Sunrise", ((date(2009, 1, 1), date(2009, 3, 1)), (date(2011, 1, 1), date(2011, 1, 2)))),
        ("Kite", "Coopers", ((date(2009, 1, 1), date(2009, 3, 1)),)),
        ("Nobody", "Arjo", ()),
    ],
)
def test_two_names_are_of_one_maker_while_they_resolve_to_one(one: str, other: str, periods: Periods) -> None:
    assert NAMES.same(one, other) == periods
    assert NAMES.same(other, one) == periods


def test_a_circle_ends() -> None:
    assert MakerNames([Alias("A", "B"), Alias("B", "A"), Alias("A", "C", None, FIRST)]).same("A", "B") == ALWAYS


@pytest.mark.parametrize(
    ("alias", "code"),
    [
        (Alias("Arjo", "AR-JO"), "alias-of-itself"),
        (Alias("X", "Y", LATE, EARLY), "alias-ends-before-it-begins"),
        (Alias("Arjo", "Mechanaids"), "alias-in-a-circle"),
        (Alias("Drive", "Coopers", LATE), "alias-in-a-circle"),
    ],
)
def test_what_says_nothing_is_refused(alias: Alias, code: str) -> None:
    with pytest.raises(BadValue) as refused:
        check_alias(alias, NAMES.aliases)
    assert refused.value.code == code


def test_a_new_name_is_taken() -> None:
    check_alias(Alias("Arjo", "Getinge", EARLY), NAMES.aliases)
