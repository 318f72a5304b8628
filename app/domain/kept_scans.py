"""Scans that a device kept before it sent them: when they were made, and whether they still say where a thing is."""

from datetime import datetime, timedelta

from app.domain.dates import UK, in_words, uk_date
from app.domain.errors import Conflict, RuleError

CLOCKS_AGREE = timedelta(minutes=2)
"""A smaller difference between two clocks is none: the way to the service takes time too."""

STILL_THERE = timedelta(minutes=2)
"""So long after a scan, whoever made it still stands before the thing and can be told what to do with it."""

LONGEST_KEPT = timedelta(days=90)
"""No device keeps a scan for longer: a van that is off the road for weeks has sent its own by then, and an older one
shows a clock that was not set."""

SAME_SCAN = timedelta(seconds=60)
"""What one person scans twice within so long, and for the same thing, was scanned once: a trigger pulled twice."""

DONE_BEFORE = frozenset({"already-returned", "already-delivered", "already-collected"})
"""Refusals that say that what was to be done with the item is done."""


def clock_offset(sent_at: datetime, at: datetime) -> timedelta:
    """What must be added to the times that a device said, when its clock showed `sent_at` at `at`."""
    offset = at - sent_at
    return offset if abs(offset) > CLOCKS_AGREE else timedelta(0)


def offset_in_words(offset: timedelta) -> str:
    """How wrong a clock is: 1 day slow; 3 hours fast; 12 minutes slow."""
    seconds = abs(offset) // timedelta(seconds=1)
    count, unit = next(
        (round(seconds / size), unit)
        for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"))
        if seconds >= size - size // 20
    )
    return f"{count} {unit}{'' if count == 1 else 's'} {'slow' if offset > timedelta(0) else 'fast'}"


def is_kept(scanned_at: datetime, at: datetime) -> bool:
    """Whether a scan waited so long that its maker has gone on since."""
    return at - scanned_at > STILL_THERE


def is_from_long_ago(scanned_at: datetime, at: datetime) -> bool:
    """Whether a scan says it was made so long ago that it is the device's clock that is to be doubted."""
    return at - scanned_at > LONGEST_KEPT


def is_same_scan(made_at: datetime, earlier_at: datetime) -> bool:
    """Whether a scan is one that the same person made of the same label just before, for the same thing."""
    return abs(made_at - earlier_at) <= SAME_SCAN


def moved_since(
    scanned_at: datetime, *, went_out: datetime | None, came_back: datetime | None, is_measured: bool = True
) -> RuleError | None:
    """Why a scan says nothing any more of an item that has moved since: `moved-since-scan`, `already-returned`.

    `went_out`: when it was last handed to a client or a driver, and is out still. `came_back`: when it last came in.
    `is_measured`: the clock of the device was compared with ours; else only what would end a loan that is newer than
    the scan is asked, because a clock that is wrong must not keep an item from coming in twice.
    """
    if went_out and scanned_at < went_out - CLOCKS_AGREE:
        then = f"It was scanned {_when(scanned_at)}, and it went out after that, {_when(went_out)}."
        again = "" if is_measured else " If it is here now, scan it again; if that time is wrong, set the clock first."
        return Conflict("moved-since-scan", f"{then}{again} Nothing was changed.")
    if is_measured and came_back and scanned_at < came_back:
        then = f"It was scanned {_when(scanned_at)}, and it came in at the store after that, {_when(came_back)}."
        return Conflict("already-returned", f"{then} Nothing was changed.")
    return None


def says_nothing_of_the_order(scanned_at: datetime, at: datetime) -> bool:
    """Whether a time that nobody compared cannot be when the scan was made, so that it may be older than anything."""
    return scanned_at > at + CLOCKS_AGREE


def was_never_then(scanned_at: datetime | None, came_here: datetime | None, *, is_measured: bool) -> bool:
    """The same of a time that is before the item was here at all. `came_here`: None where that is put aside with its
    month, years ago."""
    return scanned_at is not None and not is_measured and came_here is not None and scanned_at < came_here


def clock_wrong() -> Conflict:
    """The refusal of a scan that would end a stopped use, of which nobody can tell whether it was made before that."""
    detail = (
        "The clock of this device is wrong, so nobody can tell whether this was scanned before it went out to the "
        "client, where its use is stopped. Nothing was changed. Set the date, time and time zone of the device; then "
        "scan it again."
    )
    return Conflict("clock-wrong", detail)


def _when(at: datetime) -> str:
    return f"on {in_words(uk_date(at))} at {at.astimezone(UK):%H:%M}"
