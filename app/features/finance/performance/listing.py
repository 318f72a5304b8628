"""One list behind a figure: a page of its rows, and how many there are in all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.web.shapes import Shape

Row = TypeVar("Row", bound=Shape)


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """A statement with `after` and `limit` among its values, and what its rows are."""

    statement: TextClause
    values: Mapping[str, Any]
    shape: type[Row]

    async def read(self, session: AsyncSession) -> list[Row]:
        """Up to `limit` of them after that one. One statement."""
        rows = (await session.execute(self.statement, self.values)).mappings()
        return [self.shape.model_validate(dict(row)) for row in rows]

    async def count(self, session: AsyncSession) -> int:
        """How many there are, on whichever page somebody is. One statement."""
        counting = text(f"SELECT count(*) FROM ({self.statement.text}) AS listed")  # noqa: S608 - our own statement
        return await session.scalar(counting, {**self.values, "after": 0, "limit": None}) or 0
