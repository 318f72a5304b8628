"""What has become of a decision since it was made, as its letters say it: to who prescribes, and to the person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.domain.dates import in_words
from app.domain.panel import DecisionKind, LapseKind


@dataclass(frozen=True, slots=True)
class LateInterest:
    """That somebody who decided declared only afterwards why they could not have."""

    name: str
    why: str
    declared_on: date


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a decision holds. `no_appeal`: the code and the sentence why nobody can appeal against it now; empty
    where somebody can. `is_heard_again`: an appeal is open."""

    lapsed: LapseKind | None = None
    lapsed_on: date | None = None
    replaced_on: date | None = None
    late: Sequence[LateInterest] = ()
    no_appeal: tuple[str, str] | None = None
    is_heard_again: bool = False

    @property
    def holds(self) -> bool:
        """Whether it is what counts."""
        return self.lapsed is None and self.replaced_on is None


SUPERSEDED: Final = "superseded"
PAST: Final[Mapping[DecisionKind, str]] = {
    DecisionKind.APPROVE: "We said yes then.",
    DecisionKind.APPROVE_WITH_CONDITIONS: "We said yes then. There were some conditions.",
    DecisionKind.DEFER: "We had not decided yet then. We needed to know more first.",
    DecisionKind.DECLINE: "We said no to this equipment then.",
}


def tell_prescriber(standing: Standing) -> list[str]:
    """What to read before the letter itself."""
    said = []
    if standing.replaced_on:
        said.append("This decision does not hold any more.")
        said.append(f"Another decision of {in_words(standing.replaced_on)} took its place. Read its letter.")
    elif standing.lapsed and standing.lapsed_on:
        said.append("This approval does not hold any more.")
        said.append(
            f"{_ended(standing.lapsed)} on {in_words(standing.lapsed_on)}. The letter about that says what follows."
        )
    elif standing.late:
        said.append("Somebody who decided this had an interest in the case.")
    said += [
        f"{one.name} took part, and declared only on {in_words(one.declared_on)}: {one.why[0].lower()}{one.why[1:]}."
        for one in standing.late
    ]
    return said


def tell_person(standing: Standing) -> list[str]:
    """The same in plain English, with nobody's name."""
    if standing.replaced_on:
        day = in_words(standing.replaced_on)
        return [
            "What this letter says does not count any more.",
            f"We decided again on {day}. Read our letter of that day.",
        ]
    if standing.lapsed and standing.lapsed_on:
        day = in_words(standing.lapsed_on)
        said = {
            LapseKind.EXPIRED: f"Our yes ended on {day}, because the equipment was not used in time.",
            LapseKind.NOT_RATIFIED: f"On {day} our meeting looked at it, and did not say yes.",
        }
        why = said.get(standing.lapsed, f"Our yes does not count since {day}.")
        return ["What this letter says does not count any more.", why, "We wrote you another letter about that."]
    if standing.late:
        day = in_words(max(one.declared_on for one in standing.late))
        return [
            "There is something that you should know.",
            f"Somebody who decided told us on {day} why they should not have taken part. Phone us to talk about it.",
        ]
    return []


def appeal_to_prescriber(standing: Standing, questions: str) -> list[str]:
    """Whether and how to appeal."""
    if standing.no_appeal:
        return [f"{standing.no_appeal[1]} {questions}"]
    return [
        "If you think that the panel decided wrongly, or had not all before it, you can appeal, and say why. "
        f"Members hear it who did not take part in this decision. The person may ask for it too. {questions}"
    ]


def appeal_to_person(standing: Standing, kind: DecisionKind, phone: str) -> list[str]:
    """What to do if they do not agree: a second look is offered only where there is one."""
    reach = f"Tell whoever assessed you, or phone us on {phone}."
    if standing.no_appeal is None:
        return ["You can ask us to look at it again. Other people then decide, who did not decide this time.", reach]
    code = standing.no_appeal[0]
    then = " You can ask us then to look at it again." if kind is not DecisionKind.APPROVE else ""
    said = {
        "already-appealed": "We have looked at it again, and we do that once. You can complain. We say below how.",
        "not-ratified-yet": f"Our next meeting looks at it first.{then}",
        SUPERSEDED: "Our newer letter says what you can do.",
    }
    if standing.is_heard_again:
        said[code] = "We look at it again already. Other people decide this time. We write to you again."
    elif code == "nothing-to-appeal" and standing.holds:
        said[code] = "We said yes to what was asked for. Is it not right for you?"
    return [said.get(code, "Your need still counts. Whoever assessed you can ask us again."), reach]


def _ended(kind: LapseKind) -> str:
    said = {LapseKind.EXPIRED: "It ended unused", LapseKind.NOT_RATIFIED: "A meeting did not ratify it"}
    return said.get(kind, f"It ended ({kind.text.lower()})")
