"""Tables only: no queries, no verbs. Importing this package fills `metadata`."""

from app.domain.authority import Tier
from app.models.account import Account, AccountRole, AccountStore, KnownBrowser, SignIn, SignInFailure, SignInKind
from app.models.audit import AuditEvent, AuditHead, IdempotencyKey
from app.models.base import metadata
from app.models.client import CareProvider, Client, ClientAccess
from app.models.disposal import Disposal
from app.models.inspection import (
    AuthorityCopy,
    ExaminationDecision,
    InspectionVisit,
    InspectionVisitItem,
    InspectionVisitTry,
    ThoroughExamination,
)
from app.models.item import Hold, Item, Movement, Precision
from app.models.kept_file import KeptFile
from app.models.label import FaultReport, LabelJob, PublicRequest
from app.models.loan import (
    Collection,
    CollectionFound,
    CollectionLine,
    CollectionVisit,
    Loan,
    LoanAnswer,
    Reservation,
    ReservationEnd,
    TrialReview,
)
from app.models.maker import MakerAlias
from app.models.message import Message
from app.models.notice import (
    NoticeSource,
    SafetyNotice,
    SafetyNoticeAction,
    SafetyNoticePayload,
    SafetyNoticePoll,
    SafetyNoticeReminder,
    SafetyNoticeTriage,
    SafetyNoticeVersion,
)
from app.models.notice_match import (
    NoticeActivation,
    NoticeAnswer,
    NoticeClosing,
    NoticeMatch,
    NoticeMatchAction,
    NoticePicture,
    NoticePrevented,
    NoticeReview,
    NoticeScope,
)
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
from app.models.repair import FittedPart, FittedPartWithdrawal, HarvestedPart, Repair, RepairEstimate
from app.models.scan import ReturnScan, ScanKind, ScanOutcome
from app.models.stocktake import Stocktake, StocktakeItem
from app.models.store import Store
from app.models.transfer import Consignment, ConsignmentLine, ConsignmentWant, MinimumLevel
from app.models.workshop import Decontamination, Inspection, InspectionDue

__all__ = [
    "Account",
    "AccountRole",
    "AccountStore",
    "AuditEvent",
    "AuditHead",
    "AuthorityCopy",
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
    "Disposal",
    "EquipmentOrder",
    "ExaminationDecision",
    "FaultReport",
    "FittedPart",
    "FittedPartWithdrawal",
    "Funder",
    "HarvestedPart",
    "Hold",
    "IdempotencyKey",
    "Inspection",
    "InspectionDue",
    "InspectionVisit",
    "InspectionVisitItem",
    "InspectionVisitTry",
    "Item",
    "KeptFile",
    "KnownBrowser",
    "LabelJob",
    "Loan",
    "LoanAnswer",
    "MakerAlias",
    "Message",
    "MinimumLevel",
    "Movement",
    "NoticeActivation",
    "NoticeAnswer",
    "NoticeClosing",
    "NoticeMatch",
    "NoticeMatchAction",
    "NoticePicture",
    "NoticePrevented",
    "NoticeReview",
    "NoticeScope",
    "NoticeSource",
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
    "PublicRequest",
    "Repair",
    "RepairEstimate",
    "Reservation",
    "ReservationEnd",
    "ReturnScan",
    "SafetyNotice",
    "SafetyNoticeAction",
    "SafetyNoticePayload",
    "SafetyNoticePoll",
    "SafetyNoticeReminder",
    "SafetyNoticeTriage",
    "SafetyNoticeVersion",
    "ScanKind",
    "ScanOutcome",
    "SignIn",
    "SignInFailure",
    "SignInKind",
    "Stocktake",
    "StocktakeItem",
    "StopUseNotice",
    "Store",
    "Team",
    "ThoroughExamination",
    "Tier",
    "TrialReview",
    "metadata",
]
