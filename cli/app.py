"""``xray-cli``: the application and its commands."""

import atexit
import gc
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from cli import (
    alerts,
    audit,
    bench,
    config,
    daily,
    db,
    deliveries,
    doctor,
    evaluate,
    ledger,
    listening,
    model,
    predict,
    prepare,
    quarantine,
    reference_labels,
    report,
    selftest,
    show,
    train,
    train_lungs,
    user,
    watching,
    web,
    weights,
)
from inference.labels import NOTICE
from store import HEAD_REVISION

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter

FIRST_COLLECTION = 50_000  # objects; Python begins at 700

HELP_COLUMNS = 100  # at most, where the terminal is as wide


class CommandGroup(TyperGroup):
    """Commands of which the help gives the whole first sentence, however long, where Typer would cut it off."""

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write each command's name and first paragraph."""
        rows = [(name, self.commands[name].get_short_help_str(limit=sys.maxsize)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


app = typer.Typer(
    cls=CommandGroup,
    rich_markup_mode=None,  # plain text in a tenth of a second: importing what draws boxes would double that
    name="xray-cli",
    help="Screen chest radiographs in bulk: drop files into a folder, get one row each in a database.\n\n"
    "Research use only. Not for diagnosis.",
    epilog="First steps: 'xray-cli watch inbox', copy radiographs into inbox/, then 'xray-cli report --since today'.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": HELP_COLUMNS},
)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"xray-watch {version('xray-watch')}, ledger schema {HEAD_REVISION}. {NOTICE}")
        raise typer.Exit


@app.callback()
def _take_options(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Show version and schema, and exit."),
    ] = False,
) -> None:
    del version  # its callback has answered and ended the command


def main() -> None:
    """Run the command line."""
    # importing is most of a short command's time, and a tenth of that was looking for garbage in fresh modules; at the
    # end Python would look through them again, three times, although all memory is given back at once
    gc.set_threshold(FIRST_COLLECTION)
    atexit.register(gc.freeze)
    # pydantic would look through every installed package for plugins that might change how settings are read
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    app()


def _add_commands() -> None:
    for command in (
        *(watching.watch, watching.scan, predict.predict, watching.worker, web.web),
        *(listening.listen, deliveries.deliver),
        *(report.report, show.show, daily.daily, daily.send, ledger.status, ledger.retry),
        *(prepare.prepare, train.train, train_lungs.train_lungs, evaluate.evaluate),
        *(doctor.doctor, selftest.selftest, bench.bench),
    ):
        app.command()(command)
    for name, group in (
        ("quarantine", quarantine.app),
        ("deliveries", deliveries.app),
        ("user", user.app),
        ("alerts", alerts.app),
        ("audit", audit.app),
        ("model", model.app),
        ("outcomes", reference_labels.app),
        ("db", db.app),
        ("config", config.app),
        ("weights", weights.app),
    ):
        app.add_typer(group, name=name, cls=CommandGroup)


_add_commands()
