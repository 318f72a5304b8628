"""A report of thorough examination as somebody sends it, whole."""

from dataclasses import asdict
from datetime import date
from typing import Any

from app.domain.inspections import InspectionOutcome
from tests.given import examination_report


def report_body(outcome: InspectionOutcome = InspectionOutcome.PASSED, *, on: date, **changes: Any) -> dict[str, Any]:
    """The body of `report`; `changes` are its fields, None leaves one out."""
    body: dict[str, Any] = asdict(examination_report(outcome, on=on))
    body["defects"] = [
        {name: value for name, value in defect.items() if value is not None} for defect in body["defects"]
    ]
    days = {name: value.isoformat() for name, value in body.items() if isinstance(value, date)}
    return {name: value for name, value in (body | days | changes).items() if value is not None}
