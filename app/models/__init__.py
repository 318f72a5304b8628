"""Tables only: no queries, no verbs. Importing this package fills `metadata`."""

from app.models.account import Account, AccountRole, AccountStore, SignIn, SignInFailure, SignInKind
from app.models.audit import AuditEvent, AuditHead, IdempotencyKey
from app.models.base import metadata
from app.models.client import Client, ClientAccess
from app.models.item import Hold, Item, Movement, Precision
from app.models.loan import Collection, CollectionLine, Loan, Reservation, TrialReview
from app.models.product import Product, ProductFit, ProductInspection, Tier
from app.models.scan import ReturnScan, ScanOutcome
from app.models.store import Store
from app.models.workshop import Decontamination, Inspection, InspectionDue

__all__ = [
    "Account",
    "AccountRole",
    "AccountStore",
    "AuditEvent",
    "AuditHead",
    "Client",
    "ClientAccess",
    "Collection",
    "CollectionLine",
    "Decontamination",
    "Hold",
    "IdempotencyKey",
    "Inspection",
    "InspectionDue",
    "Item",
    "Loan",
    "Movement",
    "Precision",
    "Product",
    "ProductFit",
    "ProductInspection",
    "Reservation",
    "ReturnScan",
    "ScanOutcome",
    "SignIn",
    "SignInFailure",
    "SignInKind",
    "Store",
    "Tier",
    "TrialReview",
    "metadata",
]
