"""An order while it is not over, and its rows once it is."""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from app.cli.county import words
from app.cli.county.books import Books
from app.cli.county.catalogue import Product
from app.cli.county.ground import SPLITS
from app.cli.county.item import NULL, TOD, Item, Under
from app.domain.ordering import Speed
from app.domain.promises import WorkingTimes, promised_on
from app.promising import KEPT_FOR

TIMES: Final = WorkingTimes()
NOBODY: Final = Under("", 0)


@dataclass(slots=True)
class Piece:
    """One wanted piece. `ended`, `cancelled`: columns of its reservation, and of itself, once there is something."""

    id: int
    place: int
    item: Item
    is_recycled: bool
    reservation: int
    loan: int = 0
    ended: str = "\\N\t\\N\t\\N"
    cancelled: str = "\\N\t\\N"


@dataclass(slots=True)
class Order:
    """An order. `second`: of its day; `promised`: a day; both are ordinals. `ruled`: what its submission came to."""

    id: int
    client: int
    store: int
    day: int
    pence: int
    second: int = 0
    promised: int = 0
    speed: str = ""
    reason: str = ""
    reasoning: str = ""
    shares: int = 0
    team_id: int = 0
    made_by: str = ""
    decision: str = "approved"
    ruled: str = "approved"
    decided: str = ""
    tries: int = 0
    sent: tuple[str, str] | None = None
    under: Under = NOBODY
    pieces: list[Piece] = field(default_factory=list)
    lines: list[tuple[int, Product, int, int]] = field(default_factory=list)

    @property
    def number(self) -> str:
        """As people know it."""
        return f"O{self.id:06}"

    def write(self, books: Books) -> None:
        """All its rows, as it stands."""
        rows, funders = books.rows, books.ground.funders
        at = f"{date.fromordinal(self.day)}{TOD[self.second]}"
        parts = SPLITS[self.shares][1]
        tier = "specialist" if any(product.sort.tier == "specialist" for _, product, _, _ in self.lines) else "standard"
        promised = date.fromordinal(self.promised)
        decided = self.decided or "\\N\t\\N"
        sent = "\t".join(self.sent) if self.sent else "\\N\t\\N"
        rows["equipment_order"].append(
            f"{self.id}\t{self.number}\t{self.client}\t{funders[parts[0][0]]}\t{self.team_id}\t{self.store}\t{self.speed}\t"
            f"{self.reason}\t{self.reasoning}\t{self.decision}\t{words.authority(self.ruled, self.pence, tier)}\t{at}\t"
            f"{self.made_by}\t{at}\t{promised}\t{decided}\t{sent}\t{3 if self.sent else 2}"
        )
        if len(parts) > 1:
            for position, (code, percent) in enumerate(parts, start=1):
                rows["order_share"].append(f"{self.id}\t{funders[code]}\t{position}\t{percent}")
        numbers = {}
        for position, (number, product, place, count) in enumerate(self.lines, start=1):
            numbers[place] = number
            chosen = [(piece.item.barcode, piece.is_recycled) for piece in self.pieces if piece.place == place]
            rows["order_line"].append(
                f"{number}\t{self.id}\t{position}\t{product.id}\t{count}\tloan\tt\tf\t{product.price}\t"
                f"{words.explanation(chosen)}"
            )
        kept_until = promised + KEPT_FOR
        for piece in self.pieces:
            item = piece.item.id
            rows["reservation"].append(
                f"{piece.reservation}\t{item}\t{self.client}\t{date.fromordinal(self.day)}\t{kept_until}\t{at}\t"
                f"{self.made_by}\t{piece.ended}"
            )
            rows["order_unit"].append(
                f"{piece.id}\t{numbers[piece.place]}\t{self.id}\t{self.client}\t{item}\t{piece.reservation}\t"
                f"{piece.loan or NULL}\t{piece.cancelled}"
            )


@lru_cache(maxsize=4_000)
def _promise(speed: str, day: str, hour: int) -> int:
    return promised_on(Speed(speed), datetime.fromisoformat(f"{day}T{hour:02}:30:00+00:00"), TIMES).toordinal()


def promise(speed: str, at: str) -> int:
    """The day by which an order of this speed and instant is promised, as an ordinal; cut-offs go by the hour here."""
    return _promise(speed, at[:10], int(at[11:13]))
