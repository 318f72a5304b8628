"""A panel case in few words: through the contract's fields alone, every step must succeed."""

from dataclasses import dataclass
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text

from tests.conftest import Sessions, SignIn
from tests.given import Given

WHY = "It meets the need, and nothing cheaper does."
NEED = "She must sit upright to eat and breathe."
SPLIT = [{"funder": "ASC", "percent": 60}, {"funder": "ICB", "percent": 40}]
ALL = ["chair", "panel1", "panel2", "panel3"]


def said(**changes: Any) -> dict[str, Any]:
    """What the contract names of a case."""
    body = {
        "need": NEED,
        "clinical_reasoning": "Her posture asymmetry is fixed, and standard chairs do not hold her.",
        "risk_assessment": "She slides forward within minutes, with a risk of falling.",
        "risk_of_not_providing": "Pressure damage, and a chest infection within weeks.",
        "options": [
            {"option": "standard_stock", "cost_pence": 40_000, "why_not": "Tried for two weeks; she slid out of it."},
            {"option": "recycled_special", "cost_pence": 0, "why_not": ""},
            {"option": "care_package", "cost_pence": 900_000, "why_not": "A carer cannot hold her all day."},
        ],
        "proposed_funding": SPLIT,
        "urgent": False,
    }
    return body | changes


OTHER_PANEL = text("""
    WITH made AS (
        INSERT INTO panel (code, name, decides_highly_specialist) VALUES ('COAST', 'Coast Equipment Panel', false)
        RETURNING id
    ), roles AS (
        INSERT INTO account_role (account_id, role) SELECT id, 'panel_member' FROM account
        WHERE username = ANY(:usernames)
    )
    INSERT INTO panel_member (panel_id, account_id, side, is_chair)
    SELECT made.id, account.id, 'health', false FROM made, account WHERE username = ANY(:usernames)
""")


@dataclass
class Panel:
    """Brings cases before JSEP through the API and walks them on."""

    given: Given
    sign_in: SignIn
    sessions: Sessions | None = None

    async def post(self, who: str, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
        """One POST that must be answered so."""
        return done(await (await self.sign_in(who)).post(f"/api/v1{path}", json=body), status)

    async def recycled(self, product: str) -> str:
        """A recycled item on the shelf: it was on trial, since the counter lends nothing that a panel decides."""
        [barcode] = await self.given.items(1, product=product)
        await self.given.trial(barcode)
        await self.given.scan(barcode)
        await self.given.cleaning(barcode)
        await self.given.cleaned(barcode)
        await self.given.inspected(barcode)
        await self.given.released(barcode)
        return barcode

    async def order(self, product: str | None = None, *, price: int = 310_000, **details: Any) -> str:
        """An order of `senior.ot` that waits for the panel."""
        product = product or await self.given.product(tier="highly_specialist", purchase_price_pence=price)
        client = details.pop("client", None) or await self.given.client(weight_kg=70, weighed_on="2026-02-01")
        body = {
            "client_ref": client,
            "funder": "ASC",
            "speed": "five_day",
            "reason": "long_term_need",
            "clinical_reasoning": "Cannot sit in any standard chair.",
            "lines": [{"product_code": product}],
        }
        order = await self.post("senior.ot", "/orders", 201, **body | details)
        order = await self.post("senior.ot", f"/orders/{order['number']}/submit")
        assert order["state"] == "awaiting_panel"
        return str(order["number"])

    async def draft(self, order: str | None = None, **changes: Any) -> str:
        """A case that is drawn up; returns its number."""
        body = said(order_number=order or await self.order(), **changes)
        case = await self.post("senior.ot", "/panel-cases", 201, **body)
        assert case["state"] == "draft"
        return str(case["number"])

    async def submitted(self, order: str | None = None, **changes: Any) -> str:
        """A case that its panel has."""
        number = await self.draft(order, **changes)
        assert (await self.post("senior.ot", f"/panel-cases/{number}/submit"))["state"] == "submitted"
        return number

    async def screened(self, order: str | None = None, **changes: Any) -> str:
        """A case that was found complete."""
        number = await self.submitted(order, **changes)
        assert (await self.post("panel2", f"/panel-cases/{number}/screen"))["state"] == "screened"
        return number

    async def meeting(self, *numbers: str, present: list[str] | None = None) -> int:
        """A meeting of today with these cases on its agenda, and who is there."""
        held = {"panel": "JSEP", "held_on": self.given.today.isoformat(), "members": ALL}
        meeting = await self.post("chair", "/panel-meetings", 201, **held)
        there = present if present is not None else ALL
        await self.post("chair", f"/panel-meetings/{meeting['id']}/attendance", present=there)
        for number in numbers:
            await self.post("chair", f"/panel-meetings/{meeting['id']}/cases", 201, case=number)
        return int(meeting["id"])

    async def listed(self, order: str | None = None, *, present: list[str] | None = None, **changes: Any) -> str:
        """A case that is before a meeting."""
        number = await self.screened(order, **changes)
        await self.meeting(number, present=present)
        return number

    async def decide(self, number: str, decision: str = "approve", *, by: str = "chair", **body: Any) -> Response:
        """The chair's decision."""
        chair = await self.sign_in(by)
        said = {"decision": decision, "reasons": WHY} | body
        return await chair.post(f"/api/v1/panel-cases/{number}/decision", json=said)

    async def declined(self, order: str | None = None) -> str:
        """A case that `chair`, `panel1` and `panel2` declined at a meeting that is closed."""
        number = await self.screened(order)
        meeting = await self.meeting(number, present=["chair", "panel1", "panel2"])
        done(await self.decide(number, "decline", alternative="A tilt chair from stock."))
        await self.post("chair", f"/panel-meetings/{meeting}/close")
        return number

    async def appealed(self, order: str | None = None) -> str:
        """A declined case whose prescriber appealed."""
        number = await self.declined(order)
        grounds = {"grounds": "The tilt chair was tried in May, and she slid out of it."}
        case = await self.post("senior.ot", f"/panel-cases/{number}/appeal", 201, **grounds)
        assert case["state"] == "screened"
        return number

    async def others(self, *usernames: str) -> None:
        """Another panel, on which these people sit."""
        assert self.sessions is not None
        async with self.sessions.begin() as session:
            await session.execute(OTHER_PANEL, {"usernames": list(usernames)})

    async def hearing(self, *numbers: str) -> int:
        """A meeting at which others hear an appeal: `panel3`, who chairs it, and two of another panel."""
        await self.others("manager", "safety")
        held = {"panel": "JSEP", "held_on": self.given.today.isoformat()}
        meeting = int((await self.post("chair", "/panel-meetings", 201, **held))["id"])
        for username in ("manager", "safety"):
            await self.post("chair", f"/panel-meetings/{meeting}/members", 201, username=username)
        await self.post("chair", f"/panel-meetings/{meeting}/members", 201, username="panel3", chairs=True)
        for number in numbers:
            await self.post("chair", f"/panel-meetings/{meeting}/cases", 201, case=number)
        there = ["panel1", "panel3", "manager", "safety"]
        await self.post("panel3", f"/panel-meetings/{meeting}/attendance", present=there)
        return meeting

    async def get(self, path: str, *, by: str = "senior.ot") -> dict[str, Any]:
        """What stands there."""
        return done(await (await self.sign_in(by)).get(f"/api/v1{path}"))


def done(answer: Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json() if answer.content else {}
    return body


@pytest.fixture
def jsep(given: Given, sign_in: SignIn, sessions: Sessions) -> Panel:
    """JSEP in few words."""
    return Panel(given, sign_in, sessions)
