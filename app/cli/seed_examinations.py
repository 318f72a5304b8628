"""Thorough examinations of the demonstration, and a visit for one. The examiner and her firm are made up."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import uk_date
from app.domain.inspections import InspectionKind
from app.domain.thorough_examinations import Defect, DefectKind, Occasion, Report
from app.features.workshop.inspections import service as inspections
from app.features.workshop.inspections import visits

SOUND: Final = Report(
    employer_name="Equipment Stores, Marston County Council",
    employer_address="County Hall, Marston MA1 1AA",
    premises_address="Main store, Unit 4, Marston Park",
    safe_working_load_kg=150,
    occasion=Occasion.WITHIN_6_MONTHS,
    safe_to_operate=True,
    no_defects=True,
    tested=True,
    test_particulars="Lifted 188 kg (125 % of the safe working load) through its whole range. It did not creep.",
    examiner_name="Erin Wells",
    examiner_address="Wells Lifting Inspection, 2 Dock Road, Marston MA3 4BB",
    examiner_qualifications="Level 3 in the thorough examination of patient lifting equipment",
    self_employed=True,
)
WORN: Final = replace(
    SOUND,
    no_defects=False,
    defects=(
        Defect(
            "Rear castor",
            "Bearing worn; it turns with some effort.",
            DefectKind.COULD_BECOME_DANGER,
            None,
            "Replace both rear castors.",
        ),
    ),
)
CRACKED: Final = replace(
    SOUND,
    premises_address="The home of the client",
    safe_to_operate=False,
    no_defects=False,
    tested=False,
    test_particulars="",
    defects=(
        Defect(
            "Spreader bar",
            "Cracked beside the left hook.",
            DefectKind.DANGER,
            None,
            "Replace the spreader bar.",
        ),
    ),
)


async def examine(session: AsyncSession, barcode: str, report: Report, *, on: date, at: datetime) -> None:
    """One examination, half a year after the one before; what could become a danger does so 60 days later."""
    by = on + timedelta(days=60)
    defects = tuple(
        replace(one, danger_by=by) if one.kind is DefectKind.COULD_BECOME_DANGER else one for one in report.defects
    )
    before = on - timedelta(days=182)
    whole = replace(report, defects=defects, examined_on=on, reported_on=on, last_examined_on=before)
    await inspections.inspect(
        session,
        barcode,
        kind=InspectionKind.LOLER,
        outcome=whole.outcome,
        next_due_on=None,
        notes="",
        report=whole,
        actor="technician2",
        at=at,
    )


async def visit_home(session: AsyncSession, client_ref: str, barcode: str, *, now: datetime) -> None:
    """A visit that was planned the day before yesterday, tried in vain yesterday, and is planned for the day after
    tomorrow now."""
    planned, tried = now - timedelta(days=2), now - timedelta(days=1)
    wanted = [(barcode, InspectionKind.LOLER)]
    by = {"visitor": "technician2", "actor": "technician2"}
    visit_id = await visits.plan(session, client_ref, wanted, planned_on=uk_date(tried), **by, at=planned)
    note = "Nobody in. A card with our number was left."
    await visits.record_no_access(
        session, visit_id, note=note, tried_at=tried, after_tries=3, actor="technician2", at=tried
    )
    await visits.replan(session, visit_id, planned_on=uk_date(now) + timedelta(days=2), **by, at=now)
