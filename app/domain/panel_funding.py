"""Who pays how much of what a panel approves: shares that make exactly 100 %, and pence of which none is lost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.domain.errors import BadValue
from app.domain.panel_meeting import Side

WHOLE = Decimal(100)
PLACES = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Share:
    """A funder by its code, and its part of the whole in percent, with two decimals at most."""

    funder: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Allotment:
    """What a funder pays, in pence."""

    funder: str
    percent: Decimal
    pence: int


def check_split(shares: Sequence[Share], *, field: str) -> None:
    """Whether the shares are a split. Raises BadValue `funding-not-100-percent`, `funder-twice`, `bad-percentage`."""
    for share in shares:
        if not 0 < share.percent <= WHOLE or share.percent != share.percent.quantize(PLACES):
            detail = (
                f"{share.funder} pays {in_percent(share.percent)}. A share is more than 0 %, 100 % at most, and has "
            )
            raise BadValue("bad-percentage", f"{detail}two decimals at most.", field=field)
    funders = [share.funder for share in shares]
    if len(set(funders)) < len(funders):
        raise BadValue("funder-twice", "A funder is named twice. Add its shares together.", field=field)
    total = sum((share.percent for share in shares), Decimal(0))
    if total != WHOLE:
        detail = (
            f"The shares come to {in_percent(total)}. They must come to exactly 100 %, such as 33.34, 33.33 and 33.33."
        )
        raise BadValue("funding-not-100-percent", detail, field=field)


def allot(pence: int, shares: Sequence[Share]) -> tuple[Allotment, ...]:
    """What each funder pays of so many pence, by the largest remainder: to the penny, and no penny is lost.

    The pennies that are left over go one by one to the largest remainders, of equal ones to whoever is named first.
    """
    if len(shares) == 1 and shares[0].percent == WHOLE:
        return (Allotment(shares[0].funder, shares[0].percent, pence),)
    exact = [pence * share.percent / WHOLE for share in shares]
    floors = [int(one) for one in exact]
    left = pence - sum(floors)
    by_remainder = sorted(range(len(shares)), key=lambda place: (floors[place] - exact[place], place))
    extra = set(by_remainder[:left])
    return tuple(
        Allotment(share.funder, share.percent, floors[place] + (place in extra)) for place, share in enumerate(shares)
    )


def is_joint(sides: Collection[Side]) -> bool:
    """Whether the money of both sides is in it."""
    return len(set(sides)) > 1


def in_percent(percent: Decimal) -> str:
    """As people write it: 60 %, 33.33 %."""
    return f"{percent.normalize():f} %"
