"""What the public page of a label warns of: whoever stands beside the thing must know what the store knows.

It never says why, nor where the thing is or whose: a hold, a report and a scrapped item read the same. That it is
overdue for its thorough examination is said, because the law forbids what is done without it, and because it is a fact
of the thing alone, the same wherever it is.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from app.domain.clearance import HoldKind
from app.domain.lifecycle import State

DANGERS: Final = frozenset({HoldKind.SAFETY_NOTICE, HoldKind.FAULT, HoldKind.INVESTIGATION, HoldKind.WHEREABOUTS})
"""Holds that say that something is or may be wrong with the item. The others say where it is, or what is planned."""

UNFIT: Final = frozenset({State.IN_REPAIR, State.SCRAPPED})
"""States in which something is wrong with it, whatever its last check said."""


class LabelWarning(StrEnum):
    """What the page says before anything else."""

    DO_NOT_USE = "do_not_use"
    NOT_EXAMINED = "not_examined"
    CHECK_FIRST = "check_first"


def find_warning(
    state: State,
    holds: Collection[HoldKind],
    *,
    is_stopped: bool,
    has_failed: bool,
    is_reported: bool,
    is_overdue: bool = False,
) -> LabelWarning | None:
    """What to warn of, if anything. `is_stopped`: its use where it is; `has_failed`: its latest check of some kind.

    `is_reported`: a fault that nobody has looked at yet and that was not called dangerous, or it would be held. A
    stranger's word takes nothing away from somebody who needs it, so they are asked to look first. `is_overdue`: its
    thorough examination, or nobody knows of one; it must have been made within six months wherever people are lifted
    (LOLER 1998, SI 1998/2307, regulation 9(3)).
    """
    if state in UNFIT or is_stopped or has_failed or DANGERS & set(holds):
        return LabelWarning.DO_NOT_USE
    if is_overdue:
        return LabelWarning.NOT_EXAMINED
    return LabelWarning.CHECK_FIRST if is_reported else None
