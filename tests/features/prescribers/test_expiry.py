"""Prescribers and their authorisers are told before a registration ends."""

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.prescribers.expiry import warn_of_expiring_registrations
from tests.conftest import Clock, Query
from tests.features.prescribers.test_api import OT, put

Told = list[tuple[str, str]]
BOTH: Told = [
    ("Olu Thompson", "Your registration ends on 1 May 2026"),
    ("Sarah Okafor", "The registration of Olu Thompson ends on 1 May 2026"),
]


async def warn(session: AsyncSession, clock: Clock) -> int:
    told = await warn_of_expiring_registrations(session, today=clock.today, at=clock.now)
    await session.commit()
    return told


async def messages(query: Query) -> Told:
    rows = await query("SELECT to_name, subject FROM message WHERE purpose = 'registration_ends' ORDER BY id")
    return [(row["to_name"], row["subject"]) for row in rows]


async def test_the_person_and_the_teams_authorisers_are_told_sixty_thirty_and_seven_days_before(
    as_manager: AsyncClient, session: AsyncSession, clock: Clock, query: Query
) -> None:
    await put(as_manager, "ot", OT | {"registration_expires_on": "2026-05-01"})
    sent = []
    for _ in range(63):
        sent.append(await warn(session, clock))
        clock.move(days=1)
    assert [day for day, told in enumerate(sent) if told] == [0, 30, 53]
    assert await messages(query) == BOTH * 3


async def test_nobody_is_told_twice_and_a_day_that_was_missed_is_made_up_for(
    as_manager: AsyncClient, session: AsyncSession, clock: Clock, query: Query
) -> None:
    await put(as_manager, "ot", OT | {"registration_expires_on": "2026-05-01"})
    clock.move(days=40)
    assert [await warn(session, clock) for _ in range(3)] == [1, 0, 0]
    assert await messages(query) == BOTH


async def test_a_registration_that_was_renewed_is_warned_of_afresh(
    as_manager: AsyncClient, session: AsyncSession, clock: Clock
) -> None:
    await put(as_manager, "ot", OT | {"registration_expires_on": "2026-05-01"})
    assert await warn(session, clock) == 1
    await put(as_manager, "ot", OT | {"registration_expires_on": "2028-05-01"}, '"2"')
    assert await warn(session, clock) == 0
    clock.move(days=731)
    # Two years later the one of the authoriser ended long ago, and hers is no longer warned of.
    assert await warn(session, clock) == 1


async def test_an_authoriser_whose_own_registration_ends_gets_one_message(
    as_manager: AsyncClient, session: AsyncSession, clock: Clock, query: Query
) -> None:
    row = await as_manager.get("/api/v1/prescribers/senior.ot")
    senior = OT | {"registration_number": "OT00002", "registration_expires_on": "2026-03-04"}
    await put(as_manager, "senior.ot", senior, row.headers["etag"])
    await warn(session, clock)
    assert await messages(query) == [("Sarah Okafor", "Your registration ends on 4 March 2026")]


async def test_who_has_left_is_not_told(
    as_manager: AsyncClient, as_admin: AsyncClient, session: AsyncSession, clock: Clock
) -> None:
    await put(as_manager, "ot", OT | {"registration_expires_on": "2026-05-01"})
    await as_admin.patch("/api/v1/users/ot", json={"is_active": False}, headers={"If-Match": '"1"'})
    assert await warn(session, clock) == 0
