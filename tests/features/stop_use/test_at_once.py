"""Many who stop the use of one item at once: one notice, one collection, and everybody else is told."""

import asyncio

from tests.conftest import Scratch
from tests.problems import check_problem


async def test_the_use_of_an_item_is_stopped_once(scratch: Scratch) -> None:
    lent = await scratch.given.loan()
    client = await scratch.sign_in("ot")
    body = {"reason": "The sling is too large.", "collect": True}
    url = f"/api/v1/loans/{lent.id}/stop-use"
    answers = await asyncio.gather(*(client.post(url, json=body) for _ in range(16)))
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) == 15
    for answer in refused:
        check_problem(answer, 409, "use-stopped-already")
    assert len(await scratch.query("SELECT id FROM stop_use_notice")) == 1
    assert len(await scratch.query("SELECT id FROM collection")) == 1
    assert len(await scratch.query("SELECT id FROM message")) == 1
