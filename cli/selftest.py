"""``selftest``: the product's promises, held to account on the user's own machine."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cli.choices import TableFormat
from cli.errors import FAILED, exit_codes
from cli.opening import opened_installation
from cli.progress import opened_bars

if TYPE_CHECKING:
    from selftest.selftest import SelftestReport

INTERRUPTED = 130


def selftest(
    full: Annotated[
        bool, typer.Option("--full/--quick", help="Many kills and full disks; or what takes some two minutes.")
    ] = False,
    output_format: Annotated[
        TableFormat, typer.Option("--format", help="How the findings are written.")
    ] = TableFormat.TABLE,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the temporary folder, and say where it is.")] = False,
) -> None:
    """Run a service of its own, kill and break it on purpose, and show which promises it holds.

    In a temporary folder (TMPDIR) it screens synthetic radiographs with the real programs. Your home, broker and
    database are not touched: of your installation only the model that serves is used. Exit code 1: a promise is broken.

    Example: xray-cli selftest
    """
    with exit_codes():
        try:
            report = _run(full=full, keep=keep)
        except KeyboardInterrupt:
            typer.echo("interrupted: what was started has ended, and nothing remains", err=True)
            raise typer.Exit(INTERRUPTED) from None
        _write(report, output_format)
    if keep:
        typer.echo(f"kept: {report.folder}", err=True)
    if not report.holds:
        raise typer.Exit(FAILED)


def _run(*, full: bool, keep: bool) -> "SelftestReport":
    from selftest.selftest import run_selftest
    from selftest.stand import FULL, QUICK

    with opened_installation() as installation:
        model = installation.model.folder
    with _show_progress() as show:
        return run_selftest(FULL if full else QUICK, model, show, keep=keep)


def _write(report: "SelftestReport", output_format: TableFormat) -> None:
    if output_format is TableFormat.JSON:
        import json

        typer.echo(json.dumps(report.as_json(), indent=2))
        return
    from documents.terminal import write_content
    from selftest.content import build_content

    write_content(build_content(report), sys.stdout)


@contextmanager
def _show_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show on a terminal what is done just now, and how much of it all."""
    with opened_bars() as bars:
        if bars is None:
            yield lambda *_: None
            return
        task = bars.add_task("starting", rate="")
        yield lambda what, done, total: bars.update(task, description=what, completed=done, total=total)
