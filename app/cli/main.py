"""The `stores` command and its parts."""

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

from app.cli import begin_to_tidy

COMMANDS: Final = {
    "db": "app.cli.database:app",
    "users": "app.cli.users:app",
    "audit": "app.cli.audit:app",
    "bench": "app.cli.bench.command:app",
    "finance": "app.cli.finance:app",
    "demo": "app.cli.demo:app",
    "serve": "app.cli.serve:serve",
    "worker": "app.cli.worker:worker",
    "docs": "app.cli.docs:docs",
    "import": "app.cli.imports:import_file",
}
"""Where each command is. Only the one that is called is imported: together they want far more than the service."""


class Commands(TyperGroup):
    """The commands by their names. (What Typer hands in and wants back, it keeps types of its own for.)"""

    def list_commands(self, _: Any) -> list[str]:
        """All of them, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, _: Any, cmd_name: str) -> Any:
        """The command of this name, imported; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), name)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_group(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(found)
            command = typer.main.get_command(alone)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, help="Community equipment and recycling stores."
)


@app.callback()
def begin() -> None:
    """Before every command, which is imported by now."""
    begin_to_tidy()


if __name__ == "__main__":
    app()
