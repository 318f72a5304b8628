"""What a panel decides about money is what its order is paid by: at once, on appeal, and when it is out already."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Query, Sessions, SignIn
from tests.features.finance.funding.test_funding import THIRDS, WHY, stands
from tests.features.panel.conftest import Panel, done
from tests.given import Given
from tests.problems import check_problem

SENT: list[tuple[str, dict[str, Any]]] = [
    ("allocate", {}),
    ("dispatch", {}),
    ("deliver", {"received_by": "Her daughter"}),
]
OTHERS = [{"funder": "CHC", "percent": 100}]


@pytest.fixture
def jsep(given: Given, sign_in: SignIn, sessions: Sessions) -> Panel:
    """JSEP in few words."""
    return Panel(given, sign_in, sessions)


async def funding(jsep: Panel, order: str) -> list[tuple[str, float]]:
    """Who pays which part of an order."""
    return [(one["funder"], one["percent"]) for one in (await jsep.get(f"/orders/{order}"))["funding"]]


async def test_an_approval_says_who_pays_and_ends_the_dispute_that_the_draft_named(jsep: Panel) -> None:
    order = await jsep.order(funding_not_agreed=WHY)
    assert await funding(jsep, order) == [("ASC", 100)]
    case = await jsep.listed(order)
    done(await jsep.decide(case))
    assert await funding(jsep, order) == [("ASC", 60), ("ICB", 40)]
    body = await jsep.get(f"/orders/{order}")
    assert body["funding_dispute"] is None
    settled = next(event for event in body["history"] if event["action"] == "funding_settled")
    assert settled["detail"]["because"] == f"Panel case {case} decided who pays."


async def test_finance_alone_does_not_change_what_a_panel_decided(jsep: Panel, as_finance: AsyncClient) -> None:
    order = await jsep.order()
    done(await jsep.decide(await jsep.listed(order)))
    body = {"funding": OTHERS, "reason": "Health asked for it."}
    refused = await as_finance.put(f"/api/v1/finance/orders/{order}/funding", json=body)
    check_problem(refused, 409, "panel-decided")
    assert await funding(jsep, order) == [("ASC", 60), ("ICB", 40)]


async def test_what_a_chair_does_alone_ends_no_dispute(jsep: Panel, sign_in: SignIn) -> None:
    order = await jsep.order(funding_not_agreed=WHY)
    case = await jsep.submitted(order, urgent=True)
    answer = await (await sign_in("chair")).post(
        f"/api/v1/panel-cases/{case}/chair-action",
        json={"decision": "approve", "reasons": "She cannot eat without it."},
    )
    done(answer)
    body = await jsep.get(f"/orders/{order}")
    assert [(one["funder"], one["percent"]) for one in body["funding"]] == [("ASC", 60), ("ICB", 40)]
    assert body["funding_dispute"]["reason"] == WHY


async def test_a_no_changes_nothing_and_an_appeal_decides_who_pays(jsep: Panel) -> None:
    order = await jsep.order()
    case = await jsep.appealed(order)
    assert await funding(jsep, order) == [("ASC", 100)]
    await jsep.hearing(case)
    done(await jsep.decide(case, by="panel3", funding=THIRDS))
    assert await funding(jsep, order) == [("ASC", 33.34), ("ICB", 33.33), ("CHC", 33.33)]


async def test_what_is_out_already_is_posted_by_the_later_decision(jsep: Panel, given: Given, query: Query) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    await given.items(1, product=product, purchase_price_pence=310_000)
    order = await jsep.order(product)
    case = await jsep.screened(order)
    meeting = await jsep.meeting(case, present=["chair", "panel1", "panel2"])
    done(await jsep.decide(case, "approve_with_conditions", conditions=["Keep the old cushion for a month."]))
    await jsep.post("chair", f"/panel-meetings/{meeting}/close")
    for verb, said in SENT:
        await jsep.post("technician", f"/orders/{order}/{verb}", **said)
    assert await stands(query) == {"ASC": 186_000, "ICB": 124_000}
    grounds = {"grounds": "The old cushion has been thrown away by now."}
    await jsep.post("senior.ot", f"/panel-cases/{case}/appeal", 201, **grounds)
    await jsep.hearing(case)
    done(await jsep.decide(case, by="panel3", funding=OTHERS))
    assert await stands(query) == {"CHC": 310_000}
    assert await funding(jsep, order) == [("CHC", 100)]
