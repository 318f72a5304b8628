"""How addresses name a month."""

from datetime import date
from typing import Annotated

from fastapi import Path, Query

from app.domain.periods import read_month


class Month:
    """The month in the address. Raises BadValue `not-a-period`."""

    def __init__(self, period: Annotated[str, Path(max_length=40)]) -> None:
        self.first_day: date = read_month(period)


class MonthAsked:
    """The month that is asked about, if any. Raises BadValue `not-a-period`."""

    def __init__(self, period: Annotated[str, Query(max_length=40)] = "") -> None:
        self.first_day: date | None = read_month(period) if period else None
