"""Funders are kept, and never deleted; teams say who pays for what they hand out."""

from typing import Any

from httpx import AsyncClient

from tests.conftest import Query
from tests.features.finance.funding.test_funding import API
from tests.features.ordering.conftest import done

NEW = {"code": "SCHOOL", "name": "Schools", "side": "social_care", "kind": "education", "cost_centre": "E-100"}


async def test_a_funder_is_added_and_changed(as_finance: AsyncClient, query: Query) -> None:
    made = done(await as_finance.post(f"{API}/funders", json=NEW), 201)
    assert made == NEW | {"version": 1}
    twice = await as_finance.post(f"{API}/funders", json=NEW | {"code": "school"})
    assert (twice.status_code, twice.json()["code"]) == (409, "duplicate-code")
    url = f"{API}/funders/SCHOOL"
    changes: list[tuple[dict[str, Any], str, int, str | None]] = [
        ({"name": "Schools and colleges"}, '"1"', 200, None),
        ({"name": "Schools and colleges"}, '"2"', 200, None),
        ({"cost_centre": "E-200"}, '"1"', 412, "stale"),
        ({"kind": "person"}, '"2"', 422, "kind-stays"),
        ({"code": "OTHER"}, '"2"', 422, "malformed"),
    ]
    for change, tag, status, code in changes:
        answer = await as_finance.patch(url, json=change, headers={"If-Match": tag})
        assert (answer.status_code, answer.json().get("code") if code else None) == (status, code), answer.text
    assert done(await as_finance.get(url))["version"] == 2
    rows = await query("SELECT detail FROM audit_event WHERE action = 'funder_changed'")
    assert [row["detail"] for row in rows] == [{"name": "Schools and colleges", "name_before": "Schools"}]
    listed = done(await as_finance.get(f"{API}/funders"))["items"]
    assert [one["code"] for one in listed] == sorted(one["code"] for one in listed)
    assert (await as_finance.get(f"{API}/funders/NOBODY")).json()["code"] == "unknown-funder"


async def test_a_team_says_who_pays_for_what_it_hands_out(as_finance: AsyncClient, query: Query) -> None:
    team = done(await as_finance.get(f"{API}/teams"))["items"][0]
    url = f"{API}/teams/{team['code']}"
    tag = {"If-Match": (await as_finance.get(url)).headers["ETag"]}
    changed = done(await as_finance.patch(url, json={"funder": "CHC", "cost_centre": "T-9"}, headers=tag))
    assert (changed["funder"], changed["cost_centre"], changed["version"]) == ("CHC", "T-9", team["version"] + 1)
    assert (await as_finance.patch(url, json={}, headers=tag)).status_code == 412
    tag = {"If-Match": f'"{changed["version"]}"'}
    unknown = await as_finance.patch(url, json={"funder": "NOBODY"}, headers=tag)
    assert unknown.json()["code"] == "unknown-funder"
    changed = done(await as_finance.patch(url, json={"funder": None}, headers=tag))
    assert (changed["funder"], changed["cost_centre"]) == (None, "T-9")
    assert (await as_finance.get(f"{API}/teams/NOBODY")).json()["code"] == "unknown-team"
    rows = await query("SELECT count(*) AS told FROM audit_event WHERE action = 'team_money_changed'")
    assert rows == [{"told": 2}]
