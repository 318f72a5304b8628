"""Who may know how to get into a client's home, and when."""

import pytest

from app.domain.access_notes import OPEN, AccessReason, Visits, check_may_see
from app.domain.errors import BadValue, NotAllowed

D, C, V, S = AccessReason


@pytest.mark.parametrize(
    ("visits", "possible"),
    [
        (Visits(), []),
        (Visits(delivering=["MAIN"]), [D]),
        (Visits(delivering=["COAST"]), []),  # another store delivers
        (Visits(delivering=["COAST", "MAIN"]), [D]),
        (Visits(collection=True), [C]),
        (Visits(visitors=["terry"]), [V]),
        (Visits(visitors=["tasha"]), []),  # somebody else goes there
        (Visits(on_hold=True), [V, S]),
        (Visits(must_not_be_used=True), [S]),
        (Visits(["MAIN"], ["terry"], True, True, True), [D, C, V, S]),
    ],
)
def test_for_each_reason_something_must_be_open(visits: Visits, possible: list[AccessReason]) -> None:
    assert visits.reasons_for("terry", {"MAIN"}) == possible
    for reason in AccessReason:
        if reason in possible:
            assert see(reason, visits) is False
        else:
            with pytest.raises(NotAllowed, match=OPEN[reason]) as refusal:
                see(reason, visits)
            assert refusal.value.code == "no-open-visit"


def see(reason: AccessReason, visits: Visits, *, because: str = "", may_overrule: bool = False) -> bool:
    """Terry of MAIN looks."""
    return check_may_see(
        reason,
        visits,
        username="terry",
        stores={"MAIN"},
        because=because,
        may_overrule=may_overrule,
        managers=["Morgan Lee"],
    )


def test_the_refusal_says_who_may_and_what_is_open() -> None:
    with pytest.raises(NotAllowed) as refusal:
        see(D, Visits(collection=True), because="I should like to know.")
    assert "a manager (Morgan Lee) with a written reason. Open now: to collect equipment." in refusal.value.detail
    with pytest.raises(NotAllowed, match="a manager with a written reason"):
        check_may_see(D, Visits(), username="terry", stores=(), may_overrule=False, because="", managers=())


def test_a_manager_writes_down_why() -> None:
    assert see(D, Visits(), because="Water comes out under the door.", may_overrule=True) is True
    assert see(C, Visits(collection=True), may_overrule=True) is False
    for because, code in (("  ", "say-why-all-the-same"), (".", "not-a-reason")):
        with pytest.raises(BadValue) as refusal:
            see(D, Visits(), because=because, may_overrule=True)
        assert (refusal.value.code, refusal.value.field) == (code, "because")


def test_reasons_read_well() -> None:
    assert [reason.text for reason in AccessReason] == [
        "To deliver equipment",
        "To collect equipment",
        "To fit, examine or repair equipment there",
        "An urgent safety visit",
    ]
