"""Keeping the printers of a store: which labels are in them, and how far their print must be moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.access import Actor, StoreRef
from app.domain.errors import Conflict, NotFound, Stale
from app.domain.printers import Offset, PrinterKind, Symbols
from app.features.labels.choices import choice_of, kind_of, target_of
from app.features.labels.schemas import PrinterForm
from app.features.labels.service import Target
from app.features.labels.stocks import STOCKS
from app.models import Printer

DUPLICATE: Final = "Another printer of this store has this name. Choose a new one."
COLUMNS: Final[tuple[Any, ...]] = tuple(Printer.__table__.columns)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class PrinterRow:
    """One printer and the store that it stands in."""

    id: int
    name: str
    store: StoreRef
    kind: PrinterKind
    stock: str
    symbols: Symbols
    offset: Offset
    version: int

    @property
    def choice(self) -> str:
        """The labels in it, as `choices.py` names them."""
        return choice_of(self.stock, self.kind)

    @property
    def target(self) -> Target:
        """What it prints. Raises BadValue `unknown-stock` when its labels are no longer known here."""
        plain = target_of(self.choice)
        return Target(plain.stock, plain.format, plain.dpi, self.offset, self.symbols)


async def list_printers(session: AsyncSession, *, stores: Sequence[StoreRef]) -> list[PrinterRow]:
    """The printers of these stores, by store and name."""
    by_id = {store.id: store for store in stores}
    mine = select(*COLUMNS).where(col(Printer.store_id).in_(by_id)).order_by(col(Printer.name), col(Printer.id))
    rows = [
        PrinterRow(
            id=row.id,
            name=row.name,
            store=by_id[row.store_id],
            kind=row.kind,
            stock=row.stock,
            symbols=row.symbols,
            offset=Offset(row.offset_x, row.offset_y),
            version=row.version,
        )
        for row in await session.execute(mine)
    ]
    return sorted(rows, key=lambda row: row.store.code)


async def list_ready_printers(session: AsyncSession, *, stores: Sequence[StoreRef]) -> list[PrinterRow]:
    """Those whose labels are still known here."""
    return [row for row in await list_printers(session, stores=stores) if row.stock in STOCKS]


async def get_printer(session: AsyncSession, printer_id: int, *, actor: Actor) -> PrinterRow:
    """A printer of one of the actor's stores. Raises NotFound `unknown-printer`."""
    for row in await list_printers(session, stores=actor.stores):
        if row.id == printer_id:
            return row
    raise NotFound("unknown-printer", "Your stores have no printer with this number.", field="printer")


async def add_printer(session: AsyncSession, form: PrinterForm, *, actor: Actor, at: datetime) -> int:
    """Keep a printer; returns its id. Raises Conflict `duplicate-printer`, and BadValue as `_values` says."""
    values = _values(form, actor)
    await _check_name(session, form.name, values["store_id"])
    printer_id: int = (await session.execute(insert(Printer).values(**values).returning(col(Printer.id)))).scalar_one()
    await _record(session, "printer_added", printer_id, form, actor=actor, at=at)
    return printer_id


async def change_printer(
    session: AsyncSession, printer_id: int, form: PrinterForm, *, version: int, actor: Actor, at: datetime
) -> None:
    """Replace what is kept of a printer as it was read at `version`.

    Raises NotFound `unknown-printer`, Stale `stale`, Conflict `duplicate-printer`, and BadValue as `_values` says.
    """
    await get_printer(session, printer_id, actor=actor)
    as_read = (col(Printer.id) == printer_id) & (col(Printer.version) == version)
    values = _values(form, actor)
    await _check_name(session, form.name, values["store_id"], but=printer_id)
    changed = update(Printer).where(as_read).values(**values, version=version + 1)
    if (await session.execute(changed.returning(col(Printer.id)))).scalar_one_or_none() is None:
        raise Stale("stale", "Somebody changed this printer since you opened it. Open it again, then change it.")
    await _record(session, "printer_changed", printer_id, form, actor=actor, at=at)


async def remove_printer(session: AsyncSession, printer_id: int, *, actor: Actor, at: datetime) -> PrinterRow:
    """Forget a printer. Raises NotFound `unknown-printer`."""
    row = await get_printer(session, printer_id, actor=actor)
    await session.execute(delete(Printer).where(col(Printer.id) == printer_id))
    await audit.record(session, "printer_removed", f"printer:{printer_id}", actor=actor.username, at=at, name=row.name)
    return row


async def _check_name(session: AsyncSession, name: str, store_id: int, *, but: int = 0) -> None:
    """Raises Conflict `duplicate-printer`. Who is quicker than this is refused by the table."""
    same = (col(Printer.store_id) == store_id) & (col(Printer.name) == name) & (col(Printer.id) != but)
    if await session.scalar(select(col(Printer.id)).where(same)):
        raise Conflict("duplicate-printer", DUPLICATE, field="name")


def _values(form: PrinterForm, actor: Actor) -> dict[str, Any]:
    """The columns. Raises BadValue `not-your-store`, `unknown-stock` or `offset-too-far`."""
    target = target_of(form.stock)
    offset = Offset(form.offset_x, form.offset_y)
    return {
        "store_id": actor.store(form.store).id,
        "name": form.name,
        "kind": kind_of(target),
        "stock": target.stock.code,
        "symbols": form.symbols,
        "offset_x": offset.x,
        "offset_y": offset.y,
    }


async def _record(
    session: AsyncSession, action: str, printer_id: int, form: PrinterForm, *, actor: Actor, at: datetime
) -> None:
    told = form.model_dump(mode="json", include={"name", "store", "stock", "symbols", "offset_x", "offset_y"})
    await audit.record(session, action, f"printer:{printer_id}", actor=actor.username, at=at, **told)
