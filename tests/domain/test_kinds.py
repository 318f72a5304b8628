"""What kind of equipment a product is, read from its ISO 9999 code."""

import pytest

from app.domain.combinations import Kind, Piece, same_kind


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        ("12 36 03", Kind.HOIST),
        ("123604", Kind.HOIST),
        ("12 36 18", Kind.HOIST),
        ("12 36", Kind.HOIST),
        ("12 36 21", Kind.SLING),
        ("12.36.21", Kind.SLING),
        ("18 12 07", Kind.BED),
        ("18 12", Kind.BED),
        ("18 12 24", Kind.BED),
        ("18 12 27", Kind.RAIL),
        ("18 12 28", Kind.RAIL),
        ("18 12 18", Kind.MATTRESS),
        ("04 33 06", Kind.MATTRESS),
        ("18 09 21", Kind.SEAT),
        ("18 12 15", None),
        ("04 33 03", None),
        ("12 06 06", None),
        ("", None),
        ("bed", None),
    ],
)
def test_a_kind_is_read_from_the_classification(category: str, kind: Kind | None) -> None:
    assert Piece("X", "X", category, None).kind is kind


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (("12 36 21", "A"), ("12 36 21", "B"), True),
        (("12 36 21", "A"), ("123621", "B"), True),
        (("12 36 21", "A"), ("12 36 03", "B"), False),
        (("12 36", "A"), ("12 36", "B"), False),
        (("12 36", "A"), ("12 36", "A"), True),
        (("", "A"), ("", "B"), False),
        (("", "A"), ("", "A"), True),
        (("12 36 21", "A"), ("18 12 10", "A"), True),
    ],
)
def test_one_product_stands_in_for_another_of_its_six_digits(
    a: tuple[str, str], b: tuple[str, str], same: bool
) -> None:
    assert same_kind(*a, *b) == same
    assert same_kind(*b, *a) == same
