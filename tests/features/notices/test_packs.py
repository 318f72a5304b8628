"""What the evidence of a closed notice says stays as it was signed; what comes later is told apart."""

import csv
import json
from hashlib import sha256
from io import StringIO

import pypdfium2
import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.lifecycle import State
from app.domain.notice_work import Handling
from app.features.notices.packs import verify_packs
from app.models import SignInKind
from tests.browser import Browser
from tests.conftest import Clock, Query, SignIn
from tests.features.notices.activated import HERE, QUESTION, activate, line, relevant
from tests.features.notices.test_acting import act
from tests.features.notices.test_closing import close, counts
from tests.given import Given
from tests.problems import check_problem


@pytest.fixture
async def bed(given: Given) -> str:
    return await given.product("BED", name="Profiling bed", manufacturer="Harbour Beds", model="Community 3")


async def pdf_words(client: AsyncClient) -> str:
    answer = await client.get(f"{HERE}/evidence?format=pdf")
    assert answer.status_code == 200, answer.text
    pages = (page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(answer.content))
    return " ".join(" ".join(pages).split())


async def test_what_two_people_signed_is_kept_and_later_corrections_stand_apart(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, as_auditor: AsyncClient,
    safety: Browser, session: AsyncSession, clock: Clock, sign_in: SignIn, query: Query,
) -> None:  # fmt: skip
    home = await given.item(State.ON_LOAN, product=bed, client=await given.client("C-77", name="Una Quick"))
    shelf = await given.item(product=bed)
    notice_id = await relevant(as_safety)
    page = f"/safety-notices/{notice_id}/reconciliation"
    await activate(session, notice_id, [line(feature=QUESTION)], at=clock.now)
    check_problem(await as_auditor.get(f"{HERE}/evidence?format=json"), 404, "not-frozen")
    for barcode in (home, shelf):
        await act(as_technician, barcode, "inspected", answers={QUESTION: False}, notes="Steel. All is well.")
    await act(as_technician, home, "contacted", channel="phone", notes="Mrs Quick knows of it.")
    assert "The notice is not closed." in await pdf_words(as_auditor)
    assert "Steel" not in await pdf_words(as_auditor)

    found = await counts(as_safety)
    assert found["notes"] == [
        {"notes": "Steel. All is well.", "barcode": home, "times": 2},
        {"notes": "Mrs [name] knows of it.", "barcode": home, "times": 1},
    ]
    assert "Mrs [name] knows of it." in (await safety.get(page)).text
    await close(as_safety)
    # Written after the second person has read the notes, and before they close it: they read it first.
    await act(as_technician, shelf, "inspected", answers={QUESTION: False}, notes="Quick to clean.")
    second = Browser(await sign_in("safety2", kind=SignInKind.PAGE))
    read = {"seen": found["seen"], "notes_seen": str(found["notes_seen"])}
    older = await second.post_form(f"/safety-notices/{notice_id}/close", on=page, **read)
    assert "Something was recorded since you looked" in older.text
    await close(as_safety, again=True)
    found = await counts(as_safety)
    read = {"seen": found["seen"], "notes_seen": str(found["notes_seen"])}
    closed = await second.follow(await second.post_form(f"/safety-notices/{notice_id}/close", on=page, **read))
    [kept] = await query("SELECT sha256 FROM notice_pack")
    assert kept["sha256"] in closed.text
    assert await query(
        "SELECT detail->>'evidence' AS sha256 FROM audit_event WHERE action = 'safety_notice_closed'"
    ) == [kept]
    assert await verify_packs(session) == (1, None)
    words = await pdf_words(as_auditor)
    for said in (kept["sha256"], "Steel. All is well.", "Mrs [name] knows of it.", "After this closing Nothing is"):
        assert said in words, said
    assert not any(name in words for name in ("Una", "C-77"))
    table = (await as_auditor.get(f"{HERE}/evidence?format=csv")).text

    # It comes home, the product has another name, and somebody looks again: the evidence stays as it was signed.
    clock.move(days=3)
    await given.scan(home)
    await session.execute(text("UPDATE product SET name = 'Another bed'"))
    await session.commit()
    await act(as_technician, shelf, "inspected", answers={QUESTION: True}, notes="Brass after all. Ask Una.")
    late = await given.item(product=bed)
    before, since = (await pdf_words(as_auditor)).split("After this closing", 1)
    assert before == words.split("After this closing", 1)[0]
    assert "As of 2 March 2026, 14:05" in before
    assert "5 March 2026, 14:05, technician" in since
    assert f"{QUESTION} Yes. (A note stands" in since
    assert "Caught since" in since
    rows = list(csv.DictReader(StringIO((await as_auditor.get(f"{HERE}/evidence?format=csv")).text)))
    assert list(csv.DictReader(StringIO(table))) == rows[:2]
    assert {(row["barcode"], row["after_closing"]) for row in rows[2:]} == {(late, "yes"), (shelf, "yes")}
    frozen = (await as_auditor.get(f"{HERE}/evidence?format=json")).content
    assert sha256(frozen).hexdigest() == kept["sha256"]
    assert {item["product_name"] for item in json.loads(frozen)["items"]} == {"Profiling bed"}
    assert (await safety.client.get(f"/safety-notices/{notice_id}/evidence.json")).content == frozen


async def test_what_is_kept_is_never_changed_and_a_change_behind_our_back_shows(
    given: Given, bed: str, as_safety: AsyncClient, session: AsyncSession, clock: Clock, sign_in: SignIn
) -> None:
    await activate(session, await relevant(as_safety), [line()], at=clock.now, handling=Handling.ADVICE)
    await close(as_safety)
    await close(await sign_in("safety2"))
    with pytest.raises(IntegrityError, match="append-only"):
        async with session.begin_nested():
            await session.execute(text("UPDATE notice_pack SET content = '{}'"))
    await session.execute(text("ALTER TABLE notice_pack DISABLE TRIGGER ALL"))
    await session.execute(text("UPDATE notice_pack SET content = content || ' '"))
    assert (await verify_packs(session))[1] is not None


async def test_the_counts_of_each_model_place_and_action_are_those_of_the_database(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock,
    sign_in: SignIn, query: Query,
) -> None:  # fmt: skip
    wide = await given.product("WIDE", name="Wide bed", manufacturer="Harbour Beds", model="Community 4")
    shelf, swapped = await given.items(2, product=bed)
    home = await given.item(State.ON_LOAN, product=wide, client=await given.client("C-77"))
    gone, lost = await given.item(State.SCRAPPED, product=wide), await given.item(State.MISSING, product=bed)
    scope = [line(feature=QUESTION), line("Community 4", feature=QUESTION)]
    await activate(session, await relevant(as_safety), scope, at=clock.now)
    await act(as_technician, shelf, "inspected", answers={QUESTION: False})
    await act(as_technician, swapped, "replaced")
    await act(as_technician, home, "corrected")
    await act(as_safety, home, "cleared")
    await act(as_technician, lost, "untraceable")
    await act(as_technician, gone, "disposed")
    found = await counts(as_safety)
    assert found["missing"] == []
    # Counted here from the items and the outcomes alone, without any of our own SQL.
    real = await query("""
        SELECT product.code AS product_code, item.state, match.outcome AS action_state, count(*) AS items
        FROM notice_match AS match JOIN item ON item.id = match.item_id JOIN product ON product.id = item.product_id
        GROUP BY product.code, item.state, match.outcome
    """)
    places = {"in_stock": "in_store", "on_loan": "with_client", "scrapped": "scrapped", "missing": "missing"}
    assert sorted(
        (row["product_code"], row["where"], row["action_state"], row["items"]) for row in found["models"]
    ) == (sorted((row["product_code"], places[row["state"]], row["action_state"], row["items"]) for row in real))
    assert found["held"] == sum(row["items"] for row in found["models"]) == sum(found["where"].values()) == 5
    await close(as_safety)
    await close(await sign_in("safety2"))
    [signed] = await query("SELECT counts FROM notice_closing")
    assert sum(one["items"] for one in signed["counts"]["models"]) == 5
