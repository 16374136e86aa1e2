"""``predict``: answers at once, without ledger, broker or workers."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import FAILED, InputMissingError, exit_codes

if TYPE_CHECKING:
    from inference.classifier import Classifier
    from store.queries import Result


def predict(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="DICOM, PNG or JPEG files.")],
    model: Annotated[Path | None, typer.Option(help="A bundle's folder (XRAY_MODEL).")] = None,
    output_format: Annotated[str, typer.Option("--format", help="`text` or `json`.")] = "text",
) -> None:
    """Screen single files and print the answers; nothing is recorded or moved.

    Exit code 1: some files could not be read.

    Example: xray-cli predict film.dcm --format json
    """
    with exit_codes():
        if missing := [str(file) for file in files if not file.exists()]:
            raise InputMissingError(f"there is no file {', '.join(missing)}")
        results = list(_predict(files, model))
        _print(results, output_format)
    if any(result.outcome is None for result in results):
        raise typer.Exit(FAILED)


def _predict(files: list[Path], model: Path | None) -> "Iterator[Result]":
    from cli.settings import read_settings
    from inference.bundle import SHIPPED_BUNDLE
    from inference.classifier import Classifier

    settings = read_settings(model=model)
    classifier = Classifier.load(settings.model or SHIPPED_BUNDLE)
    for file in files:
        yield _answer(file, classifier, settings.max_file_bytes)


def _answer(file: Path, classifier: "Classifier", max_bytes: int) -> "Result":
    from datetime import UTC, datetime

    from imaging import RadiographError, UnsuitableRadiographError, decode_radiograph, read_source
    from inference.labels import Outcome
    from store.queries import Result
    from store.states import ArrivalState

    received_at = datetime.now(tz=UTC)
    facts: dict[str, object] = {"state": ArrivalState.DONE}
    sha256 = None
    try:
        source = read_source(file, max_bytes)
        sha256 = source.sha256
        answer = classifier.predict_radiograph(decode_radiograph(source.content))
        facts |= {"outcome": answer.outcome, "label": answer.label, "probabilities": answer.probabilities}
        facts |= {"reason_code": answer.reason_code}
    except UnsuitableRadiographError as error:
        facts |= {"outcome": Outcome.REJECTED, "reason_code": error.reason_code, "reason": str(error)}
    except RadiographError as error:
        facts = {"state": ArrivalState.QUARANTINED, "reason_code": error.reason_code, "reason": str(error)}
    return Result(
        arrival_id=0,
        path=file,
        source_sha256=sha256,
        received_at=received_at,
        finished_at=datetime.now(tz=UTC),
        model_version=classifier.bundle.model_version,
        model_sha256=classifier.bundle.model_sha256,
        conflict=False,
        **{**dict.fromkeys(("outcome", "label", "probabilities", "reason_code", "reason")), **facts},  # type: ignore[arg-type]
    )


def _print(results: "list[Result]", output_format: str) -> None:
    from inference.labels import NOTICE
    from reports.results import result_to_json
    from reports.text import show_text

    if output_format == "json":
        import json

        typer.echo(json.dumps([result_to_json(result) for result in results], indent=2))
        return
    for result in results:
        said = result.label or result.outcome or result.state
        shares = ", ".join(f"{label} {share:.3f}" for label, share in (result.probabilities or {}).items())
        typer.echo(f"{show_text(result.path.name)}: {said}  {shares or result.reason}")
    typer.echo(NOTICE)
