"""More products of the demonstration, so that there is something to search. Made up; categories are ISO 9999 codes."""

from typing import Any, Final

_LOLER: Final = {"kind": "loler", "every_months": 6}
_SERVICE: Final = {"kind": "service", "every_months": 12}
_PAT: Final = {"kind": "pat", "every_months": 12}


def _product(code: str, name: str, maker: str, category: str, pence: int, load: int, **more: Any) -> dict[str, Any]:
    maker, _, model = maker.partition(": ")
    return {
        "code": code,
        "name": name,
        "manufacturer": maker,
        "model": model,
        "category": category,
        "purchase_price_pence": pence,
        "safe_working_load_kg": load,
        **more,
    }


def _sling(code: str, name: str, maker: str, pence: int, load: int, hoists: list[str]) -> dict[str, Any]:
    more = {"decontamination_route": "laundry", "inspections": [_LOLER], "compatible_with": hoists}
    return _product(code, name, maker, "12 36 21", pence, load, **more)


_TIER: Final = {"tier": "specialist"}
_HIGHLY: Final = {"tier": "highly_specialist"}

RANGE: Final[tuple[dict[str, Any], ...]] = (
    # Hoists and stand aids, then the slings that were tried on them.
    _product(
        "HOIST-BARI",
        "Bariatric mobile hoist, 300 kg",
        "Fenwick Care: Mover 300",
        "12 36 03",
        268_000,
        300,
        **_HIGHLY,
        dimensions={"length_mm": 1420, "width_mm": 760, "height_mm": 1950},
        inspections=[_LOLER, _SERVICE],
        incompatible_with=["SLING-M", "SLING-SPU"],
    ),
    _product(
        "STANDER-175",
        "Powered standing hoist, 175 kg",
        "Ridgeway Mobility: Riser 175",
        "12 36 04",
        112_000,
        175,
        **_TIER,
        dimensions={"length_mm": 1040, "width_mm": 640, "height_mm": 1250},
        inspections=[_LOLER, _SERVICE],
        incompatible_with=["SLING-M", "SLING-SPU"],
    ),
    _product(
        "STAND-AID",
        "Manual stand aid with turning plate",
        "Ridgeway Mobility: Turn 4",
        "12 31 09",
        42_800,
        170,
        **_TIER,
        dimensions={"width_mm": 560, "height_mm": 1180},
        inspections=[_SERVICE],
    ),
    _sling("SLING-S", "Universal loop sling, small", "Fenwick Care: UL-S", 11_450, 227, ["HOIST-150"]),
    _sling("SLING-L", "Universal loop sling, large", "Fenwick Care: UL-L", 12_400, 227, ["HOIST-150", "HOIST-BARI"]),
    _sling("SLING-XXL", "Bariatric loop sling, double extra large", "Fenwick Care: BL-2", 21_900, 400, ["HOIST-BARI"]),
    _sling("SLING-STAND", "Standing hoist sling, medium", "Ridgeway Mobility: RS-M", 13_300, 175, ["STANDER-175"]),
    # Beds, what goes on them and beside them.
    _product(
        "BED-BARI",
        "Bariatric profiling bed, extra wide",
        "Marlow Beds: Broad 400",
        "18 12 10",
        284_000,
        400,
        **_HIGHLY,
        dimensions={"length_mm": 2200, "width_mm": 1220},
        inspections=[_PAT, _SERVICE],
        incompatible_with=["RAIL-BED"],
    ),
    _product(
        "BED-LOW",
        "Ultra-low profiling bed",
        "Marlow Beds: Floorline",
        "18 12 10",
        134_500,
        200,
        **_TIER,
        dimensions={"length_mm": 2180, "width_mm": 1000},
        inspections=[_PAT, _SERVICE],
        incompatible_with=["RAIL-BED"],
    ),
    _product(
        "MATT-FOAM",
        "Pressure-reducing foam mattress",
        "Alder Pressure Care: Foam 6",
        "04 33 06",
        14_900,
        190,
        dimensions={"length_mm": 1980, "width_mm": 880, "height_mm": 150},
        compatible_with=["BED-PRO", "BED-LOW"],
        incompatible_with=["BED-BARI"],
    ),
    _product(
        "MATT-BARI",
        "Bariatric foam mattress, extra wide",
        "Alder Pressure Care: Foam 12 XW",
        "04 33 06",
        46_800,
        400,
        **_TIER,
        dimensions={"length_mm": 1980, "width_mm": 1200, "height_mm": 170},
        compatible_with=["BED-BARI"],
        incompatible_with=["BED-PRO", "BED-LOW"],
    ),
    _product(
        "CUSHION-FOAM",
        "Contoured foam pressure cushion",
        "Alder Pressure Care: Contour 3",
        "04 33 03",
        7_650,
        150,
        dimensions={"width_mm": 450, "length_mm": 430, "height_mm": 80},
        compatible_with=["CHAIR-TILT"],
    ),
    # Toilet and bath.
    _product(
        "COMMODE-BARI",
        "Bariatric commode, detachable arms",
        "Tamar Aids: CC4 Wide",
        "09 12 03",
        23_400,
        318,
        **_TIER,
        decontamination_route="thermal",
        dimensions={"seat_width_mm": 610, "seat_depth_mm": 480, "seat_height_mm": 510},
    ),
    _product(
        "SHOWER-CHAIR",
        "Wheeled shower chair, attendant propelled",
        "Tamar Aids: SC2",
        "09 33 07",
        18_700,
        160,
        decontamination_route="thermal",
        dimensions={"seat_width_mm": 460, "seat_depth_mm": 440, "seat_height_mm": 530},
    ),
    _product(
        "TOILET-SEAT-10",
        "Raised toilet seat, 10 cm",
        "Tamar Aids: RT10",
        "09 12 15",
        1_890,
        190,
        decontamination_route="thermal",
        dimensions={"height_mm": 100},
    ),
    _product(
        "BATH-BOARD",
        "Slatted bath board with handle",
        "Tamar Aids: BB3",
        "09 33 04",
        1_640,
        170,
        decontamination_route="thermal",
        dimensions={"length_mm": 690, "width_mm": 350},
    ),
    # Sitting.
    _product(
        "STOOL-PERCH",
        "Perching stool with arms and back",
        "Corvedale Seating: Perch A",
        "18 09 04",
        4_980,
        160,
        dimensions={"seat_width_mm": 380, "seat_height_mm": 560},
    ),
    _product(
        "CHAIR-RISER",
        "Riser recliner, dual motor",
        "Corvedale Seating: Ascend 2",
        "18 09 09",
        68_500,
        160,
        **_TIER,
        inspections=[_PAT, _SERVICE],
        dimensions={"seat_width_mm": 510, "seat_depth_mm": 520, "seat_height_mm": 480},
    ),
    _product(
        "CHAIR-RISER-XL",
        "Bariatric riser recliner, dual motor",
        "Corvedale Seating: Ascend XL",
        "18 09 09",
        142_000,
        320,
        **_HIGHLY,
        inspections=[_PAT, _SERVICE],
        dimensions={"seat_width_mm": 690, "seat_depth_mm": 560, "seat_height_mm": 490},
    ),
    _product(
        "CHILD-SEAT-1",
        "Supportive seat for children, size 1",
        "Corvedale Seating: Sprout 1",
        "18 09 21",
        156_000,
        40,
        **_HIGHLY,
        inspections=[_SERVICE],
        dimensions={"seat_width_mm": 260, "seat_depth_mm": 270, "seat_height_mm": 420},
    ),
    _product(
        "CHILD-SEAT-2",
        "Supportive seat for children, size 2",
        "Corvedale Seating: Sprout 2",
        "18 09 21",
        171_000,
        60,
        **_HIGHLY,
        inspections=[_SERVICE],
        dimensions={"seat_width_mm": 330, "seat_depth_mm": 360, "seat_height_mm": 470},
    ),
    # Walking and moving.
    _product("STICK-ADJ", "Adjustable walking stick", "Tamar Aids: WS1", "12 03 03", 540, 125),
    _product(
        "ROLLATOR-4",
        "Four-wheeled rollator with seat",
        "Ridgeway Mobility: Stroll 4",
        "12 06 06",
        7_320,
        150,
        dimensions={"seat_width_mm": 450, "width_mm": 620},
    ),
    _product(
        "TRANSFER-BOARD",
        "Curved transfer board",
        "Ridgeway Mobility: Glide C",
        "12 31 03",
        4_260,
        130,
        dimensions={"length_mm": 730, "width_mm": 330},
    ),
    _product(
        "RAMP-FOLD-18",
        "Folding suitcase ramp, 1.8 m",
        "Ridgeway Mobility: Span 18",
        "18 30 15",
        19_800,
        300,
        dimensions={"length_mm": 1830, "width_mm": 740},
    ),
    _product(
        "GRAB-RAIL-45",
        "Ribbed grab rail, 45 cm",
        "Tamar Aids: GR45",
        "18 18 06",
        890,
        125,
        returnable=False,
        single_patient_use=True,
        decontamination_route="cannot",
        dimensions={"length_mm": 450},
    ),
)

STOCK: Final[tuple[tuple[str, str, int], ...]] = (
    ("SLING-S", "MAIN", 4),
    ("SLING-L", "MAIN", 5),
    ("STANDER-175", "MAIN", 3),
    ("STAND-AID", "COAST", 3),
    ("BED-LOW", "MAIN", 2),
    ("MATT-FOAM", "MAIN", 8),
    ("CUSHION-FOAM", "COAST", 6),
    ("COMMODE-BARI", "MAIN", 2),
    ("TOILET-SEAT-10", "MAIN", 12),
    ("BATH-BOARD", "COAST", 8),
    ("STOOL-PERCH", "MAIN", 9),
    ("CHAIR-RISER", "MAIN", 3),
    ("SHOWER-CHAIR", "MAIN", 5),
    ("ROLLATOR-4", "MAIN", 6),
    ("STICK-ADJ", "COAST", 20),
    ("RAMP-FOLD-18", "MAIN", 2),
    ("TRANSFER-BOARD", "MAIN", 4),
    ("GRAB-RAIL-45", "COAST", 15),
    ("CHILD-SEAT-1", "MAIN", 2),
)
"""What of them is on the shelves: product, store, how many. The rest is to be bought when it is ordered."""

RECYCLED: Final = ("SLING-L", "STANDER-175", "MATT-FOAM", "TOILET-SEAT-10", "STOOL-PERCH", "SHOWER-CHAIR", "ROLLATOR-4")
"""Two of each of these have been out before."""
