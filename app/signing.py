"""Who has authority over orders today, as the tables say: reads for whoever asks the rules in `domain/authority.py`.

Several features ask: what waits for a signature is on the home page, with the orders, and on a prescriber's own page.
They must not differ about who may sign (docs/adr/0012-one-reading-of-authority.md).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import COUNTED_DAYS, array_of
from app.domain.access import GRANTS, Permission, Role
from app.domain.authority import Authority, Delegation, Other, PanelRule, Reason, Route, Setting, Tier
from app.domain.labels import display

DEFAULT_DAYS: Final = 28
"""For so many days what was ordered for a client counts with the next order, where no setting says otherwise."""
_PEOPLE: Final = """
    SELECT account.username, account.name, prescriber.team_id, prescriber.tier, prescriber.spend_limit_pence,
           prescriber.registration_number, prescriber.registration_expires_on, prescriber.is_supervised,
           ARRAY(SELECT role FROM account_role WHERE account_id = account.id) AS roles
    FROM prescriber JOIN account ON account.id = prescriber.account_id
    WHERE account.is_active
"""
PEOPLE = text(f"{_PEOPLE} ORDER BY account.username")
PEOPLE_AROUND = text(f"""
    {_PEOPLE} AND account.id = ANY(ARRAY(
        SELECT account_id FROM prescriber WHERE COALESCE(team_id, 0) = ANY({array_of("teams", "bigint")})
        UNION ALL SELECT id FROM account WHERE username = ANY({array_of("usernames", "text")})
        UNION ALL SELECT unnest(ARRAY[from_account_id, to_account_id]) FROM delegation
                  WHERE ended_at IS NULL AND :today BETWEEN from_on AND until_on))
    ORDER BY account.username
""")  # noqa: S608 - the parts are constants
PERSON = text("""
    SELECT account.username, account.name, prescriber.team_id, prescriber.tier, prescriber.spend_limit_pence,
           prescriber.registration_number, prescriber.registration_expires_on, prescriber.is_supervised,
           ARRAY(SELECT role FROM account_role WHERE account_id = account.id) AS roles
    FROM account LEFT JOIN prescriber ON prescriber.account_id = account.id WHERE account.username = :username
""")
DELEGATIONS = text("""
    SELECT lender.username AS from_username, receiver.username AS to_username, from_on, until_on
    FROM delegation JOIN account AS lender ON lender.id = from_account_id
    JOIN account AS receiver ON receiver.id = to_account_id
    WHERE ended_at IS NULL AND :today BETWEEN from_on AND until_on ORDER BY delegation.id
""")
PANEL_RULES: Final = """
    SELECT COALESCE(jsonb_agg(jsonb_build_object(
        'code', code, 'name', name, 'orders_above_pence', orders_above_pence, 'precedence', precedence,
        'decides_non_catalogue', decides_non_catalogue, 'tiers', to_jsonb(array_remove(ARRAY[
            CASE WHEN decides_standard THEN 'standard' END, CASE WHEN decides_specialist THEN 'specialist' END,
            CASE WHEN decides_highly_specialist THEN 'highly_specialist' END], NULL)),
        'funders', ARRAY(SELECT funder.code FROM panel_funder JOIN funder ON funder.id = funder_id
                         WHERE panel_id = panel.id ORDER BY 1)) ORDER BY code), '[]')
    FROM panel WHERE is_active
"""
"""The rules of all panels that are at work, as one value, for `read_rules`."""
PANELS = text(PANEL_RULES)

# What the same person ordered, or handed out over the counter, for the same client in the days before. Not what was
# declined or called off, nor a trial that is over and was not kept: a kept one is a loan.
OTHERS = """
    SELECT asked.id, other.kind, other.name, other.value_pence
    FROM ({asked}) AS asked CROSS JOIN LATERAL (
        SELECT 'order' AS kind, made.number AS name, made.submitted_at AS at, sum(line.unit_price_pence) AS value_pence
        FROM equipment_order AS made JOIN order_line AS line ON line.order_id = made.id
        JOIN order_unit AS unit ON unit.order_line_id = line.id LEFT JOIN loan ON loan.id = unit.loan_id
        WHERE made.client_id = asked.client_id AND made.made_by = asked.made_by AND made.id <> asked.id
          AND made.decision IN ('awaiting_authorisation', 'awaiting_panel', 'approved')
          AND (asked.submitted_at IS NULL OR (made.submitted_at, made.id) < (asked.submitted_at, asked.id))
          AND (made.submitted_at AT TIME ZONE 'Europe/London')::date >= asked.since
          AND unit.cancelled_at IS NULL AND (loan.kind = 'trial' AND loan.ended_at IS NOT NULL) IS NOT TRUE
        GROUP BY made.id
        UNION ALL
        SELECT 'item', item.barcode, loan.started_at, product.purchase_price_pence
        FROM loan JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
        WHERE loan.client_id = asked.client_id AND loan.started_by = asked.made_by
          AND NOT EXISTS (SELECT FROM order_unit WHERE loan_id = loan.id)
          AND (asked.submitted_at IS NULL OR loan.started_at < asked.submitted_at)
          AND (loan.started_at AT TIME ZONE 'Europe/London')::date >= asked.since
          AND (loan.kind = 'loan' OR loan.ended_at IS NULL)
    ) AS other ORDER BY asked.id, other.at, other.name
"""
OTHERS_OF_ORDERS = text(
    OTHERS.format(
        asked=f"""
        SELECT id, client_id, made_by, submitted_at,
               COALESCE((submitted_at AT TIME ZONE 'Europe/London')::date, :today) - CAST(:days AS integer) AS since
        FROM equipment_order WHERE id = ANY({array_of("orders", "bigint")})
        """  # noqa: S608 - a constant
    )
)
OTHERS_AT_THE_COUNTER = text(
    OTHERS.format(
        asked="""
        SELECT CAST(0 AS bigint) AS id, CAST(:client_id AS bigint) AS client_id, CAST(:username AS text) AS made_by,
               CAST(NULL AS timestamptz) AS submitted_at, CAST(:today AS date) - CAST(:days AS integer) AS since
        """
    )
)


async def read_setting(session: AsyncSession, today: date) -> Setting:
    """Everybody with authority, what is lent today, and the panels. A county has thousands: for one order, or one
    person, ask `read_setting_around`."""
    return await _setting(session, (await session.execute(PEOPLE)).mappings().all(), today)


async def read_setting_around(
    session: AsyncSession, today: date, *usernames: str, teams: Collection[int | None] = ()
) -> Setting:
    """The same with these people, all of these teams (None: those who are of none), and who lends or is lent to today.

    Whether somebody may sign an order hangs on nobody else, and who else may is of its team or stands in for one.
    """
    asked = {"usernames": list(usernames), "teams": [team or 0 for team in teams], "today": today}
    return await _setting(session, (await session.execute(PEOPLE_AROUND, asked)).mappings().all(), today)


async def _setting(session: AsyncSession, rows: Iterable[RowMapping], today: date) -> Setting:
    people = [_authority(dict(row)) for row in rows]
    delegations = (await session.execute(DELEGATIONS, {"today": today})).all()
    return Setting(
        on=today,
        people=[person for person in people if person],
        delegations=[Delegation(*row) for row in delegations],
        panels=await read_panels(session),
    )


async def read_panels(session: AsyncSession) -> tuple[PanelRule, ...]:
    """The rules of the panels that are at work. One statement."""
    return read_rules(await session.scalar(PANELS))


def read_rules(rows: Sequence[Mapping[str, Any]]) -> tuple[PanelRule, ...]:
    """What `PANEL_RULES` gave, as the rules take it."""
    found = []
    for row in rows:
        tiers = frozenset(Tier(tier) for tier in row["tiers"])
        found.append(PanelRule(**{**row, "tiers": tiers, "funders": frozenset(row["funders"])}))
    return tuple(found)


def route_json(route: Route | None) -> dict[str, Any] | None:
    """Where a submitted order went, as it is kept with its authority: rules that change later do not touch it."""
    if route is None:
        return None
    reasons = [{"code": reason.code, "detail": reason.detail} for reason in route.reasons]
    return {"code": route.code, "name": route.name, "reasons": reasons}


def read_route(authority: Mapping[str, Any]) -> tuple[Route, ...] | None:
    """Where the order went when it was submitted: to one panel or none; None where that was not kept, as of a draft."""
    if "route" not in authority:
        return None
    kept = authority["route"]
    return (Route(kept["code"], kept["name"], tuple(Reason(**one) for one in kept["reasons"])),) if kept else ()


async def read_others(session: AsyncSession, orders: Collection[int], *, today: date) -> dict[int, tuple[Other, ...]]:
    """What counts with each of these orders: what its maker ordered or handed out for the client before. One statement.

    A draft is looked at as if it were submitted today.
    """
    values = {"orders": list(orders), "today": today, "days": _days(session)}
    found: dict[int, tuple[Other, ...]] = dict.fromkeys(orders, ())
    for row in await session.execute(OTHERS_OF_ORDERS, values):
        found[row.id] += (_other(row),)
    return found


async def read_handed_out(session: AsyncSession, client_id: int, username: str, *, today: date) -> tuple[Other, ...]:
    """What this person ordered or handed out for the client before today. One statement."""
    values = {"client_id": client_id, "username": username, "today": today, "days": _days(session)}
    return tuple(_other(row) for row in await session.execute(OTHERS_AT_THE_COUNTER, values))


def _days(session: AsyncSession) -> int:
    days: int = session.info.get(COUNTED_DAYS, DEFAULT_DAYS)
    return days


def _other(row: Any) -> Other:
    what = f"order {row.name}" if row.kind == "order" else f"item {display(row.name)}"
    return Other(what, int(row.value_pence))


def find_person(setting: Setting, username: str) -> Authority | None:
    """The authority of that person, if they have one."""
    return next((person for person in setting.people if person.username == username), None)


async def read_person(session: AsyncSession, username: str) -> tuple[Authority | None, frozenset[Permission]]:
    """The authority of that person, if they have one, and what their roles let them do. One statement."""
    row = (await session.execute(PERSON, {"username": username})).mappings().one_or_none()
    if row is None:
        return None, frozenset()
    may = frozenset(permission for role in row["roles"] for permission in GRANTS[Role(role)])
    return (_authority(dict(row)) if row["tier"] else None), may


def _authority(row: dict[str, Any]) -> Authority | None:
    """None: their role does not sign orders any more, so they neither sign nor lend anything."""
    roles: Sequence[str] = row.pop("roles")
    granted = {permission for role in roles for permission in GRANTS[Role(role)]}
    if Permission.SIGN_ORDERS not in granted:
        return None
    may = Permission.AUTHORISE_ORDERS in granted
    return Authority(**row | {"tier": Tier(row["tier"])}, may_authorise=may)
