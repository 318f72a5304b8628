"""One piece of equipment while the county lives, who has it, and on what errand somebody drives for it."""

from dataclasses import dataclass, field
from typing import Final

from app.cli.county.catalogue import Product
from app.domain.costs import Posting

NULL: Final = "\\N"
TOD: Final = tuple(f"T{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}+00:00" for s in range(86_400))
"""Every second of a day, as the end of an instant."""
NOBODYS: Final = "\t".join([NULL] * 6)


@dataclass(slots=True)
class Item:
    """One piece of equipment while the county lives. `stands`: its state; `busy`: the second of its last movement.

    `due`: when its inspections are due, by kind, as ordinals. `under`: what the charges of its newest issue are counted
    under, as columns for COPY; `paid`: day, place in `SHARES`, pence, and whether it had no rate. `cleaning`: number
    and beginning of the decontamination that is open, `started`: when and by whom it was begun.
    """

    id: int
    barcode: str
    product: Product
    price: int
    received: int
    serial: str
    lot: str
    made: int
    store: int
    bay: str
    stands: str = "in_stock"
    seq: int = 0
    hash: str = ""
    busy: int = 0
    times: int = 0
    returned_seq: int = 0
    bench_seq: int = 0
    due: dict[str, int] | None = None
    certified: int = 0
    loan: "Lent | None" = None
    under: str = NOBODYS
    paid: tuple[int, int, int, bool] | None = None
    is_credited: bool = False
    written_off: int = 0
    account: "Account | None" = None
    paid_pence: int = 0
    cleaning: tuple[int, str] | None = None
    repair_seq: int = 0
    place: int = 0
    started: tuple[str, str] = ("", "")
    cleaner: str = ""
    mended: bool = False
    spell: "Spell | None" = None


@dataclass(slots=True)
class Spell:
    """One time out, as the trigger of `movement` would keep it. `ids`: the numbers of the movements that issued it,
    brought it back and passed it, once they have any. `seqs`, `ats`: the same of them in the item's history."""

    item: Item
    number: int
    funders: str
    came_back_seq: str
    ids: list[int] = field(default_factory=lambda: [0, 0, 0])
    seqs: list[int] = field(default_factory=lambda: [0, 0, 0])
    ats: list[str] = field(default_factory=lambda: [NULL, NULL, NULL])

    def row(self) -> str:
        """As COPY reads it."""
        item, ids, ats = self.item, self.ids, self.ats
        return (
            f"{item.id}\t{self.number}\t{ids[0]}\t{self.seqs[0]}\t{ats[0]}\t{item.store}\t{item.product.id}\t{item.price}\t"
            f"{self.funders}\t{'t' if self.number > 1 else 'f'}\t{ids[1] or NULL}\t{self.seqs[1] or NULL}\t{ats[1]}\t"
            f"{ids[2] or NULL}\t{ats[2]}\t{self.came_back_seq}"
        )


@dataclass(slots=True)
class Account:
    """What it was issued as, as a trigger of `charge` would keep it. `seq`, `day`, `issue`: of its newest issue."""

    issues: int = 0
    seq: int = 0
    day: int = 0
    issue: "tuple[Posting, Under] | None" = None


@dataclass(slots=True)
class Lent:
    """An open loan or trial."""

    id: int
    client: int
    kind: str
    trial_ends_on: str
    started_at: str
    started_by: str


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody drives for: the key under which it is charged once a day, its speed, and a collection's number."""

    visit: str
    speed: str
    collection: str = NULL


NO_ERRAND: Final = Errand("", "")


@dataclass(frozen=True, slots=True)
class Under:
    """For whom something goes out: columns of the charges, and who pays, by its place in `SHARES`."""

    columns: str
    shares: int
