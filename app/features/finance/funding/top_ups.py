"""What a person adds of their own wish to something dearer: the one way in which a person is ever charged.

The item stays charged to its funders; the top-up is two charges beside that, which come to nothing: the person's, and
what the funders pay less. When the item comes back, the funders are credited with a part of what is left for them.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, funding
from app.charging import IS_DISPUTED
from app.domain.costs import OWN_ACCOUNT, WITH_A_CLIENT, ChargeKind, Line
from app.domain.dates import uk_date
from app.domain.errors import BadValue, Conflict
from app.domain.funders import (
    FunderKind,
    agreed_in_words,
    check_agreed,
    check_alternative,
    check_may_be_topped_up,
    check_top_up,
)
from app.domain.funding import relieve
from app.domain.lifecycle import State
from app.domain.panel_funding import Share
from app.features.finance.charges.service import redo_credits
from app.features.finance.funding.queries import get_top_up
from app.features.finance.funding.schemas import NewTopUp
from app.models import OrderTopUp
from app.put_right import COUNTED_UNDER

FUNDER: Final = text("SELECT id, code, kind FROM funder WHERE upper(code) = upper(:code)")
PRODUCT: Final = text("SELECT id, category, purchase_price_pence FROM product WHERE code = :code")
ORDERED: Final = text("SELECT made_at FROM equipment_order WHERE id = :order_id")
CONFIRMS: Final = text("""
    SELECT account.username FROM account JOIN prescriber ON prescriber.account_id = account.id
    WHERE account.username = :username AND account.is_active
""")
LOCK_ITEM: Final = text("""
    SELECT item.id, item.state, item.product_id, product.category,
           (SELECT move = 'start_trial' FROM movement WHERE item_id = item.id
            AND move IN ('start_trial', 'keep_after_trial', 'issue', 'deliver') ORDER BY seq DESC LIMIT 1) AS is_trial
    FROM item JOIN product ON product.id = item.product_id WHERE barcode = :barcode FOR UPDATE OF item
""")
# The newest issue of the item, if it was for this order, as it is charged now.
ISSUE: Final = text("""
    SELECT line.id, line.kind, line.movement_seq, COALESCE(funder.code, '') AS funder, line.percent, line.amount_pence
    FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
    WHERE line.item_id = :item_id AND line.order_id = :order_id AND line.is_issue AND line.reversal_of IS NULL
      AND line.movement_seq = (SELECT max(movement_seq) FROM charge
                               WHERE item_id = :item_id AND is_issue AND reversal_of IS NULL)
      AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id)
    ORDER BY line.id
""")
AGREED: Final = text("""
    SELECT id FROM order_top_up WHERE item_id = :item_id AND movement_seq = :seq AND withdrawn_at IS NULL
""")
# It hangs on the issue's movement, and is none: neither new nor recycled, and by no rate.
ABOUT: Final = ", ".join(name for name in COUNTED_UNDER if name != "recycled")
POST: Final = text(f"""
    INSERT INTO charge (kind, variant, period, happened_on, quantity, {ABOUT}, basis, posting_id, posted_at, posted_by,
                        funder_id, percent, amount_pence, is_provisional)
    SELECT CAST(:kind AS text), variant, month_to_post(happened_on), happened_on, quantity, {ABOUT}, :basis,
           CAST(:posting AS uuid), :at, :actor,
           :person_id, :percent, :pence, false
    FROM charge AS line WHERE line.id = :issue_line
""")  # noqa: S608 - the part is a constant
POST_SHARED: Final = text(f"""
    INSERT INTO charge (kind, variant, period, happened_on, quantity, {ABOUT}, basis, posting_id, posted_at, posted_by,
                        funder_id, percent, amount_pence, is_provisional)
    SELECT CAST(:kind AS text), variant, month_to_post(happened_on), happened_on, quantity, {ABOUT}, :basis,
           CAST(:posting AS uuid), :at, :actor,
           line.funder_id, line.percent, said.pence,
           {IS_DISPUTED.format("line")}
    FROM unnest(CAST(:ids AS bigint[]), CAST(:pence AS bigint[])) AS said (id, pence)
    JOIN charge AS line ON line.id = said.id ORDER BY line.id
""")  # noqa: S608 - the part is a constant
OF_IT: Final = text("""
    SELECT line.id FROM charge AS line JOIN order_top_up AS agreed ON agreed.id = :id
    WHERE line.item_id = agreed.item_id AND line.movement_seq = agreed.movement_seq AND line.order_id = agreed.order_id
      AND line.kind = 'top_up' AND line.reversal_of IS NULL
      AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id)
    ORDER BY line.id
""")
ISSUE_OF: Final = text("SELECT item_id, movement_seq FROM order_top_up WHERE id = :id")
LOCK_ITEM_OF: Final = text("""
    SELECT item.id FROM item JOIN order_top_up AS agreed ON agreed.item_id = item.id AND agreed.id = :id
    FOR UPDATE OF item
""")
WITHDRAW: Final = text("""
    UPDATE order_top_up SET withdrawn_at = :at, withdrawn_by = :actor, withdrawn_because = :because
    WHERE id = :id AND withdrawn_at IS NULL RETURNING id
""")
BASIS: Final = "A person's agreed top-up"


async def add_top_up(session: AsyncSession, new: NewTopUp, *, barcode: str, actor: str, at: datetime) -> int:
    """Charge a person with what they agreed to add to an item of an order; returns the number of the top-up.

    Raises NotFound `unknown-order`, Conflict `not-issued`, `already-back`, `already-topped-up`, BadValue
    `not-told`, `not-a-person`, `unknown-product`, `same-product`, `not-a-prescriber`, and as `check_agreed`,
    `check_may_be_topped_up`, `check_alternative` and `check_top_up` do.
    """
    order_id = await funding.lock_order(session, new.order_number)
    ordered_at = await session.scalar(ORDERED, {"order_id": order_id})
    check_agreed(new.agreed_on, ordered_on=uk_date(ordered_at), today=uk_date(at))
    agreement = agreed_in_words(new.agreement, is_told=new.told_not_paid_back)
    confirmed_by = await session.scalar(CONFIRMS, {"username": new.confirmed_by})
    if confirmed_by is None:
        detail = "Nobody prescribes under this name. Enter the username of the prescriber who confirmed it."
        raise BadValue("not-a-prescriber", detail, field="confirmed_by")
    person = (await session.execute(FUNDER, {"code": new.funder})).one_or_none()
    if person is None or person.kind != FunderKind.PERSON:
        detail = "Only a person's own money tops up. Choose a funder of that kind, or add one under Funders."
        raise BadValue("not-a-person", detail, field="funder")
    item = (await session.execute(LOCK_ITEM, {"barcode": barcode})).one_or_none()
    asked = {"item_id": item.id if item else None, "order_id": order_id}
    issue = (await session.execute(ISSUE, asked)).all()
    if item is None or not issue or issue[0].kind == "hire":
        detail = "This item is not charged as bought or reissued for this order. A top-up is to what was."
        raise Conflict("not-issued", detail, field="barcode")
    if State(item.state) not in WITH_A_CLIENT:
        detail = "It came back, or is missing. A person adds only to what they have."
        raise Conflict("already-back", detail, field="barcode")
    check_may_be_topped_up(is_trial=item.is_trial, is_own=any(line.funder == OWN_ACCOUNT for line in issue))
    other = (await session.execute(PRODUCT, {"code": new.alternative_product_code})).one_or_none()
    if other is None:
        detail = "There is no product with this code. Look in the catalogue."
        raise BadValue("unknown-product", detail, field="alternative_product_code")
    if other.id == item.product_id:
        detail = "That is what they have. Name what would meet the need free of charge."
        raise BadValue("same-product", detail, field="alternative_product_code")
    check_alternative(item.category, other.category)
    charged = sum(line.amount_pence for line in issue)
    check_top_up(new.pence, charged_pence=charged, alternative_pence=other.purchase_price_pence)
    if await session.scalar(AGREED, {"item_id": item.id, "seq": issue[0].movement_seq}):
        raise Conflict("already-topped-up", "A person adds to this item already. Withdraw that first.", field="barcode")
    values = {
        "order_id": order_id,
        "item_id": item.id,
        "movement_seq": issue[0].movement_seq,
        "funder_id": person.id,
        "pence": new.pence,
        "charged_pence": charged,
        "alternative_product_id": other.id,
        "alternative_pence": other.purchase_price_pence,
        "agreed_on": new.agreed_on,
        "agreement": agreement,
        "confirmed_by": confirmed_by,
        "made_at": at,
        "made_by": actor,
    }
    made = await session.execute(insert(OrderTopUp).values(**values).returning(OrderTopUp.id))  # type: ignore[call-overload]
    top_up_id = int(made.scalar_one())
    about: dict[str, Any] = {"kind": ChargeKind.TOP_UP.value, "basis": BASIS, "actor": actor, "at": at}
    whole = {"posting": str(uuid4()), "person_id": person.id, "percent": Decimal(100), "pence": new.pence}
    await session.execute(POST, about | whole | {"issue_line": issue[0].id})
    less: tuple[Line, ...] = relieve(-new.pence, [Share(line.funder, line.percent) for line in issue], charged)
    shared = {"ids": [line.id for line in issue], "pence": [one.pence for one in less], "posting": str(uuid4())}
    await session.execute(POST_SHARED, about | shared)
    facts: dict[str, str | int] = {"barcode": barcode, "pence": new.pence, "instead_of": new.alternative_product_code}
    facts["confirmed_by"] = confirmed_by
    await audit.record(session, "top_up_agreed", f"order:{new.order_number.upper()}", actor=actor, at=at, **facts)
    return top_up_id


async def withdraw_top_up(session: AsyncSession, top_up_id: int, *, reason: str, actor: str, at: datetime) -> None:
    """Take a top-up back: the person pays nothing, and the funders what they paid before. What came back since is
    credited by that.

    Raises NotFound `unknown-top-up`, Conflict `withdrawn-already`.
    """
    agreed = await get_top_up(session, top_up_id)
    await funding.lock_order(session, agreed.order_number)
    await session.execute(LOCK_ITEM_OF, {"id": top_up_id})
    values = {"id": top_up_id, "because": reason, "actor": actor, "at": at}
    if (await session.execute(WITHDRAW, values)).one_or_none() is None:
        raise Conflict("withdrawn-already", "It was withdrawn already.")
    ids = list(await session.scalars(OF_IT, {"id": top_up_id}))
    await funding.take_back(session, ids, because=reason, actor=actor, at=at)
    issue = (await session.execute(ISSUE_OF, {"id": top_up_id})).one()
    about: dict[str, Any] = {"added_pence": agreed.pence, "because": reason, "actor": actor, "at": at}
    await redo_credits(session, issue.item_id, issue.movement_seq, **about)
    facts: dict[str, str | int] = {"barcode": agreed.barcode, "pence": agreed.pence, "because": reason}
    await audit.record(session, "top_up_withdrawn", f"order:{agreed.order_number}", actor=actor, at=at, **facts)
