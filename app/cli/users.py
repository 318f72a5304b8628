"""`stores users …`: people who sign in."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.reach import console, database_url, fail, open_session, read_settings
from app.domain.access import Role
from app.domain.errors import RuleError
from app.features.accounts import people, queries
from app.features.accounts.schemas import UserChange
from app.web.wording import in_words

app = typer.Typer(no_args_is_help=True, help="People who sign in.")

ACTOR = "command line"

Answer = TypeVar("Answer")
SeveralRoles = Annotated[list[Role] | None, typer.Option("--role", help="May be given several times.")]
SeveralStores = Annotated[
    list[str] | None, typer.Option("--store", help="Code of a store they work in; several times.")
]


@app.command("list")
def list_users() -> None:
    """List everybody."""
    everybody = _do(lambda session, now: queries.list_people(session, now=now))
    table = Table("Username", "Name", "Roles", "Stores", "Account", "Open sign-ins")
    for person in everybody:
        stores, roles = ", ".join(person.stores), ", ".join(person.roles)
        account = "open" if person.is_active else "closed"
        table.add_row(person.username, person.name, roles, stores, account, str(person.open_sign_ins))
    console.print(table)


@app.command()
def add(
    username: Annotated[str, typer.Argument(help="In small letters.")],
    name: Annotated[str, typer.Option(help="The person's name.")],
    role: Annotated[list[Role], typer.Option(help="May be given several times.")],
    store: SeveralStores = None,
    email: Annotated[
        str | None, typer.Option(help="Where messages to them go; without it they read them here.")
    ] = None,
    password: Annotated[
        str, typer.Option(prompt=True, confirmation_prompt=True, hide_input=True, envvar="STORES_NEW_PASSWORD")
    ] = "",
) -> None:
    """Add a person."""
    _do(
        lambda session, now: people.add_account(
            session,
            username,
            name=name,
            password=password,
            roles=role,
            stores=store or [],
            actor=ACTOR,
            at=now,
            email=email,
        )
    )
    console.print(f"Added {username}.")


@app.command()
def change(
    username: str,
    name: Annotated[str | None, typer.Option(help="The person's name.")] = None,
    email: Annotated[str | None, typer.Option(help="Where messages to them go.")] = None,
    role: SeveralRoles = None,
    store: SeveralStores = None,
) -> None:
    """Change somebody's name, e-mail address, roles or stores. Roles or stores that are given replace the old ones."""
    given = {"name": name, "email": email, "roles": role, "stores": store}
    try:
        wanted = UserChange.model_validate({key: value for key, value in given.items() if value})
    except ValidationError as invalid:
        raise fail("\n".join(in_words(error) for error in invalid.errors())) from invalid
    _change(username, wanted)
    console.print(f"Changed {username}.")


@app.command()
def close(username: str) -> None:
    """Close somebody's account: they are signed out everywhere and cannot sign in."""
    _change(username, UserChange(is_active=False))
    console.print(f"Closed the account of {username}.")


@app.command()
def reopen(username: str) -> None:
    """Open a closed account again."""
    _change(username, UserChange(is_active=True))
    console.print(f"Opened the account of {username} again.")


@app.command("set-password")
def set_password(username: str) -> None:
    """Give somebody a password that is made up and printed this once; it ends their sign-ins."""
    password = _do(lambda session, now: people.set_password(session, username, actor=ACTOR, at=now))
    console.print(f"The new password of {username} is {password}", highlight=False, soft_wrap=True)


@app.command("end-sign-ins")
def end_sign_ins(username: str) -> None:
    """End every open sign-in of somebody."""
    ended = _do(lambda session, now: people.end_all_sign_ins(session, username, actor=ACTOR, at=now))
    console.print(f"Ended {ended} sign-ins of {username}.")


def _change(username: str, wanted: UserChange) -> None:
    _do(lambda session, now: people.change_account(session, username, wanted, version=None, actor=ACTOR, at=now))


def _do(verb: Callable[[AsyncSession, datetime], Awaitable[Answer]]) -> Answer:
    """Run one verb in a transaction of its own; a refusal ends the command with its sentence."""

    async def run() -> Answer:
        async with open_session(database_url(read_settings())) as session:
            return await verb(session, datetime.now(UTC))

    try:
        return asyncio.run(run())
    except RuleError as error:
        raise fail(error.detail) from error
