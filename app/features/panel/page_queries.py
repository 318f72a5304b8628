"""What the pages of panels offer to choose from."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

FUNDERS = text("SELECT code, name FROM funder ORDER BY name")
TRIALS = text("""
    SELECT loan.id, item.barcode, item.serial_number, product.name,
           (loan.started_at AT TIME ZONE 'Europe/London')::date AS started_on, review.outcome
    FROM loan JOIN client ON client.id = loan.client_id JOIN item ON item.id = loan.item_id
    JOIN product ON product.id = item.product_id
    LEFT JOIN LATERAL (SELECT outcome FROM trial_review WHERE loan_id = loan.id ORDER BY id DESC LIMIT 1) AS review
    ON true
    WHERE client.client_ref = :client_ref AND (loan.kind = 'trial' OR review.outcome IS NOT NULL)
    ORDER BY loan.id DESC LIMIT 20
""")
PANELS = text("""
    SELECT panel.code, panel.name FROM panel JOIN panel_member AS mine ON mine.panel_id = panel.id AND mine.is_chair
    JOIN account ON account.id = mine.account_id AND account.username = :actor ORDER BY panel.code
""")
MEMBERS = text("""
    SELECT account.username, account.name, member.side, member.is_chair FROM panel_member AS member
    JOIN panel ON panel.id = member.panel_id JOIN account ON account.id = member.account_id
    WHERE panel.code = :code AND account.is_active ORDER BY account.name
""")
SCREENED = text("""
    SELECT brought.number, brought.is_urgent FROM panel_case AS brought JOIN panel ON panel.id = brought.panel_id
    WHERE panel.code = :code AND brought.state = 'screened' ORDER BY brought.is_urgent DESC, brought.id LIMIT 100
""")


async def list_funders(session: AsyncSession) -> list[tuple[str, str]]:
    """Those who pay."""
    return [(row.code, row.name) for row in await session.execute(FUNDERS)]


async def list_trials(session: AsyncSession, client_ref: str) -> list[dict[str, object]]:
    """The client's trials, the newest first."""
    return [dict(row) for row in (await session.execute(TRIALS, {"client_ref": client_ref})).mappings()]


async def list_chaired(session: AsyncSession, actor: str) -> list[tuple[str, str]]:
    """The panels that this person chairs."""
    return [(row.code, row.name) for row in await session.execute(PANELS, {"actor": actor})]


async def list_members(session: AsyncSession, code: str) -> list[dict[str, object]]:
    """Who sits on a panel."""
    return [dict(row) for row in (await session.execute(MEMBERS, {"code": code})).mappings()]


async def list_screened(session: AsyncSession, code: str) -> list[tuple[str, bool]]:
    """The cases of a panel that wait for a meeting, urgent ones first."""
    return [(row.number, row.is_urgent) for row in await session.execute(SCREENED, {"code": code})]
