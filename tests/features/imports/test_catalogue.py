"""Products by import: added whole, changed where they differ, left alone where the file has no column."""

from httpx import AsyncClient

from tests.conftest import Query
from tests.features.imports.sending import faults, send
from tests.given import Given

HEAD = "code,name,category,purchase_price,safe_working_load_kg,length_mm,loler_months,udi_di,high_risk"


async def test_a_product_is_added_as_its_page_would_add_it(as_manager: AsyncClient, query: Query) -> None:
    text = f"{HEAD}\nHOIST,Hoist,12 36 03,£950.00,150,1200,6,05012345678900,yes\nSTOOL,Stool,093307,30,,,,,"
    status, report = await send(as_manager, text, "catalogue")
    assert (status, report["added"], report["changed"]) == (200, 2, 0)
    product = (await as_manager.get("/api/v1/products/HOIST")).json()
    wanted = {
        "purchase_price_pence": 95000,
        "tier": "standard",
        "returnable": True,
        "high_risk": True,
        "decontamination_route": "wash_down",
        "udi_di": ["05012345678900"],
        "safe_working_load_kg": 150,
        "dimensions": {"length_mm": 1200},
        "inspections": [{"kind": "loler", "every_months": 6}],
    }
    assert {name: product[name] for name in wanted} == wanted
    trail = await query("SELECT subject, action FROM audit_event WHERE chain = 'manager' ORDER BY seq")
    assert [(line["subject"], line["action"]) for line in trail] == [
        ("product:HOIST", "product_added"),
        ("product:STOOL", "product_added"),
        ("import:catalogue", "data_imported"),
    ]


async def test_the_same_file_again_changes_nothing(as_manager: AsyncClient, query: Query) -> None:
    text = f"{HEAD}\nHOIST,Hoist,12 36 03,£950.00,150,1200,6,05012345678900,yes\nSTOOL,Stool,093307,30,,,,,"
    await send(as_manager, text, "catalogue")
    before = await query("SELECT * FROM product ORDER BY id")
    status, report = await send(as_manager, text, "catalogue")
    assert (status, report["added"], report["changed"], report["unchanged"]) == (200, 0, 0, 2)
    assert await query("SELECT * FROM product ORDER BY id") == before


async def test_what_differs_is_changed_and_told_and_what_has_no_column_stays(
    as_manager: AsyncClient, given: Given
) -> None:
    await given.product(
        "HOIST",
        manufacturer="Liftwell",
        dimensions={"length_mm": 1200, "mast_mm": 900},
        safe_working_load_kg=150,
        inspections=[{"kind": "loler", "every_months": 12}, {"kind": "service", "every_months": 12}],
    )
    text = f"{HEAD}\nHOIST,Hoist,09 12 03,45,,1300,6,05012345678900,yes"
    status, checked = await send(as_manager, text, "catalogue", dry_run=True)
    assert (status, checked["dry_run"], checked["changed"]) == (200, True, 1)
    assert (await as_manager.get("/api/v1/products/HOIST")).json()["safe_working_load_kg"] == 150
    status, report = await send(as_manager, text, "catalogue")
    assert [one["detail"] for one in report["changes"]] == [
        "HOIST: high_risk was no and becomes yes.",
        "HOIST: length_mm was “1200” and becomes “1300”.",
        "HOIST: loler_months was “12” and becomes “6”.",
        "HOIST: name was “Commode 1” and becomes “Hoist”.",
        "HOIST carries 150 kg by the catalogue. That stays what counts.",
        "HOIST: udi_di was nothing and becomes 05012345678900.",
    ]
    answer = await as_manager.get("/api/v1/products/HOIST")
    product = answer.json()
    assert (product["manufacturer"], product["dimensions"], product["safe_working_load_kg"]) == (
        "Liftwell",
        {"length_mm": 1300, "mast_mm": 900},
        150,
    )
    assert product["inspections"] == [{"kind": "loler", "every_months": 6}, {"kind": "service", "every_months": 12}]
    assert answer.headers["ETag"] == '"2"'


async def test_a_price_is_told_in_pounds(as_manager: AsyncClient, given: Given) -> None:
    await given.product("P", purchase_price_pence=120050)
    _, report = await send(
        as_manager, "code,name,category,purchase_price\nP,Commode 1,091203,1000", "catalogue", dry_run=True
    )
    assert [one["detail"] for one in report["changes"]] == ["P: purchase_price was £1,200.50 and becomes £1,000.00."]


async def test_a_code_that_comes_twice_is_a_fault(as_manager: AsyncClient, query: Query) -> None:
    text = "code,name,category,purchase_price\nP,Commode,091203,1\nP,Commode,091203,1\n,Commode,091203,1"
    status, problem = await send(as_manager, text, "catalogue")
    assert (status, faults(problem)) == (422, [(3, "code", "repeated-code"), (4, "code", "missing-value")])
    assert await query("SELECT code FROM product") == []


async def test_instructions_are_brought_with_their_link_and_stay_where_the_file_has_no_column(
    as_manager: AsyncClient, as_technician: AsyncClient
) -> None:
    head = "code,name,category,purchase_price"
    text = f'{head},instructions,instructions_link\nP,Stool,093307,30,"Wipe it dry.\nKeep it level.",https://www.example.org/a.pdf'
    assert (await send(as_manager, text, "catalogue"))[0] == 200
    product = (await as_technician.get("/api/v1/products/P")).json()
    assert product["instructions"] == "Wipe it dry.\nKeep it level."
    assert product["instructions_link"] == "https://www.example.org/a.pdf"
    assert (await send(as_manager, f"{head}\nP,Stool,093307,30", "catalogue"))[1]["unchanged"] == 1
    long = "Keep it level. " * 100
    status, report = await send(as_manager, f"{head},instructions\nP,Stool,093307,30,{long}", "catalogue")
    [told] = [one["detail"] for one in report["changes"]]
    assert (status, told.startswith("P: instructions was “Wipe it dry.")) == (200, True)
    assert len(told) < 300
    product = (await as_technician.get("/api/v1/products/P")).json()
    assert (product["instructions"], product["instructions_link"]) == (long.strip(), "https://www.example.org/a.pdf")


async def test_a_dry_run_says_which_instructions_are_wrong_and_what_would_be_right(
    as_manager: AsyncClient, query: Query
) -> None:
    rows = ["A,Stool,093307,30,,www.example.org", "B,Stool,093307,30,,javascript:alert(1)"]
    rows += [f"C,Stool,093307,30,{'x' * 4001},", f"D,Stool,093307,30,,https://www.example.org/{'x' * 200}"]
    text = "\n".join(["code,name,category,purchase_price,instructions,instructions_link", *rows])
    status, problem = await send(as_manager, text, "catalogue", dry_run=True)
    assert (status, faults(problem)) == (
        422,
        [
            (2, "instructions_link", "bad-link"),
            (3, "instructions_link", "bad-link"),
            (4, "instructions", "too-long"),
            (5, "instructions_link", "too-long"),
        ],
    )
    said = [one["detail"] for one in problem["faults"]]
    assert said[0] == "Enter a whole web address, such as https://www.example.org/instructions.pdf."
    assert said[2] == "This has 4,001 characters. Write it with 4,000 or fewer."
    assert await query("SELECT code FROM product") == []
