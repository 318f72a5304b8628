"""What came from outside as text, read strictly: an amount of money, a time, the address of one of our own pages."""

import re
from datetime import time
from decimal import Decimal
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator

DEAREST_POUNDS: Final = 1_000_000
PENNY: Final = Decimal("0.01")
LONGEST_PATH: Final = 500
PLAIN: Final = re.compile(r"-?[0-9]*\.?[0-9]*")


def pence_from(pounds: object) -> int:
    """The pence of an amount as people write it: "£1,234.5" is 123450. Exact: no binary fraction comes into it.

    Raises ValueError with a sentence for people.
    """
    return amount_from(pounds, most_pounds=DEAREST_POUNDS, what="price")


def amount_from(pounds: object, *, most_pounds: int, what: str) -> int:
    """The same for an amount that is called otherwise, up to so many pounds."""
    amount = plain_number(str(pounds).strip().removeprefix("£").replace(",", ""))
    if amount is None:
        raise ValueError(f"Write the {what} in pounds and pence, such as 149.99.")
    if not 0 <= amount <= most_pounds:
        raise ValueError(f"The {what} must be from £0 to £{most_pounds:,}.")
    if amount != amount.quantize(PENNY):
        raise ValueError(f"The {what} must not have parts of a penny. Write it as 149.99.")
    return int(amount * 100)


def plain_number(typed: str) -> Decimal | None:
    """The number, if it is written in digits of ours with one point at most; not 1e3, and not in another script."""
    number = typed.strip()
    if not any(character.isdigit() for character in number) or not PLAIN.fullmatch(number):
        return None
    return Decimal(number)


def plain_percent(given: object) -> object:
    """A number, or text in which one is written plainly."""
    number = plain_number(given) if isinstance(given, str) else given
    if number is None and given is not None:
        raise ValueError("Write a percentage in digits, such as 33.34.")
    return number


def as_time(typed: object) -> object:
    """A time of day as people type it: 14:05, or 9.30."""
    try:
        hours, minutes = str(typed).strip().replace(".", ":").split(":")
        return time(int(hours), int(minutes))
    except ValueError as error:
        raise ValueError("Write the time as hours and minutes, such as 14:05.") from error


TimeOfDay = Annotated[time, BeforeValidator(as_time)]


def own_path(path: str, otherwise: str = "/") -> str:
    """The path, when it leads to a page of ours, else the other one.

    Browsers read `//host`, `/\\host` and, because they drop tabs and line breaks, `/<tab>/host` as another site.
    """
    odd = not path.isprintable() or "\\" in path or len(path) > LONGEST_PATH
    if odd or not path.startswith("/") or path.startswith(("//", "/sign-")):
        return otherwise
    parts = urlsplit(path)
    return otherwise if parts.scheme or parts.netloc else path
