"""What pages and the API show of a reconciliation: of a month, made now, or of all, from last night."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.months import month_name
from app.domain.reconciling import Check
from app.features.finance.reconciling.schemas import CheckBody, DifferenceBody, ReconciliationBody, ReportBody
from app.features.finance.reconciling.service import reconcile
from app.features.finance.reconciling.since import KEPT
from app.features.finance.reconciling.words import SIDES

LAST_NIGHT = text("SELECT * FROM reconciliation_run WHERE period IS NULL ORDER BY at DESC, id DESC LIMIT 1")


async def read(session: AsyncSession, period: date | None, *, at: datetime) -> ReconciliationBody:
    """Of this month, compared now; of everything, as it was last night."""
    return await read_last_night(session) if period is None else await compare(session, period, at=at)


async def compare(session: AsyncSession, period: date, *, at: datetime) -> ReconciliationBody:
    """Compare what is in a month."""
    found = await reconcile(session, period=period)
    return ReconciliationBody(
        period=month_name(period),
        at=at,
        is_ok=found.is_ok,
        checks=_checks(found.as_kept),
        reports=_reports(found.as_kept),
        differences=[DifferenceBody(**asdict(one)) for one in found.differences[:KEPT]],
    )


async def read_last_night(session: AsyncSession) -> ReconciliationBody:
    """What came of it last night."""
    return body_of((await session.execute(LAST_NIGHT)).mappings().one_or_none())


def body_of(row: RowMapping | None) -> ReconciliationBody:
    """What was kept of a run, or nothing."""
    if row is None:
        return ReconciliationBody(period=None, at=None, is_ok=None, checks=[], reports=[], differences=[])
    return ReconciliationBody(
        period=month_name(row["period"]) if row["period"] else None,
        at=row["at"],
        is_ok=row["is_ok"],
        checks=_checks(row["sums"]),
        reports=_reports(row["sums"]),
        differences=[DifferenceBody(**one) for one in row["differences"]],
    )


def _reports(sums: Mapping[str, Mapping[str, Any]]) -> list[ReportBody]:
    return [
        ReportBody(
            title=one["title"],
            lines=one["lines"],
            lines_in_report=one["found_lines"],
            expected_pence=one["net"],
            found_pence=one["found_net"],
            expected_vat_pence=one["vat"],
            found_vat_pence=one["found_vat"],
        )
        for one in sums[Check.REPORTS.value].get("each", ())
    ]


def _checks(sums: Mapping[str, Mapping[str, Any]]) -> list[CheckBody]:
    return [
        CheckBody(
            check=check,
            title=said.title,
            proves=said.proves,
            counted=told["counted"],
            expected_pence=told["expected"] if said.expected else None,
            found_pence=told["found"] if said.found else None,
            is_most=said.is_most,
            differences=told["differences"],
            apart=told.get("apart", 0),
            told_apart=said.apart,
        )
        for check, said in SIDES.items()
        if (told := sums.get(check.value))
    ]
