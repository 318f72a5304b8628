"""Which lines somebody asks for: by address, for the API and the page alike."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator, Field

from app.domain.costs import ChargeKind
from app.domain.errors import BadValue
from app.web.fields import Day, without_controls

MOST_MONTHS: Final = 61
"""Five years and a month."""

NOBODY: Final = "none"
"""In place of a funder's code: lines that no funder pays."""


def _or_none(typed: object) -> object:
    """A field that was left empty is left out."""
    return typed or None


Words = Annotated[
    Annotated[str, Field(max_length=60)] | None,
    BeforeValidator(_or_none),
    Query(),
    AfterValidator(lambda words: words and without_controls(words).strip()),
]
DayAsked = Annotated[Day | None, BeforeValidator(_or_none)]
Yes = Annotated[bool | None, BeforeValidator(_or_none)]


def month_from(period: str, *, field: str = "period") -> date:
    """The first day of a month that is written `YYYY-MM`. Raises BadValue `not-a-period`."""
    try:
        if re.fullmatch("[0-9]{4}-(0[1-9]|1[0-2])", period):
            return date.fromisoformat(f"{period}-01")
    except ValueError:
        pass
    detail = "A period is a month. Write it as year and month, such as 2026-03."
    raise BadValue("not-a-period", detail, field=field)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the lines are narrowed to. `since`, `until`: the days on which it happened; `period`: the month of the
    books; `funder`: a code, or `none` for the service's own."""

    since: Annotated[DayAsked, Query(alias="from")] = None
    until: Annotated[DayAsked, Query(alias="to")] = None
    period: Words = None
    funder: Words = None
    order: Words = None
    barcode: Words = None
    kind: Annotated[ChargeKind | None, BeforeValidator(_or_none)] = None
    team: Words = None
    product_code: Words = None
    tariff: Annotated[Annotated[int, Field(ge=1, lt=2**63)] | None, BeforeValidator(_or_none), Query()] = None
    unpriced: Yes = None
    provisional: Yes = None

    @property
    def filled(self) -> dict[str, str]:
        """What was filled in, as it stands in the address."""
        names = {"since": "from", "until": "to"}
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            names.get(name, name): "true" if value is True else str(value)
            for name, value in found.items()
            if value is not None and value is not False
        }

    def conditions(self) -> tuple[list[str], dict[str, Any]]:
        """The conditions on `charge AS line`, and their values. Raises BadValue for days that cannot be."""
        self._check_days()
        found: list[str] = []
        values: dict[str, Any] = {}
        for name, condition in CONDITIONS.items():
            value = getattr(self, name)
            if value is not None:
                found.append(condition)
                values[name] = value
        if self.period is not None:
            values["period"] = month_from(self.period)
        if self.since is not None:
            values["since_month"] = self.since.replace(day=1)
        if self.funder is not None:
            found.append("line.funder_id IS NULL" if self.funder.lower() == NOBODY else FUNDER)
            values["funder"] = self.funder
        if self.unpriced:
            found.append(f"line.is_unpriced AND line.reversal_of IS NULL AND {STANDS}")
        if self.provisional:
            found.append(f"line.is_provisional AND line.reversal_of IS NULL AND {STANDS}")
        return found, values

    def _check_days(self) -> None:
        if self.since is None or self.until is None:
            return
        if self.since > self.until:
            detail = "The period ends before it begins. Its last day must be its first day or later."
            raise BadValue("period-ends-before-it-begins", detail, field="to")
        months = (self.until.year - self.since.year) * 12 + self.until.month - self.since.month
        last = monthrange(self.until.year, self.until.month)[1]
        if months > MOST_MONTHS or (months == MOST_MONTHS and self.until.day >= min(self.since.day, last)):
            detail = (
                "At most five years and a month are shown at once. Choose a shorter period, and ask again for more."
            )
            raise BadValue("period-too-long", detail, field="to")


STANDS: Final = "NOT EXISTS (SELECT FROM charge AS gone WHERE gone.reversal_of = line.id)"
"""Nothing takes the line back."""

FUNDER: Final = "line.funder_id = (SELECT id FROM funder WHERE upper(code) = upper(:funder))"
CONDITIONS: Final = {
    # A line is in the month in which it happened or in a later one, and by months there is an index.
    "since": "line.happened_on >= :since AND line.period >= :since_month",
    "until": "line.happened_on <= :until",
    "period": "line.period = :period",
    "order": "line.order_id = (SELECT id FROM equipment_order WHERE upper(number) = upper(:order))",
    "barcode": "line.item_id = (SELECT id FROM item WHERE barcode = upper(replace(:barcode, '-', '')))",
    "kind": "line.kind = :kind",
    "team": "line.team_id = (SELECT id FROM team WHERE upper(code) = upper(:team))",
    "product_code": "line.product_id = (SELECT id FROM product WHERE upper(code) = upper(:product_code))",
    "tariff": "line.tariff_id = :tariff",
}
