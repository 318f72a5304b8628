"""Worklists and searches can begin from an index: with whole tables forbidden, the plans name the index of each.

Tables are small here, so this cannot show speed: only that a query is written so that its index is of use.
"""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import TextClause, text

from app.features.clients.queries import FOUND
from app.features.collections.find_queries import CALLERS
from app.features.home.my_work import MY_ORDERS, STORE_ORDERS
from app.features.home.queries import COLLECTIONS, TRIALS
from app.features.loans.queries import CLIENTS, LOANS
from app.features.ordering.pages_queries import CLIENTS as CLIENTS_TO_ORDER_FOR
from app.features.ordering.queries import PICK
from app.features.reservations.worker import LOST
from tests.conftest import Scratch

TODAY = date(2026, 3, 2)
MINE = {"actor": "ot", "today": TODAY, "until": TODAY, "limit": 5}
LOOKED_FOR = {"begins": "C-1%", "holds": "%Moor%", "digits": "9990000018", "postcode": "sr7%", "limit": 5}
READ = {"words": "Moor", "nhs_number": "9990000018", "postcode": "SR7 7AA", "born": TODAY, "begins": "C-1%"}
READ |= {"postcode_begins": "SR7%", "holds": "%Moor%", "rank": 0, "after": "", "limit": 5}

OPEN_LOANS = text(f"{LOANS} WHERE loan.id > :after AND loan.ended_at IS NULL ORDER BY loan.id LIMIT :limit")
OPEN_PIECES = "ix_order_unit_order_id_while_open"
OPEN_DAYS = "ix_order_timing_promised_on_while_open"
FAILED_VISITS = "ix_order_timing_order_id_of_failed_visits_while_open"
PICKED = {"store": None, "limit": 5, "goes_on": False, "after_day": None, "after_store": "", "after_bay": None}
PICKED |= {"after_number": "", "after_barcode": ""}
WAYS_TO_A_CLIENT = {"uq_client_client_ref_in_any_case", "ix_client_name_trigrams", "ix_client_postcode_without_blank"}
NHS_NUMBER = "uq_client_nhs_number"


@pytest.mark.parametrize(
    ("query", "values", "indexes"),
    [
        (STORE_ORDERS, {"today": TODAY, "beyond": 6, "pick_beyond": 6}, {OPEN_PIECES, OPEN_DAYS, FAILED_VISITS}),
        (PICK, PICKED, {OPEN_PIECES, OPEN_DAYS}),
        (MY_ORDERS, MINE, {OPEN_PIECES}),
        (OPEN_LOANS, {"after": 0, "limit": 5}, {"ix_loan_id_while_open"}),
        (TRIALS, MINE, {"ix_loan_trial_ends_on_while_open"}),
        (COLLECTIONS, {"actor": "ot", "limit": 5}, {"ix_collection_line_collection_id_while_open"}),
        (LOST, {"at": datetime(2026, 3, 2, tzinfo=UTC), "purpose": "x"}, {"ix_reservation_ended_at_of_lost_ones"}),
        (FOUND, READ, {*WAYS_TO_A_CLIENT, "ix_client_date_of_birth", "ix_client_postcode", NHS_NUMBER}),
        (CLIENTS, LOOKED_FOR, {*WAYS_TO_A_CLIENT, NHS_NUMBER}),
        (CLIENTS_TO_ORDER_FOR, LOOKED_FOR, {*WAYS_TO_A_CLIENT, NHS_NUMBER}),
        (CALLERS, {**LOOKED_FOR, "tag": "ES1"}, {*WAYS_TO_A_CLIENT, NHS_NUMBER, "uq_item_barcode"}),
    ],
    ids=[
        "store",
        "pick list",
        "mine",
        "open loans",
        "trials",
        "collections",
        "lost",
        "clients",
        "loans",
        "orders",
        "callers",
    ],
)
async def test_it_can_begin_from_its_index(
    scratch: Scratch, query: TextClause, values: dict[str, Any], indexes: set[str]
) -> None:
    # On a database of its own: what other tests wrote and undid leaves tables longer, and then plans are others.
    async with scratch.database.sessions() as session:
        for way in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"):
            await session.execute(text("SELECT set_config(:way, 'off', true)"), {"way": way})
        plan = "\n".join(await session.scalars(text(f"EXPLAIN {query.text}"), values))
    assert {name for name in indexes if name not in plan} == set(), plan
