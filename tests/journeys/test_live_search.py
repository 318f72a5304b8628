"""Lists that narrow while one types: Back and reload keep what was asked for, and how much was found is read out."""

import re
from typing import Any

import pytest
from playwright.async_api import expect


@pytest.mark.parametrize(
    ("username", "start", "label", "words", "said"),
    [
        ("ot", "/products", "Search", "hoist", "fit"),
        ("technician", "/items", "Search", "commode", "fit"),
        ("ot", "/orders/new?client_ref=C-1001", "Find equipment", "hoist", "found for hoist"),
    ],
)
async def test_a_search_is_there_again_after_back_and_reload(
    walks: Any, username: str, start: str, label: str, words: str, said: str
) -> None:
    walk = await walks(username)
    page = walk.page
    await walk.go(start)
    box = page.get_by_label(label, exact=True)
    await box.press_sequentially(words)
    status = page.get_by_role("status").first
    await expect(status).to_contain_text(said)
    await expect(page).to_have_url(re.compile(rf"[?&]q={words}"))
    await walk.look()
    # Once more: what axe leaves behind on the page is copied into nothing.
    await box.press_sequentially("s")
    await expect(page).to_have_url(re.compile(rf"[?&]q={words}s"))
    await box.press("Backspace")
    await expect(page).to_have_url(re.compile(rf"[?&]q={words}($|&)"))
    there = await page.locator("main table").first.inner_text()
    await page.reload()
    assert await page.locator("main table").first.inner_text() == there
    await walk.follow("Home")
    await page.go_back()
    assert await page.locator("main table").first.inner_text() == there
    assert await page.get_by_label(label, exact=True).input_value() == words
    assert not walk.faults
