"""The links of the service navigation, as one table. What a role may do is `domain.access`'s to say."""

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


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go, and what one must be allowed to do to go there; None is open to everybody who is signed in."""

    text: str
    href: str
    permission: Permission | None = None


NAVIGATION: tuple[Link, ...] = (
    Link("Home", "/"),
    Link("Scan", "/scan", Permission.SCAN),
    Link("Items", "/items", Permission.SEE_STOCK),
    Link("Goods in", "/items/receive", Permission.RECEIVE_ITEMS),
    Link("Workshop", "/workshop", Permission.WORK_ON_ITEMS),
    Link("Inspections", "/inspections/due", Permission.WORK_ON_ITEMS),
    Link("Find equipment", "/products", Permission.SEE_CATALOGUE),
    Link("Orders", "/orders", Permission.SEE_ORDERS),
    Link("Pick list", "/orders/pick", Permission.FULFIL_ORDERS),
    Link("Reservations", "/reservations", Permission.RESERVE_ITEMS),
    Link("Clients", "/clients", Permission.SEE_CLIENTS),
    Link("Trials", "/trials", Permission.REVIEW_TRIALS),
    Link("Collections", "/collections", Permission.REQUEST_COLLECTIONS),
    Link("Scrap requests", "/scrap-requests", Permission.AGREE_TO_SCRAP),
    Link("Faults", "/faults", Permission.HANDLE_FAULTS),
    Link("Stop use", "/stop-use", Permission.KEEP_STOP_USE_NOTICES),
    Link("Safety notices", "/safety-notices", Permission.SEE_SAFETY_NOTICES),
    Link("Stocktakes", "/stocktakes", Permission.COUNT_STOCK),
    Link("Transfers", "/transfers", Permission.MOVE_ITEMS),
    Link("Copies for the authority", "/inspections/authority-copies", Permission.KEEP_AUTHORITY_COPIES),
    Link("Scans to reconcile", "/returns/unmatched", Permission.RECONCILE_SCANS),
    Link("Prescribers", "/prescribers", Permission.KEEP_PRESCRIBERS),
    Link("Import", "/import", Permission.IMPORT_DATA),
    Link("My authority", "/my-authority", Permission.PLACE_ORDERS),
    Link("Messages", "/messages"),
    Link("Users", "/users", Permission.MANAGE_USERS),
    Link("Audit", "/audit", Permission.SEE_AUDIT),
)


def navigation_for(actor: MayAct | None, path: str) -> list[NavigationItem]:
    """The links this person may follow, the one they are under marked active. Nobody signed in: none."""
    if actor is None:
        return []
    links = [link for link in NAVIGATION if link.permission is None or actor.may(link.permission)]
    here = _closest(links, path)
    return [{"text": link.text, "href": link.href, "active": link is here} for link in links]


def _closest(links: list[Link], path: str) -> Link | None:
    """The longest address that the path is at or under: `/items/receive` is Goods in, not Items."""
    above = [link for link in links if path == link.href or path.startswith(f"{link.href.rstrip('/')}/")]
    deep = [link for link in above if link.href != "/" or path == "/"]
    return max(deep, key=lambda link: len(link.href), default=None)
