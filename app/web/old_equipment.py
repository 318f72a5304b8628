"""What is said of a client's old equipment, in a body and on a form: orders ask, and the counter does."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from app.domain.labels import display
from app.domain.old_equipment import Old, asks_for_fault, is_kept_faulty, possible_actions
from app.domain.ordering import SupersedeAction
from app.domain.scanning import check_tag
from app.domain.stop_use import ItemFault
from app.web.fields import Body, Reason
from app.web.forms import Form
from app.web.wording import in_words

FIELDS = {"action": "old", "item_fault": "fault", "reason": "why"}
"""The fields of a body by the names that they have on a form, before the item's barcode."""
FAULTY = "Something is wrong with it, so it is not kept in use. Stop its use, or have it collected."
STAYS_STOPPED = "It stays as it is: not used, and not fetched now"


class NewSupersedes(Body):
    """What becomes of an old item that the client has.

    `item_fault`: whether something is wrong with the item itself. Left out, that is not known of what is not used any
    more (`stop_use`), and such an item is held; what is collected is held if this says `yes` or `not_known`. Of what is
    under notice already only a `yes` counts; what is kept cannot have one.
    """

    barcode: Annotated[str, Field(max_length=2000)]
    action: SupersedeAction
    reason: Reason
    item_fault: ItemFault | None = None

    @model_validator(mode="after")
    def _not_kept_faulty(self) -> Self:
        if is_kept_faulty(self.action, self.item_fault):
            raise ValueError(FAULTY)
        return self

    @property
    def said(self) -> dict[str, Any]:
        """What is kept of it. Whether something is wrong with what stays in use is not asked."""
        fault = None if self.action is SupersedeAction.KEEP else self.item_fault
        return {"action": self.action, "reason": self.reason, "item_fault": fault}


OldItems = Annotated[list[NewSupersedes], Field(max_length=100)]


def actions_for(old: Old) -> list[tuple[str, str]]:
    """What can become of an item, for a form."""
    words = {SupersedeAction.STOP_USE: STAYS_STOPPED} if old.is_under_notice else {}
    return [(action.value, words.get(action, action.text)) for action in possible_actions(old)]


def by_tag(said: Sequence[NewSupersedes], *, prefix: str) -> list[tuple[str, NewSupersedes]]:
    """Each with its asset tag in normal form. Raises what `check_tag` does."""
    return [(check_tag(one.barcode, prefix=prefix), one) for one in said]


def read_old(form: Form, old: Iterable[Old]) -> list[NewSupersedes]:
    """What was said of old items; part of an answer is asked for the rest."""
    found = []
    for one in old:
        said = {name: form.value(f"{field}-{one.barcode}").strip() for name, field in FIELDS.items()}
        if not any(said.values()):
            continue
        _refuse_gap(form, one)
        if said["action"] and said["reason"] and not form.error(f"fault-{one.barcode}"):
            try:
                body = {"barcode": one.barcode, **said, "item_fault": said["item_fault"] or None}
                found.append(NewSupersedes.model_validate(body))
            except ValidationError as invalid:
                error = invalid.errors()[0]
                field = FIELDS[str(error["loc"][0])] if error["loc"] else "old"
                form.refuse(in_words(error, on_page=True), f"{field}-{one.barcode}")
    return found


def refuse_gaps(form: Form, old: Iterable[Old]) -> None:
    """Everything that must still be said of them, each at its own field."""
    for one in old:
        if one.must_be_decided:
            _refuse_gap(form, one)


def _refuse_gap(form: Form, one: Old) -> None:
    action = form.value(f"old-{one.barcode}")
    if not action:
        form.refuse(f"Choose what becomes of {_name(one)}.", f"old-{one.barcode}")
    if not form.value(f"why-{one.barcode}").strip():
        form.refuse(f"Say why, for {_name(one)}.", f"why-{one.barcode}")
    goes = action in set(SupersedeAction) and asks_for_fault(one, SupersedeAction(action))
    if goes and not form.value(f"fault-{one.barcode}"):
        form.refuse(f"Choose whether something is wrong with {_name(one)}.", f"fault-{one.barcode}")


def _name(old: Old) -> str:
    return f"{old.product_name}, {display(old.barcode)}"
