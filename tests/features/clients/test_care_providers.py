"""Care providers: who is told when an item must not be used any more."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import Query
from tests.given import Given
from tests.problems import check_problem

PROVIDERS = "/api/v1/care-providers"
HOME: dict[str, Any] = {"name": "Dene Home Care", "email": "office@dene.example", "phone": "0191 555 0111"}


async def test_a_care_provider_is_added_changed_and_listed_by_name(as_ot: AsyncClient) -> None:
    made = await as_ot.post(PROVIDERS, json=HOME)
    assert made.status_code == 201, made.text
    await as_ot.post(PROVIDERS, json={"name": "ash Lodge"})
    url, first = f"{PROVIDERS}/{made.json()['id']}", {"If-Match": made.headers["etag"]}
    assert (await as_ot.get(url)).headers["etag"] == made.headers["etag"]
    changed = await as_ot.patch(url, json={"email": None, "phone": ""}, headers=first)
    assert changed.json() == made.json() | {"email": None, "phone": ""}
    check_problem(await as_ot.patch(url, json={"phone": "1"}, headers=first), 412, "stale")
    check_problem(await as_ot.patch(url, json={"phone": "1"}), 412, "if-match-required")
    second = {"If-Match": changed.headers["etag"]}
    assert (await as_ot.patch(url, json={}, headers=second)).json() == changed.json()
    check_problem(await as_ot.patch(url, json={"name": "Ash Lodge"}, headers=second), 409, field="name")
    assert [one["name"] for one in (await as_ot.get(PROVIDERS)).json()] == ["ash Lodge", "Dene Home Care"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "duty@care..uk"}, "email"),
        ({"email": "[duty@care.uk"}, "email"),
        ({"email": "a@[1.2"}, "email"),
        ({"email": "a@b.example, c@d.example"}, "email"),
        ({"email": ""}, "email"),
        ({"phone": "\x00"}, "phone"),
        ({"fax": "1"}, "fax"),
    ],
)
async def test_what_is_wrong_with_a_care_provider_is_said_at_its_field(
    as_ot: AsyncClient, change: dict[str, Any], field: str
) -> None:
    check_problem(await as_ot.post(PROVIDERS, json=HOME | change), 422, field=field)


async def test_a_name_belongs_to_one_care_provider_in_any_case(as_ot: AsyncClient) -> None:
    await as_ot.post(PROVIDERS, json=HOME)
    answer = await as_ot.post(PROVIDERS, json=HOME | {"name": "DENE home care"})
    check_problem(answer, 409, "duplicate-care-provider", field="name")


async def test_a_care_provider_that_is_not_there_is_not_found(as_ot: AsyncClient) -> None:
    check_problem(await as_ot.get(f"{PROVIDERS}/999"), 404, "unknown-care-provider")
    answer = await as_ot.patch(f"{PROVIDERS}/999", json={"phone": "1"}, headers={"If-Match": '"1"'})
    check_problem(answer, 404, "unknown-care-provider")


async def test_a_client_shows_their_care_provider(as_ot: AsyncClient, ot: Browser, given: Given) -> None:
    home = (await as_ot.post(PROVIDERS, json=HOME)).json()
    await given.client("C-7", care_provider_id=home["id"])
    assert (await as_ot.get("/api/v1/clients/C-7")).json()["care_provider"] == home
    page = await ot.get("/clients/C-7")
    assert "Dene Home Care 0191 555 0111 office@dene.example" in page.text


async def test_a_care_provider_is_chosen_or_added_on_the_page_of_a_client(
    ot: Browser, given: Given, query: Query
) -> None:
    await given.client("C-7")
    url = "/clients/C-7/edit"
    new = {"care_provider_name": "Dene Home Care", "care_provider_email": "office@dene.example"}
    assert (await ot.post_form(url, **new)).goes_to == "/clients/C-7"
    [home] = await query("SELECT id, name, email, phone FROM care_provider")
    assert home == {"id": home["id"], "name": "Dene Home Care", "email": "office@dene.example", "phone": ""}
    again = await ot.post_form(url, care_provider_id=None, care_provider_name="dene home care")
    assert (again.status, set(again.errors)) == (409, {"care_provider_name"})
    both = await ot.post_form(url, **new)
    assert (both.status, set(both.errors)) == (422, {"main-content"})
    nameless = await ot.post_form(url, care_provider_id=None, care_provider_phone="1")
    assert (nameless.status, set(nameless.errors)) == (422, {"main-content"})
    assert (await ot.post_form(url, care_provider_id=None)).goes_to == "/clients/C-7"
    assert await query("SELECT care_provider_id FROM client") == [{"care_provider_id": None}]
    await ot.post_form(url, care_provider_id=home["id"])
    assert await query("SELECT care_provider_id FROM client") == [{"care_provider_id": home["id"]}]
