"""What a scan, or one item of a set, is answered with: what happened and what to do next."""

from datetime import date

from pydantic import Field

from app.domain.clearance import Evidence, step_for
from app.domain.errors import NotClear, NotFound, RuleError
from app.domain.hygiene import NextStep
from app.domain.lifecycle import State
from app.domain.scanning import QUERY_SHELF, step_after_refusal
from app.ledger import ItemRecord, Moved
from app.models import ScanOutcome
from app.web.shapes import Shape


class Step(Shape):
    """Where the item goes now: a decontamination route or a bench, and a sentence to act on."""

    route: str
    text: str


class HoldBody(Shape):
    """An open hold, as a scan shows it."""

    kind: str
    reason: str


class BlockerBody(Shape):
    """One reason why an item may not go out."""

    code: str
    detail: str


class ItemResult(Shape):
    """What came of one item. `code` and `detail` say why it was refused; `state` is None when nobody knows it."""

    barcode: str
    outcome: ScanOutcome
    code: str | None = None
    detail: str | None = None
    state: State | None = None
    product_name: str | None = None
    next_step: Step
    holds: list[HoldBody] = Field(default=[])
    blockers: list[BlockerBody] = Field(default=[])


class ItemResults(Shape):
    """One result per item that was sent, in the order they were sent."""

    results: list[ItemResult]


def accepted(moved: Moved) -> ItemResult:
    """The result of an item that moved."""
    item = moved.item
    return ItemResult(
        barcode=item.barcode,
        outcome=ScanOutcome.ACCEPTED,
        state=moved.state,
        product_name=item.product_name,
        next_step=_step(moved.next_step),
        holds=_holds(moved.evidence),
    )


def refused(
    barcode: str,
    error: RuleError,
    item: ItemRecord | None = None,
    *,
    reader: str | None = None,
    on: date | None = None,
) -> ItemResult:
    """The result of an item that did not move; `reader` and `on` as for `step_for`."""
    state = item.state if item else None
    where_to = step_for(item.evidence, item.route, on=on, reader=reader) if item else QUERY_SHELF
    todo = step_after_refusal(error) or where_to
    blockers = error.blockers if isinstance(error, NotClear) else ()
    return ItemResult(
        barcode=barcode,
        outcome=ScanOutcome.UNKNOWN if isinstance(error, NotFound) else ScanOutcome.REFUSED,
        code=error.code,
        detail=error.detail,
        state=state,
        product_name=item.product_name if item else None,
        next_step=_step(todo),
        holds=_holds(item.evidence) if item else [],
        blockers=[BlockerBody(code=blocker.code, detail=blocker.detail) for blocker in blockers],
    )


def already_done(moved: Moved) -> ItemResult:
    """The result of an item that came again in the batch that moved it, for the same thing: as it stands now."""
    detail = f"It came twice in this batch and was done once: it is “{moved.state.text.lower()}” now."
    changes = {"outcome": ScanOutcome.DUPLICATE, "code": "repeated-barcode", "detail": detail}
    return accepted(moved).model_copy(update=changes)


def contradicted(moved: Moved) -> ItemResult:
    """The result of an item that came again in the batch that moved it, for something else: the first one counts."""
    detail = (
        "It came twice in this batch, with two different outcomes. The first one counts: "
        f"it is “{moved.state.text.lower()}” now. Look at the item, and put it right if that is wrong."
    )
    changes = {"outcome": ScanOutcome.REFUSED, "code": "repeated-barcode", "detail": detail}
    return accepted(moved).model_copy(update=changes)


def _step(step: NextStep) -> Step:
    return Step(route=step.route, text=step.text)


def _holds(evidence: Evidence) -> list[HoldBody]:
    return [HoldBody(kind=hold.kind.value, reason=hold.reason) for hold in evidence.holds]
