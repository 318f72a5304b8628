"""Old equipment of the same kind at a client's: whoever brings another one must say what becomes of it.

Coroner's report 2023-0336 (Friend): a sling judged unsuitable was neither removed nor was its use stopped.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.domain.clearance import HoldKind
from app.domain.combinations import same_kind
from app.domain.errors import BadValue, Conflict, Incomplete
from app.domain.labels import display
from app.domain.lifecycle import State
from app.domain.ordering import SupersedeAction
from app.domain.stop_use import ItemFault


class Old(Protocol):
    """An item that the client has. `action` None: nothing was said of it."""

    @property
    def barcode(self) -> str:
        """Its asset tag."""

    @property
    def product_name(self) -> str:
        """What it is."""

    @property
    def is_under_notice(self) -> bool:
        """Whether its use was stopped already."""

    @property
    def action(self) -> SupersedeAction | None:
        """What becomes of it."""

    @property
    def must_be_decided(self) -> bool:
        """Whether that must be said."""


def must_be_decided(state: State, category: str, product_code: str, *, new: Iterable[tuple[str, str]]) -> bool:
    """Whether something must be said of an old item in that state. `new`: category and code of what is brought."""
    is_same = any(same_kind(category, product_code, other, code) for other, code in new)
    return is_same and state is not State.AWAITING_COLLECTION


def possible_actions(old: Old) -> tuple[SupersedeAction, ...]:
    """What can become of it: what must not be used any more is not kept in use."""
    return tuple(action for action in SupersedeAction if not (old.is_under_notice and action is SupersedeAction.KEEP))


def asks_for_fault(old: Old, action: SupersedeAction) -> bool:
    """Whether who says that must also say whether something is wrong with the item itself. Of what is under notice that
    was said already."""
    return action is not SupersedeAction.KEEP and not old.is_under_notice


def is_kept_faulty(action: SupersedeAction, fault: ItemFault | None) -> bool:
    """Whether it is said that something is wrong with an item that is to stay in use."""
    return action is SupersedeAction.KEEP and fault is ItemFault.YES


@dataclass(frozen=True, slots=True)
class Standing:
    """How an old item stands when what was said of it takes effect: whether the client still has it, whether its use
    was stopped already, and as what it is on hold."""

    is_there: bool
    is_under_notice: bool
    held_as: Collection[HoldKind]


def gets_notice(action: SupersedeAction | None, stands: Standing) -> bool:
    """Whether its use is stopped now. What is back has nobody's use to stop."""
    return action is SupersedeAction.STOP_USE and stands.is_there and not stands.is_under_notice


def hold_without_notice(fault: ItemFault | None, stands: Standing) -> HoldKind | None:
    """The hold of an old item that gets no notice now. What is known of one that is under notice, or back, stands,
    unless it is said that something is wrong with it."""
    is_settled = stands.is_under_notice or not stands.is_there
    if fault is None or (is_settled and fault is not ItemFault.YES):
        return None
    return None if fault.hold_kind in stands.held_as else fault.hold_kind


def replaced_reason(reason: str) -> str:
    """Why such an item is on hold, for whoever has it in their hands."""
    return f"It was replaced at a client's: {reason}"


def check_old(old: Sequence[Old]) -> None:
    """Raises Incomplete `say-what-becomes-of-old-equipment` with each item of which nothing is said, and Conflict
    `use-was-stopped` when one whose use was stopped is to be kept."""
    undecided = [one for one in old if one.must_be_decided and one.action is None]
    if undecided:
        names = ", ".join(f"{one.product_name} ({one.barcode})" for one in undecided)
        detail = f"The client has equipment of the same kind: {names}. Say of each whether it is kept, not used any "
        detail += "more, or collected, and why."
        wanted = [{"barcode": one.barcode, "product_name": one.product_name} for one in undecided]
        code = "say-what-becomes-of-old-equipment"
        raise Incomplete(code, detail, field="supersedes", wanted={"old_equipment": wanted})
    kept = [one.barcode for one in old if one.action and one.action not in possible_actions(one)]
    if kept:
        detail = f"The use of {', '.join(display(one) for one in kept)} was stopped. Have it collected, not kept."
        raise Conflict("use-was-stopped", detail, field="supersedes")


def check_said(barcodes: Sequence[str], *, there: Collection[str]) -> None:
    """Raises BadValue `decided-twice`, and Conflict `not-with-this-client` when the client does not have an item."""
    if len(set(barcodes)) < len(barcodes):
        raise BadValue("decided-twice", "Say of each old item once what becomes of it.", field="supersedes")
    elsewhere = [barcode for barcode in barcodes if barcode not in there]
    if elsewhere:
        detail = f"This client does not have {', '.join(elsewhere)}. Look at their equipment list."
        raise Conflict("not-with-this-client", detail, field="supersedes")
