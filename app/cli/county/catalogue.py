"""The county's catalogue: made-up lines of the kinds that stores lend, and what each kind asks for."""

from dataclasses import dataclass
from random import Random
from typing import Any, Final

SIX, TWELVE = 6, 12


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of equipment: its name, class, price from and to in pence, how it is cleaned, and what it asks for.

    `share`: how often it is lent beside the others.
    """

    name: str
    category: str
    low: int
    high: int
    share: float
    route: str = "wash_down"
    inspections: tuple[tuple[str, int], ...] = ()
    tier: str = "standard"
    load: int | None = 160
    waste: str = "general"
    high_risk: bool = False
    cover: bool = False
    single: bool = False


LOLER, PAT, SERVICE = ("loler", SIX), ("pat", TWELVE), ("service", TWELVE)
SORTS: Final = (
    Sort("Wheeled walking frame", "12 06 06", 1_200, 4_500, 14, waste="metal"),
    Sort("Commode chair", "09 12 03", 4_500, 9_900, 13, route="thermal", load=190, waste="metal"),
    Sort("Raised toilet seat", "09 12 15", 1_400, 3_600, 9, route="thermal", load=190),
    Sort("Toilet frame", "09 12 24", 2_200, 4_900, 8, waste="metal"),
    Sort("Shower chair", "09 33 07", 4_200, 12_000, 7, waste="metal"),
    Sort("Bath board", "09 33 06", 1_800, 4_100, 6),
    Sort("Perching stool", "18 09 03", 3_100, 7_200, 8, waste="metal"),
    Sort("Chair raisers", "18 09 90", 2_000, 5_000, 5),
    Sort("Bed lever", "18 12 27", 2_600, 6_400, 4, waste="metal"),
    Sort("Kitchen trolley", "12 22 90", 3_300, 8_000, 5, waste="metal"),
    Sort("Foam pressure mattress", "04 33 06", 9_000, 24_000, 6, waste="mattress", high_risk=True, cover=True),
    Sort("Pressure cushion", "04 33 03", 4_000, 28_000, 5, waste="mattress", high_risk=True, cover=True),
    Sort(
        "Dynamic mattress with pump", "04 33 06", 78_000, 118_000, 3, route="thermal", inspections=(PAT,),
        tier="specialist", load=200, waste="weee", high_risk=True, cover=True,
    ),
    Sort(
        "Profiling bed", "18 12 10", 52_000, 92_000, 4, inspections=(PAT, SERVICE), tier="specialist", load=180,
        waste="weee",
    ),
    Sort("Mobile hoist", "12 36 03", 62_000, 98_000, 1.2, inspections=(LOLER,), tier="specialist", waste="weee"),
    Sort("Loop sling", "12 36 21", 8_000, 19_000, 2, route="laundry", inspections=(LOLER,), load=200),
    Sort("Stand aid", "12 36 04", 48_000, 99_000, 0.5, inspections=(LOLER,), tier="specialist", waste="weee"),
    Sort("Riser recliner chair", "18 09 09", 45_000, 99_000, 1, inspections=(PAT,), tier="specialist", waste="weee"),
    Sort("Slide sheet", "12 31 03", 1_200, 3_000, 2.5, route="cannot", load=None, single=True),
    Sort("Urinal with holder", "09 27 09", 500, 1_900, 1.5, route="cannot", load=None, single=True),
)  # fmt: skip
MAKERS: Final = (
    "Aldgate Mobility", "Birchall Care", "Corvedale Seating", "Dunmore Aids", "Fenwick Care", "Garth Healthcare",
    "Hexworthy", "Ickworth Beds", "Kestrel Living", "Marlow Beds", "Northmoor", "Ottery Pressure Care", "Tamar Aids",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Product:
    """A line of the catalogue, as the county knows it."""

    id: int
    code: str
    name: str
    maker: str
    model: str
    sort: Sort
    price: int
    weight: float

    @property
    def is_reusable(self) -> bool:
        """Whether it is lent again."""
        return not self.sort.single

    @property
    def lot(self) -> int:
        """So many are bought at once."""
        return 12 if self.price < 3_000 else 6 if self.price < 8_000 else 2 if self.price < 40_000 else 1


def make_up(count: int, rng: Random) -> list[dict[str, Any]]:
    """So many lines, as the table of products has them."""
    return [_line(number, SORTS[number % len(SORTS)], rng) for number in range(count)]


def _line(number: int, sort: Sort, rng: Random) -> dict[str, Any]:
    model = f"{rng.choice('ABCDEFGHKLMNPRSTVW')}{rng.choice('aeiou')}{rng.choice('lnrstx')} {100 + number}"
    maker = rng.choice(MAKERS)
    return {
        "code": f"C{number + 1:05}",
        "name": f"{sort.name}, {model}",
        "manufacturer": maker,
        "model": model,
        "category": sort.category,
        "purchase_price_pence": rng.randrange(sort.low, sort.high, 10),
        "tier": sort.tier,
        "returnable": not sort.single,
        "single_patient_use": sort.single,
        "high_risk": sort.high_risk,
        "strike_through_test": sort.cover,
        "decontamination_route": sort.route,
        "safe_working_load_kg": sort.load,
        "expected_life_months": 60 if sort.high_risk else 96,
    }


def weight_of(number: int, rng: Random) -> float:
    """How often this line is lent beside the others: of each sort a few lines are most of what is lent."""
    place: float = (1 + number // len(SORTS)) ** 0.7
    return SORTS[number % len(SORTS)].share / place * (0.7 + 0.6 * rng.random())
