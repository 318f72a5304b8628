"""Tables only: no queries, no verbs. Importing this package fills `metadata`."""

from app.domain.authority import Tier
from app.models.account import Account, AccountRole, AccountStore, KnownBrowser, SignIn, SignInFailure, SignInKind
from app.models.audit import AuditEvent, AuditHead, IdempotencyKey
from app.models.base import metadata
from app.models.client import CareProvider, Client, ClientAccess
from app.models.item import Hold, Item, Movement, Precision
from app.models.loan import (
    Collection,
    CollectionFound,
    CollectionLine,
    CollectionVisit,
    Loan,
    Reservation,
    ReservationEnd,
    TrialReview,
)
from app.models.message import Message
from app.models.ordering import (
    DeliveryVisit,
    EquipmentOrder,
    OrderAnswer,
    OrderLine,
    OrderSupersedes,
    OrderUnit,
    StopUseNotice,
)
from app.models.prescriber import Delegation, Funder, Panel, Prescriber, Team
from app.models.printer import Printer
from app.models.product import Product, ProductFit, ProductInspection
from app.models.scan import ReturnScan, ScanOutcome
from app.models.stocktake import Stocktake, StocktakeItem, StocktakeScan
from app.models.store import Store
from app.models.transfer import Consignment, ConsignmentLine, ConsignmentWant, MinimumLevel
from app.models.workshop import Decontamination, Inspection, InspectionDue

__all__ = [
    "Account",
    "AccountRole",
    "AccountStore",
    "AuditEvent",
    "AuditHead",
    "CareProvider",
    "Client",
    "ClientAccess",
    "Collection",
    "CollectionFound",
    "CollectionLine",
    "CollectionVisit",
    "Consignment",
    "ConsignmentLine",
    "ConsignmentWant",
    "Decontamination",
    "Delegation",
    "DeliveryVisit",
    "EquipmentOrder",
    "Funder",
    "Hold",
    "IdempotencyKey",
    "Inspection",
    "InspectionDue",
    "Item",
    "KnownBrowser",
    "Loan",
    "Message",
    "MinimumLevel",
    "Movement",
    "OrderAnswer",
    "OrderLine",
    "OrderSupersedes",
    "OrderUnit",
    "Panel",
    "Precision",
    "Prescriber",
    "Printer",
    "Product",
    "ProductFit",
    "ProductInspection",
    "Reservation",
    "ReservationEnd",
    "ReturnScan",
    "ScanOutcome",
    "SignIn",
    "SignInFailure",
    "SignInKind",
    "Stocktake",
    "StocktakeItem",
    "StocktakeScan",
    "StopUseNotice",
    "Store",
    "Team",
    "Tier",
    "TrialReview",
    "metadata",
]
