"""``report``: what was screened in a period."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import exit_codes
from cli.opening import opened_ledger
from cli.progress import track_results

FORMAT_HELP = "`table`, `csv`, `json`, `html`, `pdf` or `xlsx`; default: what --output ends in, else `table`."


def report(
    since: Annotated[
        str, typer.Option(help="`today`, `yesterday`, `last-week`, `last-month`, `2h`, `7d`, a date, or an ISO time.")
    ] = "today",
    until: Annotated[str | None, typer.Option(help="The same; a day, week or month is included; default: now.")] = None,
    by: Annotated[
        str | None, typer.Option(help="Group by `hour`, `day`, `source` (the inbox), `view`, `model` or `station`.")
    ] = None,
    label: Annotated[list[str] | None, typer.Option(help="Only this label; may be repeated.")] = None,
    outcome: Annotated[
        list[str] | None, typer.Option(help="Only `predicted`, `indeterminate`, `rejected` ...; may be repeated.")
    ] = None,
    reason: Annotated[list[str] | None, typer.Option(help="Only this reason code; may be repeated.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="Only this model version or hash; may be repeated.")] = None,
    inbox: Annotated[list[Path] | None, typer.Option(help="Only files of this inbox; may be repeated.")] = None,
    modality: Annotated[list[str] | None, typer.Option(help="Only this modality; may be repeated.")] = None,
    min_probability: Annotated[
        list[str] | None, typer.Option(help="`covid19=0.8`, or `0.8` for the most probable label; all must hold.")
    ] = None,
    reference: Annotated[
        str, typer.Option(help="What drift is measured against: `28d` before, `2026-09-01/2026-09-30`, or `none`.")
    ] = "28d",
    positives: Annotated[int, typer.Option(min=0, max=1000, help="Likely positives listed at most.")] = 20,
    output_format: Annotated[str | None, typer.Option("--format", help=FORMAT_HELP)] = None,
    output: Annotated[Path | None, typer.Option(help="A file, written whole or not at all; `-` is stdout.")] = None,
    show: Annotated[bool, typer.Option("--open", help="Open what --output names when it is written.")] = False,
    email: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Mail it instead of printing it; may be repeated.")
    ] = None,
    webhook: Annotated[bool, typer.Option("--webhook", help="Send a signed summary to XRAY_WEBHOOK_URL.")] = False,
) -> None:
    """Report what was screened in a period: sums, refusals with reasons, likely positives, and every result.

    Times without a zone are in the site's time zone (XRAY_TIME_ZONE).

    Example: xray-cli report --since yesterday --until yesterday --output yesterday.html --open
    """
    _check_output(show, output)
    with exit_codes(), opened_ledger() as (settings, engine):
        from reports.asking import ask_question, parse_filters
        from reports.formats import find_format, name_format, write_report_to
        from worker.fates import REASONS

        filters = parse_filters(
            labels=label or (),
            outcomes=outcome or (),
            reasons=reason or (),
            models=model or (),
            inboxes=inbox or (),
            modalities=modality or (),
            minimums=min_probability or (),
        )
        question = ask_question(
            since,
            until,
            settings.time_zone,
            by=by,
            filters=filters,
            reference=reference,
            positives_shown=positives,
        )
        wanted, is_sent = output_format or name_format(output), webhook or bool(email)
        if find_format(wanted).is_binary and output is None and not is_sent and sys.stdout.isatty():
            raise typer.BadParameter(f"{wanted} is not for a terminal: name a file", param_hint="--output")
        if output is not None or not is_sent:
            write_report_to(engine, question, wanted, output, REASONS, track_results(output))
        if is_sent:
            from cli.delivering import send_report

            send_report(settings, engine, question, wanted, email or (), to_webhook=webhook)
    if show and output is not None:
        _open(output)


def _check_output(show: bool, output: Path | None) -> None:
    if show and (output is None or str(output) == "-"):
        raise typer.BadParameter("there is nothing to open without a file", param_hint="--output")


def _open(output: Path) -> None:
    import webbrowser

    if not webbrowser.open(output.resolve().as_uri()):
        typer.echo(f"xray-cli: nothing here opens it; it is in {output}", err=True)
