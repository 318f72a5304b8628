"""Roles and what each may do: one table. Which route asks for which permission is in `web/permissions.py`."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.errors import BadValue


class Role(StrEnum):
    """What a person is here for."""

    PRESCRIBER = "prescriber"
    SENIOR_PRESCRIBER = "senior_prescriber"
    TECHNICIAN = "technician"
    SAFETY_OFFICER = "safety_officer"
    PANEL_MEMBER = "panel_member"
    PANEL_CHAIR = "panel_chair"
    FINANCE = "finance"
    MANAGER = "manager"
    ADMIN = "admin"
    AUDITOR = "auditor"

    @property
    def text(self) -> str:
        """The role as people read it."""
        return self.value.replace("_", " ").capitalize()


class Permission(StrEnum):
    """One thing that a person may be let to do."""

    SIGNED_IN = "signed_in"
    SEE_STOCK = "see_stock"
    SEE_CATALOGUE = "see_catalogue"
    KEEP_CATALOGUE = "keep_catalogue"
    RECEIVE_ITEMS = "receive_items"
    PRINT_LABELS = "print_labels"
    KEEP_PRINTERS = "keep_printers"
    MOVE_ITEMS = "move_items"
    KEEP_MINIMUM_LEVELS = "keep_minimum_levels"
    SCRAP_ITEMS = "scrap_items"
    AGREE_TO_SCRAP = "agree_to_scrap"
    SCAN = "scan"
    COUNT_STOCK = "count_stock"
    CORRECT_STOCK = "correct_stock"
    WORK_ON_ITEMS = "work_on_items"
    OVERRULE_CLEANING = "overrule_cleaning"
    VISIT_HOMES = "visit_homes"
    RESOLVE_VISITS = "resolve_visits"
    DECIDE_ON_DUE_ITEMS = "decide_on_due_items"
    KEEP_AUTHORITY_COPIES = "keep_authority_copies"
    RECONCILE_SCANS = "reconcile_scans"
    HANDLE_FAULTS = "handle_faults"
    PLACE_HOLDS = "place_holds"
    LIFT_HOLDS = "lift_holds"
    SEE_CLIENTS = "see_clients"
    KEEP_CLIENTS = "keep_clients"
    SEE_ACCESS_NOTES = "see_access_notes"
    SEE_ALL_ACCESS_NOTES = "see_all_access_notes"
    RESERVE_ITEMS = "reserve_items"
    ISSUE_ITEMS = "issue_items"
    REVIEW_TRIALS = "review_trials"
    REQUEST_COLLECTIONS = "request_collections"
    KEEP_STOP_USE_NOTICES = "keep_stop_use_notices"
    SEE_SAFETY_NOTICES = "see_safety_notices"
    HANDLE_SAFETY_NOTICES = "handle_safety_notices"
    WORK_ON_NOTICES = "work_on_notices"
    SEE_NOTICE_ITEMS = "see_notice_items"
    REVIEW_FOR_NOTICES = "review_for_notices"
    SEE_NOTICE_EVIDENCE = "see_notice_evidence"
    KEEP_MAKER_NAMES = "keep_maker_names"
    KEEP_PRESCRIBERS = "keep_prescribers"
    PLACE_ORDERS = "place_orders"
    SIGN_ORDERS = "sign_orders"
    AUTHORISE_ORDERS = "authorise_orders"
    SEE_ORDERS = "see_orders"
    FULFIL_ORDERS = "fulfil_orders"
    BRING_PANEL_CASES = "bring_panel_cases"
    SEE_PANEL_CASES = "see_panel_cases"
    SEE_PANEL_PAPERS = "see_panel_papers"
    SEE_ALL_PANEL_PAPERS = "see_all_panel_papers"
    SIT_ON_PANEL = "sit_on_panel"
    CHAIR_PANEL = "chair_panel"
    KEEP_PANELS = "keep_panels"
    SEE_PANEL_FIGURES = "see_panel_figures"
    LIFT_RING_FENCES = "lift_ring_fences"
    SEE_COSTS = "see_costs"
    SEE_COSTS_BY_PRESCRIBER = "see_costs_by_prescriber"
    KEEP_RATES = "keep_rates"
    CORRECT_CHARGES = "correct_charges"
    SETTLE_FUNDING = "settle_funding"
    KEEP_BUDGETS = "keep_budgets"
    CLOSE_PERIODS = "close_periods"
    SEE_ALL_MESSAGES = "see_all_messages"
    IMPORT_DATA = "import_data"
    MANAGE_USERS = "manage_users"
    SEE_AUDIT = "see_audit"

    @property
    def text(self) -> str:
        """The permission as people read it."""
        return self.value.replace("_", " ").capitalize()


_EVERYBODY = frozenset({Permission.SIGNED_IN})
_LOOKING = _EVERYBODY | {Permission.SEE_STOCK, Permission.SEE_CATALOGUE, Permission.SEE_SAFETY_NOTICES}
_PRESCRIBING = _LOOKING | {
    Permission.PLACE_HOLDS,
    Permission.SEE_CLIENTS,
    Permission.KEEP_CLIENTS,
    Permission.RESERVE_ITEMS,
    Permission.ISSUE_ITEMS,
    Permission.REVIEW_TRIALS,
    Permission.REQUEST_COLLECTIONS,
    Permission.KEEP_STOP_USE_NOTICES,
    Permission.PLACE_ORDERS,
    Permission.REVIEW_FOR_NOTICES,
    Permission.SIGN_ORDERS,
    Permission.SEE_ORDERS,
    Permission.BRING_PANEL_CASES,
    Permission.SEE_PANEL_CASES,
    Permission.SEE_PANEL_PAPERS,
}
_ON_A_PANEL = _LOOKING | {Permission.SEE_PANEL_CASES, Permission.SEE_PANEL_PAPERS, Permission.SIT_ON_PANEL}
_STOREKEEPING = _LOOKING | {
    Permission.RECEIVE_ITEMS,
    Permission.PRINT_LABELS,
    Permission.KEEP_PRINTERS,
    Permission.MOVE_ITEMS,
    Permission.SCRAP_ITEMS,
    Permission.SCAN,
    Permission.COUNT_STOCK,
    Permission.WORK_ON_ITEMS,
    Permission.HANDLE_FAULTS,
    Permission.VISIT_HOMES,
    Permission.PLACE_HOLDS,
    Permission.SEE_CLIENTS,
    Permission.SEE_ACCESS_NOTES,
    Permission.RESERVE_ITEMS,
    Permission.ISSUE_ITEMS,
    Permission.REQUEST_COLLECTIONS,
    Permission.WORK_ON_NOTICES,
    Permission.SEE_NOTICE_ITEMS,
    Permission.SEE_ORDERS,
    Permission.FULFIL_ORDERS,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.PRESCRIBER: _PRESCRIBING,
    Role.SENIOR_PRESCRIBER: _PRESCRIBING | {Permission.AUTHORISE_ORDERS, Permission.DECIDE_ON_DUE_ITEMS},
    Role.TECHNICIAN: _STOREKEEPING,
    Role.SAFETY_OFFICER: _LOOKING
    | {
        Permission.HANDLE_SAFETY_NOTICES,
        Permission.WORK_ON_NOTICES,
        Permission.SEE_NOTICE_ITEMS,
        Permission.REVIEW_FOR_NOTICES,
        Permission.SEE_NOTICE_EVIDENCE,
        Permission.HANDLE_FAULTS,
        Permission.PLACE_HOLDS,
        Permission.LIFT_HOLDS,
        Permission.SEE_CLIENTS,
        Permission.KEEP_STOP_USE_NOTICES,
        Permission.KEEP_MAKER_NAMES,
        Permission.KEEP_AUTHORITY_COPIES,
    },
    Role.PANEL_MEMBER: _ON_A_PANEL,
    Role.PANEL_CHAIR: _ON_A_PANEL | {Permission.CHAIR_PANEL, Permission.SEE_PANEL_FIGURES, Permission.LIFT_RING_FENCES},
    Role.FINANCE: _LOOKING
    | {
        Permission.AGREE_TO_SCRAP,
        Permission.SEE_PANEL_FIGURES,
        Permission.SEE_COSTS,
        Permission.SEE_COSTS_BY_PRESCRIBER,
        Permission.KEEP_RATES,
        Permission.CORRECT_CHARGES,
        Permission.SETTLE_FUNDING,
        Permission.KEEP_BUDGETS,
        Permission.CLOSE_PERIODS,
    },
    Role.MANAGER: _STOREKEEPING
    | {
        Permission.HANDLE_SAFETY_NOTICES,
        Permission.KEEP_CATALOGUE,
        Permission.KEEP_CLIENTS,
        Permission.LIFT_HOLDS,
        Permission.SEE_ALL_ACCESS_NOTES,
        Permission.OVERRULE_CLEANING,
        Permission.AGREE_TO_SCRAP,
        Permission.RESOLVE_VISITS,
        Permission.DECIDE_ON_DUE_ITEMS,
        Permission.KEEP_AUTHORITY_COPIES,
        Permission.RECONCILE_SCANS,
        Permission.CORRECT_STOCK,
        Permission.KEEP_MINIMUM_LEVELS,
        Permission.REVIEW_TRIALS,
        Permission.KEEP_STOP_USE_NOTICES,
        Permission.REVIEW_FOR_NOTICES,
        Permission.SEE_NOTICE_EVIDENCE,
        Permission.KEEP_MAKER_NAMES,
        Permission.KEEP_PRESCRIBERS,
        Permission.KEEP_PANELS,
        Permission.SEE_PANEL_FIGURES,
        Permission.LIFT_RING_FENCES,
        Permission.SEE_ALL_MESSAGES,
        Permission.SEE_COSTS,
        Permission.SEE_COSTS_BY_PRESCRIBER,
        Permission.IMPORT_DATA,
    },
    Role.ADMIN: _EVERYBODY
    | {Permission.MANAGE_USERS, Permission.KEEP_PANELS, Permission.SEE_AUDIT, Permission.SEE_ALL_MESSAGES},
    Role.AUDITOR: _LOOKING
    | {
        Permission.SEE_PANEL_PAPERS,
        Permission.SEE_ALL_PANEL_PAPERS,
        Permission.SEE_AUDIT,
        Permission.SEE_NOTICE_EVIDENCE,
        Permission.SEE_NOTICE_ITEMS,
        Permission.SEE_PANEL_FIGURES,
        Permission.SEE_COSTS,
    },
}
"""The one table. A role that is not here may do nothing."""


def roles_with(permission: Permission) -> list[Role]:
    """The roles that grant this, in the order of the table."""
    return [role for role, granted in GRANTS.items() if permission in granted]


@dataclass(frozen=True, slots=True)
class StoreRef:
    """A store as far as an actor needs it."""

    id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in person with their roles and the stores they work in."""

    id: int
    username: str
    name: str
    roles: frozenset[Role]
    stores: tuple[StoreRef, ...] = field(default=())

    def may(self, permission: Permission) -> bool:
        """Whether any of their roles grants this."""
        return any(permission in GRANTS.get(role, frozenset()) for role in self.roles)

    def store(self, code: str) -> StoreRef:
        """The store of that code. Raises BadValue `not-your-store` when they do not work there."""
        for store in self.stores:
            if store.code == code:
                return store
        known = ", ".join(store.code for store in self.stores) or "none"
        raise BadValue("not-your-store", f"You do not work in a store with this code. Yours: {known}.", field="store")
