"""What members recommended, and whether a decision goes against it. The chair records what was decided, and decides
nothing against most of those who decide without saying why."""

from collections.abc import Collection, Mapping

from app.domain.errors import BadValue
from app.domain.panel import DecisionKind
from app.domain.reasons import is_reason


def dissenters(
    decided: DecisionKind, recommended: Mapping[str, DecisionKind], able: Collection[str]
) -> dict[str, DecisionKind]:
    """Of those who decide, by username, who recommended otherwise, and what. With or without conditions, an approval
    is one."""
    return {
        username: kind
        for username, kind in sorted(recommended.items())
        if username in able and kind is not decided and not (kind.approves and decided.approves)
    }


def check_why_against(against: Mapping[str, DecisionKind], able: Collection[str], why: str) -> None:
    """What goes against more than half of those who decide wants the chair's reason for that.

    Raises BadValue `why-against-wanted`.
    """
    if 2 * len(against) > len(able) and not is_reason(why):
        detail = (
            f"{len(against)} of the {len(able)} who decide recommended otherwise. Say in a few words why it is decided "
            "against that."
        )
        raise BadValue("why-against-wanted", detail, field="why_against")
