"""The ground that the county stands on: stores, people who can sign in, teams, funders, rates, and the catalogue.

What a service begins with is written by the demonstration's own verbs; what there is thousands of, by a few inserts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from itertools import accumulate
from random import Random
from typing import Any, Final

from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from app.charging import read_tariffs
from app.cli import seed, seed_rates
from app.cli.county import names
from app.cli.county.catalogue import SORTS, Product, make_up, weight_of
from app.cli.county.size import Size
from app.cli.seed_authority import add_authority
from app.domain.authority import Tier
from app.domain.costs import Tariff
from app.features.accounts.passwords import DEMONSTRATION_PASSWORD
from app.models import Account, AccountRole, AccountStore, Funder, Prescriber, ProductInspection, Store, Team
from app.models import Product as ProductRow
from app.models import Tariff as TariffRow

RISE: Final = Decimal("1.03")
"""Each April everything costs so many times as much."""
SPLITS: Final = (
    (46, (("ASC", "100"),)),
    (24, (("ICB", "100"),)),
    (14, (("ASC", "50"), ("ICB", "50"))),
    (6, (("ICB", "70"), ("ASC", "30"))),
    (5, (("CHC", "100"),)),
    (3, (("CHILD", "100"),)),
    (2, (("S117", "50"), ("ASC", "25"), ("ICB", "25"))),
)
"""Who pays for orders, and how many of a hundred."""
TEAMS_OF: Final = ("ASC", "ASC", "ICB", "CHILD", "ICB", "ASC")
TECHNICIANS: Final = 24
LOW_LIMIT: Final = 100_000
"""Pence: what one prescriber of five may order by themselves; for more, another one of their team signs."""


@dataclass(frozen=True, slots=True)
class Ordering:
    """Somebody who orders: username, number of their team, code of who pays for it, and their limit in pence."""

    username: str
    team_id: int
    funder: str
    limit: int


@dataclass(frozen=True, slots=True)
class Ground:
    """All that the parts of the county share. `rates`: those in force from a day (an ordinal) on."""

    size: Size
    prefix: str
    stores: tuple[int, ...]
    funders: dict[str, int]
    products: tuple[Product, ...]
    weights: tuple[float, ...]
    rates: tuple[tuple[int, tuple[Tariff, ...]], ...]
    prescribers: tuple[Ordering, ...]
    technicians: tuple[str, ...]


async def lay(session: AsyncSession, size: Size, *, prefix: str) -> Ground:
    """Write all of it into the empty database, in the caller's transaction."""
    rng, at = Random(f"{size.seed}:ground"), datetime.combine(size.since - timedelta(days=30), time(9), UTC)  # noqa: S311
    await session.execute(insert(Store), [{"code": code, "name": name} for code, name in seed.STORES])
    await seed.add_people(session, at=at)
    await add_authority(session, today=size.until)
    await _add_staff(session, size, at=at)
    await _keep_one_password(session, size)
    await _add_rates(session, size, at=at)
    products = await _add_products(session, size, rng)
    funders = {row.code: row.id for row in await session.execute(select(col(Funder.code), col(Funder.id)))}
    return Ground(
        size=size,
        prefix=prefix,
        stores=tuple((await session.scalars(select(col(Store.id)).order_by(col(Store.id)))).all()),
        funders=funders,
        products=products,
        weights=tuple(accumulate(product.weight for product in products)),
        rates=await _read_rates(session),
        prescribers=await _read_prescribers(session),
        technicians=("technician", "technician2", *(f"technician.{number}" for number in range(1, TECHNICIANS + 1))),
    )


async def _add_staff(session: AsyncSession, size: Size, *, at: datetime) -> None:
    funders = {row.code: row.id for row in await session.execute(select(col(Funder.code), col(Funder.id)))}
    teams = [
        {
            "code": f"T{number:02}",
            "name": f"{names.TOWNS[number % len(names.TOWNS)]} team {number}",
            "cost_centre": f"B{100 + number}",
            "funder_id": funders[TEAMS_OF[number % len(TEAMS_OF)]],
        }
        for number in range(1, size.teams + 1)
    ]
    await _insert(session, Team, teams)
    team_ids = list(await session.scalars(select(col(Team.id)).where(col(Team.code).like("T%")).order_by(col(Team.id))))
    prescribers = [f"ot.{number}" for number in range(1, size.prescribers + 1)]
    technicians = [f"technician.{number}" for number in range(1, TECHNICIANS + 1)]
    people = [
        {
            "username": username,
            "name": names.person(900_000_000 + number),
            "email": f"{username}@stores.example",
            "password_hash": "",
            "is_demonstration": True,
            "created_at": at,
        }
        for number, username in enumerate([*prescribers, *technicians])
    ]
    await _insert(session, Account, people)
    rows = await session.execute(select(col(Account.username), col(Account.id)))
    ids: dict[str, int] = {row.username: row.id for row in rows}
    stores = list(await session.scalars(select(col(Store.id))))
    roles = [{"account_id": ids[name], "role": "prescriber"} for name in prescribers]
    roles += [{"account_id": ids[name], "role": "technician"} for name in technicians]
    await _insert(session, AccountRole, roles)
    places = [{"account_id": ids[name], "store_id": store} for name in technicians for store in stores]
    await _insert(session, AccountStore, places)
    authorities = [
        {
            "account_id": ids[name],
            "team_id": team_ids[number % len(team_ids)],
            "tier": Tier.SPECIALIST,
            "spend_limit_pence": LOW_LIMIT if number // size.teams % 5 == 0 else 300_000,
            "registration_number": f"OT{10_000 + number:06}",
            "registration_expires_on": size.until + timedelta(days=100 + number % 600),
        }
        for number, name in enumerate(prescribers)
    ]
    await _insert(session, Prescriber, authorities)


async def _keep_one_password(session: AsyncSession, size: Size) -> None:
    """Everybody's is the demonstration's, which everybody knows; its salt comes from the seed, so that two counties of
    one seed are the same."""
    light = Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    salt = sha256(f"{size.seed}".encode()).digest()[:16]
    await session.execute(update(Account).values(password_hash=light.hash(DEMONSTRATION_PASSWORD, salt=salt)))


async def _add_rates(session: AsyncSession, size: Size, *, at: datetime) -> None:
    """The demonstration's, dearer each April. What ends is said a fortnight before."""
    first = financial_year_of(size.since)
    rows: list[dict[str, Any]] = []
    for year in range(first, financial_year_of(size.until) + 1):
        starts_on = min(size.since - timedelta(days=1), date(year, 4, 1)) if year == first else date(year, 4, 1)
        is_last = year == financial_year_of(size.until)
        known = at if year == first else datetime(year, 3, 15, 9, tzinfo=UTC)
        ended = None if is_last else datetime(year + 1, 3, 15, 9, tzinfo=UTC)
        dated = {
            "starts_on": starts_on,
            "ends_on": None if is_last else date(year + 1, 3, 31),
            "made_at": known,
            "made_by": seed_rates.ACTOR,
            "ended_at": ended,
            "ended_by": None if is_last else seed_rates.ACTOR,
            "note": seed_rates.NOTE,
        }
        rows += [dated | one for one in _rates_of(RISE ** (year - first))]
    await _insert(session, TariffRow, rows)


def financial_year_of(day: date) -> int:
    """The year in whose April it began."""
    return day.year if (day.month, day.day) >= (4, 1) else day.year - 1


def _rates_of(times: Decimal) -> list[dict[str, Any]]:
    nothing = {"variant": "", "pence": None, "percent": None, "taper": None, "floor_pence": 0}
    fixed = [
        nothing | {"kind": kind, "variant": variant, "pence": int((pence * times).quantize(Decimal(1), ROUND_HALF_UP))}
        for kind, by_variant in seed_rates.FIXED.items()
        for variant, pence in by_variant.items()
    ]
    taper = [{"from_months": months, "percent": percent} for months, percent in seed_rates.CREDITED.items()]
    recycled = {"kind": "recycled_issue", "percent": Decimal(seed_rates.RECYCLED_PERCENT)}
    credit = {"kind": "credit", "taper": taper, "floor_pence": seed_rates.FLOOR}
    return [*fixed, nothing | recycled, nothing | credit]


async def _read_rates(session: AsyncSession) -> tuple[tuple[int, tuple[Tariff, ...]], ...]:
    rows = [dict(row) for row in (await session.execute(text("SELECT * FROM tariff ORDER BY id"))).mappings()]
    by_start: dict[int, list[Any]] = {}
    for row, tariff in zip(rows, read_tariffs(rows), strict=True):
        by_start.setdefault(row["starts_on"].toordinal(), []).append(tariff)
    return tuple((start, tuple(tariffs)) for start, tariffs in sorted(by_start.items()))


async def _add_products(session: AsyncSession, size: Size, rng: Random) -> tuple[Product, ...]:
    lines = make_up(size.products, rng)
    await _insert(session, ProductRow, lines)
    rows = await session.execute(select(col(ProductRow.code), col(ProductRow.id)))
    ids: dict[str, int] = {row.code: row.id for row in rows}
    products = tuple(
        Product(
            ids[line["code"]],
            line["code"],
            line["name"],
            line["manufacturer"],
            line["model"],
            SORTS[number % len(SORTS)],
            line["purchase_price_pence"],
            weight_of(number, rng),
        )
        for number, line in enumerate(lines)
    )
    wanted = [
        {"product_id": product.id, "kind": kind, "every_months": months}
        for product in products
        for kind, months in product.sort.inspections
    ]
    await _insert(session, ProductInspection, wanted)
    return products


async def _read_prescribers(session: AsyncSession) -> tuple[Ordering, ...]:
    found = await session.execute(
        select(col(Account.username), col(Team.id), col(Funder.code), col(Prescriber.spend_limit_pence))
        .join(Prescriber, col(Prescriber.account_id) == col(Account.id))
        .join(Team, col(Team.id) == col(Prescriber.team_id))
        .join(Funder, col(Funder.id) == col(Team.funder_id))
        .where(col(Account.username).like("ot.%"))
        .order_by(col(Account.id))
    )
    return tuple(Ordering(*row) for row in found)


async def _insert(session: AsyncSession, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    for begin in range(0, len(rows), 500):
        await session.execute(insert(table), rows[begin : begin + 500])
