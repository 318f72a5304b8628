"""What things cost in the demonstration. Every figure is made up: no contract, council or supplier charges them."""

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.features.finance.tariffs import service
from app.features.finance.tariffs.schemas import NewTariff

ACTOR: Final = "finance"
NOTE: Final = "Made up for the demonstration"
BEGAN_ON: Final = date(2020, 4, 1)
"""Before anything that the demonstration tells of."""

FIXED: Final[dict[str, dict[str, int]]] = {
    "delivery": {
        "emergency": 5_800,
        "same_day": 4_500,
        "next_day": 2_400,
        "three_day": 1_600,
        "five_day": 1_200,
        "seven_day": 1_000,
    },
    "collection": {"standard": 1_200, "urgent": 2_400},
    "failed_visit": {"": 1_000},
    "decontamination": {
        "": 900,
        "wash_down": 850,
        "thermal": 1_400,
        "laundry": 650,
        "ultrasonic": 1_100,
        "contractor": 4_200,
        "quarantine_then_clean": 1_800,
    },
    "inspection": {"loler": 3_500, "pat": 650, "service": 2_800, "functional": 0},
    "repair": {"": 2_200},
    "scrap": {"": 800},
}
"""Pence by kind, and by speed, route or kind of inspection."""

RECYCLED_PERCENT: Final = 25
"""Of what a recycled item cost, for its issue."""

CREDITED: Final = {0: 90, 12: 75, 24: 60, 36: 45, 60: 25, 84: 0}
"""Percent of what was charged, from so many months on."""

FLOOR: Final = 3_000
"""For what cost less there is no credit."""


async def add_rates(session: AsyncSession, *, at: datetime) -> None:
    """Begin them all, as finance would."""
    wanted: list[dict[str, Any]] = [
        {"kind": kind, "variant": variant, "pence": pence}
        for kind, by_variant in FIXED.items()
        for variant, pence in by_variant.items()
    ]
    wanted += [
        {"kind": "recycled_issue", "percent": RECYCLED_PERCENT},
        {
            "kind": "credit",
            "taper": [{"from_months": months, "percent": percent} for months, percent in CREDITED.items()],
            "floor_pence": FLOOR,
        },
    ]
    for rate in wanted:
        new = NewTariff.model_validate({**rate, "starts_on": BEGAN_ON, "note": NOTE})
        await service.add_tariff(session, new, actor=ACTOR, at=at)
