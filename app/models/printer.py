"""The printers that a store prints its labels on."""

from sqlalchemy import CheckConstraint, Column, Integer, UniqueConstraint
from sqlmodel import Field

from app.domain.printers import MOST_OFFSET, PrinterKind, Symbols
from app.models.base import Table, enum_column, id_column, reference_column, text_column


class Printer(Table, table=True):
    """One printer: the labels in it, what they carry, and how far its print is moved, in tenths of a millimetre."""

    __table_args__ = (
        UniqueConstraint("store_id", "name"),
        CheckConstraint(
            f"offset_x BETWEEN -{MOST_OFFSET} AND {MOST_OFFSET} AND offset_y BETWEEN -{MOST_OFFSET} AND {MOST_OFFSET}",
            name="offsets_within_a_centimetre",
        ),
    )

    id: int = id_column()
    store_id: int = Field(sa_column=reference_column("store.id"))
    name: str = Field(sa_column=text_column())
    kind: PrinterKind = Field(sa_column=enum_column(PrinterKind, "kind"))
    stock: str = Field(sa_column=text_column())
    symbols: Symbols = Field(
        default=Symbols.CODE_128, sa_column=enum_column(Symbols, "symbols", server_default=Symbols.CODE_128.value)
    )
    offset_x: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    offset_y: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
