"""The scan page: its modes, and what every showing of it needs. What a scan does is for the features to say.

The page is one, but its modes belong to several features, which never import each other. With its script the page
sends each scan to the API. Without it, the form goes to `POST /scan`, which does its own modes and sends the browser on
(307, the same form again) to the route of the feature that does the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Request
from fastapi.responses import HTMLResponse
from pydantic import Field

from app.domain.access import Actor, Permission
from app.domain.errors import BadValue
from app.domain.hygiene import InfectionRisk
from app.domain.scanning import COMMANDS
from app.web.asked import asked, needed
from app.web.fields import OptionalLine
from app.web.forms import Form, read_form
from app.web.results import ItemResult
from app.web.scans import Scan
from app.web.shapes import Shape
from app.web.templating import render

DESK = "/scan"
WORKSHOP_DESK = "/workshop/scan"
DELIVERY_DESK = "/deliveries/scan"
COLLECTION_DESK = "/collections/scan"


@dataclass(frozen=True, slots=True)
class ScanMode:
    """What the next scan does: its name, what is said when it is done, who may, and which route takes the form."""

    value: str
    text: str
    done: str
    permission: Permission
    path: str


MODES: tuple[ScanMode, ...] = (
    ScanMode("return", "Return", "Returned", Permission.SCAN, DESK),
    ScanMode("deliver", "Deliver", "Delivered", Permission.FULFIL_ORDERS, DELIVERY_DESK),
    ScanMode("collect", "Collect", "Collected", Permission.SCAN, COLLECTION_DESK),
    ScanMode("start_decontamination", "Start cleaning", "Cleaning started", Permission.WORK_ON_ITEMS, WORKSHOP_DESK),
    ScanMode("pass_decontamination", "Cleaning passed", "Cleaned", Permission.WORK_ON_ITEMS, WORKSHOP_DESK),
    ScanMode("fail_decontamination", "Cleaning failed", "Cleaning failed", Permission.WORK_ON_ITEMS, WORKSHOP_DESK),
    ScanMode("pass_inspection", "Inspection passed", "Passed inspection", Permission.WORK_ON_ITEMS, WORKSHOP_DESK),
    ScanMode("fail_inspection", "Inspection failed", "Failed inspection", Permission.WORK_ON_ITEMS, WORKSHOP_DESK),
    ScanMode("release", "Release to shelf", "Released to the shelf", Permission.WORK_ON_ITEMS, WORKSHOP_DESK),
    ScanMode("look_up", "Look up", "Looked up", Permission.SCAN, DESK),
)
"""The desk and the van, then an item's way through the store. The first is where a new page begins.

A new mode is a line here, its command in `domain/scanning.py`, its words in `scan/scan.html` and its request in
`js/scan/modes.js`. What it asks besides the label are fields under `data-for-mode` in the template.
"""

RISKS = [(risk.value, risk.text, risk.means) for risk in InfectionRisk]
COMMAND_OF: dict[str, str] = {mode: command for command, mode in COMMANDS.items()}


class ScanForm(Shape):
    """One scan from a page without its script. `received_by`: who takes a delivery in; then how a cleaning was done."""

    mode: str = MODES[0].value
    store: str = ""
    barcode: Annotated[str, Field(max_length=2000), asked("Scan a barcode, or type it.")] = needed()
    scan_id: UUID
    received_by: OptionalLine = ""
    infection_risk: InfectionRisk | None = None
    method: OptionalLine = ""
    product_used: OptionalLine = ""

    def as_scan(self, at: datetime) -> Scan:
        """The scan, made just now."""
        return Scan(self.scan_id, self.barcode, at.astimezone(UTC), handed_to=self.received_by or None)


async def read_scan_form(request: Request) -> tuple[Form, ScanForm | None]:
    """The form as sent, and the scan when there is one. Raises BadValue `malformed-scan` for another form."""
    form, body = await read_form(request, ScanForm)
    if body is None and not any(form.error(name) for name in ("barcode", "received_by", "method", "product_used")):
        raise BadValue("malformed-scan", "This form did not come whole. Load the scan page again.")
    return form, body


def find_mode(actor: Actor, value: str) -> ScanMode:
    """The mode of that name. Raises BadValue `unknown-mode` when there is none that this person may use."""
    for mode in MODES:
        if mode.value == value and actor.may(mode.permission):
            return mode
    raise BadValue("unknown-mode", "Choose what the scan does.", field="mode")


def desk_context(actor: Actor, *, mode: str, store: str) -> dict[str, object]:
    """What the template needs, whatever came of the scan."""
    codes = [place.code for place in actor.stores]
    modes = [one for one in MODES if actor.may(one.permission)]
    return {
        "stores": [(place.code, place.name) for place in actor.stores],
        "store": store if store in codes else "".join(codes[:1]),
        "modes": [(one.value, one.text, COMMAND_OF[one.value]) for one in modes],
        "mode": mode if mode in {one.value for one in modes} else MODES[0].value,
        "risks": RISKS,
        "scan_id": str(uuid4()),
    }


def desk_of(path: str, number: str, *, heading: str, modes: Sequence[tuple[str, str]]) -> dict[str, object]:
    """The same for a scan page about one stocktake or consignment, whose number stands where others have their store.

    `modes`: what it may do, as value and words, the chosen one first.
    """
    return {
        "heading": heading,
        "desk_action": path,
        "is_of_one": True,
        "store": number,
        "modes": [(value, words, "") for value, words in modes],
        "mode": modes[0][0],
        "scan_id": str(uuid4()),
    }


def show_desk(
    request: Request,
    actor: Actor,
    *,
    mode: str,
    store: str,
    form: Form | None = None,
    result: Sequence[ItemResult] = (),
    done: str = "",
) -> HTMLResponse:
    """The scan page; `done` is what its lines say of a scan that was accepted."""
    context = desk_context(actor, mode=mode, store=store)
    status = 422 if form and form.errors else 200
    return render(request, "scan/scan.html", {**context, "form": form, "result": result, "done": done}, status)
