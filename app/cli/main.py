"""The `stores` command and its parts."""

import gc

import typer

from app.cli import audit, database, demo, docs, finance, imports, serve, users, worker
from app.cli.bench import command as bench

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Community equipment and recycling stores.")
app.add_typer(database.app, name="db")
app.add_typer(users.app, name="users")
app.add_typer(audit.app, name="audit")
app.add_typer(bench.app, name="bench")
app.add_typer(finance.app, name="finance")
app.add_typer(demo.app, name="demo")
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("docs")(docs.docs)
app.command("import")(imports.import_file)


@app.callback()
def begin() -> None:
    """Before every command: from now on there may be rubbish, but not among what was imported."""
    gc.freeze()
    gc.enable()


if __name__ == "__main__":
    app()
