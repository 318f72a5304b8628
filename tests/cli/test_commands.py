"""`stores audit verify` and its neighbours, as the command that an operator types."""

import asyncio
from collections.abc import Iterable
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from app.cli import reach
from app.cli.main import app
from app.cli.seed import PASSWORD
from tests.conftest import Scratch, client_of


async def stores(scratch: Scratch | None, *words: str, **environment: str) -> tuple[int, str]:
    """Run the command on the scratch database: its exit code and all that it said."""
    url = {"STORES_DATABASE_URL": scratch.url} if scratch else {}
    # On a thread of its own because the commands start a loop; each process of its own would cost three seconds.
    told = await asyncio.to_thread(CliRunner().invoke, app, words, env={"COLUMNS": "200"} | url | environment)
    assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
    return told.exit_code, " ".join(told.output.split())


async def tamper(scratch: Scratch, table: str, statement: str, **values: str | int) -> None:
    """As a superuser: switch the trigger off, change history, switch it on again."""
    async with scratch.database.sessions.begin() as session:
        await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        await session.execute(text(statement), values)
        await session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


CHANGE = """
    UPDATE movement SET actor = 'somebody'
    WHERE item_id = (SELECT id FROM item WHERE barcode = :barcode) AND seq = :seq
"""
REMOVE = "DELETE FROM audit_event WHERE chain = :chain AND seq = (SELECT {}(seq) FROM audit_event WHERE chain = :chain)"


async def test_the_first_broken_row_is_named_whatever_was_done_to_it(scratch: Scratch) -> None:
    one, two = [await scratch.given.recycled() for _ in range(2)]
    code, said = await stores(scratch, "audit", "verify")
    assert (code, "Every chain holds: 14 movements" in said) == (0, True), said

    await tamper(scratch, "audit_event", REMOVE.format("min"), chain="ot")
    code, said = await stores(scratch, "audit", "verify")
    assert (code, "Acts of ot, number 1: the line is missing." in said) == (1, True), said

    await tamper(scratch, "movement", CHANGE, barcode=two, seq=3)
    code, said = await stores(scratch, "audit", "verify")
    assert (code, f"Item {two}, movement 3: the line was changed." in said) == (1, True), said

    await tamper(scratch, "movement", CHANGE, barcode=one, seq=7)
    code, said = await stores(scratch, "audit", "verify")
    assert (code, f"Item {one}, movement 7: the line was changed." in said) == (1, True), said


async def test_the_newest_act_that_is_gone_is_named(scratch: Scratch) -> None:
    await scratch.given.client()
    await scratch.given.client()
    await tamper(scratch, "audit_event", REMOVE.format("max"), chain="ot")
    code, said = await stores(scratch, "audit", "verify")
    assert (code, "Acts of ot, number 2: the newest lines are missing." in said) == (1, True), said


async def test_somebody_new_is_added_listed_signed_in_and_signed_out_again(scratch: Scratch) -> None:
    add = ("users", "add", "new.person", "--name", "New Person", "--role", "technician", "--store", "MAIN")
    code, said = await stores(scratch, *add, "--email", "new@care..uk", STORES_NEW_PASSWORD=PASSWORD)
    assert (code, "Write an e-mail address like office@example.org." in said) == (1, True), said
    code, said = await stores(scratch, *add, "--email", "new@example.org", STORES_NEW_PASSWORD=PASSWORD)
    assert (code, "Added new.person." in said) == (0, True), said
    assert await scratch.query("SELECT email FROM account WHERE username = 'new.person'") == [
        {"email": "new@example.org"}
    ]
    code, said = await stores(scratch, *add, STORES_NEW_PASSWORD=PASSWORD)
    assert (code, "Somebody has this username already." in said) == (1, True), said
    async with client_of(scratch.app) as client:
        answer = await client.post("/api/v1/token", data={"username": "new.person", "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        code, said = await stores(scratch, "users", "list")
        assert (code, "new.person" in said) == (0, True), said
        code, said = await stores(scratch, "users", "end-sign-ins", "new.person")
        assert code == 0, said
        assert (await client.get("/api/v1/me")).status_code == 401


async def test_an_account_is_changed_closed_opened_again_and_given_a_password(scratch: Scratch) -> None:
    told = await stores(scratch, "users", "change", "ot", "--role", "manager", "--store", "MAIN", "--name", "O. T.")
    assert told == (0, "Changed ot.")
    assert await stores(scratch, "users", "change", "ot", "--email", "ot@example.org") == (0, "Changed ot.")
    assert await scratch.query("SELECT email FROM account WHERE username = 'ot'") == [{"email": "ot@example.org"}]
    assert await stores(scratch, "users", "close", "ot") == (0, "Closed the account of ot.")
    code, said = await stores(scratch, "users", "list")
    assert (code, "O. T. │ manager │ MAIN │ closed" in said) == (0, True), said
    assert await stores(scratch, "users", "reopen", "ot") == (0, "Opened the account of ot again.")
    code, said = await stores(scratch, "users", "set-password", "ot")
    assert (code, said.startswith("The new password of ot is ")) == (0, True), said
    async with client_of(scratch.app) as client:
        form = {"username": "ot", "password": said.rpartition(" ")[2]}
        assert (await client.post("/api/v1/token", data=form)).status_code == 200


async def test_the_command_line_refuses_in_sentences(scratch: Scratch) -> None:
    code, said = await stores(scratch, "users", "close", "admin")
    assert (code, "last administrator" in said) == (1, True), said
    for words in (("close", "nobody"), ("set-password", "nobody"), ("change", "nobody", "--name", "N")):
        code, said = await stores(scratch, "users", *words)
        assert (code, "Nobody has this username." in said) == (1, True), said
    code, said = await stores(scratch, "users", "change", "ot", "--store", "a store")
    assert (code, "Use up to 40 letters" in said) == (1, True), said


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "STORES_DATABASE_URL"),
        ({"STORES_DATABASE_URL": "mysql://localhost/x"}, "only postgresql://"),
        ({"STORES_DATABASE_URL": "my database"}, "Could not parse"),
        ({"STORES_DATABASE_URL": "postgresql://postgres@/x?host=/nowhere"}, "cannot be reached"),
        ({"STORES_PORT": "ninety"}, "STORES_PORT"),
        ({"STORES_TAG_PREFIX": "es1"}, "STORES_TAG_PREFIX"),
    ],
)
async def test_a_setting_that_is_not_right_is_said_in_a_sentence(
    environment: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    code, said = await stores(None, "audit", "verify", STORES_DATA_DIR=str(tmp_path), **environment)
    assert code == 1
    assert sentence in said


async def test_a_real_service_wants_a_secret_key(scratch: Scratch) -> None:
    for options, environment in (((), {}), ((), {"STORES_SECRET_KEY": "short"}), (("--workers", "2"), {})):
        code, said = await stores(scratch, "serve", *options, **environment)
        assert (code, "STORES_SECRET_KEY" in said) == (1, True), said


@pytest.mark.parametrize(("apart", "tenths"), [(10, range(0, 101, 10)), (0, ())])
def test_long_work_says_in_a_log_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], apart: int, tenths: Iterable[int]
) -> None:
    seconds = count(step=apart)
    monkeypatch.setattr(reach, "monotonic", lambda: next(seconds))

    with reach.showing_progress() as tell:
        for day in range(101):
            tell("Years of work", day, 100)

    lines = [line.split(" ", 1)[1] for line in capsys.readouterr().err.splitlines()]
    assert lines == [f"Years of work: {tenth} %" for tenth in tenths]
