"""When a message is tried again, and how its sending stands."""

from datetime import UTC, datetime, timedelta

from app.domain.messages import MessageState, pause_after, state_of

AT = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


def test_the_pauses_grow_and_the_sixth_failure_is_the_last() -> None:
    minutes = [pause and pause / timedelta(minutes=1) for pause in map(pause_after, range(1, 8))]
    assert minutes == [1, 5, 30, 120, 720, None, None]


def test_a_message_waits_until_it_is_sent_or_given_up() -> None:
    states = [state_of(sent_at=None, given_up_at=None), state_of(sent_at=AT, given_up_at=None)]
    assert [*states, state_of(sent_at=None, given_up_at=AT)] == list(MessageState)
    assert [state.text for state in MessageState] == ["Waiting", "Sent", "Given up"]
