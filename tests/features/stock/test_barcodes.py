"""What a barcode is and says, by the API."""

import json

import pytest
from httpx import AsyncClient
from hypothesis import HealthCheck, settings
from hypothesis import given as for_any
from hypothesis import strategies as st

from app.domain.labels import display, make_tag
from tests.problems import check_problem

PARSE = "/api/v1/barcodes/parse"
GTIN = "0107032069804988"
OWN = make_tag("ES", 1)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (display(OWN).lower(), {"kind": "ours", "barcode": OWN, "elements": {}, "suspect": False}),
        (
            f"]d2{GTIN}11150700" + "10L-7\x1d21S1",
            {
                "kind": "gs1",
                "barcode": None,
                "elements": {"01": GTIN[2:], "11": "150700", "10": "L-7", "21": "S1"},
                "suspect": False,
            },
        ),
        (
            f"{GTIN}10032915210526",
            {"kind": "gs1", "barcode": None, "elements": {"01": GTIN[2:], "10": "032915210526"}, "suspect": True},
        ),
        (make_tag("XY", 1), {"kind": "unknown", "barcode": None, "elements": {}, "suspect": False}),
        # Two labels in one burst.
        (OWN + make_tag("ES", 2), {"kind": "unknown", "barcode": None, "elements": {}, "suspect": True}),
    ],
)
async def test_a_scan_is_told_for_what_it_is(as_finance: AsyncClient, raw: str, wanted: dict[str, object]) -> None:
    answer = await as_finance.post(PARSE, json={"raw": raw})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    warnings = body.pop("warnings")
    assert body == wanted
    assert bool(warnings) == (body["suspect"] or body["kind"] == "unknown")


@pytest.mark.parametrize(
    ("raw", "code"),
    [("", "not-a-barcode"), ("ABC", "not-a-barcode"), ("\x00", "not-a-barcode"), (OWN[:-2] + "00", "mistyped-barcode")],
)
async def test_what_no_label_carries_is_refused(as_finance: AsyncClient, raw: str, code: str) -> None:
    check_problem(await as_finance.post(PARSE, json={"raw": raw}), 422, code, field="raw")


@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@for_any(
    st.text(st.characters(exclude_categories=()), max_size=60)
    | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1"))
)
async def test_no_scan_is_ever_our_fault(as_finance: AsyncClient, raw: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await as_finance.post(PARSE, content=json.dumps({"raw": raw}), headers=headers)
    assert answer.status_code in {200, 422}, answer.text
