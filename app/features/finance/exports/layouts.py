"""How the general ledger wants its journal: one set of settings, kept with its version."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.costs import ChargeKind
from app.domain.errors import BadValue, Stale
from app.domain.journal import DateFormat, JournalField, Layout, check_layout

FIND = text("SELECT * FROM journal_layout WHERE id = 1")
FUNDERS = text("SELECT code, name FROM funder ORDER BY code")
KEEP = text("""
    INSERT INTO journal_layout (id, columns, date_format, accounts, vat_account, contra, contras, own_cost_centre,
                                changed_at, changed_by, version)
    VALUES (1, CAST(:columns AS jsonb), :date_format, CAST(:accounts AS jsonb), :vat_account, :contra,
            CAST(:contras AS jsonb), :own_cost_centre, :at, :actor, 1)
    ON CONFLICT (id) DO UPDATE SET (columns, date_format, accounts, vat_account, contra, contras, own_cost_centre,
                                    changed_at, changed_by, version)
        = (excluded.columns, excluded.date_format, excluded.accounts, excluded.vat_account, excluded.contra,
           excluded.contras, excluded.own_cost_centre, excluded.changed_at, excluded.changed_by,
           journal_layout.version + 1)
        WHERE journal_layout.version = :version
    RETURNING version
""")


@dataclass(frozen=True, slots=True)
class Kept:
    """The layout with its version: 0 until somebody sets it."""

    layout: Layout
    version: int = 0


async def get_layout(session: AsyncSession) -> Kept:
    """The layout as it is set, or the usual one. One statement."""
    row = (await session.execute(FIND)).mappings().one_or_none()
    if row is None:
        return Kept(Layout())
    layout = Layout(
        columns=tuple((JournalField(one["field"]), one["heading"]) for one in row["columns"]),
        date_format=DateFormat(row["date_format"]),
        accounts={ChargeKind(kind): code for kind, code in row["accounts"].items()},
        vat_account=row["vat_account"],
        contra=row["contra"],
        contras=row["contras"],
        own_cost_centre=row["own_cost_centre"],
    )
    return Kept(layout, row["version"])


async def list_funders(session: AsyncSession) -> list[tuple[str, str]]:
    """Code and name of every funder."""
    return [(row.code, row.name) for row in await session.execute(FUNDERS)]


async def set_layout(session: AsyncSession, layout: Layout, *, version: int, actor: str, at: datetime) -> int:
    """Keep the layout; returns its new version.

    Raises BadValue as `check_layout`, `unknown-funder`; Stale `stale` when somebody else was quicker.
    """
    check_layout(layout)
    known = {code for code, _ in await list_funders(session)}
    for code in layout.contras:
        if code not in known:
            detail = f"There is no funder {code}. Those known are: {', '.join(sorted(known))}."
            raise BadValue("unknown-funder", detail, field="contras")
    values: dict[str, Any] = {
        "columns": json.dumps([{"field": column, "heading": heading} for column, heading in layout.columns]),
        "date_format": layout.date_format,
        "accounts": accounts_json(layout),
        "vat_account": layout.vat_account,
        "contra": layout.contra,
        "contras": json.dumps({code: account for code, account in layout.contras.items() if account}),
        "own_cost_centre": layout.own_cost_centre,
    }
    kept: int | None = await session.scalar(KEEP, values | {"at": at, "actor": actor, "version": version})
    if kept is None:
        raise Stale("stale", "Somebody changed the journal's settings meanwhile. Read them again.")
    await audit.record(session, "journal_layout_set", "journal_layout:1", actor=actor, at=at, version=kept)
    return kept


def accounts_json(layout: Layout) -> str:
    """The account of each kind of charge that has one, as JSON."""
    return json.dumps({kind.value: code for kind, code in layout.accounts.items() if code})
