"""What was said to be past cleaning stays so: only a manager may name another way."""

from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.given import Given


async def start(client: AsyncClient, barcode: str, route: str | None = None) -> tuple[str, str | None]:
    """Begin to clean it; gives outcome and code."""
    answer = await client.post("/api/v1/decontaminations", json={"barcodes": [barcode], "route": route})
    [result] = answer.json()["results"]
    return result["outcome"], result["code"]


async def cannot(client: AsyncClient, barcode: str) -> None:
    """Record that it cannot be cleaned."""
    results = [{"barcode": barcode, "outcome": "cannot", "notes": "Foam soaked through."}]
    answer = await client.post("/api/v1/decontaminations/results", json={"results": results})
    assert answer.json()["results"][0]["next_step"]["route"] == "scrap"


async def test_what_cannot_be_cleaned_is_not_cleaned_again_not_even_after_it_was_missing(
    as_technician: AsyncClient, given: Given
) -> None:
    barcode = await given.item(State.DECONTAMINATING)
    await cannot(as_technician, barcode)
    assert await start(as_technician, barcode) == ("refused", "cannot-be-decontaminated")
    await as_technician.post(f"/api/v1/items/{barcode}/missing", json={"reason": "Not in the cage."})
    found = {"store": "MAIN", "reason": "Behind the cage."}
    await as_technician.post(f"/api/v1/items/{barcode}/find", json=found)
    assert await start(as_technician, barcode) == ("refused", "cannot-be-decontaminated")
    item = (await as_technician.get(f"/api/v1/items/{barcode}")).json()
    assert "cannot-be-decontaminated" in {blocker["code"] for blocker in item["blockers"]}
    assert item["next_step"]["route"] == "scrap"


async def test_a_manager_may_name_another_way_and_a_technician_may_not(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given
) -> None:
    barcode = await given.item(State.DECONTAMINATING)
    await cannot(as_technician, barcode)
    assert await start(as_technician, barcode, "contractor") == ("refused", "cannot-be-decontaminated")
    assert await start(as_manager, barcode) == ("refused", "cannot-be-decontaminated")
    assert await start(as_manager, barcode, "contractor") == ("accepted", None)
    history = (await as_manager.get(f"/api/v1/items/{barcode}/history")).json()["items"]
    assert history[-1]["reason"] == "Cleaned by order: send to the contractor"


async def test_what_was_found_while_cleaning_is_in_the_history(as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item(State.DECONTAMINATING)
    await cannot(as_technician, barcode)
    history = (await as_technician.get(f"/api/v1/items/{barcode}/history")).json()["items"]
    assert history[-1]["reason"] == "Foam soaked through."
