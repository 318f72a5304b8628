"""Where people's messages go: their own e-mail address, and what is sent there."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.seed import PASSWORD
from app.features.loans.trial_reminders import remind_of_ending_trials
from tests.browser import Browser, Page
from tests.conftest import Clock, Query, Sessions
from tests.features.messages.outbox import Postbox, post, send_due
from tests.given import Given

FORM = "/account/email"
WRONG = "Write an e-mail address like office@example.org."
TOLD = "SELECT to_email, body FROM message WHERE purpose = 'email_changed'"


async def change(browser: Browser, email: str, current: str = PASSWORD) -> Page:
    return await browser.post_form(FORM, email=email, current_password=current)


async def kept(query: Query, username: str) -> str | None:
    [row] = await query("SELECT email FROM account WHERE username = :username", username=username)
    email: str | None = row["email"]
    return email


async def test_people_see_and_set_their_own_address_with_their_password(ot: Browser, query: Query) -> None:
    page = await ot.get("/account")
    assert "None: messages to you are only shown here" in page.text
    assert page.soup.select_one(f'a[href="{FORM}"]')
    # A key of the form is kept with a fingerprint of what was typed.
    assert (await ot.get(FORM)).form(FORM).select_one("[name=once]") is None
    shown = await ot.follow(await change(ot, " olu@example.org "))
    assert shown.banner == "Messages to you now also go to olu@example.org."
    assert "olu@example.org" in shown.text
    assert await query("SELECT chain, subject, detail FROM audit_event WHERE action = 'account_changed'") == [
        {
            "chain": "ot",
            "subject": "account:ot",
            "detail": {"email_before": None, "email": "olu@example.org"},
        }
    ]
    assert await query(TOLD) == []


async def test_the_address_that_messages_went_to_is_told_where_they_go_now(ot: Browser, query: Query) -> None:
    await change(ot, "first@example.org")
    await change(ot, "first@example.org")
    await change(ot, "second@example.org")
    done = await ot.follow(await change(ot, ""))
    assert done.banner == "Messages to you are now only shown here."
    assert await kept(query, "ot") is None
    first, second = await query(f"{TOLD} ORDER BY id")
    assert (first["to_email"], second["to_email"]) == ("first@example.org", "second@example.org")
    assert first["body"].startswith(
        "Somebody who knows your password changed where the messages to ot go. They now go to second@example.org."
    )
    assert "They are now only shown on your page of messages." in second["body"]


@pytest.mark.parametrize(
    ("email", "current", "errors"),
    [
        ("olu@example..org", PASSWORD, {"email": WRONG}),
        ("olu@example.org", "", {"current_password": "Enter your current password."}),
        ("olu@example.org", "not the password", {"current_password": "This is not your current password."}),
        ("", "not the password", {"current_password": "This is not your current password."}),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_changes_nothing(
    ot: Browser, query: Query, email: str, current: str, errors: dict[str, str]
) -> None:
    page = await change(ot, email, current)
    assert (page.status, page.errors) == (422, errors)
    field = page.soup.select_one("#email")
    assert field is not None
    assert field.get("value", "") == email
    assert not page.soup.select("input[type=password][value]")
    assert await kept(query, "ot") is None


async def test_the_password_cannot_be_guessed_here_either(ot: Browser, query: Query) -> None:
    for _ in range(5):
        await change(ot, "olu@example.org", "not the password")
    refused = await change(ot, "olu@example.org")
    assert refused.status == 429
    assert "Too many wrong passwords" in refused.errors["main-content"]
    assert await kept(query, "ot") is None


async def test_an_administrators_form_that_is_older_does_not_undo_it(ot: Browser, admin: Browser, query: Query) -> None:
    old = await admin.get("/users/ot")
    await change(ot, "olu@example.org")
    assert (await admin.send(old, "/users/ot", name="O. Thompson")).status == 412
    assert await kept(query, "ot") == "olu@example.org"


async def test_a_reminder_goes_by_email_to_who_has_an_address_and_is_shown_to_all(
    ot: Browser, given: Given, session: AsyncSession, sessions: Sessions, clock: Clock, query: Query
) -> None:
    await change(ot, "olu@example.org")
    await given.trial(days=1)
    assert await remind_of_ending_trials(session, today=clock.today, actor="worker", at=clock.now) == 1
    await session.commit()
    postbox = Postbox()
    await send_due(sessions, clock, postbox)
    [letter] = postbox.taken
    assert (letter.to, letter.to_name) == ("olu@example.org", "Olu Thompson")
    assert letter.subject.startswith("Trial ends on ")
    assert letter.subject in (await ot.get("/messages")).text


async def test_nothing_is_sent_after_somebody_whose_account_is_closed(
    ot: Browser, admin: Browser, sessions: Sessions, clock: Clock, query: Query
) -> None:
    await change(ot, "olu@example.org")
    await admin.post_form("/users/ot/close", on="/users/ot")
    number = await post(sessions, clock, to="ot")
    assert await query("SELECT to_email FROM message WHERE id = :id", id=number) == [{"to_email": None}]
