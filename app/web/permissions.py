"""Which permission each route asks for: the one table. A route that is not here is refused, whoever asks."""

from typing import Final

from app.domain.access import Permission


class Anybody:
    """Marks a route that needs no sign-in."""


PUBLIC: Final = Anybody()

_P = Permission

PERMISSIONS: dict[str, Permission | Anybody] = {
    # Health and sign-in.
    "GET /livez": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /metrics": PUBLIC,
    "GET /sign-in": PUBLIC,
    "POST /sign-in": PUBLIC,
    "POST /api/v1/token": PUBLIC,
    "GET /api/v1/openapi.json": PUBLIC,
    "GET /api/docs": PUBLIC,
    # Everybody who is signed in.
    "GET /": _P.SIGNED_IN,
    "POST /sign-out": _P.SIGNED_IN,
    "GET /account": _P.SIGNED_IN,
    "POST /account/sign-ins/{sign_in_id}/end": _P.SIGNED_IN,
    "GET /api/v1/me": _P.SIGNED_IN,
    "GET /api/v1/sign-ins": _P.SIGNED_IN,
    "DELETE /api/v1/sign-ins/{sign_in_id}": _P.SIGNED_IN,
    "GET /api/v1/stores": _P.SIGNED_IN,
    # People.
    "GET /users": _P.MANAGE_USERS,
    "POST /users/{username}/end-sign-ins": _P.MANAGE_USERS,
    "GET /audit": _P.SEE_AUDIT,
    # Catalogue.
    "GET /products": _P.SEE_CATALOGUE,
    "GET /products/new": _P.KEEP_CATALOGUE,
    "POST /products/new": _P.KEEP_CATALOGUE,
    "GET /products/{code}": _P.SEE_CATALOGUE,
    "GET /api/v1/products": _P.SEE_CATALOGUE,
    "POST /api/v1/products": _P.KEEP_CATALOGUE,
    "GET /api/v1/products/{code}": _P.SEE_CATALOGUE,
    "PATCH /api/v1/products/{code}": _P.KEEP_CATALOGUE,
    # Stock.
    "GET /items": _P.SEE_STOCK,
    "GET /items/receive": _P.RECEIVE_ITEMS,
    "POST /items/receive": _P.RECEIVE_ITEMS,
    "GET /items/received": _P.RECEIVE_ITEMS,
    "GET /items/{barcode}": _P.SEE_STOCK,
    "GET /items/{barcode}/transfer": _P.MOVE_ITEMS,
    "POST /items/{barcode}/transfer": _P.MOVE_ITEMS,
    "GET /items/{barcode}/missing": _P.MOVE_ITEMS,
    "POST /items/{barcode}/missing": _P.MOVE_ITEMS,
    "GET /items/{barcode}/find": _P.MOVE_ITEMS,
    "POST /items/{barcode}/find": _P.MOVE_ITEMS,
    "GET /items/{barcode}/scrap": _P.SCRAP_ITEMS,
    "POST /items/{barcode}/scrap": _P.SCRAP_ITEMS,
    "GET /items/{barcode}/holds/new": _P.PLACE_HOLDS,
    "POST /items/{barcode}/holds/new": _P.PLACE_HOLDS,
    "GET /items/{barcode}/holds/{hold_id}/lift": _P.LIFT_HOLDS,
    "POST /items/{barcode}/holds/{hold_id}/lift": _P.LIFT_HOLDS,
    "GET /api/v1/items": _P.SEE_STOCK,
    "POST /api/v1/items": _P.RECEIVE_ITEMS,
    "GET /api/v1/items/{barcode}": _P.SEE_STOCK,
    "GET /api/v1/items/{barcode}/history": _P.SEE_STOCK,
    "POST /api/v1/items/{barcode}/transfer": _P.MOVE_ITEMS,
    "POST /api/v1/items/{barcode}/missing": _P.MOVE_ITEMS,
    "POST /api/v1/items/{barcode}/find": _P.MOVE_ITEMS,
    "POST /api/v1/items/{barcode}/scrap": _P.SCRAP_ITEMS,
    "POST /api/v1/items/{barcode}/holds": _P.PLACE_HOLDS,
    "DELETE /api/v1/items/{barcode}/holds/{hold_id}": _P.LIFT_HOLDS,
    # Labels.
    "GET /items/{barcode}/label": _P.PRINT_LABELS,
    "GET /labels": _P.PRINT_LABELS,
    "POST /labels": _P.PRINT_LABELS,
    "GET /scan/commands": _P.SCAN,
    "GET /scan/commands/{command}.svg": _P.SCAN,
    "GET /api/v1/items/{barcode}/label": _P.PRINT_LABELS,
    "POST /api/v1/labels": _P.PRINT_LABELS,
    # Clients.
    "GET /clients": _P.SEE_CLIENTS,
    "GET /clients/new": _P.KEEP_CLIENTS,
    "POST /clients/new": _P.KEEP_CLIENTS,
    "GET /clients/{client_ref}": _P.SEE_CLIENTS,
    "POST /clients/{client_ref}/access": _P.SEE_ACCESS_NOTES,
    "GET /api/v1/clients": _P.SEE_CLIENTS,
    "POST /api/v1/clients": _P.KEEP_CLIENTS,
    "GET /api/v1/clients/{client_ref}": _P.SEE_CLIENTS,
    "PATCH /api/v1/clients/{client_ref}": _P.KEEP_CLIENTS,
    "GET /api/v1/clients/{client_ref}/equipment": _P.SEE_CLIENTS,
    # Reservations, loans, trials, collections.
    "POST /api/v1/reservations": _P.RESERVE_ITEMS,
    "DELETE /api/v1/reservations/{reservation_id}": _P.RESERVE_ITEMS,
    "GET /items/{barcode}/issue": _P.ISSUE_ITEMS,
    "POST /items/{barcode}/issue": _P.ISSUE_ITEMS,
    "GET /loans/{loan_id}/trial-outcome": _P.REVIEW_TRIALS,
    "POST /loans/{loan_id}/trial-outcome": _P.REVIEW_TRIALS,
    "GET /clients/{client_ref}/collect": _P.REQUEST_COLLECTIONS,
    "POST /clients/{client_ref}/collect": _P.REQUEST_COLLECTIONS,
    "GET /collections/{number}": _P.REQUEST_COLLECTIONS,
    "POST /collections/{number}/cancel": _P.REQUEST_COLLECTIONS,
    "GET /api/v1/loans": _P.SEE_CLIENTS,
    "POST /api/v1/loans": _P.ISSUE_ITEMS,
    "POST /api/v1/loans/{loan_id}/trial-outcome": _P.REVIEW_TRIALS,
    "POST /api/v1/collections": _P.REQUEST_COLLECTIONS,
    "GET /api/v1/collections/{number}": _P.REQUEST_COLLECTIONS,
    "POST /api/v1/collections/{number}/cancel": _P.REQUEST_COLLECTIONS,
    # Returns.
    "GET /scan": _P.SCAN,
    "POST /scan": _P.SCAN,
    "POST /api/v1/returns/scans": _P.SCAN,
    "GET /returns/unmatched": _P.RECONCILE_SCANS,
    "POST /returns/unmatched/{scan_number}": _P.RECONCILE_SCANS,
    "GET /api/v1/returns/unmatched": _P.RECONCILE_SCANS,
    "POST /api/v1/returns/unmatched/{scan_number}": _P.RECONCILE_SCANS,
    # The workshop.
    "GET /workshop": _P.WORK_ON_ITEMS,
    "POST /workshop/scan": _P.WORK_ON_ITEMS,
    "POST /workshop/{barcode}/decontamination": _P.WORK_ON_ITEMS,
    "GET /workshop/{barcode}/inspection": _P.WORK_ON_ITEMS,
    "POST /workshop/{barcode}/inspection": _P.WORK_ON_ITEMS,
    "POST /workshop/{barcode}/release": _P.WORK_ON_ITEMS,
    "GET /workshop/{barcode}/repair": _P.WORK_ON_ITEMS,
    "POST /workshop/{barcode}/repair": _P.WORK_ON_ITEMS,
    "POST /api/v1/decontaminations": _P.WORK_ON_ITEMS,
    "POST /api/v1/decontaminations/results": _P.WORK_ON_ITEMS,
    "POST /api/v1/inspections": _P.WORK_ON_ITEMS,
    "GET /api/v1/inspections/due": _P.SEE_STOCK,
    "POST /api/v1/items/{barcode}/release": _P.WORK_ON_ITEMS,
    "POST /api/v1/items/{barcode}/repair": _P.WORK_ON_ITEMS,
}
