"""What is said of a client's old equipment, in a body and on a form: orders ask, and the counter does."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field, ValidationError

from app.domain.labels import display
from app.domain.old_equipment import Old, possible_actions
from app.domain.ordering import SupersedeAction
from app.domain.scanning import check_tag
from app.web.fields import Body, Reason
from app.web.forms import Form
from app.web.wording import in_words

STAYS_STOPPED = "It stays as it is: not used, and not fetched now"


class NewSupersedes(Body):
    """What becomes of an old item that the client has."""

    barcode: Annotated[str, Field(max_length=2000)]
    action: SupersedeAction
    reason: Reason


OldItems = Annotated[list[NewSupersedes], Field(max_length=100)]


def actions_for(old: Old) -> list[tuple[str, str]]:
    """What can become of an item, for a form."""
    words = {SupersedeAction.STOP_USE: STAYS_STOPPED} if old.is_under_notice else {}
    return [(action.value, words.get(action, action.text)) for action in possible_actions(old)]


def by_tag(said: Sequence[NewSupersedes], *, prefix: str) -> list[tuple[str, NewSupersedes]]:
    """Each with its asset tag in normal form. Raises what `check_tag` does."""
    return [(check_tag(one.barcode, prefix=prefix), one) for one in said]


def read_old(form: Form, old: Iterable[Old]) -> list[NewSupersedes]:
    """What was said of old items; half an answer is asked for the other half."""
    found = []
    for one in old:
        action, reason = form.value(f"old-{one.barcode}"), form.value(f"why-{one.barcode}").strip()
        if action and not reason:
            form.refuse(f"Say why, for {_name(one)}.", f"why-{one.barcode}")
        elif reason and not action:
            form.refuse(f"Choose what becomes of {_name(one)}.", f"old-{one.barcode}")
        elif action:
            try:
                found.append(NewSupersedes.model_validate({"barcode": one.barcode, "action": action, "reason": reason}))
            except ValidationError as invalid:
                form.refuse(in_words(invalid.errors()[0], on_page=True), f"why-{one.barcode}")
    return found


def refuse_gaps(form: Form, old: Iterable[Old]) -> None:
    """Everything that must still be said of them, each at its own field."""
    for one in old:
        if one.must_be_decided and not form.value(f"old-{one.barcode}"):
            form.refuse(f"Choose what becomes of {_name(one)}.", f"old-{one.barcode}")
        if one.must_be_decided and not form.value(f"why-{one.barcode}").strip():
            form.refuse(f"Say why, for {_name(one)}.", f"why-{one.barcode}")


def _name(old: Old) -> str:
    return f"{old.product_name}, {display(old.barcode)}"
