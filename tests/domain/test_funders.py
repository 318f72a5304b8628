"""What a person may ever be asked to pay."""

from datetime import date

import pytest

from app.domain.errors import RuleError
from app.domain.funders import (
    NOT_PAID_BACK,
    FunderKind,
    agreed_in_words,
    check_agreed,
    check_alternative,
    check_funder_code,
    check_kind_stays,
    check_may_be_topped_up,
    check_no_person,
    check_top_up,
)

PERSON, COUNCIL, BOARD = FunderKind.PERSON, FunderKind.ADULT_SOCIAL_CARE, FunderKind.INTEGRATED_CARE_BOARD


def test_kinds_are_read_as_people_write_them() -> None:
    assert [COUNCIL.text, FunderKind.SECTION_117.text] == ["Adult social care", "Section 117 aftercare"]


def test_nobody_pays_for_an_aid_out_of_their_own_pocket() -> None:
    check_no_person([], field="funder")
    with pytest.raises(RuleError, match="SELF is a person's own money") as refusal:
        check_no_person(["SELF"], field="funder")
    assert (refusal.value.code, refusal.value.field) == ("person-never-charged", "funder")


@pytest.mark.parametrize(("before", "after"), [(COUNCIL, BOARD), (COUNCIL, COUNCIL), (PERSON, PERSON)])
def test_a_funder_may_be_called_otherwise(before: FunderKind, after: FunderKind) -> None:
    check_kind_stays(before, after)


@pytest.mark.parametrize(("before", "after"), [(COUNCIL, PERSON), (PERSON, COUNCIL)])
def test_a_funder_does_not_become_a_person_nor_stop_being_one(before: FunderKind, after: FunderKind) -> None:
    with pytest.raises(RuleError) as refusal:
        check_kind_stays(before, after)
    assert refusal.value.code == "kind-stays"


@pytest.mark.parametrize("pence", [1, 4_000])
def test_a_person_adds_what_a_thing_is_dearer(pence: int) -> None:
    check_top_up(pence, charged_pence=10_000, alternative_pence=6_000)


@pytest.mark.parametrize(
    ("pence", "charged", "alternative", "code"),
    [
        (4_001, 10_000, 6_000, "top-up-too-high"),
        (0, 10_000, 6_000, "top-up-too-high"),
        (-1, 10_000, 6_000, "top-up-too-high"),
        (1, 6_000, 6_000, "nothing-to-top-up"),
        (1, 2_500, 6_000, "nothing-to-top-up"),
    ],
)
def test_and_never_more(pence: int, charged: int, alternative: int, code: str) -> None:
    with pytest.raises(RuleError) as refusal:
        check_top_up(pence, charged_pence=charged, alternative_pence=alternative)
    assert refusal.value.code == code


def test_a_person_adds_only_to_what_is_theirs_to_keep_and_a_funder_pays_for() -> None:
    check_may_be_topped_up(is_trial=False, is_own=False)
    for is_trial, is_own, code in ((True, True, "on-trial"), (False, True, "service-pays")):
        with pytest.raises(RuleError) as refusal:
            check_may_be_topped_up(is_trial=is_trial, is_own=is_own)
        assert (refusal.value.code, refusal.value.field) == (code, "barcode")


def test_what_is_free_of_charge_is_of_the_same_class() -> None:
    check_alternative("12 22 03", "12 22 18")
    for mine, other in (("12 22 03", "12 23 03"), ("12 22 03", ""), ("", ""), ("12", "12")):
        with pytest.raises(RuleError) as refusal:
            check_alternative(mine, other)
        assert (refusal.value.code, refusal.value.field) == ("another-class", "alternative_product_code")


def test_nobody_agrees_before_the_order_nor_tomorrow() -> None:
    ordered, today = date(2026, 3, 2), date(2026, 3, 9)
    for day in (ordered, today):
        check_agreed(day, ordered_on=ordered, today=today)
    for day, code in ((date(2026, 3, 1), "agreed-before-the-order"), (date(2026, 3, 10), "agreed-later")):
        with pytest.raises(RuleError) as refusal:
            check_agreed(day, ordered_on=ordered, today=today)
        assert refusal.value.code == code


def test_nobody_agrees_to_add_without_knowing_that_it_is_not_paid_back() -> None:
    assert agreed_in_words("She wants the red one.", is_told=True) == f"She wants the red one. {NOT_PAID_BACK}"
    assert agreed_in_words("Signed form of 28 May", is_told=True) == f"Signed form of 28 May. {NOT_PAID_BACK}"
    with pytest.raises(RuleError) as refusal:
        agreed_in_words("She wants the red one.", is_told=False)
    assert (refusal.value.code, refusal.value.field) == ("not-told", "told_not_paid_back")


def test_no_funder_is_called_as_a_filter_is() -> None:
    check_funder_code("ASC")
    for code in ("none", "None", "ALL"):
        with pytest.raises(RuleError) as refusal:
            check_funder_code(code)
        assert (refusal.value.code, refusal.value.field) == ("reserved-code", "code")
