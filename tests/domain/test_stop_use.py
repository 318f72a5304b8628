"""What is written when the use of an item is stopped."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.clearance import HoldKind
from app.domain.errors import Conflict, NotAllowed
from app.domain.stop_use import (
    Grounds,
    ItemFault,
    StopUse,
    check_chase,
    check_withdrawal,
    fault_of,
    hold_reason,
    stops_use,
)

STOP = StopUse(
    barcode="ES000012308",
    product_name="Universal loop sling, medium",
    client_ref="C-1001",
    client_name="Margaret Ashby",
    provider="Weald Home Care",
    email="duty@weald.example",
    phone="01632 960555",
    reason="It is too small for her.",
    given_by="ot",
    given_on=date(2026, 3, 2),
)


@pytest.mark.parametrize("again", [False, True])
def test_the_care_provider_learns_whose_it_is_what_it_is_why_and_what_to_do(again: bool) -> None:
    letter = STOP.to_provider(again=again)
    assert "Margaret" not in letter.subject
    assert "too small" not in letter.subject
    assert letter.subject.startswith("Reminder: stop" if again else "Stop")
    for words in ("Margaret Ashby", "Universal loop sling", "2 March 2026", "too small", "with your name"):
        assert words in letter.body
    assert ("not heard from you" in letter.body) is again


@pytest.mark.parametrize(
    ("provider", "phone", "words"),
    [
        ("Weald Home Care", "01632 960555", "Phone Weald Home Care on 01632 960555."),
        ("Weald Home Care", "", "Phone Weald Home Care."),
        ("", "", "No care provider is recorded for this client. Phone whoever cares for them."),
    ],
)
def test_without_an_address_somebody_must_phone(provider: str, phone: str, words: str) -> None:
    stop = replace(STOP, email=None, provider=provider, phone=phone)
    assert words in stop.to_phone().body
    assert words in stop.unacknowledged().body
    assert (provider or "whoever cares for them") in stop.unacknowledged().body


def test_who_was_written_to_is_written_to_again() -> None:
    assert "written to again today" in STOP.unacknowledged().body


@pytest.mark.parametrize(
    ("fault", "kind", "text"),
    [
        (ItemFault.YES, HoldKind.FAULT, "Something is wrong with it"),
        (ItemFault.NO, None, "It did not suit the person"),
        (ItemFault.NOT_KNOWN, HoldKind.INVESTIGATION, "Not known what is wrong"),
    ],
)
def test_only_what_is_known_to_be_right_is_not_held(fault: ItemFault, kind: HoldKind | None, text: str) -> None:
    assert (fault.hold_kind, fault.text) == (kind, text)
    assert hold_reason("It tips over.") == "Its use at a client's was stopped: It tips over."


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "chased_at", "may"),
    [
        ("Harbour Care", None, True),
        ("Harbour Care", NOON, False),
        ("Harbour Care", NOON - timedelta(minutes=59), False),
        ("Harbour Care", NOON - timedelta(hours=1), True),
        ("Cliff Care", NOON, True),  # another one cares for them now
        (None, NOON, True),
    ],
)
def test_who_was_chased_within_the_hour_is_not_chased_again(
    told: str | None, chased_at: datetime | None, may: bool
) -> None:
    if may:
        check_chase(told, chased_at, "Harbour Care", at=NOON)
        return
    with pytest.raises(Conflict, match="less than an hour ago") as refusal:
        check_chase(told, chased_at, "Harbour Care", at=NOON)
    assert refusal.value.code == "chased-just-now"


@pytest.mark.parametrize("kind", list(HoldKind))
def test_every_hold_that_may_tell_of_danger_stops_the_use_at_a_clients(kind: HoldKind) -> None:
    assert stops_use(kind) is (kind not in {HoldKind.IN_TRANSIT, HoldKind.SCRAP_REQUEST})
    assert fault_of(kind) is (ItemFault.YES if kind is HoldKind.FAULT else ItemFault.NOT_KNOWN)


@pytest.mark.parametrize("email", ["duty@weald.example", None])
def test_a_notice_that_was_a_mistake_is_taken_back_in_words(email: str | None) -> None:
    letter = replace(STOP, email=email).withdrawn()
    assert letter.subject == "ES-0000123-08 may be used again"
    assert ("Phone Weald Home Care on 01632 960555." in letter.body) is (email is None)
    assert "it may be used again" in letter.body


def test_a_mistake_is_withdrawn_by_another_person_and_only_where_nothing_asks_for_it() -> None:
    check_withdrawal(Grounds(), given_by="ann", by="bob")
    with pytest.raises(NotAllowed, match="Somebody else"):
        check_withdrawal(Grounds(), given_by="ann", by="ann")
    with pytest.raises(Conflict) as refused:
        check_withdrawal(Grounds(is_held=True, has_failed=True, is_too_weak=True), given_by="ann", by="bob")
    assert refused.value.code == "still-not-to-be-used"
    for words in ("It is on hold", "did not pass", "carries less"):
        assert words in refused.value.detail
    assert (
        "ann has withdrawn that as a mistake: Another was meant."
        in STOP.mistaken(by="ann", why="Another was meant.").body
    )
