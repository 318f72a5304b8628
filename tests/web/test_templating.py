"""The frame around every page, the filters and the macros. No database: what is rendered is made up on the spot."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import pytest
from bs4 import BeautifulSoup
from fastapi import FastAPI, Request, Response
from httpx import ASGITransport, AsyncClient

from app.domain.access import Actor, Permission, Role
from app.domain.lifecycle import State
from app.settings import Settings
from app.web.flash import Flash
from app.web.forms import Form
from app.web.navigation import MENU, menu_for
from app.web.templating import day, environment, moment, pounds, render, state_tag
from tests.page import check_page

FIELDS = '{% from "components/fields.html" import date_field, radios_field, select_field, text_field %}'
SHOW = '{% from "components/show.html" import blockers_list, data_table, item_tag, state_tag, summary_list %}'


def person(role: Role) -> Actor:
    return Actor(id=1, username="sam", name="Sam Okafor", roles=frozenset({role}))


async def fetch(template: str, actor: Actor | None, *, demonstration: bool = False, **context: object) -> str:
    """The template as a browser would get it."""
    app = FastAPI()
    app.state.settings = Settings(demonstration=demonstration, service_name="Coastal Stores")

    @app.middleware("http")
    async def sign_in(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        request.state.actor, request.state.csrf_token, request.state.flash = actor, "a-token", context.get("flash")
        return await call_next(request)

    @app.get("/items/receive")
    async def page(request: Request) -> Response:
        return render(request, template, context)

    async with AsyncClient(transport=ASGITransport(app), base_url="http://stores.test") as client:
        return (await client.get("/items/receive")).text


def fragment(source: str, **context: object) -> BeautifulSoup:
    return BeautifulSoup(environment().from_string(source).render(context), "html.parser")


async def test_a_page_has_the_frame_and_passes_the_page_check() -> None:
    html = await fetch("errors/problem.html", person(Role.TECHNICIAN), title="Not clear", detail="It is not clean.")
    page = check_page(html, url="/items/receive")
    assert page.title is not None
    assert page.title.get_text() == "Not clear \N{EN DASH} Coastal Stores"
    assert page.select_one('meta[name="csrf-token"]') is not None
    assert page.select_one('form[action="/sign-out"][method="post"]') is not None


async def test_nothing_of_gov_uk_that_is_not_ours_to_use_appears() -> None:
    html = await fetch("errors/problem.html", None, title="Not found")
    assert "crown" not in html.lower()
    assert "GOV.UK" not in html
    assert "Open Government Licence" not in html


async def test_the_demonstration_says_so_and_the_service_does_not() -> None:
    actor = person(Role.TECHNICIAN)
    assert "Do not enter real details" in await fetch("errors/problem.html", actor, demonstration=True, title="T")
    assert "Do not enter real details" not in await fetch("errors/problem.html", actor, title="T")


async def test_the_message_of_the_last_act_is_shown_as_words_not_as_html() -> None:
    html = await fetch("errors/problem.html", None, title="T", flash=Flash("Received <3> items"))
    banner = check_page(html, url="/").select_one(".govuk-notification-banner--success")
    assert banner is not None
    assert "Received <3> items" in banner.get_text()


async def test_an_error_shows_in_the_title_the_summary_and_at_its_field() -> None:
    form = Form({"barcode": ["ES-000"]})
    form.refuse("Type all nine figures of the tag", "barcode")
    html = await fetch(
        "scan/scan.html",
        person(Role.TECHNICIAN),
        form=form,
        modes=[("return", "Return", "CMD-RETURN")],
        mode="return",
        stores=[("MAIN", "Main store")],
        store="MAIN",
        scan_id="6f1c",
        result=[],
    )
    page = check_page(html, url="/scan")
    assert page.select_one('.govuk-error-summary a[href="#barcode"]') is not None
    field = page.select_one("#barcode")
    assert field is not None
    assert field["value"] == "ES-000"
    assert "barcode-error" in str(field["aria-describedby"])


async def test_without_its_script_the_scan_page_shows_outcome_next_step_and_hold() -> None:
    result = {
        "barcode": "ES000123430",
        "outcome": "accepted",
        "product_name": "Hoist",
        "next_step": {"route": "quarantine", "text": "Take it to quarantine"},
        "holds": [{"kind": "safety_notice", "reason": "NatPSA/2023/010"}],
    }
    html = await fetch(
        "scan/scan.html",
        person(Role.TECHNICIAN),
        modes=[("return", "Return", "CMD-RETURN")],
        mode="return",
        stores=[("MAIN", "Main store")],
        store="MAIN",
        scan_id="6f1c",
        result=[result],
    )
    line = check_page(html, url="/scan").select_one("#scan-lines [data-testid=scan-line]")
    assert line is not None
    words = line.get_text(" ", strip=True)
    for expected in ("ES-0001234-30", "Hoist", "Accepted", "Next: Take it to quarantine", "HOLD", "NatPSA/2023/010"):
        assert expected in words


LINKS = [link for links in MENU.values() for link in links]


@pytest.mark.parametrize("role", Role)
def test_a_link_is_there_exactly_when_its_permission_is(role: Role) -> None:
    actor = person(role)
    menu = menu_for(actor, "/")
    shown = {item["href"] for _, links in menu["everything"] for item in links}
    assert shown == {link.href for link in LINKS if link.permission is None or actor.may(link.permission)}
    assert {group["href"] for group in menu["groups"]} <= shown
    assert len(menu["groups"]) == len(menu["everything"])


def test_nobody_signed_in_has_no_menu() -> None:
    menu = menu_for(None, "/")
    assert not any((menu["groups"], menu["links"], menu["everything"]))


@pytest.mark.parametrize(
    ("path", "group", "active"),
    [
        ("/", "Home", None),
        ("/scan", "Scan", None),
        ("/items", "Equipment", "Items"),
        ("/items/ES000123430", "Equipment", "Items"),
        ("/items/receive", "Equipment", "Goods in"),
        ("/itemsx", None, None),
        ("/sign-in", None, None),
    ],
)
def test_the_closest_link_above_the_page_is_active(path: str, group: str | None, active: str | None) -> None:
    menu = menu_for(person(Role.TECHNICIAN), path)
    assert [entry["text"] for entry in menu["groups"] if entry["active"]] == ([group] if group else [])
    assert [link["text"] for link in menu["links"] if link["active"]] == ([active] if active else [])


def test_a_group_of_one_link_is_called_like_it_and_has_no_row_of_its_own() -> None:
    menu = menu_for(person(Role.PANEL_MEMBER), "/safety-notices")
    assert "Safety notices" in [entry["text"] for entry in menu["groups"]]
    assert menu["links"] == []


def test_every_place_but_home_and_ones_own_messages_asks_for_a_permission() -> None:
    assert [link.href for link in LINKS if link.permission is None] == ["/", "/messages"]
    assert all(link.permission in Permission for link in LINKS if link.permission)


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (datetime(2026, 3, 2, 14, 5, tzinfo=UTC), "2 March 2026 at 2:05pm"),
        (datetime(2026, 7, 2, 23, 30, tzinfo=UTC), "3 July 2026 at 12:30am"),
        (datetime(2026, 3, 2, 12, 0, tzinfo=UTC), "2 March 2026 at 12:00pm"),
        (None, ""),
    ],
)
def test_instants_are_shown_in_london(instant: datetime | None, words: str) -> None:
    assert moment(instant) == words


def test_days_are_shown_without_a_leading_nought() -> None:
    assert day(date(2026, 3, 2)) == "2 March 2026"
    assert day(datetime(2026, 7, 2, 23, 30, tzinfo=UTC)) == "3 July 2026"


@pytest.mark.parametrize(("pence", "words"), [(123456, "£1,234.56"), (5, "£0.05"), (-500, "-£5.00"), (None, "")])
def test_pence_are_shown_as_pounds(pence: int | None, words: str) -> None:
    assert pounds(pence) == words


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_words_and_a_colour(state: State) -> None:
    text, colour = state_tag(state.value)
    assert text == state.text
    assert colour.startswith("govuk-tag--")


def test_a_field_keeps_what_was_typed_and_an_emptied_one_stays_empty() -> None:
    source = FIELDS + '{{ text_field(form, "quantity", "Quantity", value=1) }}'
    sent = Form({"quantity": [""]})
    sent.refuse("Say how many", "quantity")
    assert fragment(source, form=None).select_one('input[value="1"]') is not None
    assert fragment(source, form=Form({"quantity": ["12"]})).select_one('input[value="12"]') is not None
    assert fragment(source, form=sent).select_one('input[value="1"]') is None
    assert fragment(source, form=sent).select_one("#quantity-error") is not None


def test_a_date_takes_three_boxes_and_its_error_leads_to_the_first() -> None:
    source = FIELDS + '{{ date_field(form, "received_on", "Received on", value="2026-03-02") }}'
    boxes = fragment(source, form=None).find_all("input")
    assert [box["name"] for box in boxes] == ["received_on-day", "received_on-month", "received_on-year"]
    assert [box["value"] for box in boxes] == ["02", "03", "2026"]
    assert boxes[0]["id"] == "received_on"


def test_a_choice_with_an_ampersand_stays_chosen() -> None:
    source = FIELDS + '{{ select_field(form, "store", "Store", [("A&B", "A & B"), ("C", "C")]) }}'
    chosen = fragment(source, form=Form({"store": ["A&B"]})).select_one("option[selected]")
    assert chosen is not None
    assert chosen["value"] == "A&B"


def test_a_table_is_written_as_gov_uk_writes_it() -> None:
    source = (
        SHOW
        + """{% from "govuk_frontend_jinja/components/table/macro.html" import govukTable %}
        {% set head = [{"text": "Tag"}, {"text": "Pence", "format": "numeric"}, {"html": "<i>Drawn</i>"}] %}
        {% set rows = [["ES & 1", 0, {"html": "<b>x</b>"}], [{"text": "2"}, none, {"text": 3, "format": "numeric"}]] %}
        <div class="ours">{{ data_table("All", head, rows, first_cell_is_header=header) }}</div>
        <div class="theirs">{{ govukTable({"caption": "All", "captionClasses": "govuk-table__caption--m", "head": head,
            "firstCellIsHeader": header, "rows": [
                [{"text": "ES & 1"}, {"text": 0, "format": "numeric"}, {"html": "<b>x</b>"}],
                [{"text": "2"}, {"text": "", "format": "numeric"}, {"text": 3, "format": "numeric"}]]}) }}</div>"""
    )
    for header in (False, True):
        page = fragment(source, header=header)
        ours, theirs = ([(one.name, one.attrs, one.get_text(strip=True)) for one in page.select(f".{whose} table, "
                         f".{whose} table *")] for whose in ("ours", "theirs"))  # fmt: skip
        assert ours == theirs
        assert len(ours) == 18


def test_a_cell_that_is_stacked_says_its_heading_and_one_with_an_address_is_a_link() -> None:
    rows = [["1", {"text": "2", "href": "/x?a=1&b"}]]
    page = fragment(SHOW + '{{ data_table("All", ["", "B"], rows, stacked=true) }}', rows=rows)
    assert [cell.attrs for cell in page.select("td")] == [
        {"class": ["govuk-table__cell"]},
        {"class": ["govuk-table__cell"], "data-label": "B"},
    ]
    assert [(link["href"], link.text) for link in page.select("td a")] == [("/x?a=1&b", "2")]


def test_what_people_typed_is_never_html() -> None:
    source = (
        SHOW
        + '{{ data_table(w, [w, w, w], [[w, {"text": w, "href": "/x"}, state_tag("on_loan")]]) }}'
        + '{{ summary_list([(w, w)]) }}{{ blockers_list([{"detail": w}]) }}{{ item_tag(w) }}'
    )
    page = fragment(source, w="<i>x</i>")
    assert page.find("i") is None
    assert page.select_one("table strong.govuk-tag--blue") is not None
