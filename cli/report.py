"""``report``: what was screened in a period."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli import report_options as options
from cli.errors import exit_codes
from cli.opening import opened_installation
from cli.progress import showing_progress

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from reports.question.question import Question


def report(
    since: options.Since = "today",
    until: options.Until = None,
    by: options.By = None,
    label: options.Labels = None,
    outcome: options.Outcomes = None,
    reason: options.Reasons = None,
    model: options.Models = None,
    inbox: options.Inboxes = None,
    modality: options.Modalities = None,
    priority: options.Priorities = None,
    min_probability: options.Minimums = None,
    reference: options.DriftReference = "28d",
    positives: options.MostListed = 20,
    output_format: options.OutputFormat = None,
    output: options.Output = None,
    show: options.Show = False,
    email: options.Recipients = None,
    webhook: options.ToWebhook = False,
) -> None:
    """Report what was screened in a period: sums, refusals with reasons, likely positives, and every result.

    Times without a zone are in the site's time zone (XRAY_TIME_ZONE).

    Example: xray-cli report --since yesterday --until yesterday --output yesterday.html --open
    """
    _check_output(show, output)
    with exit_codes(), opened_installation() as installation:
        ledger, settings = installation.ledger, installation.settings
        from reports.formats import name_format
        from reports.question.asking import ask_question, parse_filters

        filters = parse_filters(
            labels=label,
            outcomes=outcome,
            reasons=reason,
            models=model,
            inboxes=inbox,
            modalities=modality,
            minimums=min_probability,
            priorities=priority,
        )
        question = ask_question(
            since, until, settings.time_zone, by=by, filters=filters, reference=reference, positives_shown=positives
        )
        wanted, is_sent = output_format or name_format(output), webhook or bool(email)
        if output is not None or not is_sent:
            _write(ledger, question, wanted, output)
        if is_sent:
            from cli.delivering import send_report

            send_report(installation, question, wanted, email or (), to_webhook=webhook)
    if show and output is not None:
        _open(output)


def _write(engine: "Engine", question: "Question", wanted: str, output: Path | None) -> None:
    from reports.formats import find_format, write_report_to
    from store.ledger.fates import REASONS

    if find_format(wanted).is_binary and output is None and sys.stdout.isatty():
        raise typer.BadParameter(f"{wanted} is not for a terminal: name a file", param_hint="'--output'")
    with showing_progress(output) as track:
        write_report_to(engine, question, wanted, output, REASONS, track)


def _check_output(show: bool, output: Path | None) -> None:
    if show and (output is None or str(output) == "-"):
        raise typer.BadParameter("there is nothing to open without a file", param_hint="'--output'")


def _open(output: Path) -> None:
    import webbrowser

    if not webbrowser.open(output.resolve().as_uri()):
        typer.echo(f"xray-cli: nothing here opens it; it is in {output}", err=True)
