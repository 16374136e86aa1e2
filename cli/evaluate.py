"""``evaluate``: how good a model is on a data set, and whether it looks at the lungs."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import FAILED, PackageMissingError, exit_codes
from cli.evaluations import keep_evaluation
from cli.opening import opened_installation

if TYPE_CHECKING:
    from inference.labels import Label
    from installation.installation import Installation
    from training.data.dataset import Case
    from training.evaluation.assessment import AssessmentSettings
    from training.evaluation.result import Evaluation


class EvaluationFormat(StrEnum):
    """What an evaluation is written as."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"


class EvaluationSplit(StrEnum):
    """Which films of a data set are measured."""

    ALL = "all"
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    HELD_OUT = "held-out"


class EvaluationGrouping(StrEnum):
    """What is left out of quick retrainings, one after the other."""

    SOURCE = "source"
    SITE = "site"


Dataset = Annotated[Path | None, typer.Option(help="Folder with manifest.csv, or with one folder for each class.")]
FromOutcomes = Annotated[
    bool, typer.Option("--from-outcomes", help="Films screened here, with the labels of `outcomes import`.")
]
Since = Annotated[str | None, typer.Option(help="Of these, those finished since then, as of `report`.")]
Until = Annotated[str | None, typer.Option(help="And until then; a day is included.")]
OtherFindings = Annotated[Path | None, typer.Option(help="Folder of films of none of the classes.")]
Model = Annotated[Path | None, typer.Option(help="A bundle's folder (XRAY_MODEL).")]
Format = Annotated[EvaluationFormat, typer.Option("--format", help="How the evaluation is written.")]
Output = Annotated[Path | None, typer.Option(help="A file, written whole or not at all.")]
Split = Annotated[
    EvaluationSplit,
    typer.Option(
        help="`train`, `validation` or `test` as the manifest's column split says; or `held-out`: patients that the "
        "model was not trained on."
    ),
]
Prevalence = Annotated[
    list[str] | None,
    typer.Option(help="Shares at which predictive values are given, as covid19=0.01,normal=0.9; may be repeated."),
]
LeaveOut = Annotated[
    EvaluationGrouping | None, typer.Option(help="Retrain the head quickly without each of these, and test it there.")
]
Audit = Annotated[bool, typer.Option(help="Ask whether the model works without lungs.")]
Strict = Annotated[bool, typer.Option(help="Exit code 1 if the model works without lungs.")]
Seed = Annotated[int, typer.Option(min=0, help="Of the bootstrap and the folds.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; default: one a core.")]


def evaluate(
    dataset: Dataset = None,
    from_outcomes: FromOutcomes = False,
    since: Since = None,
    until: Until = None,
    other_findings: OtherFindings = None,
    model: Model = None,
    output_format: Format = EvaluationFormat.TABLE,
    output: Output = None,
    split: Split = EvaluationSplit.ALL,
    prevalence: Prevalence = None,
    leave_out: LeaveOut = None,
    audit: Audit = True,
    strict: Strict = False,
    seed: Seed = 0,
    workers: Workers = None,
) -> None:
    """Measure a model on a data set through the classifier that serves, and audit it for shortcuts.

    Every figure comes with its 95 % bootstrap interval by patient. The last evaluation of a model stays in the home,
    where the page shows it. Exit code 1 with --strict: the model works without lungs, or that cannot be ruled out.

    Example: xray-cli evaluate --dataset dataset --format html --output evaluation.html
    """
    _check_films(dataset, from_outcomes, bool(since or until))
    with exit_codes(), opened_installation(model=model) as installation:
        _check_packages(audit or strict or leave_out is not None)
        from training.evaluation.assessment import AssessmentSettings

        settings = AssessmentSettings(
            model=installation.model.folder,
            dataset=dataset or installation.home.root,
            cases=None if dataset else find_site_cases(installation, since, until),
            other_findings=other_findings,
            part=split.value,
            prevalences=_read_prevalences(prevalence or ()),
            leave_out_by=leave_out and leave_out.value,
            with_audit=audit or strict,
            seed=seed,
            workers=workers,
        )
        evaluation = _assess(settings)
        keep_evaluation(installation.home, evaluation)
        _write(evaluation, output_format, output)
    if strict:
        _check_audit(evaluation)


def _check_audit(evaluation: "Evaluation") -> None:
    if evaluation.audit is None or evaluation.audit.works_without_lungs:
        typer.echo("xray-cli: the model works without lungs, or that cannot be ruled out (--strict)", err=True)
        raise typer.Exit(FAILED)


def _assess(settings: "AssessmentSettings") -> "Evaluation":
    from rich.console import Console

    from training.evaluation.assessment import assess

    return assess(settings, Console(stderr=True))


def _check_films(dataset: Path | None, from_outcomes: bool, has_period: bool) -> None:
    if (dataset is None) != from_outcomes:
        raise typer.BadParameter("give one of --dataset and --from-outcomes", param_hint="'--dataset'")
    if has_period and not from_outcomes:
        raise typer.BadParameter("--since and --until go with --from-outcomes")


def find_site_cases(installation: "Installation", since: str | None, until: str | None) -> "tuple[Case, ...]":
    """Return the films of a period in the ledger that have a label, as cases."""
    from reports.question.asking import ask_question
    from store.database import reading
    from store.questions.labelled_films import list_labelled_films
    from training.evaluation.site_films import find_cases

    ledger = installation.ledger
    question = ask_question(since or "1970-01-02", until, installation.settings.time_zone)
    with reading(ledger) as connection:
        films = list_labelled_films(connection, question.selection)
    return tuple(find_cases(films))


def _check_packages(needed: bool) -> None:
    missing = [name for name in ("sklearn", "tensorflow") if find_spec(name) is None]
    if needed and missing:
        raise PackageMissingError("the audit (unless --no-audit) needs TensorFlow and scikit-learn")


def _read_prevalences(given: "Sequence[str]") -> "Mapping[Label, Sequence[float]]":
    from inference.labels import LABELS, Label
    from training.evaluation.evaluation import PREVALENCES

    chosen: dict[Label, list[float]] = {}
    for pair in (part for text in given for part in text.split(",")):
        name, _, number = pair.partition("=")
        try:
            label, prevalence = Label(name.strip()), float(number)
        except ValueError:
            label, prevalence = LABELS[0], -1.0
        if not 0.0 < prevalence < 1.0:
            accepted = f"LABEL=SHARE with a share between 0 and 1, of {', '.join(LABELS)}"
            raise typer.BadParameter(f"{pair!r}: accepted is {accepted}", param_hint="'--prevalence'")
        chosen.setdefault(label, []).append(prevalence)
    return {**PREVALENCES, **chosen}


def _write(evaluation: "Evaluation", output_format: EvaluationFormat, output: Path | None) -> None:
    from documents.output import open_output
    from training.evaluation.content.content import build_content

    with open_output(output) as stream:
        if output_format is EvaluationFormat.JSON:
            import json

            stream.write(json.dumps(evaluation.to_json(), indent=1, allow_nan=False) + "\n")
        elif output_format is EvaluationFormat.HTML:
            from documents.html.page import render_content

            stream.write(render_content(build_content(evaluation)))
        else:
            from documents.terminal import write_content

            write_content(build_content(evaluation), stream)
