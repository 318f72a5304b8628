"""The tables of the dashboard's charts as JSON and as files."""

from typing import Annotated

from fastapi import Depends, Response

from app.db import ReportSession
from app.features.finance.dashboard.asking import Asked, Name, read_chart
from app.features.finance.exports.answers import REPORTS, FileAsked, answer
from app.features.finance.reports.schemas import Report, as_report
from app.web.auth import Actor
from app.web.once import api_router

router = api_router("finance")


@router.get("/finance/reports/dashboard/{name}", response_model=Report, responses=REPORTS)
async def chart(
    session: ReportSession,
    actor: Actor,
    name: Name,
    asked: Annotated[Asked, Depends()],
    wanted: Annotated[FileAsked, Depends()],
) -> Report | Response:
    """The figures of one chart: `months`, the running one last, of all funders or of one."""
    table = await read_chart(session, name, asked)
    return await answer(table, wanted, as_report(table))
