"""Safety notices of several forms, put into force over HTTP by a second person, beside bare reading and writing."""

import json
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import httpx

from app.cli.bench.reference import floors
from app.cli.bench.reference.calls import Ground
from app.cli.bench.reference.figures import Forced
from app.cli.bench.reference.service import Service
from app.cli.reach import fail

AUTHOR, SECOND = "safety", "safety2"

MARKS = """
    SELECT product.model, product.manufacturer, product.category, count(*) AS items FROM item
    JOIN product ON product.id = item.product_id WHERE product.model <> ''
    GROUP BY product.model, product.manufacturer, product.category ORDER BY count(*) DESC, product.model LIMIT 1
"""


async def forms(ground: Ground) -> dict[str, list[dict[str, Any]]]:
    """Scopes of each form on what this register has, the smallest first."""
    model = (await ground.column(f"SELECT model FROM ({MARKS}) AS one"))[0]  # noqa: S608 - our own constant
    maker = (await ground.column(f"SELECT manufacturer FROM ({MARKS}) AS one"))[0]  # noqa: S608 - the same
    category = (await ground.column(f"SELECT category FROM ({MARKS}) AS one"))[0]  # noqa: S608 - the same
    middle = (await ground.column("SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY received_on) FROM item"))[0]
    received = {"date": {"kind": "received", "to": middle.isoformat()}}

    def one(**line: Any) -> list[dict[str, Any]]:
        return [{"effect": "include", **line}]

    return {
        "one model": one(models=[model]),
        "a feature of one maker's": one(manufacturers=[maker], where={"feature": "Is the clip blue?"}),
        "days of receipt of a class": one(categories=[category], where=received),
        "a whole class": one(categories=[category]),
    }


async def measure(url: str, ground: Ground, service: Service, *, seconds: float) -> list[Forced]:
    """Each form: entered, triaged and scoped by one person, put into force by another. Whether it held what it says is
    looked for in the database. Its floor is measured for so many seconds, and no more than one."""
    found = []
    async with httpx.AsyncClient(base_url=f"{service.address}/api/v1", timeout=600) as client:
        for number, (name, lines) in enumerate((await forms(ground)).items()):
            reference = f"BENCH/{ground.run}/{number}"
            took, held = await _force(client, service, reference, name, lines)
            there = await ground.number(
                "SELECT count(*) FROM hold JOIN safety_notice AS notice ON notice.id = hold.notice_id"
                " WHERE notice.reference = :reference AND lifted_at IS NULL",
                reference=reference,
            )
            if there != held:
                raise fail(f"The notice on {name} says that it holds {held} items, but {there} are held.")
            tps = await floors.pgbench(url, "notice", clients=1, seconds=min(seconds, 1), values={"held": held})
            found.append(Forced(name, held, took, 1 / tps))
    return found


async def _force(
    client: httpx.AsyncClient, service: Service, reference: str, name: str, lines: list[dict[str, Any]]
) -> tuple[float, int]:
    today = datetime.now(UTC).date().isoformat()
    new = {"reference": reference, "kind": "field-safety-notice", "title": name, "issuer": "Bench", "issued_on": today}
    at = f"/safety-notices/{reference}"
    await _do(client, service, AUTHOR, "POST", "/safety-notices", new)
    triage = {"decision": "relevant", "reason": "To be measured.", "search": ["Bench"]}
    await _do(client, service, AUTHOR, "POST", f"{at}/triage", triage)
    await _do(client, service, AUTHOR, "PUT", f"{at}/scope", {"lines": lines})
    started = perf_counter()
    done = await _do(client, service, SECOND, "POST", f"{at}/activate", {"scope": 1})
    return perf_counter() - started, done["affected"] + done["possible"]


async def _do(
    client: httpx.AsyncClient, service: Service, who: str, method: str, path: str, body: dict[str, Any]
) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {service.tokens[who]}"}
    answer = await client.request(method, path, json=body, headers=headers)
    if not answer.is_success:
        raise fail(f"{method} {path} was answered with {answer.status_code}: {answer.text[:500]}")
    told: dict[str, Any] = json.loads(answer.content)
    return told
