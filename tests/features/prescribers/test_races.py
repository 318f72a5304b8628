"""Two people at the same moment, with real commits."""

import asyncio
from collections import Counter

import pytest

from tests.conftest import Scratch
from tests.features.prescribers.test_api import OT, PRESCRIBERS
from tests.features.prescribers.test_delegations import DELEGATIONS, lending

pytestmark = pytest.mark.race


async def test_the_same_days_are_lent_once_however_many_ask(scratch: Scratch) -> None:
    lender, manager = await scratch.sign_in("senior.ot"), await scratch.sign_in("manager")
    body = lending(scratch.clock, from_username="senior.ot")
    asked = [client.post(DELEGATIONS, json=body) for client in (lender, manager) * 4]
    answers = await asyncio.gather(*asked)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"already-lent"}
    assert len(await scratch.query("SELECT id FROM delegation")) == 1


async def test_one_of_two_changes_of_a_prescriber_wins(scratch: Scratch) -> None:
    manager = await scratch.sign_in("manager")
    asked = [
        manager.put(f"{PRESCRIBERS}/ot", json=OT | {"spend_limit_pence": pence}, headers={"If-Match": '"1"'})
        for pence in range(8)
    ]
    answers = await asyncio.gather(*asked)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 7}
