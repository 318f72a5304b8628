"""The rules of scripts/house_rules.py, each fed what it must refuse and what it must let pass."""

import pytest

from scripts.house_rules import find_violations

VERB = "app/features/returns/service.py"
ROUTE = "app/features/returns/api.py"


@pytest.mark.parametrize(
    "source",
    [
        "item.state = State.IN_STOCK",
        "items[0].state = State.IN_STOCK",
        "item.state, item.bay = State.IN_STOCK, None",
        "item.state: State = State.IN_STOCK",
        'setattr(item, "state", State.IN_STOCK)',
        "statement = update(Item).where(Item.id == 1).values(state=State.IN_STOCK)",
        "statement = sa.update(Item).values({Item.state: State.IN_STOCK})",
        'statement = update(Item.__table__).values({"state": "in_stock"})',
        'statement = text("UPDATE item SET bay = NULL, state = :state WHERE id = :id")',
        'statement = f"update item as i\\n set state = {place}"',
    ],
)
def test_only_the_ledger_changes_an_items_state(source: str) -> None:
    [violation] = find_violations(VERB, source)
    assert violation.line == 1
    assert "ledger.move" in violation.sentence
    assert find_violations("app/ledger.py", source) == []


@pytest.mark.parametrize(
    "source",
    [
        "request.state.actor = actor",
        "app.state.database = database",
        "is_returned = item.state == State.RETURNED",
        "statement = select(Item).where(Item.state == State.RETURNED)",
        "statement = update(Item).where(Item.state == State.RETURNED).values(bay=None)",
        "statement = update(Loan).values(state=closed)",
        'statement = text("UPDATE item SET bay = NULL WHERE id = :id")',
        'statement = text("SELECT id FROM item WHERE state = :state")',
    ],
)
def test_reading_a_state_or_keeping_things_on_the_request_is_nobodys_business(source: str) -> None:
    assert find_violations(VERB, source) == []


@pytest.mark.parametrize("path", [VERB, ROUTE, "app/ledger.py", "app/web/auth.py"])
def test_nobody_but_the_unit_of_work_commits(path: str) -> None:
    [violation] = find_violations(path, "async def scan(session):\n    await session.commit()\n")
    assert violation.line == 2
    assert "unit of work" in violation.sentence


@pytest.mark.parametrize("path", ["app/db.py", "app/cli/users.py", "tests/races/test_returns.py"])
def test_the_unit_of_work_the_commands_and_the_tests_may_commit(path: str) -> None:
    assert find_violations(path, "async def scan(session):\n    await session.commit()\n") == []


def test_writing_out_is_not_committing() -> None:
    assert find_violations(VERB, "async def scan(session):\n    await session.flush()\n    committed = commit\n") == []


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "api_route"])
def test_a_route_without_an_actor_is_refused(method: str) -> None:
    source = f'@router.{method}("/scans")\nasync def scan(session: Session, now: Now) -> None: ...\n'
    [violation] = find_violations(ROUTE, source)
    assert violation.line == 2
    assert "scan takes no actor" in violation.sentence


@pytest.mark.parametrize(
    "parameters", ["actor: Actor", "session: Session, *, actor: Actor", "_: Public", "session: Session, _: auth.Public"]
)
def test_a_route_with_an_actor_or_a_public_one_passes(parameters: str) -> None:
    assert find_violations(ROUTE, f'@router.post("/scans")\nasync def scan({parameters}) -> None: ...\n') == []


@pytest.mark.parametrize("decorator", ["functools.cache", 'mapping.get("x")', "router.on_event"])
def test_other_decorators_make_no_route(decorator: str) -> None:
    assert find_violations(ROUTE, f"@{decorator}\ndef remembered(key: str) -> str: ...\n") == []


@pytest.mark.parametrize("line", ["import json", "from app.features.loans import service"])
def test_an_import_inside_a_function_is_refused_everywhere(line: str) -> None:
    for path in (VERB, "tests/given.py", "scripts/house_rules.py"):
        [violation] = find_violations(path, f"def late() -> None:\n    {line}\n")
        assert violation.line == 2
        assert "late belongs at the top" in violation.sentence


def test_imports_at_the_top_or_for_the_type_checker_alone_pass() -> None:
    assert find_violations(VERB, "import json\nif TYPE_CHECKING:\n    from app.models import Item\n") == []
