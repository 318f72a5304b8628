"""The journal: charges as debits, a credit for each funder, and no penny between them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.costs import ChargeKind
from app.domain.errors import BadValue
from app.domain.journal import (
    USUAL_COLUMNS,
    ChargeSum,
    DateFormat,
    JournalField,
    Layout,
    cells_of,
    check_layout,
    entries_of,
    without_account,
)

MARCH = date(2026, 3, 1)
ACCOUNTS = {kind: f"4{place:03}" for place, kind in enumerate(ChargeKind)}
LAYOUT = Layout(accounts=ACCOUNTS, vat_account="9000", contra="8000", contras={"ICB": "8001"}, own_cost_centre="OWN1")


def summed(funder: str, kind: ChargeKind, net: int, vat: int = 0) -> ChargeSum:
    """What one funder's lines of a kind come to."""
    return ChargeSum(funder, f"Funder {funder}" if funder else "Service's own", f"CC{funder}", kind, net, vat, 2)


SUMS = (
    summed("ASC", ChargeKind.NEW_PURCHASE, 10_001, 2_000),
    summed("ASC", ChargeKind.CREDIT, -8_001),
    summed("ICB", ChargeKind.DELIVERY, 1_250),
    summed("", ChargeKind.SCRAP, 300),
    summed("", ChargeKind.WRITE_OFF, 0),
)


def test_each_funder_has_its_charges_their_vat_and_a_line_that_balances_them() -> None:
    assert [(one.account, one.cost_centre, one.pence) for one in entries_of(MARCH, SUMS, LAYOUT)] == [
        (ACCOUNTS[ChargeKind.SCRAP], "OWN1", 300),
        ("8000", "OWN1", -300),
        (ACCOUNTS[ChargeKind.CREDIT], "CCASC", -8_001),
        (ACCOUNTS[ChargeKind.NEW_PURCHASE], "CCASC", 10_001),
        ("9000", "CCASC", 2_000),
        ("8000", "CCASC", -4_000),
        (ACCOUNTS[ChargeKind.DELIVERY], "CCICB", 1_250),
        ("8001", "CCICB", -1_250),
    ]


@given(
    st.lists(
        st.builds(
            summed,
            st.sampled_from(["", "ASC", "ICB"]),
            st.sampled_from(ChargeKind),
            st.integers(-(10**9), 10**9),
            st.integers(-(10**8), 10**8),
        ),
        unique_by=lambda one: (one.funder, one.kind),
    )
)
def test_whatever_is_charged_debits_and_credits_are_the_same_and_nothing_is_lost(sums: list[ChargeSum]) -> None:
    entries = entries_of(MARCH, sums, LAYOUT)
    assert sum(one.pence for one in entries) == 0
    for funder in {one.funder for one in sums}:
        of_it = [one for one in entries if one.funder == funder]
        assert sum(one.pence for one in of_it) == 0
        charged = sum(one.net_pence + one.vat_pence for one in sums if one.funder == funder)
        assert sum(one.pence for one in of_it if one.kind != "contra") == charged


def test_what_has_no_account_is_named() -> None:
    assert without_account(SUMS, LAYOUT) == []
    assert without_account(SUMS, Layout(accounts={ChargeKind.SCRAP: "1"}, contras={"ASC": "2"})) == [
        "Credit on collection",
        "Delivery",
        "New purchase",
        "VAT",
        "the contra of Service's own",
        "the contra of Funder ICB",
    ]
    assert without_account([], Layout()) == []


def test_a_line_is_written_as_its_columns_want_it() -> None:
    debit, credit = entries_of(MARCH, SUMS[2:3], LAYOUT)
    assert cells_of(debit, LAYOUT, MARCH) == [
        "2026-03-31",
        "STORES-2026-03",
        ACCOUNTS[ChargeKind.DELIVERY],
        "CCICB",
        "Delivery, Funder ICB, March 2026",
        "12.50",
        "",
    ]
    every = Layout(columns=tuple((one, one.text) for one in JournalField), date_format=DateFormat.UK)
    assert cells_of(credit, every, MARCH) == [
        "31/03/2026",
        "2026-03",
        "STORES-2026-03",
        "8001",
        "CCICB",
        "ICB",
        "contra",
        "Equipment charges, Funder ICB, March 2026",
        "",
        "12.50",
        "-12.50",
        "2",
    ]


@pytest.mark.parametrize(
    ("written", "said"), list(zip(DateFormat, ["2026-03-31", "31/03/2026", "31.03.2026", "20260331"], strict=True))
)
def test_dates_as_the_ledger_wants_them(written: DateFormat, said: str) -> None:
    assert written.of(date(2026, 3, 31)) == said


@pytest.mark.parametrize(
    ("layout", "code", "field"),
    [
        (Layout(columns=USUAL_COLUMNS[:2]), "journal-columns", "columns"),
        (Layout(columns=USUAL_COLUMNS + USUAL_COLUMNS[:1]), "journal-columns", "columns"),
        (Layout(columns=USUAL_COLUMNS[:-1]), "journal-amounts", "columns"),
        (Layout(columns=(*USUAL_COLUMNS, (JournalField.LINES, "=1"))), "journal-heading", "heading-lines"),
        (Layout(accounts={ChargeKind.SCRAP: "=1+1"}), "journal-code", "account-scrap"),
        (Layout(contras={"ASC": "-1"}), "journal-code", "contra-ASC"),
        (Layout(vat_account="x" * 41), "journal-code", "vat_account"),
    ],
)
def test_a_layout_that_no_ledger_could_post_is_refused_at_its_field(layout: Layout, code: str, field: str) -> None:
    with pytest.raises(BadValue) as refused:
        check_layout(layout)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_the_usual_layout_and_one_with_one_amount_are_right() -> None:
    check_layout(Layout())
    check_layout(Layout(columns=((JournalField.ACCOUNT, "Acc"), (JournalField.AMOUNT, "Amt")), contra="10.20/A-1 b"))
