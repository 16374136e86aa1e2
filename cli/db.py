"""``db``: make, upgrade and check the database's tables."""

import typer

from cli.errors import exit_codes
from cli.opening import opened_ledger

app = typer.Typer(help="The ledger's database.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Make the tables, or bring them up to this version; safe to run again."""
    with exit_codes():
        from cli.settings import read_settings
        from store.database import open_database
        from store.schema import HEAD_REVISION, upgrade_schema
        from worker.home import prepare_home

        settings = read_settings()
        if settings.database_url is None:
            prepare_home(settings.home)
        engine = open_database(settings.sqlalchemy_url)
        upgrade_schema(engine)
        engine.dispose()
        typer.echo(f"the database has schema {HEAD_REVISION}")


@app.command()
def check() -> None:
    """Check that the database answers and has the tables of this version."""
    with exit_codes(), opened_ledger():
        from store.schema import HEAD_REVISION

        typer.echo(f"the database answers and has schema {HEAD_REVISION}")
