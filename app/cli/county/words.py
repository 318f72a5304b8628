"""What people of the county write down, and reports of thorough examination."""

import json
from dataclasses import asdict, replace
from typing import Final

from app.cli.seed_examinations import SOUND

REASONING: Final = (
    "Cannot rise from the chair without help since the fall; transfers were seen at home.",
    "Comes home from hospital and needs this to manage at night without a second carer.",
    "Skin is at risk; sits and lies for most of the day, and was assessed with the district nurse.",
    "Strength has gone down over the winter; the old way of washing is not safe any more.",
    "End of life at home by their own wish; the family was shown how to use it.",
    "Prevents another fall on the stairs; both rails were tried in the visit.",
)
NOT_NEEDED: Final = (
    "No longer needed.",
    "Moved to a care home that has its own.",
    "Recovered and walks without it.",
    "Replaced by another size.",
    "Never used, the family says.",
)
AFTER_DEATH: Final = "The client has died."
LOST: Final = (
    "Not found at the address.",
    "The client has moved, and nobody knows where to.",
    "Not found at stocktake.",
)
FAULTS: Final = (
    "A castor is worn and runs heavily.",
    "The brake does not hold.",
    "The handset does not answer.",
    "A ferrule is missing and the leg is bent.",
    "The cover is torn at the seam.",
    "A weld is cracked.",
)
MENDED: Final = ("New part fitted, tested twice.", "Tightened and adjusted, runs well.", "Cover replaced.")
PARTS: Final = (("PN-104", "Castor", 640), ("PN-220", "Handset", 3_450), ("PN-311", "Ferrule", 90),
                ("PN-415", "Cover", 2_890), ("PN-530", "Brake cable", 780))  # fmt: skip
NOT_WORTH: Final = ("More than it is worth.", "The frame is cracked.", "No parts are made for it any more.")
NOBODY_IN: Final = ("Nobody opened.", "Nobody in; a card was left.", "The access was blocked.")
METHODS: Final = {
    "wash_down": ("Washed by hand, rinsed and dried", "Neutral detergent, then chlorine 1,000 ppm"),
    "thermal": ("Washed at 80 degrees", "Neutral detergent"),
    "laundry": ("Laundered at 65 degrees for ten minutes", "Biological detergent"),
}
NOT_CLEAN: Final = "Stains did not come out."
KIND_TEXT: Final = {
    "loler": "LOLER thorough examination",
    "pat": "Portable appliance test",
    "service": "Service",
    "functional": "Functional check",
}
_WHOLE: Final = asdict(
    replace(
        SOUND,
        test_particulars="Lifted 125 % of the safe working load through its whole range. It did not creep.",
        safe_working_load_kg=0,
    )
)


def report(*, on: str, before: str, next_on: str, load: int, place: str, equipment: dict[str, str | None]) -> str:
    """The report of a thorough examination that found nothing wrong, as it is kept."""
    said = _WHOLE | {
        "examined_on": on,
        "reported_on": on,
        "last_examined_on": before or None,
        "never_examined_before": not before,
        "safe_working_load_kg": load,
        "premises_address": place,
        "next_due_on": next_on,
        "equipment": equipment,
    }
    return json.dumps(said, default=str)


def authority(decision: str, pence: int, tier: str) -> str:
    """How it was decided who must agree to an order, as it is kept with it."""
    over = [{"code": "over-limit", "detail": "The order is above the limit of who made it."}]
    reasons = over if decision == "awaiting_authorisation" else []
    said = {"decision": decision, "value_pence": pence, "counted_pence": pence, "tier": tier}
    return json.dumps(said | {"reasons": reasons, "route": None})


def explanation(barcodes: list[tuple[str, bool]]) -> str:
    """Why these items were chosen for a line, as it is kept with it."""
    chosen = [
        {
            "barcode": barcode,
            "code": "recycled" if is_recycled else "new",
            "detail": "Recycled, clear to go out." if is_recycled else "New: nothing recycled was free.",
        }
        for barcode, is_recycled in barcodes
    ]
    return json.dumps({"chosen": chosen, "others": [], "counted": {}})
