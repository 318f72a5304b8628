"""What people do all day long, each of it once: what it is done to is looked up just before. No requests here."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

# Those that have an account, as every item of a real register has, and no other thing in their way.
_PLAIN: Final = """
    SELECT item.barcode FROM item JOIN product ON product.id = item.product_id AND product.category <> '09 33 07'
    WHERE item.id % 5 = 0 AND barcode LIKE 'ES100%'
      AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.lifted_at IS NULL)
"""
_LENT: Final = f"{_PLAIN} AND state = 'on_loan' ORDER BY item.id LIMIT"
_ON_SHELF: Final = f"{_PLAIN} AND state = 'in_stock' ORDER BY item.id LIMIT"
_RETURNED: Final = f"{_PLAIN} AND state = 'returned' ORDER BY item.id LIMIT 1"
_DIRTY: Final = f"{_PLAIN} AND state = 'decontaminating' ORDER BY item.id LIMIT 1"
_CLEAN: Final = f"{_PLAIN} AND state = 'awaiting_inspection' ORDER BY item.id LIMIT 1"
_NOBODYS: Final = "SELECT client_ref FROM client WHERE client_ref = 'B-14'"
_HAS_NOTHING: Final = "SELECT client_ref FROM client WHERE client_ref = 'C-1010'"
_SUBMITTED: Final = "SELECT number FROM equipment_order WHERE made_by = 'ot' AND decision = 'draft' ORDER BY id DESC"


@dataclass(frozen=True, slots=True)
class Post:
    """One thing to do. `about`: SELECTs of what it is done to, each a list of words; `body` and `path` are made of
    them. `mark`: stands in a right answer so many times."""

    route: str
    username: str
    about: Sequence[str]
    body: Callable[..., dict[str, Any]]
    mark: str = ""
    times: int = 1
    name: str = ""

    def path(self, *found: Sequence[str]) -> str:
        """What the address names is the first thing that was found, and the second."""
        words: Iterator[str] = (one[0] for one in found)
        parts = [next(words) if part.startswith("{") else part for part in self.route.removeprefix("POST ").split("/")]
        return "/".join(parts)


def _scans(store: str, **more: str) -> Callable[[Sequence[str]], dict[str, Any]]:
    def body(barcodes: Sequence[str]) -> dict[str, Any]:
        return {"store": store, "scans": [{"scan_id": str(uuid4()), "barcode": one, **more} for one in barcodes]}

    return body


def _order(client: Sequence[str]) -> dict[str, Any]:
    line = {"product_code": "P00001", "quantity": 1, "accept_equivalent": True}
    why = {"reason": "hospital_discharge", "clinical_reasoning": "To get up alone."}
    return {"client_ref": client[0], "funder": "B1", "store": "BENCH", "speed": "five_day", **why, "lines": [line]}


def _until(barcode: Sequence[str], client: Sequence[str]) -> dict[str, Any]:
    return {"barcode": barcode[0], "client_ref": client[0], "until": f"{datetime.now(UTC) + timedelta(7):%Y-%m-%d}"}


_ACCEPTED: Final = '"outcome":"accepted"'
POSTS: Final = (
    Post("POST /api/v1/returns/scans", "technician", [f"{_LENT} 1"], _scans("BENCH"), _ACCEPTED),
    Post("POST /api/v1/returns/scans", "technician", [f"{_LENT} 100"], _scans("BENCH"), _ACCEPTED, 100, "of a hundred"),
    Post(
        "POST /api/v1/deliveries/scans",
        "technician",
        [
            "SELECT barcode FROM item JOIN order_unit AS unit ON unit.item_id = item.id AND unit.loan_id IS NULL "
            "WHERE state = 'dispatched' AND NOT EXISTS (SELECT FROM inspection_due AS due WHERE due.item_id = item.id) "
            "AND NOT EXISTS (SELECT FROM product_inspection AS asked WHERE asked.product_id = item.product_id) "
            "AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND lifted_at IS NULL) "
            "ORDER BY item.id LIMIT 1"
        ],
        _scans("BENCH", received_by="A carer"),
        _ACCEPTED,
    ),
    Post(
        "POST /api/v1/collections/scans",
        "technician",
        ["SELECT barcode FROM item WHERE state = 'awaiting_collection' AND barcode LIKE 'ES100%' ORDER BY id LIMIT 1"],
        _scans("BENCH"),
        _ACCEPTED,
    ),
    Post("POST /api/v1/reservations", "ot", [f"{_ON_SHELF} 1", _NOBODYS], _until, '"client_ref":"B-14"'),
    Post("POST /api/v1/orders", "ot", [_HAS_NOTHING], _order, '"state":"draft"'),
    Post("POST /api/v1/orders/{number}/submit", "ot", [_SUBMITTED], lambda _: {}, '"state":"'),
    Post(
        "POST /api/v1/loans",
        "technician",
        [f"{_ON_SHELF} 1", _NOBODYS],
        lambda barcode, client: {"barcode": barcode[0], "client_ref": client[0]},
        '"client_ref":"B-14"',
    ),
    Post("POST /api/v1/decontaminations", "technician", [_RETURNED], lambda barcode: {"barcodes": barcode}, _ACCEPTED),
    Post(
        "POST /api/v1/decontaminations/results",
        "technician",
        [_DIRTY],
        lambda barcode: {"results": [{"barcode": barcode[0], "outcome": "passed", "infection_risk": "low"}]},
        _ACCEPTED,
    ),
    Post(
        "POST /api/v1/inspections",
        "technician",
        [_CLEAN],
        lambda barcode: {"barcode": barcode[0], "outcome": "passed"},
        '"outcome":"passed"',
    ),
    Post("POST /api/v1/items/{barcode}/release", "technician2", [_CLEAN], lambda _: {}, '"in_stock"'),
    Post(
        "POST /api/v1/items/{barcode}/holds",
        "technician",
        [f"{_ON_SHELF} 1"],
        lambda _: {"kind": "fault", "reason": "A castor is loose."},
    ),
    Post("POST /api/v1/clients/search", "technician", [], lambda: {"q": "Client 12"}, '"client_ref"'),
    Post(
        "POST /api/v1/labels",
        "technician",
        [f"{_ON_SHELF} 65"],
        lambda barcodes: {"barcodes": barcodes, "format": "pdf"},
    ),
    Post(
        "POST /api/v1/safety-notices/{reference}/reviews/{client_ref}",
        "ot",
        [
            "SELECT reference FROM safety_notice AS notice JOIN notice_review AS review "
            "ON review.notice_id = notice.id ORDER BY review.id LIMIT 1",
            "SELECT client_ref FROM notice_review AS review JOIN client ON client.id = review.client_id "
            "ORDER BY review.id LIMIT 1",
        ],
        lambda _, __: {"outcome": "changed", "note": "It was looked at."},
    ),
)
