"""Who may sign an order hangs on few: what is read of them decides as all of a county would."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.authority import Asked, Tier, can_sign, who_can_authorise
from app.signing import find_person, read_setting, read_setting_around
from tests.conftest import Clock

LENT = """
    INSERT INTO delegation (from_account_id, to_account_id, from_on, until_on, reason, made_at, made_by)
    SELECT lender.id, receiver.id, CAST(:today AS date) - 1, CAST(:today AS date) + 1, 'Leave', now(), 'x'
    FROM account AS lender, account AS receiver WHERE lender.username = :lender AND receiver.username = :receiver
"""


async def test_few_decide_as_all_do(session: AsyncSession, clock: Clock) -> None:
    await session.execute(text(LENT), {"today": clock.today, "lender": "senior.ot", "receiver": "ot"})
    whole = await read_setting(session, clock.today)
    teams = {person.team_id for person in whole.people}
    decided = set()
    for team in [*teams, None]:
        for maker in whole.people:
            for tier, pence in ((Tier.STANDARD, 0), (Tier.SPECIALIST, 10_000), (Tier.STANDARD, 100_000_000)):
                asked = Asked(maker.username, team, tier, pence)
                around = await read_setting_around(session, clock.today, maker.username, teams=[team])
                assert who_can_authorise(asked, around) == who_can_authorise(asked, whole)
                assert find_person(around, maker.username) == maker
                for signer in whole.people:
                    alone = await read_setting_around(session, clock.today, signer.username)
                    may = can_sign(asked, find_person(alone, signer.username), alone)
                    assert may == can_sign(asked, signer, whole)
                    decided.add(may)
    assert decided == {True, False}
    assert len(whole.people) > len((await read_setting_around(session, clock.today, "senior.ot")).people)
