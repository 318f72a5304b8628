"""Two people put the same charge right at once, or begin a rate for the same thing at once: one of them does."""

import asyncio

import pytest

from app.domain.lifecycle import State
from tests.conftest import Scratch
from tests.problems import check_problem

pytestmark = pytest.mark.race


async def test_of_two_who_take_a_charge_back_at_once_one_does(scratch: Scratch) -> None:
    await scratch.given.item(State.ON_LOAN)
    [line] = await scratch.query("SELECT id FROM charge")
    finance, other = await scratch.sign_in("finance"), await scratch.sign_in("finance")
    body = {"reason": "The invoice had another price.", "instead": {"pence": 5}}
    url = f"/api/v1/finance/charges/{line['id']}/reverse"
    answers = await asyncio.gather(*(client.post(url, json=body) for client in (finance, other)))
    first, second = sorted(answers, key=lambda answer: answer.status_code)
    assert first.status_code == 201
    check_problem(second, 409, "already-reversed")
    [counted] = await scratch.query("SELECT count(*) AS lines, sum(amount_pence) AS pence FROM charge")
    assert counted == {"lines": 3, "pence": 5}


async def test_of_two_who_begin_a_rate_for_the_same_thing_at_once_one_does(scratch: Scratch) -> None:
    clients = [await scratch.sign_in("finance") for _ in range(4)]
    body = {"kind": "repair", "starts_on": "2026-04-01", "pence": 2_200}
    answers = await asyncio.gather(*(client.post("/api/v1/finance/tariffs", json=body) for client in clients))
    first, *others = sorted(answers, key=lambda answer: answer.status_code)
    assert first.status_code == 201
    for answer in others:
        check_problem(answer, 409, "tariff-overlaps")
    assert len(await scratch.query("SELECT id FROM tariff")) == 1
