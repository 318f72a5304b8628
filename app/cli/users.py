"""`stores users …`: people who sign in."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from app.cli.reach import console, database_url, fail, open_session, read_settings
from app.domain.access import Role
from app.domain.errors import RuleError
from app.features.accounts import queries, service

app = typer.Typer(no_args_is_help=True, help="People who sign in.")

ACTOR = "command line"


@app.command("list")
def list_users() -> None:
    """List everybody."""
    asyncio.run(_list())


@app.command()
def add(
    username: Annotated[str, typer.Argument(help="In small letters.")],
    name: Annotated[str, typer.Option(help="The person's name.")],
    role: Annotated[list[Role], typer.Option(help="May be given several times.")],
    store: Annotated[list[str] | None, typer.Option(help="Code of a store they work in; several times.")] = None,
    password: Annotated[
        str, typer.Option(prompt=True, confirmation_prompt=True, hide_input=True, envvar="STORES_NEW_PASSWORD")
    ] = "",
) -> None:
    """Add a person."""
    asyncio.run(_add(username, name, role, store or [], password))


@app.command("end-sign-ins")
def end_sign_ins(username: str) -> None:
    """End every open sign-in of somebody."""
    asyncio.run(_end_sign_ins(username))


async def _list() -> None:
    async with open_session(database_url(read_settings())) as session:
        people = await queries.list_people(session, now=datetime.now(UTC))
    table = Table("Username", "Name", "Roles", "Stores", "Open sign-ins")
    for person in people:
        stores, roles = ", ".join(person.stores), ", ".join(person.roles)
        table.add_row(person.username, person.name, roles, stores, str(person.open_sign_ins))
    console.print(table)


async def _add(username: str, name: str, roles: list[Role], stores: list[str], password: str) -> None:
    try:
        async with open_session(database_url(read_settings())) as session:
            await service.add_account(
                session,
                username,
                name=name,
                password=password,
                roles=roles,
                stores=stores,
                actor=ACTOR,
                at=datetime.now(UTC),
            )
    except RuleError as error:
        raise fail(error.detail) from error
    console.print(f"Added {username}.")


async def _end_sign_ins(username: str) -> None:
    try:
        async with open_session(database_url(read_settings())) as session:
            ended = await service.end_all_sign_ins(session, username, actor=ACTOR, at=datetime.now(UTC))
    except RuleError as error:
        raise fail(error.detail) from error
    console.print(f"Ended {ended} sign-ins of {username}.")
