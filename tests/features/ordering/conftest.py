"""An order in few words."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.conftest import SignIn, as_user
from tests.given import Given

as_student = as_user("student.ot")


@dataclass
class Orders:
    """Makes orders through the API and walks them on; every step must succeed."""

    given: Given
    sign_in: SignIn

    async def body(self, *products: str, client: str | None = None, **details: Any) -> dict[str, Any]:
        """What is posted to draw up an order of one of each product."""
        lines = [{"product_code": product} for product in products]
        facts = {
            "client_ref": client or await self.given.client(weight_kg=70, weighed_on="2026-02-01"),
            "funder": "ASC",
            "speed": "five_day",
            "reason": "hospital_discharge",
            "clinical_reasoning": "Cannot rise from the bed alone.",
            "lines": lines,
        }
        return facts | details

    async def draft(self, *products: str, by: str = "ot", **details: Any) -> dict[str, Any]:
        """A draft."""
        maker = await self.sign_in(by)
        return done(await maker.post("/api/v1/orders", json=await self.body(*products, **details)), 201)

    async def submitted(self, *products: str, by: str = "ot", **details: Any) -> dict[str, Any]:
        """A submitted order, every warning answered."""
        draft = await self.draft(*products, by=by, **details)
        return await self.submit(draft, by=by)

    async def submit(self, draft: dict[str, Any], *, by: str = "ot") -> dict[str, Any]:
        """Submit a draft with an answer to every warning."""
        answers = [
            {"code": one["code"], "subject": one["subject"], "answer": "Assessed at home."} for one in draft["warnings"]
        ]
        return await self.step(draft["number"], "submit", by=by, answers=answers)

    async def step(self, number: str, verb: str, *, by: str = "technician", **body: Any) -> dict[str, Any]:
        """One step of an order."""
        person = await self.sign_in(by)
        return done(await person.post(f"/api/v1/orders/{number}/{verb}", json=body))

    async def dispatched(self, *products: str, **details: Any) -> dict[str, Any]:
        """An order that is with the driver."""
        order = await self.submitted(*products, **details)
        await self.step(order["number"], "allocate")
        return await self.step(order["number"], "dispatch")

    async def get(self, number: str, *, by: str = "ot") -> dict[str, Any]:
        """An order as it stands."""
        return done(await (await self.sign_in(by)).get(f"/api/v1/orders/{number}"))


def done(answer: Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json() if answer.content else {}
    return body


def barcodes(order: dict[str, Any]) -> list[str | None]:
    """The items of an order's pieces."""
    return [unit["barcode"] for line in order["lines"] for unit in line["units"]]


def pieces(order: dict[str, Any]) -> list[str]:
    """The states of an order's pieces."""
    return [unit["state"] for line in order["lines"] for unit in line["units"]]


@pytest.fixture
def orders(given: Given, sign_in: SignIn) -> Orders:
    """Orders in few words."""
    return Orders(given, sign_in)


Post = Callable[[AsyncClient], Awaitable[Response]]


async def weigh(client: AsyncClient, client_ref: str, kg: int) -> None:
    """Write down a new weight of a client."""
    url = f"/api/v1/clients/{client_ref}"
    version = (await client.get(url)).headers["ETag"]
    done(await client.patch(url, json={"weight_kg": kg, "weighed_on": "2026-03-02"}, headers={"If-Match": version}))
