"""The list of held items that devices keep: what it says and does not say, and that it comes only when it changed."""

import gzip

from app.domain.lifecycle import State
from tests.conftest import SignIn, Statements
from tests.given import Given

PATH = "/api/v1/held-items"


async def test_it_has_barcodes_and_what_to_do_and_no_word_that_somebody_wrote(
    given: Given, sign_in: SignIn, statements: Statements
) -> None:
    loose, scrapped, free = await given.items(3)
    await given.hold(loose)
    client = await sign_in("technician")
    before = (await client.get(PATH)).json()["groups"]
    assert [group["barcodes"].split(" ") for group in before if loose in group["barcodes"]] == [[loose]]
    assert not any(free in group["barcodes"] for group in before)
    said = (await client.get(f"/api/v1/items/{loose}")).json()["holds"][0]["reason"]
    assert said not in str(before)
    assert "Do not deliver it or hand it over." in before[0]["next_text"]
    await given.on(scrapped, State.SCRAPPED)
    statements.clear()
    answer = await client.get(PATH)
    assert scrapped not in answer.text
    # Who it is, and the list.
    assert len(statements) == 2


async def test_it_comes_again_only_when_it_has_changed(given: Given, sign_in: SignIn) -> None:
    one, two = await given.items(2)
    await given.hold(one)
    client = await sign_in("technician")
    first = await client.get(PATH, headers={"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    assert one in first.text
    same = await client.get(PATH, headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    await given.hold(two)
    other = await client.get(PATH, headers={"If-None-Match": first.headers["ETag"], "Accept-Encoding": "identity"})
    assert (other.status_code, other.headers.get("Content-Encoding")) == (200, None)
    assert two in other.text


def test_seventy_five_thousand_barcodes_are_small_on_the_way() -> None:
    barcodes = " ".join(f"ES{number:07}{98 - number % 97:02}" for number in range(75_000))
    assert len(gzip.compress(barcodes.encode(), 5)) < 350_000
