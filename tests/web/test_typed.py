"""Amounts of money and addresses that people, or others in their name, typed."""

import pytest

from app.web.typed import own_path, pence_from


@pytest.mark.parametrize(
    ("typed", "pence"),
    [("149.99", 14_999), ("£1,234.5", 123_450), (" 0 ", 0), ("1000000", 100_000_000), ("0.070", 7), ("8.10", 810)],
)
def test_pounds_become_pence_exactly(typed: str, pence: int) -> None:
    assert pence_from(typed) == pence


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ten",
        "NaN",
        "sNaN",
        "Infinity",
        "-1",
        "1000000.01",
        "1e999999999",
        "1.005",
        "1e3",
        "\uff11\uff10\uff10",
        "+5",
        ".",
        f"1.{'0' * 40}1",
    ],
)
def test_what_is_no_amount_is_refused_in_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError, match="price"):
        pence_from(typed)


@pytest.mark.parametrize("path", ["/", "/items", "/items?q=bed&after=ES1", "/items/ES000123430#history"])
def test_a_page_of_ours_is_where_it_says(path: str) -> None:
    assert own_path(path, "/elsewhere") == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "items",
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "/sign-in?next=/",
        "/sign-out",
        f"/{'x' * 600}",
    ],
)
def test_an_address_that_is_not_one_of_our_pages_leads_to_the_other_place(path: str) -> None:
    assert own_path(path, "/elsewhere") == "/elsewhere"
