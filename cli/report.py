"""``report``: what was screened in a period."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from cli.errors import exit_codes
from cli.opening import opened_installation
from cli.progress import showing_progress

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from installation.installation import Installation
    from reports.question.question import Question

Since = Annotated[
    str, Option(help="`today`, `yesterday`, `last-week`, `last-month`, `2h`, `7d`, a date, or an ISO time.")
]
Until = Annotated[str | None, Option(help="The same; a day, week or month is included; default: now.")]
By = Annotated[
    str | None,
    Option(help="Group by `hour`, `day`, `source` (the inbox), `view`, `model`, `station`, `priority` or `sender`."),
]
Labels = Annotated[list[str] | None, Option(help="Only this label; may be repeated.")]
Outcomes = Annotated[
    list[str] | None, Option(help="Only `predicted`, `indeterminate`, `rejected` ...; may be repeated.")
]
Reasons = Annotated[list[str] | None, Option(help="Only this reason code; may be repeated.")]
Files = Annotated[list[str] | None, Option(help="Only files of this name; may be repeated.")]
Accessions = Annotated[list[str] | None, Option(help="Only this accession number; may be repeated.")]
Patients = Annotated[list[str] | None, Option(help="Only this patient's ID; may be repeated.")]
Uids = Annotated[list[str] | None, Option(help="Only this SOP, study or series UID; may be repeated.")]
Stations = Annotated[list[str] | None, Option(help="Only this station; may be repeated.")]
Models = Annotated[list[str] | None, Option(help="Only this model version or hash; may be repeated.")]
Inboxes = Annotated[list[Path] | None, Option(help="Only files of this inbox; may be repeated.")]
Modalities = Annotated[list[str] | None, Option(help="Only this modality; may be repeated.")]
Priorities = Annotated[list[str] | None, Option(help="Only `stat` or `routine` films.")]
Minimums = Annotated[
    list[str] | None, Option(help="`covid19=0.8`, or `0.8` for the most probable label; all must hold.")
]
DriftReference = Annotated[
    str, Option(help="What drift is measured against: `28d` before, `2026-09-01/2026-09-30`, or `none`.")
]
MostListed = Annotated[int, Option(min=0, max=1000, help="Likely positives listed at most.")]
OutputFormat = Annotated[
    str | None,
    Option(
        "--format",
        help="`table`, `csv`, `json`, `html`, `pdf` or `xlsx`; default: what --output ends in, else `table`.",
    ),
]
Output = Annotated[Path | None, Option(help="A file, written whole or not at all; `-` is stdout.")]
Show = Annotated[bool, Option("--open", help="Open what --output names when it is written.")]
Recipients = Annotated[
    list[str] | None, Option(metavar="ADDRESS", help="Mail it instead of printing it; may be repeated.")
]
ToWebhook = Annotated[bool, Option("--webhook", help="Send a signed summary to XRAY_WEBHOOK_URL.")]


def report(
    since: Since = "today",
    until: Until = None,
    by: By = None,
    label: Labels = None,
    outcome: Outcomes = None,
    reason: Reasons = None,
    file: Files = None,
    accession: Accessions = None,
    patient: Patients = None,
    uid: Uids = None,
    station: Stations = None,
    model: Models = None,
    inbox: Inboxes = None,
    modality: Modalities = None,
    priority: Priorities = None,
    min_probability: Minimums = None,
    reference: DriftReference = "28d",
    positives: MostListed = 20,
    output_format: OutputFormat = None,
    output: Output = None,
    show: Show = False,
    email: Recipients = None,
    webhook: ToWebhook = False,
) -> None:
    """Report what was screened in a period: sums, refusals with reasons, likely positives, and every result.

    Times without a zone are in the site's time zone (XRAY_TIME_ZONE).

    Example: xray-cli report --since yesterday --until yesterday --output yesterday.html --open
    """
    _check_output(show, output)
    with exit_codes(), opened_installation() as installation:
        zone = installation.settings.time_zone
        from reports.formats import name_format
        from reports.question.asking import PLAIN, ask_question, parse_filters

        filters = parse_filters(
            labels=label,
            outcomes=outcome,
            reasons=reason,
            models=model,
            inboxes=inbox,
            modalities=modality,
            minimums=min_probability,
            priorities=priority,
            stations=station,
            files=file,
            accessions=accession,
            patients=patient,
            uids=uid,
            protect=installation.protect if accession or patient else PLAIN,
        )
        question = ask_question(
            since, until, zone, by=by, filters=filters, reference=reference, positives_shown=positives
        )
        question = replace(question, longest_wait_minutes=installation.settings.longest_wait_minutes)
        wanted = output_format or name_format(output)
        if output is not None or not (webhook or email):
            _write(installation.ledger, question, wanted, output)
        _send(installation, question, wanted, email or (), to_webhook=webhook)
    if show and output is not None:
        _open(output)


def _send(
    installation: "Installation", question: "Question", wanted: str, email: Sequence[str], *, to_webhook: bool
) -> None:
    if not email and not to_webhook:
        return
    from cli.delivering import send_report

    send_report(installation, question, wanted, email, to_webhook=to_webhook)


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
