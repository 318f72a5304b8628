"""Repairs and scrap of the demonstration: one on the bench with a part, one scrapped, one that waits for agreement."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import uk_date
from app.domain.disposal import Batteries, Disposal, WasteStream
from app.features.workshop.repairs import service as repairs
from app.features.workshop.repairs.service import NewPart
from app.web import disposing


async def repair_and_scrap(session: AsyncSession, *, mended: str, punctured: str, pump: str, now: datetime) -> None:
    """Mend one item, scrap another without its waste reference yet, and ask for the scrap of a dear one."""
    began, scrapped = now - timedelta(days=3), now - timedelta(days=11)
    castor = NewPart(uk_date(began), "Rear castor with brake", "MH-CAS-02", cost_pence=2_450)
    await repairs.estimate(
        session, mended, parts_pence=4_900, labour_pence=3_500, notes="", actor="technician", at=began
    )
    await repairs.fit_parts(session, mended, [castor], actor="technician", at=began)
    cell = Disposal("Cell punctured, cover past cleaning.", WasteStream.MATTRESS, reference_follows=True)
    await disposing.scrap(session, punctured, cell, actor="manager", at=scrapped)
    burnt = Disposal(
        "The pump smells burnt and trips the fuse.", WasteStream.WEEE, Batteries.NONE, reference_follows=True
    )
    await disposing.scrap(session, pump, burnt, actor="technician", at=now - timedelta(days=2))
