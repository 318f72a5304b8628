"""Which lines somebody asks for: by address, for the API and the page alike."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator, Field

from app.charging import NOBODYS
from app.domain.asked_period import check_day, check_days
from app.domain.costs import ChargeKind
from app.domain.months import months_after, read_month
from app.features.finance.asking import DayOrNone, or_none
from app.features.finance.disputed import IN_DISPUTE
from app.features.finance.monthly.grains import Grain, grain_of
from app.features.finance.older_rate import AT_AN_OLDER_RATE
from app.web.fields import without_controls

NOTHING_BEFORE: Final = date(2000, 1, 1)
MONTHS: Final = 12
"""So many months are shown and summed of what nothing else bounds, the present one with them."""
NOBODY: Final = "none"
"""In place of a funder's code: lines that no funder pays."""


Words = Annotated[
    Annotated[str, Field(max_length=60)] | None,
    BeforeValidator(or_none),
    Query(),
    AfterValidator(lambda words: words and without_controls(words).strip()),
]
Yes = Annotated[bool | None, BeforeValidator(or_none)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the lines are narrowed to. `since`, `until`: the days on which it happened; `period`: the month of the
    books; `funder`: a code, or `none` for the service's own; `nobodys`: what somebody should pay
    in open months, and nobody is said to; `older_rate`: what stays at a rate that was replaced or ended since for its
    day."""

    since: Annotated[DayOrNone, Query(alias="from")] = None
    until: Annotated[DayOrNone, Query(alias="to")] = None
    period: Words = None
    funder: Words = None
    order: Words = None
    barcode: Words = None
    kind: Annotated[ChargeKind | None, BeforeValidator(or_none)] = None
    team: Words = None
    product_code: Words = None
    tariff: Annotated[Annotated[int, Field(ge=1, lt=2**63)] | None, BeforeValidator(or_none), Query()] = None
    unpriced: Yes = None
    provisional: Yes = None
    nobodys: Yes = None
    older_rate: Yes = None

    def bounded(self, today: date) -> "Wanted":
        """The same, from a year ago on, where nothing else bounds it: no day, month, order, item or rate, and not what
        waits for somebody. All that a team was ever charged is nothing to add up while somebody waits."""
        bounds = (self.since, self.period, self.order, self.barcode, self.tariff)
        if any(bounds) or self.unpriced or self.provisional or self.nobodys:
            return self
        last = min(today, self.until or today)
        if last < NOTHING_BEFORE:
            return self
        return replace(self, since=months_after(last.replace(day=1), 1 - MONTHS))

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

    def grain(self) -> Grain | None:
        """The sums by month that know all that lines are narrowed to, beside their days; none where only lines do."""
        of_few = (self.order, self.barcode, self.tariff)
        if any(value is not None for value in of_few) or any(getattr(self, name) for name in FLAGS):
            return None
        return grain_of({part for name, part in SUMMED_UNDER.items() if getattr(self, name) is not None})

    def narrowed(self) -> str:
        """The same conditions on a sum as on a line: `sums AS line`."""
        found = [CONDITIONS[name] for name in ("kind", "team", "product_code") if getattr(self, name) is not None]
        if self.funder is not None:
            found.append("line.funder_id = 0" if self.funder.lower() == NOBODY else FUNDER)
        return " AND ".join(found) or "true"

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
            values["period"] = read_month(self.period)
        if self.since is not None:
            values["since_month"] = self.since.replace(day=1)
        if self.funder is not None:
            found.append("line.funder_id IS NULL" if self.funder.lower() == NOBODY else FUNDER)
            values["funder"] = self.funder
        found += [condition for name, condition in FLAGS.items() if getattr(self, name)]
        return found, values

    def _check_days(self) -> None:
        if self.since:
            check_day(self.since, "from")
        if self.until and self.until >= NOTHING_BEFORE:
            check_day(self.until, "to")
        if self.since and self.until:
            check_days(self.since, self.until)


STANDS: Final = "NOT EXISTS (SELECT FROM charge_taken_back AS gone WHERE gone.charge_id = line.id)"
"""Nothing takes the line back."""
NOT_CLOSED: Final = "line.period > COALESCE((SELECT max(period) FROM finance_period), '2000-01-01')"

SINCE_DISPUTED: Final = """
    line.period >= (SELECT CAST(min(asked.made_at) - interval '2 months' AS date)
                    FROM funding_dispute AS said JOIN equipment_order AS asked ON asked.id = said.order_id
                    WHERE said.settled_at IS NULL)
"""
"""As `SINCE_MADE`, of all orders about which a dispute is open: months before the oldest are not looked into."""
FLAGS: Final = {
    "unpriced": f"line.is_unpriced AND line.reversal_of IS NULL AND {STANDS}",
    "provisional": f"{IN_DISPUTE} AND {SINCE_DISPUTED}",
    "nobodys": f"{NOBODYS} AND {NOT_CLOSED}",
    "older_rate": AT_AN_OLDER_RATE,
}
SUMMED_UNDER: Final = {"funder": "funder_id", "team": "team_id", "kind": "kind", "product_code": "product_id"}
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
