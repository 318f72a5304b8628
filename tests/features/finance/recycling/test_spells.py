"""The spells that are kept say what the movements say: the same statements of both, after any life of equipment."""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.domain.lifecycle import State
from app.domain.recycling import WORK, Basis, Part
from app.features.finance.charges import service as charges
from app.features.finance.charges.schemas import ReverseCharge
from app.features.finance.recycling import queries
from app.features.finance.recycling.asking import Terms
from app.features.finance.recycling.avoided import settle_spells
from app.settings import Settings
from tests.features.finance.life import Life
from tests.features.walk import World

# The same figures from the movements alone, as they were read before spells were kept.
OUT: Final = """(movement.move IN ('issue', 'deliver')
                OR movement.move = 'start_trial' AND movement.from_state <> 'awaiting_collection')"""
BACK: Final = "movement.move IN ('return', 'find')"
FIT: Final = "movement.move = 'release' AND movement.from_state = 'awaiting_inspection'"
ANY: Final = f"({OUT} OR {BACK} OR {FIT})"

SPELLS: Final = f"""
    touched AS (
        SELECT DISTINCT movement.item_id FROM movement
        WHERE movement.at >= :from_at AND movement.at < :until_at AND movement.at <= :as_at AND {ANY}
    ), told AS (
        SELECT movement.item_id, movement.id, movement.seq, movement.at, movement.store_id,
               {OUT} AS is_out, {BACK} AS is_back,
               count(*) FILTER (WHERE {OUT}) OVER (PARTITION BY movement.item_id ORDER BY movement.seq) AS spell,
               count(*) FILTER (WHERE {OUT}) OVER (PARTITION BY movement.item_id) AS issues
        FROM touched JOIN movement ON movement.item_id = touched.item_id WHERE {ANY}
    ), spell AS (
        SELECT item_id, spell, min(issues) AS issues,
               min(seq) FILTER (WHERE is_out) AS issued_seq, min(id) FILTER (WHERE is_out) AS issued_id,
               min(at) FILTER (WHERE is_out) AS issued_at, min(store_id) FILTER (WHERE is_out) AS store_id,
               min(at) FILTER (WHERE is_back) AS collected_at, min(id) FILTER (WHERE is_back) AS collected_id,
               min(at) FILTER (WHERE NOT is_out AND NOT is_back) AS passed_at,
               min(id) FILTER (WHERE NOT is_out AND NOT is_back) AS passed_id,
               lag(min(seq) FILTER (WHERE is_back)) OVER (PARTITION BY item_id ORDER BY spell) AS came_back_seq
        FROM told GROUP BY item_id, spell
    ), wanted AS (
        SELECT spell.*, item.barcode, item.purchase_price_pence AS pence, product.code AS product_code,
               product.name AS product, product.category,
               -- Issued before by these movements, or before them: then its count is above theirs from the first.
               spell.spell > 1 OR item.times_issued > spell.issues AS is_recycled
        FROM spell JOIN item ON item.id = spell.item_id JOIN product ON product.id = item.product_id
        JOIN store ON store.id = spell.store_id
        WHERE spell.spell > 0 AND (:store = '' OR store.code = :store) AND (:product = '' OR product.code = :product)
          AND starts_with(product.category, :category)
          AND (:funder = '' OR EXISTS (
              SELECT FROM charge JOIN funder ON funder.id = charge.funder_id
              WHERE charge.item_id = spell.item_id AND charge.movement_seq = spell.issued_seq AND charge.is_issue
                AND charge.reversal_of IS NULL AND charge.corrects_id IS NULL AND funder.code = :funder))
    )
"""  # noqa: S608 - the parts are constants

HAPPENED: Final = f"""
    {SPELLS}, happened AS (
        SELECT wanted.*, event.what, event.at, event.movement_id, counted.at AS counted_at
        FROM wanted CROSS JOIN LATERAL (VALUES
            ('issued', wanted.issued_at, wanted.issued_id),
            ('recycled', CASE WHEN wanted.is_recycled THEN wanted.issued_at END, wanted.issued_id),
            ('collected', wanted.collected_at, wanted.collected_id),
            ('passed', wanted.passed_at, wanted.passed_id)) AS event (what, at, movement_id)
        CROSS JOIN LATERAL (
            SELECT CASE WHEN CAST(:is_cohort AS boolean) THEN wanted.issued_at ELSE event.at END AS at) AS counted
        WHERE event.at <= :as_at AND counted.at >= :from_at AND counted.at < :until_at
    )
"""  # noqa: S608 - the parts are constants
REISSUES = f"""
    {SPELLS}, reissue AS (
        SELECT wanted.issued_id AS id, wanted.barcode, wanted.product_code, wanted.product, wanted.category,
               (wanted.issued_at AT TIME ZONE 'Europe/London')::date AS happened_on,
               COALESCE(asked.unit_price_pence, wanted.pence) AS new_pence,
               CASE WHEN asked.unit_price_pence IS NULL THEN 'item' ELSE 'order' END AS new_from,
               COALESCE(work.pence, 0) AS cost_pence, work.unpriced
        FROM wanted
        LEFT JOIN LATERAL (
            SELECT line.unit_price_pence
            FROM movement JOIN equipment_order ON equipment_order.number = substr(movement.reference, 7)
            JOIN order_unit AS unit ON unit.order_id = equipment_order.id
            JOIN order_line AS line ON line.id = unit.order_line_id
            WHERE movement.id = wanted.issued_id AND starts_with(movement.reference, 'order ')
              AND unit.item_id = wanted.item_id AND unit.loan_id IS NOT NULL
            ORDER BY unit.id DESC LIMIT 1) AS asked ON true
        CROSS JOIN LATERAL (
            SELECT sum(charge.amount_pence) AS pence,
                   count(DISTINCT charge.posting_id) FILTER (
                       WHERE charge.is_unpriced AND charge.reversal_of IS NULL
                       AND NOT EXISTS (SELECT FROM charge AS undone
                                       WHERE undone.reversal_of = charge.id AND undone.posted_at <= :as_at)
                   ) AS unpriced
            FROM charge
            WHERE charge.item_id = wanted.item_id AND charge.movement_seq < wanted.issued_seq
              AND charge.movement_seq >= COALESCE(wanted.came_back_seq, 0) AND charge.kind = ANY(:work)
              AND charge.posted_at <= :as_at) AS work
        WHERE wanted.is_recycled AND wanted.issued_at >= :from_at AND wanted.issued_at < :until_at
          AND wanted.issued_at <= :as_at
    )
"""  # noqa: S608 - the parts are constants
COUNTS: Final = text(f"""
    WITH {HAPPENED} SELECT what, count(*) AS items, sum(pence) AS pence FROM happened GROUP BY 1
""")  # noqa: S608 - the parts are constants
AVOIDED: Final = text(f"""
    WITH {REISSUES}
    SELECT id, new_pence, new_from, cost_pence, unpriced FROM reissue ORDER BY id
""")  # noqa: S608 - the parts are constants
KEPT: Final = text("SELECT * FROM spell ORDER BY item_id, number")


async def counted(session: AsyncSession, terms: Terms) -> dict[str, tuple[int, int]]:
    """What the report counts: items and pence of each event."""
    report = {one.rate: one.all_items for one in (await queries.read_rates(session, terms)).rates}
    found: dict[str, tuple[int, int]] = {}
    for rate, one in report.items():
        for part in Part:
            items, pence = (getattr(by, part.value) for by in (one.by_count, one.by_value))
            if items:
                found[rate.event(part).value] = (items, pence)
    return found


async def agree(session: AsyncSession, terms: Terms) -> int:
    """The report and the movements say the same; returns how much there was to say."""
    asked = terms.values | {"is_cohort": terms.basis is Basis.COHORT, "work": list(WORK)}
    old = {row.what: (row.items, int(row.pence)) for row in await session.execute(COUNTS, asked)}
    assert await counted(session, terms) == old, terms
    rows = [tuple(row) for row in await session.execute(AVOIDED, asked)]
    new = await queries.list_avoided(session, terms, after=0, limit=1000)
    assert [(one.id, one.new_pence, one.new_from, one.cost_pence, one.unpriced) for one in new] == rows, terms
    return len(rows)


class Walk:
    """A life by chance, looked at all along."""

    def __init__(self, world: World, run: Any) -> None:
        self.world, self.run, self.life = world, run, Life(world, run)
        self.dice = random.Random(7)  # noqa: S311 - nothing is kept secret by it
        self.began = world.clock.now
        self.looks: list[datetime] = []

    def step(self) -> None:
        """Something happens; sometimes a charge is taken back, sometimes what is due is settled."""
        self.world.clock.now += timedelta(days=self.dice.choice([0, 0, 0, 1, 4]), minutes=1)
        going_on = [one for one in self.life.things if one.state is not State.SCRAPPED and self.life.sensible(one)]
        thing = self.dice.choice(going_on)
        ends = (self.life.scrap, self.life.give_up)
        choices = [one for one in self.life.sensible(thing) if one not in ends] or [self.life.scrap]
        self.dice.choice(choices)(thing)
        self.looks.append(self.world.clock.now)
        chance = self.dice.random()
        if chance < 0.15:
            self.run(self.correct())
        elif chance < 0.4:
            self.run(self.settle())

    async def correct(self) -> None:
        """Take a piece of work back, whatever it was done for."""
        wanted = text("""
            SELECT id FROM charge WHERE kind = ANY(:work) AND reversal_of IS NULL
              AND NOT EXISTS (SELECT FROM charge AS undone WHERE undone.reversal_of = charge.id) ORDER BY id
        """)
        async with self.world.sessions.begin() as session:
            ids = list(await session.scalars(wanted, {"work": ["decontamination", "inspection"]}))
            if ids:
                body = ReverseCharge(reason="It was another one.")
                self.world.clock.now += timedelta(minutes=1)
                await charges.reverse(session, self.dice.choice(ids), body, actor="finance", at=self.world.clock.now)

    async def settle(self) -> None:
        """What the job does."""
        async with self.world.sessions.begin() as session:
            await settle_spells(session, at=self.world.clock.now)

    async def look(self) -> int:
        """Compare at instants of the past, on both bases, of all and of a funder."""
        since, until = self.began.date(), self.world.clock.now.date()
        seen = 0
        async with self.world.sessions() as session:
            for as_at in (*self.dice.sample(self.looks, 12), self.world.clock.now):
                middle = since + (until - since) / 2
                for basis in Basis:
                    seen += await agree(session, Terms(since, until, as_at, basis))
                    seen += await agree(session, Terms(since, middle, as_at, basis, funder="ASC"))
                seen += await agree(session, Terms(middle, until, as_at, category="09", store="MAIN"))
        return seen

    async def rewrite(self) -> None:
        """Written anew from the movements, as a migration does, the spells are what the trigger has made of them."""
        async with self.world.sessions.begin() as session:
            kept = (await session.execute(KEPT)).all()
            await session.execute(text("SELECT write_spells(array_agg(id)) FROM item"))
            assert (await session.execute(KEPT)).all() == kept
            await session.execute(text("UPDATE spell SET new_pence = NULL"))


def test_kept_spells_say_what_the_movements_say_at_any_instant(engine: AsyncEngine, settings: Settings) -> None:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        world = World(engine, settings)
        runner.run(world.open())
        # What is left open by a failure here would keep all tests after it waiting.
        try:
            walk = Walk(world, runner.run)
            for _ in range(150):
                walk.step()
            assert runner.run(walk.look()) > 20
            runner.run(walk.rewrite())
            assert runner.run(walk.look()) > 20
        finally:
            runner.run(world.close())
            runner.run(world.app.state.database.dispose())
