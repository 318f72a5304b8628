"""The menu, as one table of groups and their links. What a role may do is `domain.access`'s to say."""

from dataclasses import dataclass
from typing import Protocol, TypedDict

from app.domain.access import Permission


class MayAct(Protocol):
    """Whoever can answer whether they may do something."""

    def may(self, permission: Permission) -> bool: ...


class NavigationItem(TypedDict):
    """One entry, in the shape that GOV.UK's service navigation takes."""

    text: str
    href: str
    active: bool


class Menu(TypedDict):
    """What somebody sees: an entry for each group, the links of the group they are in, and all links by group."""

    groups: list[NavigationItem]
    group: str
    links: list[NavigationItem]
    everything: list[tuple[str, list[NavigationItem]]]


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go, and what one must be allowed to do to go there; None is open to everybody who is signed in."""

    text: str
    href: str
    permission: Permission | None = None


MENU: dict[str, tuple[Link, ...]] = {
    "Home": (Link("Home", "/"),),
    "Scan": (Link("Scan", "/scan", Permission.SCAN),),
    "Equipment": (
        Link("Find equipment", "/products", Permission.SEE_CATALOGUE),
        Link("Items", "/items", Permission.SEE_STOCK),
        Link("Goods in", "/items/receive", Permission.RECEIVE_ITEMS),
        Link("Reservations", "/reservations", Permission.RESERVE_ITEMS),
        Link("Stocktakes", "/stocktakes", Permission.COUNT_STOCK),
        Link("Transfers", "/transfers", Permission.MOVE_ITEMS),
        Link("Print labels", "/labels", Permission.PRINT_LABELS),
        Link("Label printers", "/printers", Permission.KEEP_PRINTERS),
    ),
    "Workshop": (
        Link("Benches", "/workshop", Permission.WORK_ON_ITEMS),
        Link("Inspections", "/inspections/due", Permission.WORK_ON_ITEMS),
        Link("Faults", "/faults", Permission.HANDLE_FAULTS),
        Link("Scrap requests", "/scrap-requests", Permission.AGREE_TO_SCRAP),
        Link("Scans to reconcile", "/returns/unmatched", Permission.RECONCILE_SCANS),
        Link("Copies for the authority", "/inspections/authority-copies", Permission.KEEP_AUTHORITY_COPIES),
    ),
    "Orders": (
        Link("Orders", "/orders", Permission.SEE_ORDERS),
        Link("Pick list", "/orders/pick", Permission.FULFIL_ORDERS),
        Link("Panel cases", "/panel-cases", Permission.SEE_PANEL_CASES),
        Link("Panel follow-up", "/panel-follow-up", Permission.SEE_PANEL_CASES),
        Link("Panel meetings", "/panel-meetings", Permission.SIT_ON_PANEL),
        Link("Panels", "/panels", Permission.KEEP_PANELS),
        Link("Panel decisions", "/panel-decisions", Permission.SEE_ALL_PANEL_PAPERS),
        Link("Panel figures", "/panel-learning", Permission.SEE_PANEL_FIGURES),
        Link("My authority", "/my-authority", Permission.PLACE_ORDERS),
        Link("Prescribers", "/prescribers", Permission.KEEP_PRESCRIBERS),
    ),
    "Clients": (
        Link("Clients", "/clients", Permission.SEE_CLIENTS),
        Link("Trials", "/trials", Permission.REVIEW_TRIALS),
        Link("Collections", "/collections", Permission.REQUEST_COLLECTIONS),
    ),
    "Safety": (
        Link("Safety notices", "/safety-notices", Permission.SEE_SAFETY_NOTICES),
        Link("Stop use", "/stop-use", Permission.KEEP_STOP_USE_NOTICES),
        Link("Names of makers", "/maker-aliases", Permission.KEEP_MAKER_NAMES),
    ),
    "Finance": (
        Link("Overview", "/finance", Permission.SEE_COSTS),
        Link("Dashboard", "/finance/dashboard", Permission.SEE_COSTS),
        Link("Costs", "/finance/reports/costs", Permission.SEE_COSTS),
        Link("Charges", "/finance/charges", Permission.SEE_COSTS),
        Link("Budgets", "/finance/budgets", Permission.SEE_COSTS),
        Link("Recycling rates", "/finance/recycling", Permission.SEE_COSTS),
        Link("Rates", "/finance/tariffs", Permission.SEE_COSTS),
        Link("Disputes", "/finance/disputes", Permission.SEE_COSTS),
        Link("Months", "/finance/periods", Permission.SEE_COSTS),
        Link("Exports", "/finance/exports", Permission.SEE_COSTS),
    ),
    "Messages": (Link("Messages", "/messages"),),
    "Administration": (
        Link("Users", "/users", Permission.MANAGE_USERS),
        Link("Import", "/import", Permission.IMPORT_DATA),
        Link("Audit", "/audit", Permission.SEE_AUDIT),
    ),
}


def menu_for(actor: MayAct | None, path: str) -> Menu:
    """What this person may follow, marked active where they are. Nobody signed in: nothing.

    A group's entry leads to its first link; a group of one link is called like that link, and needs no row of its own.
    """
    if actor is None:
        return {"groups": [], "group": "", "links": [], "everything": []}
    allowed = {
        group: [link for link in links if link.permission is None or actor.may(link.permission)]
        for group, links in MENU.items()
    }
    here = _closest([link for links in allowed.values() for link in links], path)
    everything = [
        (group, [_entry(link.text, link, is_here=link is here) for link in links])
        for group, links in allowed.items()
        if links
    ]
    groups = [
        _entry(
            group if len(allowed[group]) > 1 else entries[0]["text"], allowed[group][0], is_here=here in allowed[group]
        )
        for group, entries in everything
    ]
    group, links = next(((group, links) for group, links in everything if here in allowed[group]), ("", []))
    return {"groups": groups, "group": group, "links": links if len(links) > 1 else [], "everything": everything}


def _entry(text: str, link: Link, *, is_here: bool) -> NavigationItem:
    return {"text": text, "href": link.href, "active": is_here}


def _closest(links: list[Link], path: str) -> Link | None:
    """The longest address that the path is at or under: `/items/receive` is Goods in, not Items."""
    above = [link for link in links if path == link.href or path.startswith(f"{link.href.rstrip('/')}/")]
    deep = [link for link in above if link.href != "/" or path == "/"]
    return max(deep, key=lambda link: len(link.href), default=None)
