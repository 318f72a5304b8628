"""What is said of an old item itself when an order replaces it, and what follows."""

from httpx import AsyncClient

from tests.conftest import Query
from tests.features.ordering.conftest import Orders, done
from tests.given import Given
from tests.problems import check_problem


async def test_what_was_said_of_the_old_item_itself_is_kept_with_the_draft_and_holds_it_when_submitted(
    orders: Orders, given: Given, as_ot: AsyncClient, query: Query
) -> None:
    product, client = await given.product(), await given.client("C-9")
    worn, broken = [await given.loan(await given.item(product=product), client=client) for _ in range(2)]
    said: list[dict[str, str]] = [
        {"barcode": worn.barcode, "action": "stop_use", "reason": "The loops are worn."},
        {"barcode": broken.barcode, "action": "collect", "reason": "The frame is cracked.", "item_fault": "yes"},
    ]
    draft = await orders.draft(product, client=client, supersedes=said)
    assert [one["item_fault"] for one in draft["supersedes"]] == [None, "yes"]
    said[0]["item_fault"] = "yes"
    url, etag = f"/api/v1/orders/{draft['number']}", {"If-Match": '"1"'}
    changed = done(await as_ot.patch(url, json={"supersedes": said}, headers=etag))
    assert [one["item_fault"] for one in changed["supersedes"]] == ["yes", "yes"]
    assert changed["history"][-1]["detail"]["fields"] == "supersedes"
    assert await query("SELECT id FROM hold") == []
    kept = [said[0] | {"action": "keep"}]
    check_problem(
        await as_ot.patch(url, json={"supersedes": kept}, headers={"If-Match": '"2"'}), 422, field="supersedes"
    )
    assert (await orders.submit(changed))["state"] == "approved"
    assert await query(
        "SELECT barcode, kind, reason FROM hold JOIN item ON item.id = hold.item_id ORDER BY barcode"
    ) == [
        {"barcode": worn.barcode, "kind": "fault", "reason": "Its use at a client's was stopped: The loops are worn."},
        {"barcode": broken.barcode, "kind": "fault", "reason": "It was replaced at a client's: The frame is cracked."},
    ]
    assert await query("SELECT loan_id, item_fault FROM stop_use_notice") == [{"loan_id": worn.id, "item_fault": "yes"}]


async def test_whose_use_is_stopped_unasked_is_held_and_the_order_says_what_its_notice_says(
    orders: Orders, given: Given, query: Query
) -> None:
    product, client = await given.product(), await given.client("C-9")
    old = await given.loan(await given.item(product=product), client=client)
    said = [{"barcode": old.barcode, "action": "stop_use", "reason": "The loops are worn."}]
    order = await orders.submitted(product, by="student.ot", client=client, supersedes=said)
    assert order["state"] == "awaiting_authorisation"
    assert order["supersedes"][0]["item_fault"] == "not_known"
    assert await query("SELECT kind FROM hold") == [{"kind": "investigation"}]


async def test_an_old_item_that_came_back_before_the_order_went_is_held_only_if_it_is_faulty(
    orders: Orders, given: Given, query: Query
) -> None:
    product, client = await given.product(), await given.client("C-9")
    olds = {fault: await given.loan(await given.item(product=product), client=client) for fault in ("yes", "not_known")}
    said = [
        {"barcode": one.barcode, "action": "stop_use", "reason": "The loops are worn.", "item_fault": fault}
        for fault, one in olds.items()
    ]
    draft = await orders.draft(product, client=client, supersedes=said)
    for one in olds.values():
        await given.scan(one.barcode)
    await orders.submit(draft)
    assert await query("SELECT id FROM stop_use_notice") == []
    held = await query("SELECT barcode, kind FROM hold JOIN item ON item.id = hold.item_id")
    assert held == [{"barcode": olds["yes"].barcode, "kind": "fault"}]
