"""England's bank holidays around a day. The rules in `domain/promises.py` take them as a set."""

from datetime import date
from functools import cache

from holidays import country_holidays


def bank_holidays(today: date) -> frozenset[date]:
    """Those of last year, this one and the next."""
    return _around(today.year)


@cache
def _around(year: int) -> frozenset[date]:
    return frozenset(country_holidays("GB", subdiv="ENG", years=range(year - 1, year + 2)))
