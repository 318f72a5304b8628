"""What somebody typed stays theirs: when another was quicker, and when the sign-in ended in mid-form."""

from typing import Any

from playwright.async_api import expect

from app.cli.seed import PASSWORD


async def test_who_is_second_and_who_is_late_lose_nothing(walks: Any) -> None:
    walk = await walks("ot")
    page = walk.page
    await walk.go("/clients/C-1001/edit")
    other = await walk.context.new_page()
    await other.goto(f"{walk.address}/clients/C-1001/edit")
    await other.get_by_label("Telephone number (optional)").fill("0191 555 0100")
    async with other.expect_navigation():
        await other.get_by_role("button", name="Keep the changes").click()
    await page.get_by_label("Postcode", exact=True).fill("ME14 1XY")
    await walk.press("Keep the changes")
    await walk.picture("somebody-was-quicker")
    assert "Now: 0191 555 0100" in await walk.text()
    await page.get_by_label("Telephone number (optional)").fill("0191 555 0100")
    await walk.press("Keep the changes")
    assert "ME14 1XY" in await walk.text()
    # The sign-in ends while somebody types.
    await walk.go("/clients/new?then=order&product=HOIST-150")
    await page.get_by_label("Reference").fill("C-9991")
    await page.get_by_label("Name", exact=True).fill("Robin Vale")
    await walk.context.clear_cookies(name="stores_session")
    await walk.press("Add the client")
    await walk.picture("sign-in-with-a-form")
    await page.get_by_label("Username", exact=True).fill("ot")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await walk.press("Sign in")
    await walk.picture("send-again")
    await walk.press("Send it now")
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Robin Vale")
    assert "Enter the postcode." in await walk.text()
