"""When things came is kept as orders and collections say: the reports of both agree, after any life of equipment."""

import asyncio
import json
import random
from datetime import date, timedelta
from typing import Any

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.domain.lifecycle import State
from app.domain.performance import LOOKED_BACK, Outcome, collection_days, seventh_days
from app.domain.report_days import midnight
from app.features.collections import service as collections
from app.features.finance.performance.queries import due_asked, read_months, read_performance
from app.features.finance.performance.schemas import PerformanceReport
from app.features.finance.reconciling.service import reconcile
from app.settings import Settings
from app.web.bank_holidays import bank_holidays
from tests.features.finance.billing import ALL as LINES
from tests.features.finance.life import Life
from tests.features.ordering.conftest import Orders, barcodes, pieces
from tests.features.walk import World

# The same figures from orders, loans and collections alone, as they were read before anything was kept.
# An order is due as a whole: it has come when the last of its pieces has that is still wanted.
DUE = """
    pieces AS (
        SELECT asked.id, count(*) AS wanted, count(loan.id) AS lent, max(loan.started_at) AS last_at
        FROM equipment_order AS asked JOIN order_unit AS unit ON unit.order_id = asked.id
        LEFT JOIN loan ON loan.id = unit.loan_id
        WHERE asked.decision = 'approved' AND asked.promised_on IS NOT NULL AND unit.cancelled_at IS NULL
        GROUP BY asked.id
    ), failed AS (
        SELECT order_id, count(*) AS visits FROM delivery_visit WHERE failed_because IS NOT NULL GROUP BY order_id
    ), due AS (
        SELECT asked.id, asked.number, asked.speed, asked.promised_on, store.code AS store, store.name AS store_name,
               team.code AS team, team.name AS team_name,
               (COALESCE(asked.decided_at, asked.submitted_at) AT TIME ZONE 'Europe/London')::date AS approved_on,
               CASE WHEN pieces.wanted = pieces.lent
                    THEN (pieces.last_at AT TIME ZONE 'Europe/London')::date END AS delivered_on,
               COALESCE(failed.visits, 0) AS failed_visits
        FROM pieces JOIN equipment_order AS asked ON asked.id = pieces.id
        JOIN store ON store.id = asked.store_id JOIN team ON team.id = asked.team_id
        LEFT JOIN failed ON failed.order_id = asked.id
    ), judged AS (
        SELECT due.*, to_char(LEAST(promised_on, delivered_on), 'YYYY-MM') AS month,
               CASE WHEN delivered_on <= promised_on THEN 'on_time'
                           WHEN delivered_on IS NOT NULL OR promised_on < :today THEN 'late'
                           ELSE 'waiting' END AS outcome
        FROM due WHERE LEAST(promised_on, delivered_on) BETWEEN :since AND :until
    )
"""
SETS = "GROUP BY GROUPING SETS ((speed), (store, store_name), (team, team_name), (month), ()) ORDER BY 1, 2"
KIND = """
    CASE WHEN GROUPING(speed) = 0 THEN 'speed' WHEN GROUPING(store) = 0 THEN 'store'
         WHEN GROUPING(team) = 0 THEN 'team' WHEN GROUPING(month) = 0 THEN 'month' ELSE 'all' END AS kind,
    COALESCE(speed, store, team, month, '') AS key, COALESCE(store_name, team_name, '') AS name
"""
ORDERS = text(f"""
    WITH {DUE}
    SELECT {KIND}, count(*) FILTER (WHERE outcome = 'on_time') AS on_time,
           count(*) FILTER (WHERE outcome = 'late') AS late, count(*) FILTER (WHERE outcome = 'waiting') AS waiting,
           COALESCE(sum(failed_visits), 0)::bigint AS failed_visits
    FROM judged {SETS}
""")  # noqa: S608 - the parts are constants
PIECES = text(f"""
    WITH handed AS (
        SELECT asked.speed, store.code AS store, store.name AS store_name, team.code AS team, team.name AS team_name,
               (loan.started_at AT TIME ZONE 'Europe/London')::date AS delivered_on,
               (COALESCE(asked.decided_at, asked.submitted_at) AT TIME ZONE 'Europe/London')::date AS approved_on
        FROM loan JOIN order_unit AS unit ON unit.loan_id = loan.id
        JOIN equipment_order AS asked ON asked.id = unit.order_id
        JOIN store ON store.id = asked.store_id JOIN team ON team.id = asked.team_id
        WHERE loan.started_at >= :from_at AND loan.started_at < :until_at
    ), told AS (
        SELECT handed.*, to_char(delivered_on, 'YYYY-MM') AS month,
               COALESCE(delivered_on <= day.by_on, false) AS is_within
        FROM handed LEFT JOIN jsonb_to_recordset(CAST(:days AS jsonb)) AS day ("on" date, by_on date)
            ON day."on" = handed.approved_on
    )
    SELECT {KIND}, count(*) AS pieces, count(*) FILTER (WHERE is_within) AS within_seven FROM told {SETS}
""")  # noqa: S608 - the parts are constants
UNDATED = text("""
    SELECT count(*) FROM equipment_order AS asked
    WHERE asked.decision = 'approved' AND asked.promised_on IS NULL
      AND COALESCE(asked.decided_at, asked.submitted_at) >= :from_at
      AND COALESCE(asked.decided_at, asked.submitted_at) < :until_at
      AND EXISTS (SELECT FROM order_unit WHERE order_id = asked.id AND loan_id IS NULL AND cancelled_at IS NULL)
""")
COLLECTIONS = text("""
    WITH due AS (
        SELECT collection.speed, to_char(day.by_on, 'YYYY-MM') AS month, day.by_on, collection.id
        FROM collection JOIN jsonb_to_recordset(CAST(:days AS jsonb)) AS day ("on" date, speed text, by_on date)
            ON day."on" = (collection.requested_at AT TIME ZONE 'Europe/London')::date
            AND day.speed = collection.speed
        WHERE day.by_on BETWEEN :since AND :until AND collection.requested_at >= :looked_back_at
          AND collection.requested_at < :until_at
    ), told AS (
        SELECT due.speed, due.month, lines.*,
               (SELECT count(*) FROM collection_visit WHERE collection_id = due.id) AS failed_visits
        FROM due CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE fetched.on_day <= due.by_on) AS on_time,
                   count(*) FILTER (WHERE fetched.on_day > due.by_on
                                    OR fetched.on_day IS NULL AND due.by_on < :today) AS late,
                   count(*) FILTER (WHERE fetched.on_day IS NULL AND due.by_on >= :today) AS waiting
            FROM collection_line AS line CROSS JOIN LATERAL (
                SELECT (COALESCE(line.picked_up_at, line.collected_at) AT TIME ZONE 'Europe/London')::date AS on_day
            ) AS fetched
            WHERE line.collection_id = due.id AND line.cancelled_at IS NULL) AS lines
        WHERE lines.on_time + lines.late + lines.waiting > 0
    )
    SELECT CASE WHEN GROUPING(speed) = 0 THEN 'speed' WHEN GROUPING(month) = 0 THEN 'month' ELSE 'all' END AS kind,
           COALESCE(speed, month, '') AS key, COALESCE(sum(on_time), 0)::bigint AS on_time,
           COALESCE(sum(late), 0)::bigint AS late, COALESCE(sum(waiting), 0)::bigint AS waiting,
           COALESCE(sum(failed_visits), 0)::bigint AS failed_visits
    FROM told GROUP BY GROUPING SETS ((speed), (month), ()) ORDER BY 1, 2
""")
WAYS = ("failed", "part", "all", "back", "cancel", "wait")


def told(report: PerformanceReport) -> dict[tuple[str, str], dict[str, int]]:
    """What a report says of orders, by what it is told apart by; nothing where it is nothing."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for kind in ("speed", "store", "team", "month"):
        for one in getattr(report, f"by_{kind}"):
            found[kind, one.key] = one.model_dump(exclude={"key", "name", "percent", "seven_percent", "drill"})
    found["all", ""] = report.in_all.model_dump(exclude={"key", "name", "percent", "seven_percent", "drill"})
    return found


def fetched(report: PerformanceReport) -> dict[tuple[str, str], dict[str, int]]:
    """What it says of collections."""
    parts = {"speed": report.collections_by_speed, "month": report.collections_by_month, "all": [report.collections]}
    return {
        (kind, one.key): one.model_dump(exclude={"key", "name", "percent", "drill"})
        for kind, all_ in parts.items()
        for one in all_
    }


async def agree(session: AsyncSession, since: date, until: date, today: date) -> int:
    """The report, and the orders and collections themselves, say the same; returns how much there was to say."""
    looked_back = since - LOOKED_BACK
    holidays = frozenset[date]().union(*(bank_holidays(date(year, 1, 1)) for year in (2025, 2026, 2027)))
    asked: dict[str, Any] = {
        "since": since,
        "until": until,
        "today": today,
        "from_at": midnight(since),
        "until_at": midnight(until + timedelta(days=1)),
        "looked_back_at": midnight(looked_back),
    }
    sevenths = json.dumps([{"on": f"{on}", "by_on": f"{by}"} for on, by in seventh_days(looked_back, until, holidays)])
    by = json.dumps(
        [
            {"on": f"{on}", "speed": speed.value, "by_on": f"{by}"}
            for on, speed, by in collection_days(looked_back, until, holidays)
        ]
    )
    names = ("on_time", "late", "waiting", "failed_visits", "pieces", "within_seven")
    orders: dict[tuple[str, str], dict[str, int]] = {}
    for statement, days in ((ORDERS, ""), (PIECES, sevenths)):
        for row in (await session.execute(statement, asked | {"days": days})).mappings():
            known = orders.setdefault((row["kind"], row["key"]), dict.fromkeys(names, 0))
            known |= {name: row[name] for name in names if name in row}
    report = await read_performance(session, since=since, until=until, today=today)
    assert told(report) == orders
    rows = (await session.execute(COLLECTIONS, asked | {"days": by})).mappings()
    assert fetched(report) == {(row["kind"], row["key"]): {name: row[name] for name in names[:4]} for row in rows}
    assert report.undated == await session.scalar(UNDATED, asked)
    months = await read_months(session, since=since, until=until, today=today)
    assert sum(one.on_time + one.late + one.waiting for one in months.values()) == sum(
        orders["all", ""][name] for name in names[:3]
    )
    for outcome in Outcome:
        page = {"by": None, "key": "", "after": 0, "limit": 1000, "outcome": outcome}
        listed = await due_asked(since=since, until=until, today=today, **page).read(session)  # type: ignore[arg-type]
        assert len(listed) == orders["all", ""][outcome.value]
        assert sum(one.failed_visits for one in listed) <= orders["all", ""]["failed_visits"]
    return report.in_all.pieces + report.in_all.late + report.collections.on_time + report.collections.failed_visits


class Walk:
    """A life by chance, and orders of two things that come as they come."""

    def __init__(self, world: World, run: Any) -> None:
        self.world, self.run, self.life = world, run, Life(world, run)
        self.dice = random.Random(11)  # noqa: S311 - nothing is kept secret by it
        self.began = world.clock.today

        async def sign_in(username: str, **_: Any) -> AsyncClient:
            return world.people[username]

        self.orders = Orders(world.given, sign_in)
        self.open: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str]] = []

    def step(self) -> None:
        """Something happens to an item, or to an order."""
        self.world.clock.now += timedelta(days=self.dice.choice([0, 0, 1, 1, 5]), minutes=1)
        going_on = [one for one in self.life.things if one.state is not State.SCRAPPED and self.life.sensible(one)]
        if going_on and self.dice.random() < 0.4:
            thing = self.dice.choice(going_on)
            ends = (self.life.scrap, self.life.give_up, self.life.lose)
            choices = [one for one in self.life.sensible(thing) if one not in ends] or [self.life.scrap]
            self.dice.choice(choices)(thing)
            return
        if self.dice.random() < 0.4:
            self.run(self.fetch())
        else:
            self.run(self.go_on() if self.open and self.dice.random() < 0.6 else self.begin())
        self.life.newest = max((row["id"] for row in self.run(self.life.query(LINES))), default=0)

    async def begin(self) -> None:
        """An order of two things, of which one may not be on the shelf."""
        product = await self.world.given.product()
        await self.world.given.items(self.dice.choice([1, 2, 2, 2]), product=product)
        speed = self.dice.choice(["five_day", "seven_day"])
        order = await self.orders.submitted(product, product, speed=speed)
        if self.dice.random() < 0.8:
            await self.orders.step(order["number"], "allocate")
            order = await self.orders.step(order["number"], "dispatch")
        self.open.append(order)

    async def go_on(self) -> None:
        """The driver came, or did not, or it is not wanted any more."""
        order = self.dice.choice(self.open)
        order = await self.orders.get(order["number"])
        tags = [tag for tag, state in zip(barcodes(order), pieces(order), strict=True) if tag and state == "dispatched"]
        way = self.dice.choice(WAYS if tags else ("cancel", "wait"))
        number = order["number"]
        if way == "failed":
            await self.orders.step(number, "failed-visit", reason="Nobody was at home.")
        elif way in {"part", "all"}:
            handed = tags[:1] if way == "part" else tags
            await self.orders.step(number, "deliver", received_by="Mo", barcodes=handed)
        elif way == "back":
            await self.world.given.scan(tags[0])
        elif way == "cancel" and not tags and "cancel" in order["acts"]:
            await self.orders.step(number, "cancel", by="ot", reason="It is not wanted any more.")
        if way == "all" or not {"held", "dispatched", "wanted"} & set(pieces(order)):
            self.open.remove(next(one for one in self.open if one["number"] == number))

    async def fetch(self) -> None:
        """Something is to be fetched, is fetched, or not: nobody opened, or it is needed still."""
        if not self.asked or self.dice.random() < 0.4:
            made = await self.world.given.collection()
            self.asked.append((made.number, made.barcode))
            return
        number, barcode = self.dice.choice(self.asked)
        way = self.dice.choice(["fail", "fail", "scan", "scan", "cancel"])
        at = self.world.clock.now
        async with self.world.sessions.begin() as session:
            if way == "fail":
                reason = "Nobody opened the door."
                await collections.fail(session, number, reason=reason, visited_at=None, actor="technician", at=at)
            elif way == "cancel":
                await collections.cancel_collection(session, number, reason="They need it.", actor="ot", at=at)
        if way == "scan":
            await self.world.given.scan(barcode)
        if way != "fail":
            self.asked.remove((number, barcode))

    async def look(self) -> int:
        """Compare, of many spans of days and as they stood on many."""
        until = self.world.clock.today + timedelta(days=14)
        span = (until - self.began).days
        seen = 0
        async with self.world.sessions() as session:
            for _ in range(25):
                since, last = sorted(self.began + timedelta(days=self.dice.randint(-9, span)) for _ in range(2))
                seen += await agree(session, since, last, self.began + timedelta(days=self.dice.randint(0, span)))
            seen += await agree(session, self.began, until, self.world.clock.today)
        return seen

    async def rewrite(self) -> None:
        """Written anew, as a migration does, it is what the triggers have made of it; and reconciling finds so too."""
        async with self.world.sessions.begin() as session:
            assert [one for one in (await reconcile(session)).differences if one.check == "kept"] == []
            for kept, key in (("order_timing", "order_id"), ("collection_timing", "line_id")):
                rows = (await session.execute(text(f"SELECT * FROM {kept} ORDER BY {key}"))).all()  # noqa: S608
                found = (await session.execute(text(f"SELECT * FROM {kept}_now ORDER BY {key}"))).all()  # noqa: S608
                assert rows == found
                assert rows
            await session.execute(text("UPDATE order_timing SET delivered_on = NULL, promised_on = NULL"))
            await session.execute(text("DELETE FROM collection_timing"))
            whole = await reconcile(session)
            counted = "SELECT (SELECT count(*) FROM order_timing_now), (SELECT count(*) FROM collection_timing_now)"
            orders, lines = (await session.execute(text(counted))).one()
            assert 0 < len([one for one in whole.differences if one.check == "kept"]) <= orders + lines


def test_what_is_kept_says_what_orders_and_collections_say(engine: AsyncEngine, settings: Settings) -> None:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        world = World(engine, settings)
        runner.run(world.open())
        # What is left open by a failure here would keep all tests after it waiting.
        try:
            walk = Walk(world, runner.run)
            for _ in range(120):
                walk.step()
            assert runner.run(walk.look()) > 100
            runner.run(walk.rewrite())
        finally:
            runner.run(world.close())
            runner.run(world.app.state.database.dispose())
