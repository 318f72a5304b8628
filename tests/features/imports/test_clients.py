"""Clients by import: known by their reference in any case; what they hold is told nowhere."""

from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.conftest import Query
from tests.features.imports.sending import faults, send
from tests.given import Given

HEAD = "client_ref,nhs_number,name,date_of_birth,address,postcode,phone,weight_kg,weighed_on,died_on,care_provider"


async def test_clients_are_added_and_the_same_file_again_changes_nothing(
    as_manager: AsyncClient, given: Given, query: Query
) -> None:
    await given.care_provider("Harbour Care")
    text = (
        f'{HEAD}\nC-1,999 000 0018,Maud Penrose,02/04/1938,"4 Lime Walk\nAnytown",me14 1xx,,72,2025-11-03,,'
        "Harbour Care\n"
        "C-2,,Idris Vaughan,,11 Station Road,ME14 2AA,+44 1632,,,,"
    )
    status, report = await send(as_manager, text, "clients")
    assert (status, report["added"]) == (200, 2)
    client = (await as_manager.get("/api/v1/clients/C-1")).json()
    wanted = {"nhs_number": "9990000018", "postcode": "ME14 1XX", "weight_kg": 72, "date_of_birth": "1938-04-02"}
    assert {name: client[name] for name in wanted} == wanted
    assert client["care_provider"]["name"] == "Harbour Care"
    before = await query("SELECT * FROM client ORDER BY id")
    status, report = await send(as_manager, text.replace("C-1", "c-1"), "clients")
    assert (status, report["added"], report["changed"], report["unchanged"]) == (200, 0, 0, 2)
    assert await query("SELECT * FROM client ORDER BY id") == before


async def test_who_differs_is_changed_and_only_the_columns_are_told(
    as_manager: AsyncClient, given: Given, query: Query
) -> None:
    await given.client("C-1", phone="01632 960001", date_of_birth="1938-04-02")
    text = "client_ref,name,address,postcode\nc-1,Maud Secret,9 Hidden Lane,SR7 7AA"
    status, report = await send(as_manager, text, "clients")
    assert (status, report["changed"]) == (200, 1)
    assert [one["detail"] for one in report["changes"]] == [
        "Client C-1: address changes.",
        "Client C-1: name changes.",
    ]
    client = (await as_manager.get("/api/v1/clients/C-1")).json()
    assert (client["name"], client["phone"], client["date_of_birth"]) == ("Maud Secret", "01632 960001", "1938-04-02")
    trail = await query("SELECT subject, action, detail FROM audit_event WHERE chain = 'manager' ORDER BY seq LIMIT 2")
    assert trail[0] == {"subject": "client:C-1", "action": "client_changed", "detail": {"fields": "address, name"}}
    assert trail[1]["action"] == "data_imported"


async def test_every_fault_of_a_client_is_named_and_the_check_is_in_the_audit_trail(
    as_manager: AsyncClient, given: Given, query: Query
) -> None:
    await given.client("C-1", nhs_number="9990000018")
    rows = [
        "C-2,9990000018,A,,x,SR7 7AA,,,,,",
        "C-3,9990000026,A,2027-01-01,x,SR7 7AA,,80,,2027-01-01,Nobody Care",
        "c-3,9990000026,A,1899-01-01,x,SR7 7AA,,,2026-01-01,1898-01-01,",
    ]
    status, problem = await send(as_manager, "\n".join([HEAD, *rows]), "clients")
    assert (status, faults(problem)) == (
        422,
        [
            (2, "nhs_number", "duplicate-nhs-number"),
            (3, "care_provider", "unknown-care-provider"),
            (3, "date_of_birth", "date-in-the-future"),
            (3, "died_on", "date-in-the-future"),
            (3, "weighed_on", "weight-without-day"),
            (4, "client_ref", "repeated-client-ref"),
            (4, "date_of_birth", "date-too-old"),
            (4, "died_on", "died-before-birth"),
            (4, "nhs_number", "repeated-nhs-number"),
            (4, "weight_kg", "day-without-weight"),
        ],
    )
    assert await query("SELECT client_ref FROM client") == [{"client_ref": "C-1"}]
    trail = await query("SELECT action, subject FROM audit_event WHERE chain = 'manager'")
    assert trail == [{"action": "import_checked", "subject": "import:clients"}]


async def test_a_death_in_a_file_ends_what_was_arranged_and_a_mistake_is_put_right(
    as_manager: AsyncClient, given: Given, query: Query
) -> None:
    head = "client_ref,name,address,postcode,died_on"
    await given.client("C-1")
    kept = await given.reservation(client="C-1")
    text = f"{head}\nC-1,A,x,SR7 7AA,2026-03-01\nC-2,B,x,SR7 7AA,2026-03-01"
    for _ in range(2):
        assert (await send(as_manager, text, "clients"))[0] == 200
    assert (await given.record(kept.barcode)).state is State.IN_STOCK
    await send(as_manager, f"{head}\nC-1,A,x,SR7 7AA,\nC-2,B,x,SR7 7AA,2026-03-01", "clients")
    posted = await query("SELECT purpose, about FROM message ORDER BY id")
    assert posted == [
        {"purpose": "called_off", "about": "client:C-1"},
        {"purpose": "arrange_again", "about": "client:C-1"},
    ]


async def test_how_to_get_in_is_not_imported(as_manager: AsyncClient) -> None:
    text = "client_ref,name,address,postcode,access_notes\nC-1,A,x,SR7 7AA,code 1234"
    status, problem = await send(as_manager, text, "clients")
    assert (status, faults(problem)) == (422, [(1, "access_notes", "unknown-column")])
    assert "do not belong in a file" in problem["faults"][0]["detail"]
