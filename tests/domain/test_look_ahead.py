"""Items whose thorough examination falls due soon: who decides, and when nobody is asked."""

from datetime import date

import pytest

from app.domain.clearance import DueFact
from app.domain.errors import Conflict, NotAllowed
from app.domain.inspections import InspectionKind
from app.domain.look_ahead import HandingOut, check_decision, examination_due_soon

ON = date(2026, 3, 2)
SOON = date(2026, 3, 30)


@pytest.mark.parametrize(
    ("due", "soon_days", "asked"),
    [
        ((DueFact(InspectionKind.LOLER, SOON),), 28, SOON),
        ((DueFact(InspectionKind.LOLER, ON),), 28, ON),
        ((DueFact(InspectionKind.LOLER, SOON),), 27, None),
        ((DueFact(InspectionKind.LOLER, ON),), 0, None),
        ((DueFact(InspectionKind.PAT, SOON),), 28, None),
        ((DueFact(InspectionKind.PAT, SOON), DueFact(InspectionKind.LOLER, SOON)), 28, SOON),
        # These are blockers, which nobody decides away.
        ((DueFact(InspectionKind.LOLER, date(2026, 3, 1)),), 28, None),
        ((DueFact(InspectionKind.LOLER, None),), 28, None),
        ((DueFact(InspectionKind.LOLER, SOON, failed=True),), 28, None),
        ((), 28, None),
    ],
)
def test_only_an_examination_that_is_in_date_and_falls_due_soon_is_asked_about(
    due: tuple[DueFact, ...], soon_days: int, asked: date | None
) -> None:
    assert examination_due_soon(due, on=ON, soon_days=soon_days) == asked


def test_without_a_reason_it_does_not_go_and_the_day_is_told() -> None:
    with pytest.raises(Conflict, match="30 March 2026") as refusal:
        check_decision(SOON, "ES000123430", "", may_decide=True)
    assert refusal.value.code == "examination-due-soon"
    assert (refusal.value.told["due_on"], refusal.value.told["barcode"]) == ("2026-03-30", "ES000123430")


def test_the_reason_must_be_that_of_somebody_who_may_decide() -> None:
    with pytest.raises(NotAllowed) as refusal:
        check_decision(SOON, "ES000123430", "Short loan.", may_decide=False)
    assert refusal.value.code == "not-yours-to-decide"
    check_decision(SOON, "ES000123430", "Short loan.", may_decide=True)


def test_what_is_done_has_words_for_people() -> None:
    assert len({one.text for one in HandingOut}) == len(HandingOut)
