"""The API of imports as such; what each kind does is in the files beside it."""

import asyncio

import pytest
from httpx import AsyncClient

from app.features.imports.columns import Kind
from app.features.imports.columns_doc import sample
from tests.conftest import Query, Scratch
from tests.features.imports.sending import send

COUNT = """
    SELECT (SELECT count(*) FROM product) AS products,
           (SELECT count(*) FROM item) + (SELECT count(*) FROM client) AS others
"""


async def test_the_samples_import_cleanly_one_after_another_and_again(as_manager: AsyncClient) -> None:
    for added in (3, 0):
        for kind in Kind:
            status, report = await send(as_manager, sample(kind), kind)
            assert (status, report["fault_count"], report["added"], report["rows"]) == (200, 0, added, 3), report


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_dry_run_writes_nothing(as_manager: AsyncClient, query: Query, kind: Kind) -> None:
    if kind is Kind.ITEMS:
        await send(as_manager, sample(Kind.CATALOGUE), "catalogue")
    status, report = await send(as_manager, sample(kind), kind, dry_run=True)
    assert (status, report["dry_run"], report["added"]) == (200, True, 3)
    products = 3 if kind is Kind.ITEMS else 0
    assert await query(COUNT) == [{"products": products, "others": 0}]


async def test_another_kind_of_body_is_refused(as_manager: AsyncClient) -> None:
    answer = await as_manager.post("/api/v1/imports/items", json={"rows": []})
    assert (answer.status_code, answer.json()["code"]) == (422, "not-csv")


async def test_an_unknown_kind_is_refused(as_manager: AsyncClient) -> None:
    status, _ = await send(as_manager, "x", "loans")
    assert status == 422


async def test_only_who_may_import_does(as_technician: AsyncClient) -> None:
    status, problem = await send(as_technician, sample(Kind.CATALOGUE), "catalogue")
    assert (status, problem["code"]) == (403, "not-allowed")


async def test_a_request_that_is_sent_again_with_its_key_is_answered_as_before(as_manager: AsyncClient) -> None:
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "one"}
    answers = [
        await as_manager.post("/api/v1/imports/catalogue", content=sample(Kind.CATALOGUE), headers=headers)
        for _ in range(2)
    ]
    assert [answer.json()["added"] for answer in answers] == [3, 3]
    assert answers[1].headers["Idempotency-Replayed"] == "true"


async def test_of_two_imports_at_once_one_waits_its_turn_or_is_told_to(scratch: Scratch) -> None:
    client = await scratch.sign_in("manager")
    rows = "\n".join(f"P-{number},Stool,093307,10" for number in range(400))
    text = f"code,name,category,purchase_price\n{rows}"
    answers = await asyncio.gather(*(send(client, text, "catalogue") for _ in range(4)))
    told = {(status, body.get("code"), body.get("added")) for status, body in answers}
    assert (200, None, 400) in told
    assert told <= {(200, None, 400), (200, None, 0), (409, "import-running", None)}
    assert await scratch.query("SELECT count(*) AS there FROM product") == [{"there": 400}]
