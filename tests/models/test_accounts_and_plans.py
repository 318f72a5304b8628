"""What the triggers of the write path keep, and that they do it with plans that are kept."""

from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.conftest import Query
from tests.given import Given

KEPT: Final = {
    "keep_accounts(bigint[],date)",
    "funders_of_an_issue(bigint,integer,date)",
    "item_has_its_movement()",
}
"""These look into months with each scan or issue, so a plan for any month stands (migrations 0074 and 0078)."""
SELDOM: Final = {
    "charge_is_no_persons()": "looks only where a person pays",
    "charge_keeps_its_rules()": "looks only where a line is taken back or corrected",
    "funders_of_an_issue(bigint,integer)": "asks without a month, for what is made anew",
    "keep_charges_to_see_to(date,date)": "is called where a register is filled or months move",
    "write_spells(bigint[])": "is called where spells are made anew",
}
LOOK_INTO_MONTHS: Final = r"""
    SELECT oid::regprocedure::text AS name, COALESCE(proconfig, '{}') AS settings FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND prosrc ~ '(FROM|JOIN)\s+(charge|movement)\y'
"""
ACCOUNT: Final = """
    SELECT account.* FROM item_account AS account JOIN item ON item.id = account.item_id WHERE barcode = :barcode
"""


async def test_what_looks_into_months_with_each_scan_keeps_its_plan(query: Query) -> None:
    """Whoever replaces such a function without its setting has it planned anew with each call."""
    found = {row["name"]: row["settings"] for row in await query(LOOK_INTO_MONTHS)}
    assert found.keys() == KEPT | SELDOM.keys()
    without = {name for name in KEPT if "plan_cache_mode=force_generic_plan" not in found[name]}
    assert not without


async def test_the_account_of_a_new_issue_is_that_of_its_lines(
    given: Given, query: Query, connection: AsyncConnection
) -> None:
    async def anew(barcode: str) -> list[dict[str, Any]]:
        await connection.execute(text("SELECT keep_accounts(array_agg(item_id), '-infinity') FROM item_account"))
        return [dict(row) for row in await query(ACCOUNT, barcode=barcode)]

    lent = await given.loan()
    [first] = await query(ACCOUNT, barcode=lent.barcode)
    assert (first["issue"]["seq"], first["is_credited"]) == (first["issue_seq"], False)
    assert await anew(lent.barcode) == [dict(first)]
    recycled = await given.recycled()
    [before] = await query(ACCOUNT, barcode=recycled)
    await given.loan(recycled)
    [again] = await query(ACCOUNT, barcode=recycled)
    assert (again["issue_seq"] > before["issue_seq"], again["issues"]) == (True, 2)
    assert (again["is_credited"], again["was_credited"]) == (False, False)
    assert await anew(recycled) == [dict(again)]


SPELL: Final = """
    SELECT spell.funder_ids, funders_of_an_issue(item.id, issued_seq) AS by_the_months
    FROM spell JOIN item ON item.id = spell.item_id WHERE barcode = :barcode ORDER BY number DESC LIMIT 1
"""


async def test_who_paid_for_an_issue_is_who_is_named_in_its_lines(
    given: Given, query: Query, connection: AsyncConnection
) -> None:
    """Whichever comes first, the spell or the lines; and more lines of the issue add to it."""
    lent = await given.loan()
    [spell] = await query(SPELL, barcode=lent.barcode)
    assert spell["funder_ids"]
    assert spell["funder_ids"] == spell["by_the_months"]
    of_item = {"barcode": lent.barcode}
    another = """
        INSERT INTO charge (posting_id, kind, variant, period, happened_on, posted_at, posted_by, funder_id, percent,
                            amount_pence, basis, item_id, movement_seq, product_id, category, store_id, is_issue)
        SELECT gen_random_uuid(), 'delivery', '', month_to_post(happened_on), happened_on, now(), 'somebody',
               (SELECT min(id) FROM funder WHERE id <> ALL(spell.funder_ids) AND kind <> 'person'), 100, 100, 'More.',
               charge.item_id, movement_seq, charge.product_id, charge.category, charge.store_id, true
        FROM charge JOIN item ON item.id = charge.item_id JOIN spell ON spell.item_id = item.id
        WHERE barcode = :barcode AND is_issue ORDER BY charge.id LIMIT 1
    """
    await connection.execute(text(another), of_item)
    [more] = await query(SPELL, barcode=lent.barcode)
    assert len(more["funder_ids"]) == len(spell["funder_ids"]) + 1
    assert more["funder_ids"] == more["by_the_months"]
