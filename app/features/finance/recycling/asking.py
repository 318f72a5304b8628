"""What is asked of the reports about recycling: the days, as at when, on which basis, and of what."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator

from app.domain.dates import uk_date
from app.domain.panel_settings import financial_year, first_day
from app.domain.recycling import Basis
from app.domain.report_days import FIRST_YEAR, check_report_days, midnight, standing_at
from app.web.clock import Now
from app.web.fields import Day, OptionalLine, Pence

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
NO_INSTANT = "Write a day, such as 2026-03-31, or an instant with its zone, such as 2026-03-31T17:00:00Z."


def or_none(typed: object) -> object:
    """A field that was left empty is left out."""
    return typed or None


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


EmptyDay = Annotated[Day | None, BeforeValidator(or_none)]


class Days:
    """The days of a report, both included: as a rule from the first of this financial year until today."""

    def __init__(
        self,
        now: Now,
        since: Annotated[EmptyDay, Query(alias="from")] = None,
        until: Annotated[EmptyDay, Query(alias="to")] = None,
    ) -> None:
        self.until: date = until or uk_date(now)
        self.since: date = since or first_day(max(financial_year(self.until), FIRST_YEAR))
        self.now = now

    @property
    def query(self) -> dict[str, str]:
        """The same as parameters of an address."""
        return {"from": self.since.isoformat(), "to": self.until.isoformat()}


class Asked(Days):
    """What a report is asked for. `as_at`: a day, which counts whole, or an instant; as a rule now."""

    def __init__(
        self,
        now: Now,
        since: Annotated[EmptyDay, Query(alias="from")] = None,
        until: Annotated[EmptyDay, Query(alias="to")] = None,
        as_at: Annotated[OptionalLine, AfterValidator(_as_at), Query()] = "",
        floor_pence: Annotated[Pence | None, BeforeValidator(or_none), Query()] = None,
        basis: Basis = Basis.PERIOD,
        store: Annotated[OptionalLine, Query()] = "",
        category: Annotated[OptionalLine, Query()] = "",
        product: Annotated[OptionalLine, Query()] = "",
        funder: Annotated[OptionalLine, Query()] = "",
    ) -> None:
        super().__init__(now, since, until)
        self.as_at, self.floor_pence, self.basis = as_at, floor_pence, basis
        self.filters = {"store": store, "category": category, "product": product, "funder": funder}

    def terms(self) -> "Terms":
        """As the reading takes it. Raises BadValue as `check_report_days` and `standing_at` do."""
        check_report_days(self.since, self.until)
        at = standing_at(_read_as_at(self.as_at), since=self.since, now=self.now)
        return Terms(self.since, self.until, at, self.basis, self.floor_pence, **self.filters)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked, checked. `floor_pence` empty: that of the credits."""

    since: date
    until: date
    as_at: datetime
    basis: Basis = Basis.PERIOD
    floor_pence: int | None = None
    store: str = ""
    category: str = ""
    product: str = ""
    funder: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """As the statements take it."""
        return {
            "from_at": midnight(self.since),
            "until_at": midnight(date.fromordinal(self.until.toordinal() + 1)),
            "as_at": self.as_at,
            "is_cohort": self.basis is Basis.COHORT,
            "store": self.store,
            "category": self.category,
            "product": self.product,
            "funder": self.funder,
        }

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
        }
        return urlencode({name: value for name, value in (asked | more).items() if value not in ("", None)})
