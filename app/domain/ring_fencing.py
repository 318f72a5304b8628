"""Equipment that a panel approved on the condition that it comes back for the same service: who may have it then.

For that team it is the first choice; nobody else gets it until a manager or the panel's chair lifts the ring-fence.
"""

from dataclasses import dataclass, replace

from app.domain.errors import Conflict
from app.domain.hygiene import NextStep
from app.domain.lifecycle import IN_STORE, State


@dataclass(frozen=True, slots=True)
class RingFence:
    """For which team an item is kept, and by which decision: of the loan on which it went out last by a panel's word.

    `team`, `panel`: their names.
    """

    loan_id: int
    team_id: int
    team: str
    case_number: str
    panel_id: int
    panel: str

    @property
    def detail(self) -> str:
        """For whom it is kept, and why."""
        return f"It is ring-fenced for {self.team} by panel case {self.case_number}."

    @property
    def who_lifts(self) -> str:
        """Who can let others have it."""
        return f"A manager or the chair of {self.panel} can lift that."

    def keeps_from(self, team_id: int | None) -> bool:
        """Whether this team may not have it; None: somebody of no team."""
        return team_id != self.team_id


def check_ring_fence(fence: RingFence | None, team_id: int | None, *, field: str = "barcode") -> None:
    """Whether somebody of this team may have the item. Raises Conflict `ring-fenced`."""
    if fence and fence.keeps_from(team_id):
        detail = f"{fence.detail} Take another one, or order it for that team. {fence.who_lifts}"
        raise Conflict("ring-fenced", detail, field=field)


def beside(step: NextStep, fence: RingFence | None, state: State) -> NextStep:
    """What to do with an item next, with for whom it is kept while it stands in a store."""
    return replace(step, text=f"{step.text} {fence.detail}") if fence and state in IN_STORE else step
