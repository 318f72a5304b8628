"""Bodies of reconciliations."""

from datetime import datetime

from app.domain.reconciling import Check
from app.web.fields import Body, Line
from app.web.shapes import Shape


class DifferenceBody(Shape):
    """Something that does not add up. Sides in pence, where it is about money."""

    check: Check
    code: str
    detail: str
    expected: int | None
    found: int | None
    barcode: str
    movement: int | None
    where: str


class CheckBody(Shape):
    """What a check looked at: how many things, and the two sides that must agree, in pence. `is_most`: what is found
    may be less; `expected_pence` is the most. Credits are below zero. `apart`: how many it could not look at, or
    tells of though they are no difference; which those are, `told_apart` says."""

    check: Check
    title: str
    proves: str
    counted: int
    expected_pence: int | None
    found_pence: int | None
    is_most: bool
    differences: int
    apart: int = 0
    told_apart: str = ""


class ReportBody(Shape):
    """A report beside the plain sum of its lines: how many there are and how many it has, net, and VAT, in pence."""

    title: str
    lines: int
    lines_in_report: int
    expected_pence: int
    found_pence: int
    expected_vat_pence: int
    found_vat_pence: int


class ReconciliationBody(Shape):
    """Whether everything adds up: of a month, calculated now, or (`period` empty) of all, as of the last night."""

    period: str | None
    at: datetime | None
    is_ok: bool | None
    checks: list[CheckBody]
    reports: list[ReportBody]
    differences: list[DifferenceBody]


class MonthForm(Body):
    """The month that is to be compared, as the page with the choice sends it on."""

    period: Line
