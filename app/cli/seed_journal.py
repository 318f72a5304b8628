"""How the demonstration's general ledger wants its journal. The codes are made up, and each says so: no ledger has
them."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.costs import ChargeKind
from app.domain.journal import Layout
from app.features.finance.exports.layouts import set_layout

MADE_UP: Final = "DEMO-"
"""Before each code, so that nobody who takes the journal with them takes it for a real one."""

ACCOUNTS: Final = {
    ChargeKind.NEW_PURCHASE: "4110",
    ChargeKind.RECYCLED_ISSUE: "4120",
    ChargeKind.HIRE: "4130",
    ChargeKind.DELIVERY: "4210",
    ChargeKind.COLLECTION: "4220",
    ChargeKind.FAILED_VISIT: "4230",
    ChargeKind.DECONTAMINATION: "4310",
    ChargeKind.INSPECTION: "4320",
    ChargeKind.REPAIR: "4330",
    ChargeKind.PARTS: "4340",
    ChargeKind.WRITE_OFF: "4410",
    ChargeKind.SCRAP: "4420",
    ChargeKind.CREDIT: "4910",
    ChargeKind.TOP_UP: "4920",
}
CONTRAS: Final = {"ASC": "8110", "ICB": "8120", "CHC": "8130", "CHILD": "8140"}


async def set_accounts(session: AsyncSession, *, at: datetime) -> None:
    """Set an account for every kind of charge, for VAT and for every funder."""
    layout = Layout(
        accounts={kind: f"{MADE_UP}{code}" for kind, code in ACCOUNTS.items()},
        vat_account=f"{MADE_UP}7010",
        contra=f"{MADE_UP}8100",
        contras={funder: f"{MADE_UP}{code}" for funder, code in CONTRAS.items()},
        own_cost_centre=f"{MADE_UP}STORES",
    )
    await set_layout(session, layout, version=0, actor="finance", at=at)
