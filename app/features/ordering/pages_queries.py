"""What the pages of orders offer to choose from: clients, products, funders and stores; and who may do what now."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import literally
from app.domain.access import Actor as Person
from app.domain.access import Permission
from app.domain.authority import check_authoriser, say_who
from app.domain.errors import NotAllowed
from app.domain.ordering import NEXT, Act
from app.features.ordering.decisions import why_not_cancel
from app.features.ordering.records import read_asked, read_order
from app.features.ordering.schemas import OrderBody
from app.signing import find_person, read_setting_around
from app.web.who import names_with, who_can

FOUND_AT_ONCE = 10
ALIKE = 0.35
"""How alike words must be to be found: a letter may be missing or wrong even in a short one."""

FUNDERS = text("SELECT code, name FROM funder WHERE kind <> 'person' ORDER BY name")
STORES = text("SELECT code, name FROM store ORDER BY id")
# Each way to be found is an arm of its own, so that each uses its own index.
CLIENTS = text("""
    WITH found AS (
        (SELECT id FROM client WHERE upper(client_ref) LIKE upper(:begins) AND died_on IS NULL
         ORDER BY client_ref LIMIT :limit)
        UNION (SELECT id FROM client WHERE name ILIKE :holds AND died_on IS NULL ORDER BY client_ref LIMIT :limit)
        UNION (SELECT id FROM client WHERE replace(postcode, ' ', '') LIKE upper(:postcode) AND died_on IS NULL
               ORDER BY client_ref LIMIT :limit)
        UNION SELECT id FROM client WHERE nhs_number = :digits AND died_on IS NULL
    )
    SELECT client_ref, name, date_of_birth, postcode FROM client JOIN found ON found.id = client.id
    ORDER BY client_ref LIMIT :limit
""")
CLIENT = text("""
    SELECT client_ref, name, date_of_birth, postcode FROM client WHERE upper(client_ref) = upper(:client_ref)
""")
# Misspelt words are found too. A catalogue has a few thousand lines, so looking at each of them is quick.
PRODUCTS = text("""
    WITH found AS MATERIALIZED (
        SELECT product.id, product.code, product.name, product.safe_working_load_kg, product.purchase_price_pence,
               product.tier, product.search_text LIKE :holds AS has_words,
               word_similarity(:words, product.search_text) AS likeness
        FROM product
        WHERE product.search_text LIKE :holds OR word_similarity(:words, product.search_text) >= :alike
        ORDER BY has_words DESC, likeness DESC, code LIMIT :limit
    )
    SELECT found.code, found.name, found.safe_working_load_kg, found.purchase_price_pence, found.tier,
           shelf.recycled, shelf.new
    FROM found CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE item.times_issued > 0) AS recycled,
               count(*) FILTER (WHERE item.times_issued = 0) AS new
        FROM item WHERE item.product_id = found.id AND item.state = 'in_stock'
    ) AS shelf
    ORDER BY found.has_words DESC, found.likeness DESC, found.code
""")
PRODUCT = text("SELECT name FROM product WHERE code = :code")


@dataclass(frozen=True, slots=True)
class FoundClient:
    """Enough of a client to tell them from others."""

    client_ref: str
    name: str
    date_of_birth: date | None
    postcode: str


@dataclass(frozen=True, slots=True)
class FoundProduct:
    """A product that may be meant, and how many of it are on a shelf."""

    code: str
    name: str
    safe_working_load_kg: int | None
    purchase_price_pence: int
    tier: str
    recycled: int
    new: int


@dataclass(frozen=True, slots=True)
class Can:
    """Something to do with an order: whether this person may do it now, and why not."""

    act: Act
    may: bool
    why_not: str = ""


async def list_funders(session: AsyncSession) -> list[tuple[str, str]]:
    """Those who pay, as a list to choose from."""
    return [(row.code, row.name) for row in await session.execute(FUNDERS)]


async def list_stores(session: AsyncSession) -> list[tuple[str, str]]:
    """The stores, the usual one first."""
    return [(row.code, row.name) for row in await session.execute(STORES)]


async def find_clients(session: AsyncSession, q: str) -> list[FoundClient]:
    """Living clients by a reference, a name, an NHS number or a postcode."""
    literal = literally(q)
    values = {
        "begins": f"{literal}%",
        "holds": f"%{literal}%",
        "digits": "".join(character for character in q if character.isdigit()),
        "postcode": f"{literal.replace(' ', '')}%",
        "limit": FOUND_AT_ONCE,
    }
    return [FoundClient(**row) for row in (await session.execute(CLIENTS, values)).mappings()]


async def find_client(session: AsyncSession, client_ref: str) -> FoundClient | None:
    """The client of that reference, if there is one."""
    row = (await session.execute(CLIENT, {"client_ref": client_ref})).mappings().one_or_none()
    return FoundClient(**row) if row else None


async def find_products(session: AsyncSession, q: str) -> list[FoundProduct]:
    """Products like these words, the likest first."""
    values = {"holds": f"%{literally(q.lower())}%", "words": q.lower(), "alike": ALIKE, "limit": FOUND_AT_ONCE}
    return [FoundProduct(**row) for row in (await session.execute(PRODUCTS, values)).mappings()]


async def product_name(session: AsyncSession, code: str) -> str | None:
    """The name of the product of that code, if there is one."""
    name: str | None = await session.scalar(PRODUCT, {"code": code})
    return name


WANTS = {
    Act.AUTHORISE: Permission.SIGN_ORDERS,
    Act.DECLINE: Permission.SIGN_ORDERS,
    Act.ALLOCATE: Permission.FULFIL_ORDERS,
    Act.DISPATCH: Permission.FULFIL_ORDERS,
    Act.DELIVER: Permission.FULFIL_ORDERS,
}


async def what_can_be_done(session: AsyncSession, order: OrderBody, actor: Person, *, today: date) -> list[Can]:
    """Everything that comes after submitting, and for each whether this person may do it now or why not."""
    signing = await _why_not_sign(session, order, actor, today=today)
    cancelling = await _why_not_cancel(session, order, actor, today=today)
    storing = "" if actor.may(Permission.FULFIL_ORDERS) else await _who_in_the_store(session, today=today)
    found = []
    for act in (Act.AUTHORISE, Act.DECLINE, Act.ALLOCATE, Act.DISPATCH, Act.DELIVER, Act.CANCEL):
        wants = WANTS.get(act)
        why_not = ""
        if act not in order.acts:
            why_not = NEXT[order.state]
        elif wants and not actor.may(wants):
            why_not = _who_signs(order) if wants is Permission.SIGN_ORDERS else storing
        elif act in {Act.AUTHORISE, Act.DECLINE}:
            why_not = signing
        elif act is Act.CANCEL:
            why_not = cancelling
        found.append(Can(act, not why_not, why_not))
    return found


async def allowed_acts(session: AsyncSession, order: OrderBody, actor: Person, *, today: date) -> list[Act]:
    """The acts that this person would be allowed now, in the order of `Act`. No statement for what follows from their
    roles and from who can sign."""
    found = [act for act in order.acts if (wants := WANTS.get(act)) is None or actor.may(wants)]
    if actor.username not in {one.username for one in order.authority.signers}:
        found = [act for act in found if act not in {Act.AUTHORISE, Act.DECLINE}]
    if order.made_by != actor.username or order.authority.decision is None:
        found = [act for act in found if act is not Act.SUBMIT]
    if await _why_not_cancel(session, order, actor, today=today):
        found = [act for act in found if act is not Act.CANCEL]
    return found


def _who_signs(order: OrderBody) -> str:
    return say_who([one.name for one in order.authority.signers], "can.")


async def _who_in_the_store(session: AsyncSession, *, today: date) -> str:
    return f"The store does this: {await who_can(session, Permission.FULFIL_ORDERS, today=today)}"


async def _why_not_sign(session: AsyncSession, order: OrderBody, actor: Person, *, today: date) -> str:
    signers = {one.username for one in order.authority.signers}
    if Act.AUTHORISE not in order.acts or actor.username in signers or not actor.may(Permission.SIGN_ORDERS):
        return ""
    record = await read_order(session, order.number)
    setting = await read_setting_around(session, today, actor.username, teams=[record.team_id])
    asked = await read_asked(session, record, today=today)
    try:
        check_authoriser(asked, find_person(setting, actor.username), setting)
    except NotAllowed as refusal:
        return refusal.detail
    return ""


async def _why_not_cancel(session: AsyncSession, order: OrderBody, actor: Person, *, today: date) -> str:
    if Act.CANCEL not in order.acts or order.made_by == actor.username or actor.may(Permission.FULFIL_ORDERS):
        return ""
    record = await read_order(session, order.number)
    setting = await read_setting_around(session, today, actor.username, record.made_by, teams=[record.team_id])
    store = await names_with(session, Permission.FULFIL_ORDERS, today=today)
    return why_not_cancel(record, actor, setting, store=store)
