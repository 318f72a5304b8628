"""How it is said who pays, in bodies and on forms: shares in percent, one box for each funder."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from app.domain.panel_funding import Share
from app.web.fields import Body, Code
from app.web.forms import Form
from app.web.shapes import Shape
from app.web.typed import plain_number, plain_percent

LONGEST: Final = 8
"""So many characters a percentage has on a form."""


Percent = Annotated[Decimal, BeforeValidator(plain_percent), Field(ge=0, le=100, decimal_places=4, allow_inf_nan=False)]


class FunderShare(Body):
    """A funder's code and its part in percent, with two decimals at most."""

    funder: Code
    percent: Percent

    def as_share(self) -> Share:
        """The same as the rules take it."""
        return Share(self.funder, self.percent)


Funding = Annotated[list[FunderShare], Field(max_length=20)]


class ShareOfOrder(Shape):
    """What part a funder pays, in percent and in pence of what it is a part of."""

    funder: str
    name: str
    percent: float
    pence: int


def as_shares(funding: Sequence[FunderShare]) -> tuple[Share, ...]:
    """Shares as the rules take them."""
    return tuple(one.as_share() for one in funding)


def read_shares(form: Form, funders: Sequence[str]) -> list[dict[str, Any]]:
    """The shares that were typed, one box for each funder; an empty box is no share."""
    shares = []
    for code in funders:
        typed = form.value(f"percent-{code}").strip().removesuffix("%").strip()
        if typed:
            percent = plain_number(typed) if len(typed) <= LONGEST else None
            if percent is None or not 0 <= percent <= 100 or percent != percent.quantize(Decimal("0.01")):
                form.refuse("Write a percentage from 0 to 100 with two decimals at most.", f"percent-{code}")
            elif percent:
                shares.append({"funder": code, "percent": percent})
    return shares


def typed_shares(shares: Sequence[ShareOfOrder] | Sequence[FunderShare] | Sequence[Share]) -> dict[str, str]:
    """The boxes as somebody would have typed what stands there."""
    return {f"percent-{one.funder}": f"{one.percent:g}" for one in shares}
