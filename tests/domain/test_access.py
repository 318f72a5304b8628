"""Who may do what: the whole table, as it is meant to be."""

import pytest

from app.domain.access import GRANTS, Actor, Permission, Role, StoreRef, roles_with
from app.domain.errors import BadValue

LETTERS = {
    "P": Role.PRESCRIBER,
    "S": Role.SENIOR_PRESCRIBER,
    "T": Role.TECHNICIAN,
    "O": Role.SAFETY_OFFICER,
    "E": Role.PANEL_MEMBER,
    "C": Role.PANEL_CHAIR,
    "F": Role.FINANCE,
    "M": Role.MANAGER,
    "A": Role.ADMIN,
    "U": Role.AUDITOR,
}
MEANT = {
    Permission.SIGNED_IN: "PSTOECFMAU",
    Permission.SEE_STOCK: "PSTOECFMU",
    Permission.SEE_CATALOGUE: "PSTOECFMU",
    Permission.KEEP_CATALOGUE: "M",
    Permission.RECEIVE_ITEMS: "TM",
    Permission.PRINT_LABELS: "TM",
    Permission.KEEP_PRINTERS: "TM",
    Permission.MOVE_ITEMS: "TM",
    Permission.KEEP_MINIMUM_LEVELS: "M",
    Permission.SCRAP_ITEMS: "TM",
    Permission.AGREE_TO_SCRAP: "FM",
    Permission.SCAN: "TM",
    Permission.COUNT_STOCK: "TM",
    Permission.CORRECT_STOCK: "M",
    Permission.WORK_ON_ITEMS: "TM",
    Permission.OVERRULE_CLEANING: "M",
    Permission.VISIT_HOMES: "TM",
    Permission.RESOLVE_VISITS: "M",
    Permission.DECIDE_ON_DUE_ITEMS: "SM",
    Permission.KEEP_AUTHORITY_COPIES: "OM",
    Permission.RECONCILE_SCANS: "M",
    Permission.HANDLE_FAULTS: "TOM",
    Permission.PLACE_HOLDS: "PSTOM",
    Permission.LIFT_HOLDS: "OM",
    Permission.SEE_CLIENTS: "PSTOM",
    Permission.KEEP_CLIENTS: "PSM",
    Permission.SEE_ACCESS_NOTES: "TM",
    Permission.SEE_ALL_ACCESS_NOTES: "M",
    Permission.RESERVE_ITEMS: "PSTM",
    Permission.ISSUE_ITEMS: "PSTM",
    Permission.REVIEW_TRIALS: "PSM",
    Permission.REQUEST_COLLECTIONS: "PSTM",
    Permission.KEEP_STOP_USE_NOTICES: "PSOM",
    Permission.SEE_SAFETY_NOTICES: "PSTOECFMU",
    Permission.HANDLE_SAFETY_NOTICES: "OM",
    Permission.WORK_ON_NOTICES: "TOM",
    Permission.REVIEW_FOR_NOTICES: "PSOM",
    Permission.SEE_NOTICE_EVIDENCE: "OMU",
    Permission.SEE_NOTICE_ITEMS: "TOMU",
    Permission.KEEP_MAKER_NAMES: "OM",
    Permission.KEEP_PRESCRIBERS: "M",
    Permission.PLACE_ORDERS: "PS",
    Permission.SIGN_ORDERS: "PS",
    Permission.AUTHORISE_ORDERS: "S",
    Permission.SEE_ORDERS: "PSTM",
    Permission.FULFIL_ORDERS: "TM",
    Permission.BRING_PANEL_CASES: "PS",
    Permission.SEE_PANEL_CASES: "PSEC",
    Permission.SEE_PANEL_PAPERS: "PSECU",
    Permission.SEE_ALL_PANEL_PAPERS: "U",
    Permission.SIT_ON_PANEL: "EC",
    Permission.CHAIR_PANEL: "C",
    Permission.KEEP_PANELS: "MA",
    Permission.SEE_PANEL_FIGURES: "CFMU",
    Permission.LIFT_RING_FENCES: "CM",
    Permission.SEE_COSTS: "FMU",
    Permission.SEE_COSTS_BY_PRESCRIBER: "FM",
    Permission.KEEP_RATES: "F",
    Permission.CORRECT_CHARGES: "F",
    Permission.SETTLE_FUNDING: "F",
    Permission.KEEP_BUDGETS: "F",
    Permission.CLOSE_PERIODS: "F",
    Permission.SEE_ALL_MESSAGES: "MA",
    Permission.IMPORT_DATA: "M",
    Permission.MANAGE_USERS: "A",
    Permission.SEE_AUDIT: "AU",
}
MAIN, COAST = StoreRef(1, "MAIN", "Main store"), StoreRef(2, "COAST", "Coast store")


def somebody(*roles: Role, stores: tuple[StoreRef, ...] = ()) -> Actor:
    return Actor(1, "sam", "Sam Okafor", frozenset(roles), stores)


def test_the_table_names_every_role_and_permission() -> None:
    assert set(MEANT) == set(Permission)
    assert set(LETTERS.values()) == set(Role) == set(GRANTS)


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_exactly_what_it_is_meant_to(role: Role) -> None:
    meant = {permission for permission, letters in MEANT.items() if role in {LETTERS[letter] for letter in letters}}
    assert {permission for permission in Permission if somebody(role).may(permission)} == meant


def test_a_manager_may_do_all_that_a_technician_may() -> None:
    assert GRANTS[Role.TECHNICIAN] < GRANTS[Role.MANAGER]


@pytest.mark.parametrize("permission", Permission)
def test_nobody_may_do_anything_without_a_role_or_with_an_unknown_one(permission: Permission) -> None:
    assert not somebody().may(permission)
    assert not somebody("caretaker").may(permission)  # type: ignore[arg-type]


def test_several_roles_add_up() -> None:
    both = somebody(Role.FINANCE, Role.ADMIN)
    assert both.may(Permission.SEE_STOCK)
    assert both.may(Permission.MANAGE_USERS)
    assert not both.may(Permission.SCAN)


def test_an_actor_knows_the_stores_they_work_in() -> None:
    actor = somebody(Role.TECHNICIAN, stores=(MAIN, COAST))
    assert actor.store("COAST") is COAST
    with pytest.raises(BadValue, match="Yours: MAIN, COAST") as refusal:
        actor.store("NORTH")
    assert (refusal.value.code, refusal.value.field) == ("not-your-store", "store")
    with pytest.raises(BadValue, match="Yours: none"):
        somebody(Role.FINANCE).store("MAIN")


def test_roles_and_permissions_have_words_for_people() -> None:
    assert Role.SENIOR_PRESCRIBER.text == "Senior prescriber"
    assert Permission.SEE_ACCESS_NOTES.text == "See access notes"


def test_the_roles_that_grant_something_come_in_the_order_of_the_table() -> None:
    assert roles_with(Permission.KEEP_PRESCRIBERS) == [Role.MANAGER]
    assert roles_with(Permission.SIGNED_IN) == list(Role)
