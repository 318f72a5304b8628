"""What surrounds an order: what the client has and has on order, the warnings that follow, and what was answered."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.combinations import OVERLOADS, OrderWarning, Severity, lifts
from app.features.ordering.records import LineRecord, OrderRecord
from app.surroundings import OldItem, read_old, read_warnings
from app.web.answers import Answer, keys


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered to a warning, and the words that it had then. Without an answer: a short form left it out."""

    code: str
    subject: str
    warning: str
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Old items, warnings, all that was `said` to warnings, and the `answers` that still hold: those to a warning
    that says the same today."""

    old: list[OldItem]
    warnings: list[OrderWarning]
    answers: dict[tuple[str, str], Answered]
    said: list[Answered]

    def decided_loads(self, lines: Iterable[LineRecord], answers: Iterable[Answer] = ()) -> frozenset[str]:
        """Codes of ordered products that are sent although they carry less than the client weighs: somebody was warned
        of that, by the weight of today, and decided. Never what lifts. `answers`: those that are being given now."""
        return self._sent_in_spite(lines, {*self.answers, *keys(answers)})

    def loads_to_decide(self, lines: Iterable[LineRecord]) -> frozenset[str]:
        """The same once every warning is answered that an order cannot be submitted without."""
        return self._sent_in_spite(
            lines, {(one.code, one.subject) for one in self.warnings if one.severity is not Severity.NOTE}
        )

    def _sent_in_spite(self, lines: Iterable[LineRecord], said: AbstractSet[tuple[str, str]]) -> frozenset[str]:
        now = {(one.code, one.subject) for one in self.warnings if one.code in OVERLOADS} & said
        warned_of = {code for _, subject in now for code in subject.split("+")}
        return frozenset(one.product_code for one in lines if one.product_code in warned_of and not lifts(one.category))


ANSWERS = text("""
    SELECT code, subject, warning, answer, answered_by, answered_at FROM order_answer
    WHERE order_id = :order_id ORDER BY id
""")


async def read_surroundings(session: AsyncSession, order: OrderRecord, *, today: date) -> Surroundings:
    """What surrounds this order today. Four statements."""
    old = await read_old(session, order.client_id, order.lines, order_id=order.id)
    details: dict[str, Any] = {"weight": order.weight, "today": today, "order_id": order.id}
    warnings = await read_warnings(session, order.client_id, order.lines, old, **details)
    said = [Answered(*row) for row in (await session.execute(ANSWERS, {"order_id": order.id})).all()]
    words = {(warning.code, warning.subject): warning.detail for warning in warnings}
    still = {
        (one.code, one.subject): one for one in said if one.answer and words.get((one.code, one.subject)) == one.warning
    }
    return Surroundings(old, warnings, still, said)
