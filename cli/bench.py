"""``bench``: how fast this machine is with this program."""

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import exit_codes

if TYPE_CHECKING:
    from bench.goals import Figures

# as in the product's readers; libraries look at these when they are loaded
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class BenchSize(StrEnum):
    """How much is measured."""

    QUICK = "quick"
    STANDARD = "standard"
    FULL = "full"


class BenchFormat(StrEnum):
    """What the figures are written as."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


def bench(
    size: Annotated[
        BenchSize, typer.Option(help="`quick` 6 minutes on two cores; the others take longer rounds.")
    ] = BenchSize.QUICK,
    output_format: Annotated[
        BenchFormat, typer.Option("--format", help="How the figures are written.")
    ] = BenchFormat.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write there instead of to the screen.")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Folder for films and ledgers while it runs; the temporary folder by default.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="A bundle's folder; the one that ships by default.")] = None,
    earlier: Annotated[
        Path | None,
        typer.Option(
            "--from",
            exists=True,
            dir_okay=False,
            help="Measure nothing; draw the figures that an earlier run wrote as `json`.",
        ),
    ] = None,
) -> None:
    """Measure this machine: single steps, the whole product as a share of their sum, latency, start, idling, memory.

    Synthetic radiographs in a temporary folder; your home, ledger and settings are not touched. What is compared is
    measured side by side, in rounds; where others use the machine too, it says that nothing can be said.

    Example: xray-cli bench --size full --format markdown --output docs/performance.md
    """
    with exit_codes():
        if earlier is not None:
            _write(_read(earlier), output_format, output)
            return
        os.environ |= ONE_THREAD
        from tempfile import TemporaryDirectory

        from rich.console import Console

        from bench.benchmark import SIZES, run_benchmark
        from inference.bundle import SHIPPED_BUNDLE
        from selftest.site import ending_in_order

        with (
            ending_in_order(),
            TemporaryDirectory(prefix="xray-bench-", dir=folder) as root,
            Console(stderr=True).status("") as status,
        ):
            figures = run_benchmark(SIZES[size], model or SHIPPED_BUNDLE, Path(root), status.update)
        _write(figures, output_format, output)


def _read(path: Path) -> "Figures":
    import json

    from bench.benchmark import SCHEMA

    try:
        figures: Figures = json.loads(path.read_bytes())
        schema = figures["schema"]
    except (ValueError, KeyError, TypeError):
        schema = None
    if schema != SCHEMA:
        message = f"{path.name} holds no figures of schema {SCHEMA}, which 'xray-cli bench --format json' writes"
        raise typer.BadParameter(message, param_hint="'--from'")
    return figures


def _write(figures: "Figures", output_format: BenchFormat, output: Path | None) -> None:
    import json

    from bench.text import write_markdown, write_tables
    from documents.output import open_output

    with open_output(output) as stream:
        if output_format is BenchFormat.JSON:
            stream.write(json.dumps(figures, indent=1) + "\n")
        elif output_format is BenchFormat.MARKDOWN:
            write_markdown(figures, stream)
        else:
            write_tables(figures, stream)
