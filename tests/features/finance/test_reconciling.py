"""Movements, charges, splits and sums agree to the penny; what is changed behind the back of the books shows."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.domain.lifecycle import State
from app.domain.reconciling import Check
from app.features.finance.monthly.grains import GRAINS
from app.features.finance.reconciling.service import Reconciled, reconcile, reconcile_nightly
from app.web.templating import pounds
from tests.browser import Browser
from tests.conftest import Clock, Query, Sessions, SignIn, Statements
from tests.features.ordering.conftest import Orders, barcodes, done
from tests.given import Given
from tests.problems import check_problem

URL = "/api/v1/finance/reconciliation"
RATE = """
    INSERT INTO tariff (kind, variant, starts_on, pence, taper, vat_percent, made_at, made_by)
    VALUES (:kind, '', '2020-01-01', :pence, CAST(:taper AS jsonb), :vat, '2020-01-01', 'x')
"""
RATES: tuple[dict[str, Any], ...] = (
    {"kind": "credit", "pence": None, "taper": '[{"from_months": 0, "percent": 80}]', "vat": 0},
    {"kind": "decontamination", "pence": 1250, "taper": None, "vat": 20},
    {"kind": "recycled_issue", "pence": 1999, "taper": None, "vat": 0},
    {"kind": "delivery", "pence": 2500, "taper": None, "vat": 20},
    {"kind": "collection", "pence": 2000, "taper": None, "vat": 0},
    {"kind": "inspection", "pence": 700, "taper": None, "vat": 0},
)
SHARES = """
    INSERT INTO order_share (order_id, funder_id, position, percent)
    SELECT equipment_order.id, funder.id, part.position, part.percent
    FROM (VALUES (1, 'ASC', 66.67), (2, 'ICB', 33.33)) AS part (position, code, percent)
    JOIN funder ON funder.code = part.code, equipment_order WHERE number = :number
"""
ADD = """
    INSERT INTO charge (posting_id, kind, period, happened_on, posted_at, posted_by, funder_id, percent, amount_pence,
                        is_issue, item_id, movement_seq, reversal_of, corrects_id, because)
    SELECT {posting}, {kind}, period, happened_on, posted_at, posted_by, funder_id, {percent}, {pence}, is_issue,
           item_id, {seq}, {reversal}, {corrects}, {because} FROM charge WHERE {which}
"""


def adding(which: str, **values: str) -> str:
    """A line like another one, with other values (SQL)."""
    usual = {
        "posting": "gen_random_uuid()",
        "kind": "kind",
        "pence": "amount_pence",
        "seq": "movement_seq",
        "percent": "percent",
    }
    rest = {"reversal": "NULL::bigint", "corrects": "NULL::bigint", "because": "NULL"}
    return ADD.format(which=which, **usual | rest | values)


@pytest.fixture
def orders(given: Given, sign_in: SignIn) -> Orders:
    """Orders in few words."""
    return Orders(given, sign_in)


@pytest.fixture
async def books(given: Given, orders: Orders, connection: AsyncConnection) -> str:
    """A loan that came back, was collected and cleaned, and an order of two things that three-way money pays."""
    for one in RATES:
        await connection.execute(text(RATE), one)
    await connection.execute(text("UPDATE team SET funder_id = (SELECT id FROM funder WHERE code = 'ASC')"))
    product = await given.product(purchase_price_pence=10_001)
    await given.items(2, product=product)
    order = await orders.submitted(product, product)
    await connection.execute(text(SHARES), {"number": order["number"]})
    await orders.step(order["number"], "allocate")
    await orders.step(order["number"], "dispatch")
    order = await orders.step(order["number"], "deliver", received_by="Rose Marsh")
    await given.collection(await given.item(product=product))
    recycled = await given.recycled(product=product)
    await given.loan(recycled)
    fetched = await given.collection(await given.item(product=product))
    await given.scan(fetched.barcode)
    assert barcodes(order)
    return str(recycled)


async def tampered(
    connection: AsyncConnection, session: AsyncSession, statement: str, **values: Any
) -> list[tuple[Check, str, int | None, int | None]]:
    """What reconciling finds after somebody with all rights changed the books. No trigger kept what is beside them,
    so that this differs, too (`tests/cli/test_finance.py`)."""
    await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    await connection.execute(text("SET LOCAL session_replication_role = replica"))
    await connection.execute(text(statement), values)
    found = await reconcile(session)
    await connection.execute(text("SET LOCAL session_replication_role = origin"))
    return [
        (one.check, one.code, one.expected, one.found) for one in found.differences if one.check is not Check.ACCOUNTS
    ]


def sums(found: Reconciled) -> dict[str, tuple[int, int, int]]:
    """What was counted, and the two sides."""
    return {check.value: (one.counted, one.expected, one.found) for check, one in found.sums.items()}


async def test_honest_books_add_up_however_the_items_went(
    books: str, session: AsyncSession, clock: Clock, query: Query
) -> None:
    found = await reconcile(session)
    assert list(found.differences) == []
    assert found.period is None
    [plain] = await query("SELECT sum(amount_pence)::bigint AS net, count(DISTINCT posting_id) AS postings FROM charge")
    told = sums(found)
    assert told["movements"] == (plain["postings"], plain["net"], plain["net"])
    assert told["prices"] == told["movements"]
    assert told["visits"][0] == 2
    assert told["credits"][0] == 2
    assert told["reports"][0] == len(found.reports) == 9 + len(GRAINS)
    assert {(one.net, one.found_net) for one in found.reports} == {(plain["net"], plain["net"])}
    assert all(one.agrees for one in found.reports)
    of_march = await reconcile(session, period=clock.today.replace(day=1))
    paid_and_borne = told.pop("accounts")
    assert paid_and_borne[0] == 5
    assert paid_and_borne[1] == paid_and_borne[2]
    assert (list(of_march.differences), sums(of_march)) == ([], told | {"accounts": (0, 0, 0)})
    of_april = await reconcile(session, period=clock.today.replace(month=4, day=1))
    assert (list(of_april.differences), sums(of_april)["movements"]) == ([], (0, 0, 0))


WANTED = "kind = 'recycled_issue'"
IN_STATEMENTS = {
    "a charge is taken away": (
        "DELETE FROM charge WHERE kind = 'recycled_issue'",
        [(Check.MOVEMENTS, "not-charged", 1999, 0)],
    ),
    "a line names no movement": (
        "UPDATE charge SET movement_seq = 99 WHERE kind = 'decontamination'",
        [
            (Check.MOVEMENTS, "not-charged", 1250, 0),
            (Check.MOVEMENTS, "no-movement", 0, 1250),
        ],
    ),
    "a movement is charged that costs nothing": (
        adding("kind = 'decontamination'", seq="1"),
        [(Check.MOVEMENTS, "charged-without-cause", 0, 1250)],
    ),
    "an issue is charged twice": (
        adding("kind = 'recycled_issue'"),
        [(Check.MOVEMENTS, "issue-charged-twice", 0, 1999)],
    ),
    "a price is changed": (
        "UPDATE charge SET amount_pence = 1251 WHERE kind = 'decontamination'",
        [(Check.PRICES, "wrong-price", 1250, 1251)],
    ),
    "the tax is changed": (
        "UPDATE charge SET vat_pence = 0 WHERE kind = 'decontamination'",
        [(Check.PRICES, "wrong-vat", 250, 0)],
    ),
    "a penny goes to the other funder": (
        "UPDATE charge SET amount_pence = amount_pence + CASE funder_id WHEN (SELECT id FROM funder WHERE code = 'ASC')"
        " THEN 1 ELSE -1 END WHERE kind = 'delivery'",
        [(Check.SPLITS, "wrong-split", None, None)],
    ),
    "a share is not whole": (
        "UPDATE charge SET percent = 99.99 WHERE kind = 'decontamination'",
        [(Check.SPLITS, "not-whole", None, None)],
    ),
    "an order is split otherwise": (
        "UPDATE order_share SET percent = CASE position WHEN 1 THEN 50.01 ELSE 49.99 END",
        [(Check.SPLITS, "not-as-ordered", None, None)] * 3,
    ),
    "a visit is not charged": (
        "DELETE FROM charge WHERE kind = 'delivery'",
        [(Check.VISITS, "visit-not-charged", None, None)],
    ),
    "a collection is not charged": (
        "DELETE FROM charge WHERE kind = 'collection'",
        [(Check.VISITS, "visit-not-charged", None, None)],
    ),
    "a line is taken back with another sum": (
        adding("kind = 'recycled_issue'", pence="-1", reversal="id", because="'x'"),
        [(Check.REVERSALS, "not-to-zero", -1999, -1)],
    ),
    "a line takes nothing back": (
        adding("kind = 'recycled_issue'", pence="-1999", reversal="0", because="'x'"),
        [(Check.REVERSALS, "takes-back-nothing", 0, -1999)],
    ),
    "a line comes in place of one that stands": (
        adding("kind = 'recycled_issue'", pence="5", corrects="id", because="'x'"),
        [(Check.REVERSALS, "not-taken-back", 0, 5)],
    ),
    "a person is charged": (
        "UPDATE charge SET funder_id = (SELECT min(id) FROM funder WHERE kind = 'person') "
        "WHERE kind = 'recycled_issue'",
        [(Check.PERSONS, "person-charged", 0, 1999)],
    ),
    "a visit in vain is not charged": (
        "INSERT INTO collection_visit (collection_id, visited_at, failed_because, recorded_at, recorded_by) "
        "SELECT min(id), '2026-03-02', 'x', now() + interval '1 day', 'x' FROM collection",
        [(Check.VISITS, "visit-not-charged", None, None)],
    ),
    "a month is said to be summed up and is not": (
        "WITH gone AS (DELETE FROM charge_month) "
        "INSERT INTO charge_month_summed (period, summed_at) VALUES ('2026-03-01', now())",
        [(Check.REPORTS, "report-is-not-lines", 42_452, 0)] * (5 + len(GRAINS)),
    ),
    "a sum by district and team is not that of its lines": (
        "WITH summed AS (INSERT INTO charge_month_summed (period, summed_at) VALUES ('2026-03-01', now())) "
        "UPDATE charge_month SET net_pence = net_pence + 1 "
        "WHERE ctid = (SELECT min(ctid) FROM charge_month WHERE grain = 7)",
        [(Check.REPORTS, "report-is-not-lines", 42_452, 42_453)],
    ),
    "an order is kept as one that came later": (
        "UPDATE order_timing SET delivered_on = delivered_on + 1",
        [(Check.KEPT, "not-as-kept", None, None)],
    ),
    "an item that was fetched is not kept": (
        "DELETE FROM collection_timing WHERE fetched_on IS NOT NULL",
        [(Check.KEPT, "not-as-kept", None, None)],
    ),
    "a correction is not whole": (
        f"""WITH undone AS ({adding(WANTED, pence="-amount_pence", reversal="id", because="'x'")})
            {adding(WANTED, percent="99", corrects="id", because="'x'")}""",
        [(Check.SPLITS, "not-whole", None, None)],
    ),
}


async def test_what_was_changed_behind_the_books_shows(
    books: str, connection: AsyncConnection, sessions: Sessions
) -> None:
    told, wanted = {}, {}
    for what, (statement, expected) in IN_STATEMENTS.items():
        await connection.execute(text("SAVEPOINT honest"))
        async with sessions() as session:
            found = await tampered(connection, session, statement)
        await connection.execute(text("ROLLBACK TO SAVEPOINT honest"))
        told[what] = found
        wanted[what] = expected
    assert told == wanted


async def test_a_line_that_is_corrected_is_no_difference_and_more_credit_than_charge_is(
    books: str, connection: AsyncConnection, session: AsyncSession, query: Query
) -> None:
    [bought] = await query(
        "SELECT charge.id FROM charge JOIN item ON item.id = item_id "
        "WHERE barcode = :barcode AND kind = 'new_purchase'",
        barcode=books,
    )

    async def correct(line: int, pence: int) -> list[tuple[str, int | None, int | None]]:
        for values in ({"pence": "-amount_pence", "reversal": "id"}, {"pence": str(pence), "corrects": "id"}):
            await connection.execute(text(adding(f"id = {line}", because="'Wrong price'", **values)))
        return [(one.code, one.expected, one.found) for one in (await reconcile(session)).differences]

    assert await correct(bought["id"], 9000) == []
    [newest] = await query("SELECT max(id) AS id FROM charge")
    assert await correct(newest["id"], 5000) == [("credited-too-much", -5000, -8001)]


async def test_what_happened_before_charges_began_is_not_missing(
    books: str, connection: AsyncConnection, session: AsyncSession
) -> None:
    before = "UPDATE charging_start SET movement_id = (SELECT max(id) FROM movement)"
    found = await tampered(connection, session, "DELETE FROM charge WHERE item_id IS NOT NULL")
    assert {code for _, code, *_ in found} == {"not-charged"}
    assert await tampered(connection, session, before) == []


async def test_it_takes_the_same_statements_whatever_there_is(
    books: str, session: AsyncSession, statements: Statements, given: Given
) -> None:
    statements.clear()
    await reconcile(session)
    few = len(statements)
    await given.recycled()
    statements.clear()
    await reconcile(session)
    assert len(statements) == few == 26


async def test_the_nightly_comparison_is_kept_and_finance_is_told_when_it_differs(
    books: str,
    connection: AsyncConnection,
    session: AsyncSession,
    clock: Clock,
    query: Query,
    as_finance: AsyncClient,
    finance: Browser,
) -> None:
    empty = (await as_finance.get(URL)).json()
    assert empty == {"period": None, "at": None, "is_ok": None, "checks": [], "reports": [], "differences": []}
    assert await reconcile_nightly(session, actor="worker", at=clock.now) == 0
    await session.commit()
    assert await query("SELECT id FROM message WHERE purpose = 'books_do_not_add_up'") == []
    await tampered(connection, session, "UPDATE charge SET amount_pence = 1251 WHERE kind = 'decontamination'")
    clock.move(days=1)
    assert await reconcile_nightly(session, actor="worker", at=clock.now) == 1
    await session.commit()
    told = await query(
        "SELECT username, body FROM message JOIN account ON account.id = to_account_id "
        "WHERE purpose = 'books_do_not_add_up'"
    )
    assert [one["username"] for one in told] == ["finance"]
    assert (
        "Decontamination does not come to what its rate gives (fixed rate). Expected £12.50, found £12.51."
        in told[0]["body"]
    )
    body = (await as_finance.get(URL)).json()
    assert (body["is_ok"], [one["code"] for one in body["differences"]]) == (False, ["wrong-price"])
    page = await finance.get("/finance/reconciliation")
    assert "Does not add up" in page.text
    page = await finance.get("/finance/reconciliation?period=2026-03")
    assert "Charges and rates" in page.text
    assert "£12.51" in page.text


async def test_a_month_is_compared_when_somebody_asks(books: str, as_finance: AsyncClient, finance: Browser) -> None:
    body = (await as_finance.get(URL, params={"period": "2026-03"})).json()
    assert (body["period"], body["is_ok"], body["differences"]) == ("2026-03", True, [])
    assert [one["check"] for one in body["checks"]] == [check.value for check in Check]
    [credits] = [one for one in body["checks"] if one["is_most"]]
    assert (credits["check"], credits["expected_pence"] < credits["found_pence"] < 0) == ("credits", True)
    shown = (await finance.get("/finance/reconciliation?period=2026-03")).text
    assert f"At most {pounds(-credits['expected_pence'])}" in shown
    check_problem(await as_finance.get(URL, params={"period": "2026-13"}), 422, "not-a-period", field="period")
    assert (await finance.get("/finance/reconciliation?period=2026-13")).status == 422


async def test_a_missing_item_that_turns_up_and_things_scrapped_add_up(
    given: Given, session: AsyncSession, connection: AsyncConnection
) -> None:
    for one in RATES:
        await connection.execute(text(RATE), one)
    for state in State:
        await given.item(state)
    lost = await given.item(State.MISSING)
    await given.found(lost)
    lent = (await given.loan()).barcode
    await given.missing(lent)
    await given.found(lent)
    await given.repaired(await given.item(State.IN_REPAIR))
    assert [
        f"{one.barcode} {one.movement} {one.detail} {one.expected} {one.found}"
        for one in (await reconcile(session)).differences
    ] == []


async def test_what_is_provisional_for_nothing_or_was_left_by_a_settlement_is_found(
    orders: Orders, given: Given, as_finance: AsyncClient, connection: AsyncConnection, sessions: Sessions, clock: Clock
) -> None:
    product = await given.product(purchase_price_pence=10_001)
    await given.items(1, product=product)
    order = await orders.dispatched(product)
    await orders.step(order["number"], "deliver", received_by="Rose Marsh")
    left = """
        INSERT INTO charge (posting_id, kind, period, happened_on, posted_at, posted_by, funder_id, percent,
                            amount_pence, is_provisional, item_id, movement_seq, order_id, corrects_id, because)
        SELECT gen_random_uuid(), 'inspection', period, happened_on, CAST(:at AS timestamptz), 'x',
               (SELECT id FROM funder WHERE code = :funder), 100, 700, :provisional, item_id, movement_seq, order_id,
               NULL, NULL
        FROM charge WHERE kind = 'new_purchase'
    """

    async def told() -> set[str]:
        async with sessions() as session:
            return {one.code for one in (await reconcile(session)).differences if one.check is Check.SPLITS}

    async def line(funder: str, *, provisional: bool) -> None:
        values = {"funder": funder, "provisional": provisional, "at": clock.now}
        await connection.execute(text(left), values)

    assert await told() == set()
    async with connection.begin_nested() as nothing:
        await line("ASC", provisional=True)
        assert await told() == {"provisional-for-nothing"}
        await nothing.rollback()
    said = {"order_number": order["number"], "reason": "Whether it is health's is open"}
    dispute = done(await as_finance.post("/api/v1/finance/disputes", json=said), 201)
    clock.move(minutes=5)
    async with connection.begin_nested() as nothing:
        await line("ASC", provisional=False)
        assert await told() == {"not-provisional"}
        await nothing.rollback()
    agreed = {"funding": [{"funder": "ICB", "percent": 100}], "settlement": "Agreed at the meeting of both boards."}
    done(await as_finance.post(f"/api/v1/finance/disputes/{dispute['id']}/settle", json=agreed))
    assert await told() == set()
    clock.move(minutes=-1)
    async with connection.begin_nested() as nothing:
        await line("ASC", provisional=False)
        assert await told() == {"not-as-settled"}
        await nothing.rollback()
