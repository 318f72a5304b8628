"""The county is honest: it verifies and reconciles, the same seed makes the same one, and life goes on in it."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.cli.county.books import LEADS_TO, Books
from app.cli.county.building import NotEmpty, build
from app.cli.county.catalogue import SORTS, Product
from app.cli.county.ground import Ground
from app.cli.county.item import TOD, Item
from app.cli.county.size import Size
from app.domain.lifecycle import State
from app.domain.notice_work import Handling
from app.domain.safety_notices import Decision
from app.features.finance.monthly.sums import sum_up_months
from app.features.finance.recycling.avoided import settle_spells
from app.features.notices import scopes, service
from app.features.notices.service import NewNotice
from app.ledger import chain_hash
from app.models import SignInKind
from tests.cli.test_commands import stores
from tests.conftest import Scratch, scratch_database

TINY: Final = Size(scale=0.001, years=1, seed=7, until=date(2026, 3, 2))
SMALL: Final = Size(scale=0.003, years=3, seed=1, until=date(2026, 3, 2))
TABLES = """
    SELECT relname AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = 'public' AND relkind = 'r' ORDER BY 1
"""
# What stands in the way of the database's own checks must be there again.
OFF = """
    SELECT (SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D') AS triggers,
           (SELECT count(*) FROM pg_constraint WHERE NOT convalidated) AS constraints,
           (SELECT count(*) FROM pg_index WHERE NOT indisvalid) AS indexes
"""
# A condition is written otherwise once it was read back: with its casts elsewhere.
SHAPE = """
    SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) AS line FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT regexp_replace(indexdef, '::(text|character varying)(\\[\\])?|[()]', '', 'g')
    FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1
"""
ACCOUNTS = "SELECT md5(string_agg(kept::text, ';' ORDER BY item_id)) AS digest FROM item_account AS kept"
# As the triggers of `charge` come to it.
ACCOUNTS_ANEW = (
    "DELETE FROM item_account",
    "SELECT keep_accounts(array_agg(item_id), '-infinity') FROM charge WHERE is_issue",
    """
    UPDATE item_account AS kept
    SET written_off_pence = told.lost, issues = told.issues, paid_pence = told.pence
    FROM (SELECT item_id, COALESCE(sum(amount_pence) FILTER (WHERE kind = 'write_off'), 0) AS lost,
                 count(DISTINCT posting_id) FILTER (WHERE is_issue) AS issues,
                 COALESCE(sum(amount_pence) FILTER (WHERE kind IN ('new_purchase', 'recycled_issue', 'credit')), 0)
                     AS pence
          FROM charge GROUP BY item_id) AS told
    WHERE told.item_id = kept.item_id
    """,
)
SPELLS = "SELECT md5(string_agg(spell::text, ';' ORDER BY spell::text)) AS digest FROM spell"


async def empty(scratch: Scratch) -> None:
    """Have a database in which nobody was before."""
    async with scratch.database.sessions.begin() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text("TRUNCATE store, account, funder, panel, audit_event, audit_head CASCADE"))


async def fill(scratch: Scratch, size: Size) -> None:
    """Build a county there."""
    await empty(scratch)
    await build(scratch.url, size, prefix="ES", tell=lambda *_: None)


async def digests(scratch: Scratch) -> dict[str, str]:
    """Of each table, whatever the order of its rows."""
    found = {}
    for row in await scratch.query(TABLES):
        told = await scratch.query(
            f"SELECT md5(string_agg(one::text, ';' ORDER BY one::text)) AS digest FROM {row['name']} AS one"  # noqa: S608
        )
        found[row["name"]] = told[0]["digest"]
    return found


@pytest.fixture
async def other(scratch_app: FastAPI, server_url: str, worker_name: str) -> AsyncIterator[Scratch]:
    """A second database."""
    async with scratch_database(scratch_app, server_url, f"other_{worker_name}_county") as made:
        yield made


async def test_the_county_verifies_reconciles_and_life_goes_on_in_it(scratch: Scratch) -> None:
    shape = await scratch.query(SHAPE)
    await fill(scratch, SMALL)
    assert await scratch.query(SHAPE) == shape
    assert await scratch.query(OFF) == [{"triggers": 0, "constraints": 0, "indexes": 0}]
    code, said = await stores(scratch, "audit", "verify")
    assert (code, "Every chain holds" in said) == (0, True), said
    await adds_up(scratch)
    there = {row["state"] for row in await scratch.query("SELECT DISTINCT state FROM item")}
    assert there >= {"in_stock", "on_loan", "scrapped"}
    spells = await scratch.query(SPELLS)
    async with scratch.database.sessions.begin() as session:
        await session.execute(text("DELETE FROM spell"))
        await session.execute(text("SELECT write_spells(array_agg(id)) FROM item"))
        # It stands as after a night of the worker: what recycling avoided is settled, the months are summed up.
        night = datetime.combine(SMALL.until, time(4), UTC)
        assert await settle_spells(session, at=night) > 10
        assert await sum_up_months(session, at=night) == 0
        accounts = await scratch.query(ACCOUNTS)
        for statement in ACCOUNTS_ANEW:
            await session.execute(text(statement))
    assert await scratch.query(SPELLS) == spells
    assert await scratch.query(ACCOUNTS) == accounts
    scratch.clock.move(days=1)
    await can_be_read(scratch)
    await take_back(scratch)
    await order(scratch)
    await hold_by_notice(scratch)
    code, said = await stores(scratch, "audit", "verify")
    assert code == 0, said
    await adds_up(scratch)
    code, said = await stores(scratch, "demo", "county", "--scale", "0.001")
    assert (code, "There are items in this database" in said) == (1, True), said


async def adds_up(scratch: Scratch) -> None:
    """The books do."""
    code, said = await stores(scratch, "finance", "reconcile")
    assert (code, said.endswith("Everything adds up.")) == (0, True), said
    assert await scratch.query("SELECT count(*) AS unpriced FROM charge WHERE is_unpriced") == [{"unpriced": 0}]


async def can_be_read(scratch: Scratch) -> None:
    """Pages and answers are made of it: a home page, an order that was delivered, an item that was examined."""
    for who in ("ot", "technician", "manager", "safety", "finance"):
        assert (await (await scratch.sign_in(who, kind=SignInKind.PAGE)).get("/")).status_code == 200
    ot = await scratch.sign_in("ot")
    [asked] = await scratch.query("SELECT order_id, number FROM delivery_visit JOIN equipment_order AS asked "
                                  "ON asked.id = order_id WHERE received_by <> '' ORDER BY 1 LIMIT 1")  # fmt: skip
    assert done(await ot.get(f"/api/v1/orders/{asked['number']}"))["state"] == "delivered"
    [item] = await scratch.query("SELECT barcode FROM inspection JOIN item ON item.id = item_id "
                                 "WHERE kind = 'loler' ORDER BY inspection.id LIMIT 1")  # fmt: skip
    done(await ot.get(f"/api/v1/items/{item['barcode']}"))
    done(await ot.get(f"/api/v1/items/{item['barcode']}/history"))


async def take_back(scratch: Scratch) -> None:
    """A scan of what is on loan: it is credited."""
    [row] = await scratch.query("SELECT barcode FROM item WHERE state = 'on_loan' ORDER BY id LIMIT 1")
    technician = await scratch.sign_in("technician")
    body = {"store": "MAIN", "scans": [{"scan_id": str(uuid4()), "barcode": row["barcode"]}]}
    answer = done(await technician.post("/api/v1/returns/scans", json=body))
    assert answer["results"][0]["outcome"] == "accepted", answer


async def order(scratch: Scratch) -> None:
    """Something for a new client, from draft to delivery."""
    client = await scratch.given.client()
    [row] = await scratch.query(
        "SELECT product.code FROM item JOIN product ON product.id = product_id JOIN store ON store.id = store_id "
        "WHERE state = 'in_stock' AND store.code = 'MAIN' AND tier = 'standard' AND returnable "
        "ORDER BY item.id DESC LIMIT 1"
    )
    body = {
        "client_ref": client,
        "funder": "ASC",
        "store": "MAIN",
        "speed": "next_day",
        "reason": "hospital_discharge",
        "clinical_reasoning": "Cannot rise from the chair alone.",
        "lines": [{"product_code": row["code"]}],
    }
    ot, technician = await scratch.sign_in("ot"), await scratch.sign_in("technician")
    draft = done(await ot.post("/api/v1/orders", json=body), 201)
    answers = [{"code": one["code"], "subject": one["subject"], "answer": "Seen at home."} for one in draft["warnings"]]
    where = f"/api/v1/orders/{draft['number']}"
    assert done(await ot.post(f"{where}/submit", json={"answers": answers}))["state"] in {"approved", "allocated"}
    done(await technician.post(f"{where}/allocate", json={}))
    done(await technician.post(f"{where}/dispatch", json={}))
    assert done(await technician.post(f"{where}/deliver", json={"received_by": "Ada"}))["state"] == "delivered"


async def hold_by_notice(scratch: Scratch) -> None:
    """A notice is put into force: every item of the model is held."""
    [row] = await scratch.query(
        "SELECT manufacturer, model, count(*) AS items FROM item JOIN product ON product.id = product_id "
        "WHERE product.category = '09 12 03' GROUP BY 1, 2 ORDER BY 3 DESC, 2 LIMIT 1"
    )
    at = scratch.clock.now
    new = NewNotice(reference="FSN-1", kind="devices", title="Legs", issuer="Maker", issued_on=scratch.clock.today)
    async with scratch.database.sessions.begin() as session:
        notice = await service.enter(session, new, actor="safety", at=at)
        why: dict[str, Any] = {"decision": Decision.RELEVANT, "reason": "We lend it.", "search": ["Legs"], "version": 1}
        await service.triage(session, notice, **why, actor="safety", at=at)
        lines: list[Any] = [{"effect": "include", "manufacturers": [row["manufacturer"]], "models": [row["model"]]}]
        await scopes.draft_scope(session, notice, lines, handling=Handling.QUARANTINE, actor="safety", at=at)
        found = await scopes.activate(session, notice, actor="safety2", at=at)
    assert found.counts.affected == row["items"]


def done(answer: Any, status: int = 200) -> Any:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_the_same_seed_makes_the_same_county(scratch: Scratch, other: Scratch) -> None:
    await fill(scratch, TINY)
    await fill(other, TINY)
    first = await digests(scratch)
    assert await digests(other) == first


async def test_what_is_somebodys_is_left_alone(scratch: Scratch) -> None:
    with pytest.raises(NotEmpty, match="people or stores"):
        await build(scratch.url, TINY, prefix="ES", tell=lambda *_: None)


def test_a_movement_is_hashed_as_the_ledger_does() -> None:
    funders = {"ASC": 1, "ICB": 2, "CHC": 3, "CHILD": 4, "S117": 5}
    books = Books(Ground(TINY, "ES", (1,), funders, (), (), ((0, ()),), (), ("technician",)), 0, 1)
    item = Item(5, "ES000000597", Product(1, "C", "N", "M", "X", SORTS[0], 100, 1.0), 100, 1, "", "", 1, 3, "A1")
    books.begin(738_000)
    books.receive(item, 30_000, "technician")
    line = {"item_id": 5, "seq": 1, "move": "receive", "from_state": None, "to_state": "in_stock", "store_id": 3}
    line |= {"actor": "technician", "at": f"{books.iso}{TOD[30_000]}", "bay": "A1", "reason": None, "reference": None}
    assert item.hash == chain_hash("", line)
    first = item.hash
    books.move(item, "transfer", 30_100, "manager", bay="B2", reason="Put away.", ref="a note")
    line |= {"seq": 2, "move": "transfer", "from_state": "in_stock", "actor": "manager", "bay": "B2"}
    line |= {"at": f"{books.iso}{TOD[30_100]}", "reason": "Put away.", "reference": "a note"}
    assert item.hash == chain_hash(first, line)
    with pytest.raises(KeyError):
        books.move(item, "deliver", 30_200, "manager")
    assert {state for state, _ in LEADS_TO} < {state.value for state in State}
