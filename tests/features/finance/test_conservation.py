"""What is lost or scrapped: what stands paid of its price, and what the service bears, is what it cost, in every order
of events."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.domain.inspections import InspectionOutcome
from app.domain.lifecycle import State
from app.domain.loans import LoanKind
from app.features.finance.reconciling.service import Reconciled, in_a_line, reconcile
from app.features.loans import service as loans
from app.features.loans.counter import Said
from tests.browser import Browser
from tests.conftest import Clock, Query, Sessions
from tests.features.finance.billing import LONG_AGO, rate
from tests.features.finance.funding.test_funding import API
from tests.features.finance.test_put_right_adds_up import Same
from tests.features.finance.test_put_right_adds_up import agrees as agrees  # noqa: PLC0414 - a fixture
from tests.features.ordering.conftest import done
from tests.given import Given

PRICE = 7_320
BY_PAYER = """
    SELECT COALESCE(funder.code, 'own') AS who, sum(amount_pence)::int AS pence
    FROM charge LEFT JOIN funder ON funder.id = charge.funder_id
    WHERE charge.kind IN ('new_purchase', 'recycled_issue', 'credit', 'write_off') GROUP BY 1
    HAVING sum(amount_pence) <> 0
"""
STANDING = """
    SELECT max(id) AS id FROM charge WHERE kind = :kind AND reversal_of IS NULL
    AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = charge.id)
"""
Step = Callable[[str], Awaitable[Any]]


@pytest.fixture(autouse=True)
async def rates(connection: AsyncConnection) -> None:
    """A tenth of its price is what an issue costs in the end; what cost less than £20 is not credited."""
    await rate(connection, "credit", percent=90, floor=2_000)
    await rate(connection, "recycled_issue", percent=25)


class Life:
    """The steps of one item, by name, an hour apart."""

    def __init__(self, given: Given, sessions: Sessions, clock: Clock, query: Query, finance: AsyncClient) -> None:
        self.given, self.sessions, self.clock, self.query, self.finance = given, sessions, clock, query, finance
        self.barcode = ""

    async def go(self, *steps: str, price: int = PRICE, **product: Any) -> dict[str, int]:
        """Take these steps; who stands where in the end."""
        code = await self.given.product(purchase_price_pence=price, **product)
        [self.barcode] = await self.given.items(1, product=code)
        for step in steps:
            await self.step(step)
        return {row["who"]: row["pence"] for row in await self.query(BY_PAYER)}

    async def step(self, step: str) -> None:
        self.clock.move(hours=1)
        verb, _, what = step.partition(" ")
        given, barcode = self.given, self.barcode
        if verb == "lend":
            async with self.sessions.begin() as session:
                await loans.issue(
                    session, barcode, client_ref=await given.client(), kind=LoanKind.LOAN, trial_ends_on=None,
                    said=Said(answers=None, funder=what), actor="ot", at=self.clock.now,
                )  # fmt: skip
        elif verb == "reverse":
            await self.reverse(what)
        elif verb == "fit":
            await given.cleaning(barcode)
            await given.cleaned(barcode)
            await given.inspected(barcode, InspectionOutcome.PASSED)
            await given.released(barcode)
        else:
            ways: dict[str, Step] = {
                "back": given.scan, "lose": given.missing, "find": given.found, "scrap": given.scrapped,
            }  # fmt: skip
            await ways[verb](barcode)

    async def reverse(self, kind: str) -> None:
        """The newest charge of the kind that stands."""
        [line] = await self.query(STANDING, kind=kind)
        body = {"reason": "The invoice was wrong."}
        done(await self.finance.post(f"{API}/charges/{line['id']}/reverse", json=body), 201)


@pytest.fixture
def life(given: Given, sessions: Sessions, clock: Clock, query: Query, as_finance: AsyncClient) -> Life:
    """One item's."""
    return Life(given, sessions, clock, query, as_finance)


TWICE = ("lend ICB", "back", "fit", "lend CHC", "back")
FIRST, LAST, BACK = "reverse new_purchase", "reverse recycled_issue", "reverse credit"


@pytest.mark.parametrize("end", ["lose", "scrap"])
@pytest.mark.parametrize("lost_first", [False, True])
@pytest.mark.parametrize(
    ("steps", "put_right", "borne"),
    [
        (TWICE, (), {"ICB": 732, "CHC": 183, "own": 6_405}),
        (TWICE, (FIRST,), {"CHC": 183, "own": 7_137}),
        (TWICE, (FIRST, BACK), {"CHC": 1_830, "own": 5_490}),
        (TWICE, (BACK, FIRST), {"CHC": 1_830, "own": 5_490}),
        (TWICE, (LAST, FIRST), {"own": PRICE}),
        (TWICE, (BACK,), {"ICB": 732, "CHC": 1_830, "own": 4_758}),
        (("lend ICB", "back"), (FIRST,), {"own": PRICE}),
        (("lend ICB", "back"), (BACK,), {"ICB": PRICE}),
        ((), (), {"own": PRICE}),
    ],
)
async def test_what_is_gone_is_paid_for_once(
    life: Life,
    agrees: Same,
    steps: tuple[str, ...],
    put_right: tuple[str, ...],
    borne: dict[str, int],
    lost_first: bool,
    end: str,
) -> None:
    order = (end, *put_right) if lost_first else (*put_right, end)
    assert await life.go(*steps, *order) == borne
    await agrees("it is gone")


@pytest.mark.parametrize("end", ["lose", "scrap"])
async def test_below_the_floor_too(life: Life, agrees: Same, end: str) -> None:
    assert await life.go("lend ICB", "back", FIRST, end, price=1_270) == {"own": 1_270}
    assert await life.go("lend ICB", "back", end, price=1_270) == {"own": 1_270, "ICB": 1_270}
    await agrees("both are gone")


async def test_hire_pays_for_the_use_and_not_for_the_thing(
    life: Life, connection: AsyncConnection, given: Given, query: Query, clock: Clock, agrees: Same
) -> None:
    product = await given.product(purchase_price_pence=10_001)
    await rate(connection, "hire", pence=150, product=product, made_at=LONG_AGO)
    for barcode in await given.items(2, product=product):
        await given.loan(barcode)
        clock.move(days=3)
        if barcode.endswith("1"):
            await given.scan(barcode)
        await given.missing(barcode)
    assert [(row["who"], row["pence"]) for row in await query(BY_PAYER)] == [("own", 2 * 10_001)]
    await agrees("both are lost")


@pytest.mark.parametrize(
    ("steps", "borne"),
    [
        (("lend ICB", "back", "lose"), {"ICB": PRICE}),
        (("lend ICB", "back", "fit", "lend CHC", "back", "lose"), {"ICB": 732, "CHC": 1_830}),
    ],
)
@pytest.mark.parametrize("found_first", [False, True])
async def test_a_credit_that_finance_took_back_stays_so_when_the_thing_is_found(
    life: Life, agrees: Same, steps: tuple[str, ...], borne: dict[str, int], found_first: bool
) -> None:
    order = ("find", BACK) if found_first else (BACK, "find")
    assert await life.go(*steps, *order) == borne
    await agrees("it is found")
    await life.step("lose")
    [left] = await life.query("SELECT sum(amount_pence)::int AS pence FROM charge WHERE kind <> 'decontamination' "
                              "AND kind <> 'inspection'")  # fmt: skip
    assert left["pence"] == PRICE
    await agrees("it is lost again")


async def test_the_next_issue_is_credited_again(life: Life, agrees: Same) -> None:
    steps = ("lend ICB", "back", BACK, "fit", "lend CHC", "back")
    assert await life.go(*steps) == {"ICB": PRICE, "CHC": 183}
    await agrees("it is back")


async def test_what_does_not_come_to_the_price_is_told_by_its_barcode(
    life: Life, session: AsyncSession, connection: AsyncConnection, given: Given
) -> None:
    await life.go(*TWICE, "lose")
    before = await reconcile(session)
    assert _gone(before) == (1, PRICE, PRICE, 0)
    await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    await connection.execute(text("SET LOCAL session_replication_role = replica"))
    await connection.execute(text("UPDATE charge SET amount_pence = amount_pence - 5 WHERE kind = 'write_off'"))
    for period in (None, given.today.replace(day=1)):
        found = await reconcile(session, period=period)
        [told] = [one for one in found.differences if one.check.value == "gone"]
        assert (told.code, told.expected, told.found, told.barcode) == ("not-conserved", PRICE, PRICE - 5, life.barcode)
        assert "The service should bear £64.05 of it, and bears £64." in in_a_line(told)


def _gone(found: Reconciled) -> tuple[int, int, int, int]:
    [one] = [told for check, told in found.sums.items() if check.value == "gone"]
    return one.counted, one.expected, one.found, one.apart


async def test_a_write_off_that_somebody_said_is_told_apart(life: Life, session: AsyncSession) -> None:
    await life.go("lose")
    [line] = await life.query(STANDING, kind="write_off")
    body = {"reason": "It was insured.", "instead": {"pence": 100}}
    done(await life.finance.post(f"{API}/charges/{line['id']}/reverse", json=body), 201)
    found = await reconcile(session)
    assert (found.is_ok, _gone(found)) == (True, (0, 0, 0, 1))
    await life.reverse("write_off")
    found = await reconcile(session)
    assert (found.is_ok, _gone(found)) == (True, (0, 0, 0, 1))


async def test_what_went_out_before_charges_began_is_told_apart(
    given: Given, session: AsyncSession, connection: AsyncConnection, clock: Clock, query: Query
) -> None:
    out = await given.item(State.ON_LOAN)
    await given.item(State.MISSING)
    clock.move(hours=1)
    await connection.execute(text("DELETE FROM item_account"))
    await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    await connection.execute(text("SET LOCAL session_replication_role = replica"))
    await connection.execute(text("DELETE FROM charge"))
    began = "INSERT INTO charging_start (id, movement_id, began_at) SELECT 1, max(id), :at FROM movement"
    await connection.execute(text("DELETE FROM charging_start"))
    await connection.execute(text(began), {"at": clock.now})
    await connection.execute(text("SET LOCAL session_replication_role = origin"))
    clock.move(hours=1)
    await given.scan(out)
    await given.missing(out)
    assert [row["basis"][:28] for row in await query("SELECT basis FROM charge")] == ["What it is worth in the book"]
    found = await reconcile(session)
    # One was lost before charges began, the other went out before.
    assert (list(found.differences), _gone(found)) == ([], (0, 0, 0, 2))


async def test_the_arithmetic_stands_beside_it(life: Life, finance: Browser) -> None:
    await life.go(*TWICE, "lose")
    [line] = await life.query(STANDING, kind="write_off")
    charge = await finance.get(f"/finance/charges/{line['id']}")
    item = await finance.get(f"/finance/items/{life.barcode}")
    sentence = "Bought for £73.20, less the £9.15 that stands paid: what it was issued at, less what was credited"
    for page in (charge, item):
        assert sentence in page.text
        for told in ("Bought for", "£7.32", "£1.83", "Left to the service £64.05", "charged £73.20, credited £65.88"):
            assert told in page.text, told
    assert "None is needed: it is what nobody has paid of the price" in charge.text
    body = done(await life.finance.get(f"{API}/items/{life.barcode}"))
    assert [one["pence"] for one in body["of_its_price"]] == [PRICE, 732, 183, 6_405]
