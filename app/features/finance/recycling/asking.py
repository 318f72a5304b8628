"""What is asked of the reports about recycling: the days, as at when, on which basis, and of what."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import AfterValidator, BeforeValidator

from app.domain.asked_period import check_days
from app.domain.months import last_day
from app.domain.recycling import Basis
from app.domain.report_days import midnight, standing_at
from app.features.finance.asking import Days, or_none
from app.web.fields import OptionalLine, Pence

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
NO_INSTANT = "Write a day, such as 2026-03-31, or an instant with its zone, such as 2026-03-31T17:00:00Z."


def _as_at(typed: str) -> str:
    _read_as_at(typed)
    return typed


def _read_as_at(typed: str) -> date | datetime | None:
    if not typed:
        return None
    try:
        found = date.fromisoformat(typed) if DAY.fullmatch(typed) else datetime.fromisoformat(typed)
    except ValueError as error:
        raise ValueError(NO_INSTANT) from error
    if isinstance(found, datetime) and found.tzinfo is None:
        raise ValueError(NO_INSTANT)
    return found


class Asked:
    """What a report is asked for. `of_category`: this category and no other. `as_at`: a day, which counts whole, or an
    instant; as a rule now."""

    def __init__(
        self,
        days: Annotated[Days, Depends()],
        as_at: Annotated[OptionalLine, AfterValidator(_as_at), Query()] = "",
        floor_pence: Annotated[Pence | None, BeforeValidator(or_none), Query()] = None,
        basis: Basis = Basis.PERIOD,
        store: Annotated[OptionalLine, Query()] = "",
        category: Annotated[OptionalLine, Query()] = "",
        product: Annotated[OptionalLine, Query()] = "",
        funder: Annotated[OptionalLine, Query()] = "",
        of_category: Annotated[OptionalLine, Query()] = "",
    ) -> None:
        self.days = days
        self.as_at, self.floor_pence, self.basis = as_at, floor_pence, basis
        self.filters = {"store": store, "category": category, "product": product, "funder": funder}
        self.of_category = of_category

    def terms(self) -> "Terms":
        """As the reading takes it. Raises BadValue as `check_days` and `standing_at` do."""
        check_days(self.days.since, self.days.until)
        at = standing_at(_read_as_at(self.as_at), since=self.days.since, now=self.days.now)
        return Terms(
            self.days.since,
            self.days.until,
            at,
            self.basis,
            self.floor_pence,
            self.of_category,
            is_past=at < self.days.now,
            **self.filters,
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked, checked. `floor_pence` empty: that of the credits. `category`: how it begins; `of_category`: it
    and no other, as a row of a report has it. `is_past`: whether lines may have been posted since `as_at`."""

    since: date
    until: date
    as_at: datetime
    basis: Basis = Basis.PERIOD
    floor_pence: int | None = None
    of_category: str = ""
    store: str = ""
    category: str = ""
    product: str = ""
    funder: str = ""
    is_past: bool = True

    @property
    def values(self) -> dict[str, Any]:
        """As the statements take it."""
        return {
            "from_at": midnight(self.since),
            "until_at": midnight(date.fromordinal(self.until.toordinal() + 1)),
            "as_at": self.as_at,
            "store": self.store,
            "category": self.category,
            "product": self.product,
            "funder": self.funder,
            "of_category": self.of_category,
        }

    def of_month(self, month: date) -> "Terms":
        """The days of this month alone."""
        return replace(self, since=max(self.since, month), until=min(self.until, last_day(month)))

    def query(self, **more: object) -> str:
        """The same as parameters of an address, at the very instant, so that it is answered alike for ever."""
        asked = {
            "from": self.since.isoformat(),
            "to": self.until.isoformat(),
            "as_at": self.as_at.isoformat(),
            "basis": self.basis.value,
            "floor_pence": self.floor_pence,
            "store": self.store,
            "category": self.category,
            "product": self.product,
            "funder": self.funder,
            "of_category": self.of_category,
        }
        return urlencode({name: value for name, value in (asked | more).items() if value not in ("", None)})
