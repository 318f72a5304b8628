"""Any life of equipment, by the real verbs on PostgreSQL, against a model that says what each step costs whom.

Hypothesis chooses what happens, what is corrected and settled, and when months are closed. Afterwards the charges, the
reconciliation, the reports, the ledgers of the items and the exports agree with the model to the penny.
"""

import asyncio
import csv
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from io import StringIO
from itertools import combinations
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.charging import NOBODYS
from app.domain.lifecycle import State
from app.features.finance.monthly.grains import COLUMNS
from app.features.finance.monthly.sums import sum_up_months
from app.features.finance.reconciling.service import reconcile
from app.settings import Settings
from tests.features.finance.life import API, STANDING, Counted, Life, following
from tests.features.walk import World

WRONG = {
    "a charge that is no whole": "SELECT posting_id FROM charge GROUP BY posting_id HAVING sum(percent) <> 100",
    "a line without its movement or visit": """
        SELECT charge.id FROM charge LEFT JOIN movement
            ON movement.item_id = charge.item_id AND movement.seq = charge.movement_seq
        WHERE movement.id IS NULL AND NOT (charge.kind = 'failed_visit'
                                           AND num_nonnulls(charge.order_id, charge.collection_id) > 0)
    """,
    "what is taken back does not come to nothing": """
        SELECT undone.id FROM charge AS undone JOIN charge AS line ON line.id = undone.reversal_of
        WHERE undone.amount_pence + line.amount_pence <> 0 OR undone.funder_id IS DISTINCT FROM line.funder_id
    """,
    "a visit that was charged twice": """
        SELECT order_id FROM charge
        WHERE kind IN ('delivery', 'collection') AND reversal_of IS NULL AND corrects_id IS NULL
        GROUP BY kind, order_id, collection_id, happened_on HAVING count(DISTINCT posting_id) > 1
    """,
    "what finance has to see to is kept otherwise than it stands": f"""
        WITH there AS (
            SELECT line.id, line.period, line.is_unpriced, {NOBODYS} AS is_nobodys FROM charge AS line
            WHERE line.reversal_of IS NULL
              AND NOT EXISTS (SELECT FROM charge_taken_back AS gone WHERE gone.charge_id = line.id)
        ), wanted AS (SELECT * FROM there WHERE is_unpriced OR is_nobodys)
        (SELECT * FROM wanted EXCEPT SELECT * FROM charge_to_see_to)
        UNION ALL (SELECT * FROM charge_to_see_to EXCEPT SELECT * FROM wanted)
    """,  # noqa: S608 - the part is a constant
    "the first month is another": """
        SELECT first_month_of_charges() WHERE first_month_of_charges() IS DISTINCT FROM (SELECT min(period) FROM charge)
    """,
}


# What the trigger adds line by line, and what is summed up at once. A sum of nothing is as good as none.
KEPT = f"""
    SELECT period, grain, {", ".join(COLUMNS)}, sum(lines) AS lines, sum(quantity_percent) AS quantity,
           sum(net_pence) AS net, sum(credited_pence) AS credited, sum(vat_pence) AS vat, sum(issue_percent) AS issues
    FROM charge_month GROUP BY period, grain, {", ".join(COLUMNS)} ORDER BY period, grain, {", ".join(COLUMNS)}
"""  # noqa: S608 - our own columns
DIMENSIONS = ("funder", "kind", "product", "period")
GROUPINGS = (*((one,) for one in DIMENSIONS), *combinations(DIMENSIONS, 2))


class Told:
    """What the service says of money after a life, as finance reads it."""

    def __init__(self, life: Life) -> None:
        self.life, self.book = life, life.book
        self.days = {"from": f"{min(one.period for one in self.book)}-01", "to": life.given.today.isoformat()}

    async def agrees(self, picks: Iterable[int]) -> None:
        """With the model, to the penny."""
        for what, rows in WRONG.items():
            assert await self.life.query(rows) == [], what
        await self.life.world.connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        # As they are kept with what came since, and then all of it summed up anew.
        for _ in range(2):
            async with self.life.world.sessions.begin() as session:
                found = await reconcile(session)
            assert [f"{one.code} {one.barcode} {one.movement} {one.where}" for one in found.differences] == []
            assert {one.found_net for one in found.reports} == {sum(one.pence for one in self.book)}
            kept = await self.life.query(KEPT)
            async with self.life.world.sessions.begin() as session:
                await sum_up_months(session, at=self.life.world.clock.now)
            assert await self.life.query(KEPT) == kept, "each sum is that of its lines"
        for pick in picks:
            await self.costs(GROUPINGS[pick % len(GROUPINGS)])
        await self.in_dispute()
        await self.ledgers()
        await self.export()

    async def in_dispute(self) -> None:
        """What stands of the orders about which a dispute is open, wherever it is asked, and nothing else."""
        stands = [row for row in await self.life.query(STANDING) if row["order_number"] in self.life.disputes]
        stands = [row for row in stands if row["funder"]]
        listed = (await self.ask("/disputes", state="open"))["items"]
        found = {one["order_number"]: one["provisional_pence"] for one in listed}
        assert found == {
            order: sum(row["pence"] for row in stands if row["order_number"] == order) for order in self.life.disputes
        }
        lines = (await self.ask("/charges", provisional="true", limit="500"))["items"]
        assert {one["id"] for one in lines} == {row["id"] for row in stands}
        flagged = {row["id"] for row in await self.life.query(STANDING) if row["is_provisional"]}
        assert flagged <= {row["id"] for row in stands}

    async def costs(self, group_by: tuple[str, ...]) -> None:
        """The report of costs by one or two dimensions."""
        report = await self.ask("/reports/costs", group_by=",".join(group_by), by="period", **self.months)
        found = {tuple(row[one] or "" for one in group_by): (row["lines"], row["net_pence"]) for row in report["rows"]}
        assert found == grouped(self.book, group_by)
        assert report["totals"]["net_pence"] == sum(one.pence for one in self.book)

    async def ledgers(self) -> None:
        """Of each item, and what each funder bore of it."""
        for thing in self.life.things:
            ledger = await self.ask(f"/items/{thing.barcode}")
            mine = [one for one in self.book if one.barcode == thing.barcode]
            assert len(ledger["lines"]) == len(mine)
            found = {one["funder"] or "": one["net_pence"] for one in ledger["funders"]}
            assert found == {key[0]: pence for key, (_, pence) in grouped(mine, ("funder",)).items()}

    async def export(self) -> None:
        """The lines as CSV, and their totals."""
        answer = await self.life.world.people["finance"].get(f"{API}/exports/lines", params=self.days)
        *rows, total = csv.DictReader(StringIO(answer.text))
        found = Counter((one["period"], one["funder"], one["charge_kind"], pence(one["net"])) for one in rows)
        assert found == Counter((one.period, one.funder, one.kind, one.pence) for one in self.book)
        assert pence(total["net"]) == sum(one.pence for one in self.book)

    @property
    def months(self) -> dict[str, str]:
        """Whole months, from the first to this one."""
        return self.days | {"to": f"{following(self.life.given.today.replace(day=1)) - timedelta(days=1)}"}

    async def ask(self, path: str, **asked: str) -> dict[str, Any]:
        """As finance, by the API."""
        answer = await self.life.world.people["finance"].get(f"{API}{path}", params=asked)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


def grouped(book: Iterable[Counted], group_by: tuple[str, ...]) -> dict[tuple[str, ...], tuple[int, int]]:
    """How many lines of each group there are, and what they come to."""
    sums: dict[tuple[str, ...], tuple[int, int]] = {}
    for one in book:
        key = tuple(getattr(one, name) for name in group_by)
        lines, so_far = sums.get(key, (0, 0))
        sums[key] = (lines + 1, so_far + one.pence)
    return sums


def pence(pounds: str) -> int:
    """-80.01 is -8001."""
    return int(pounds.replace(".", ""))


MONTH = 40
"""So many days on, another month has begun."""
done: Counter[str] = Counter()
picks = st.tuples(st.integers(0, 2), st.integers(0, 59), st.sampled_from([0, 0, 0, 1, 13, MONTH]))


@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(steps=st.lists(picks, min_size=25, max_size=40))
def lives(steps: list[tuple[int, int, int]]) -> None:
    """Any life."""
    run, world = lives.run, lives.world  # type: ignore[attr-defined]
    run(world.open())
    try:
        life = Life(world, run)
        for n, pick, days in steps:
            if all(thing.state is State.SCRAPPED for thing in life.things):
                break
            world.clock.now += timedelta(days=days, minutes=1)
            if days == MONTH and life.book and pick % 2:
                life.close_months()
            going_on = [thing for thing in life.things if life.sensible(thing)]
            life.step(going_on[n % len(going_on)], pick)
        run(Told(life).agrees(pick for _, pick, _ in steps[:3]))
        done.update(life.did)
    finally:
        run(world.close())


def test_movements_charges_and_funders_agree_to_the_penny_after_any_life(
    engine: AsyncEngine, settings: Settings
) -> None:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        lives.run, lives.world = runner.run, World(engine, settings)  # type: ignore[attr-defined]
        done.clear()
        lives()
        # What is worth little by itself if it never happens.
        assert done["order"] >= 6, done
        assert done["together"] >= 1, done
        assert done["part"] >= 1, done
        assert all(
            done[what] >= 2 for what in ("settle", "disagree", "correct", "take_back", "uncredit", "disown", "close")
        ), done
        runner.run(lives.world.app.state.database.dispose())  # type: ignore[attr-defined]
