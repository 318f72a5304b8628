"""What a notice covers, on pages without JavaScript: entered in rows, checked, activated, and seen by where it is."""

from contextlib import suppress
from typing import Any

import pytest
from httpx import AsyncClient
from hypothesis import given as hypothetically
from hypothesis import strategies as st

from app.domain.errors import Incomplete
from app.domain.lifecycle import State
from app.domain.notice_json import scope_as_json
from app.domain.notice_parsing import read_scope
from app.features.notices.scope_form import fields_of, lines_of, lines_on_page
from app.web.forms import Form
from tests.browser import Browser
from tests.conftest import Query
from tests.features.notices.covering import REFERENCE, drafted, here, line, relevant
from tests.given import Given

EVERY_FORM: list[dict[str, Any]] = [
    {"serial_range": {"from": "AB1", "to": "AB9", "to_inclusive": False}},
    {"serial_range": {"to": "AB9"}},
    {"lot_range": {"from": "A1", "from_inclusive": False}},
    {"serials": ["AB 1", "AB-2"]},
    {"lots": ["1C0101"]},
    {"serial_pattern": "DMW[1-8]2013"},
    {"lot_pattern": "AB##*"},
    {"date": {"kind": "manufactured", "from": "2008-W20"}},
    {"date": {"kind": "dispatched", "from": "2008-05", "to": "2009", "from_inclusive": False, "to_inclusive": False}},
    {"date": {"kind": "received", "to": "2008-05-12"}},
    {"udi_di": ["05012345678900"]},
    {"older_than_years": 10},
    {"unmarked": "serial"},
    {"unmarked": "lot"},
    {"feature": "Is the hook open?"},
    {"part": {"part_number": "PB-17", "fitted_from": "2008-05-12", "fitted_to": "2009-05-12"}},
    {"together_with": {"manufacturers": ["Arjo"], "models": ["A: B"], "product_codes": ["BED"]}},
    {"unpublished_list": True},
]
DEEP = {"any": [{"all": [EVERY_FORM[0], EVERY_FORM[13]]}, {"serials": ["X1"]}]}


def again(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines as they come back from the form."""
    written = scope_as_json(read_scope(lines))
    return scope_as_json(read_scope(lines_of(Form(fields_of(written)))))


@pytest.mark.parametrize("where", [*EVERY_FORM, DEEP], ids=str)
@pytest.mark.parametrize("effect", ["include", "exclude"])
def test_the_form_holds_every_condition_there_is(where: dict[str, Any], effect: str) -> None:
    lines = [line(models=["A"]), line(effect, manufacturers=["M", "N"], categories=["18 12"], where=where)]
    assert again(lines) == scope_as_json(read_scope(lines))


@hypothetically(st.lists(st.sampled_from(EVERY_FORM), min_size=2, max_size=5), st.sampled_from(["all", "any"]))
def test_several_conditions_stay_joined_as_they_are(many: list[dict[str, Any]], join: str) -> None:
    lines = [line(models=["A"], where={join: many})]
    assert again(lines) == scope_as_json(read_scope(lines))


@hypothetically(
    st.dictionaries(
        st.from_regex(r"l[0-9]{1,3}(c[0-9]{1,3})?-(kind|from|to|ends|values|effect|tree|join|models)", fullmatch=True),
        st.lists(
            st.one_of(st.text(max_size=9), st.sampled_from(["serials", "part", "{", "[[", "1", '{"all": 1}'])),
            max_size=1,
        ),
        max_size=6,
    )
)
def test_whatever_is_sent_is_read_or_refused(typed: dict[str, list[str]]) -> None:
    form = Form(typed)
    assert lines_on_page(form)
    with suppress(Incomplete):
        read_scope(lines_of(form))


async def test_a_range_is_entered_by_one_and_put_into_force_by_another(
    safety: Browser, manager: Browser, technician: Browser, ot: Browser, as_safety: AsyncClient, given: Given,
    query: Query,
) -> None:  # fmt: skip
    hoist = await given.product(model="KS1019", name="Hoist")
    [shelf, outside] = await given.items(2, product=hoist, serial_numbers=["AB1500", "AB2500"])
    home = await given.item(
        State.ON_LOAN, product=hoist, serial_numbers=["AB1501"], client=await given.client("C-HOME")
    )
    await relevant(as_safety)
    [notice] = await query("SELECT id FROM safety_notice")
    where = f"/safety-notices/{notice['id']}"
    page = await safety.get(f"{where}/scope")
    assert "AB1000 to AB1999" in page.text
    form: dict[str, Any] = {
        "handling": "quarantine",
        "l0-models": "KS1019",
        "l0c0-kind": "serial_range",
        "l0c0-from": "AB1999",
        "l0c0-to": "AB1000",
    }
    page = await safety.send(page, f"{where}/scope", **form, do="keep")
    assert page.errors == {"l0c0-to": "AB1000 comes before AB1999. Check both ends against the notice."}
    form |= {"l0c0-from": "AB1000", "l0c0-to": "AB1999"}
    page = await safety.send(page, f"{where}/scope", **form, do="add-condition-0")
    assert page.errors == {}
    assert page.soup.select_one("#l0c1-kind") is not None
    page = await safety.send(
        page, f"{where}/scope", **{"l0c1-kind": "serials", "l0c1-values": "X1, X2\nx 1"}, do="count"
    )
    assert "3 numbers; more than once: x 1" in page.text or "3 numbers; more than once: X1" in page.text
    short = {"l0c1-values": "1942500017, 1942500025, 1942500030, 1942500053, 194250006"}
    counted = await safety.send(page, f"{where}/scope", **{"l0c1-kind": "serials"}, **short, do="count")
    assert "5 numbers, each once; not written like the others: 194250006" in counted.text
    page = await safety.send(page, f"{where}/scope", do="keep")
    assert list(page.errors) == ["l0c1-values"]
    page = await safety.send(page, f"{where}/scope", do="remove-condition-0-1")
    page = await safety.send(page, f"{where}/scope", do="add-line")
    page = await safety.send(page, f"{where}/scope", do="remove-line-1")
    preview = await safety.follow(await safety.send(page, f"{where}/scope", do="keep"))
    assert preview.banner == "Scope 1 is kept as a draft. See what it would hit."
    assert "You entered this scope. Somebody else" in preview.text
    assert "Serial numbers AB1000 to AB1999, both included" in preview.text
    preview = await manager.get(f"{where}/preview")
    covered = await manager.follow(await manager.send(preview, f"{where}/activate"))
    assert covered.banner == "Scope 1 is in force. 2 affected and 0 possible items are held now."
    assert "C-HOME" in covered.text
    stale = await safety.get(f"{where}/scope")
    await safety.send(stale, f"{where}/scope", **{"l0-models": "KS1019\nKS1020"}, do="keep")
    open_page = await manager.get(f"{where}/preview")
    await safety.send(await safety.get(f"{where}/scope"), f"{where}/scope", **{"l0-models": "KS1021"}, do="keep")
    late = await manager.send(open_page, f"{where}/activate")
    assert (late.status, "Scope 3 has been entered since you checked scope 2" in late.text) == (412, True)
    seen = (await ot.get(f"{where}/matches?where=with_client")).text
    assert "C-HOME" not in seen
    assert "Who has an item is shown to those who visit homes" in seen
    item = (await technician.get(f"/items/{shelf}")).text
    assert f"Safety notice {REFERENCE}: it is affected." in item
    assert (await as_safety.get(f"/api/v1/items/{outside}")).json()["blockers"] == []
    [held] = (await as_safety.get(f"/api/v1/items/{home}")).json()["holds"]
    assert held["kind"] == "safety_notice"


async def test_what_another_program_wrote_is_shown_in_words_and_kept(
    safety: Browser, as_safety: AsyncClient, query: Query
) -> None:
    await drafted(as_safety, line(models=["KS1019"], where=DEEP))
    [notice] = await query("SELECT id FROM safety_notice")
    where = f"/safety-notices/{notice['id']}/scope"
    page = await safety.get(where)
    assert "All of these: Serial numbers AB1 to AB9, AB1 included, the other end not" in page.text
    page = await safety.send(page, where, do="keep")
    assert page.errors == {"main-content": "This is what scope 1 says already. Nothing was changed."}
    kept = await safety.send(page, where, **{"l0-models": "KS1019\nKS1020"}, do="keep")
    assert kept.status == 303
    lines = (await as_safety.get(f"{here()}/scope")).json()["lines"]
    assert lines[0]["where"] == scope_as_json(read_scope([line(where=DEEP)]))[0]["where"]
    page = await safety.send(await safety.get(where), where, do="remove-tree-0")
    assert "entered by another program" not in page.text
