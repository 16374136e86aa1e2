"""``predict``: answers at once, without ledger, broker or workers."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.choices import TextFormat
from cli.errors import FAILED, exit_codes
from cli.opening import opened_installation
from cli.progress import opened_bars, pass_on
from inference.labels import NOTICE

if TYPE_CHECKING:
    from cli.answering import AnsweredFile
    from installation.installation import Installation
    from store.identifiers import Protect

FILES_HELP = "DICOM, PNG or JPEG files, or folders with such files."
HEATMAP_HELP = "Folder for one picture a film: where the evidence for its most probable label lies."


def predict(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", readable=False, help=FILES_HELP)],
    model: Annotated[Path | None, typer.Option(help="A bundle's folder (XRAY_MODEL).")] = None,
    heatmap: Annotated[Path | None, typer.Option(metavar="DIR", help=HEATMAP_HELP)] = None,
    output_format: Annotated[
        TextFormat, typer.Option("--format", help="How the answers are written.")
    ] = TextFormat.TEXT,
) -> None:
    """Screen files and print the answers in their order; nothing is recorded or moved.

    A film that the model must not judge is refused with its reason, and a damaged file does not stop the others.
    Pictures are named by the first 16 digits of their file's SHA-256; what is burnt into a film is seen in them.
    Exit code 1: some files or folders could not be read.

    Example: xray-cli predict film.dcm archive/2026 --heatmap pictures
    """
    with exit_codes(), opened_installation(model=model) as installation:
        unread = _predict(installation, files, heatmap, output_format)
    if unread:
        raise typer.Exit(FAILED)


def _predict(installation: "Installation", files: list[Path], heatmap: Path | None, output_format: TextFormat) -> int:
    from cli.answering import Answerer, find_files
    from documents.text import show_text
    from inference.classifier import Classifier
    from worker.intake.inboxes import describe_fault

    closed: dict[str, OSError] = {}
    found = find_files(files, closed)
    classifier = Classifier.load(installation.model)
    if heatmap is not None:
        heatmap.mkdir(parents=True, exist_ok=True)
    answerer = Answerer(classifier, installation.settings.max_file_bytes, heatmap, _find_protection(installation))
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 shows what it can
    write = _write_json if output_format is TextFormat.JSON else _write_text
    answers = (answerer.answer(file) for file in found)
    with opened_bars(wanted=len(found) > 1, redirect_stdout=sys.stdout.isatty()) as bars:
        unread = write(pass_on(bars, answers, len(found)))
    for folder, error in closed.items():
        warning = f"the folder {folder} cannot be entered ({describe_fault(error)}); its films have no answer"
        sys.stderr.write(f"xray-cli: {show_text(warning)}\n")
    return unread + len(closed)


def _find_protection(installation: "Installation") -> "Protect":
    """Return what identifiers pass through; where the site hashes them and there is no key yet, none is said."""
    from installation.errors import IdentifierKeyError

    try:
        return installation.protect
    except IdentifierKeyError:
        return lambda _identifier: None


def _write_json(answers: "Iterable[AnsweredFile]") -> int:
    """Write a list, one result a line as soon as it is known; returns how many files could not be read."""
    from reports.columns import result_to_json

    unread = 0
    beginning = "[\n "
    for answer in answers:
        sys.stdout.write(beginning + json.dumps(result_to_json(answer.result)))
        beginning = ",\n "
        unread += answer.result.outcome is None
    sys.stdout.write("[]\n" if beginning.startswith("[") else "\n]\n")
    sys.stderr.write(f"{NOTICE}\n")
    return unread


def _write_text(answers: "Iterable[AnsweredFile]") -> int:
    """Write a line a file, then the sums and what to do; returns how many files could not be read."""
    from documents.figures import say_count
    from reports.advice import find_advice
    from store.ledger.fates import REASONS

    ends: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    unread = 0
    for answer in answers:
        result = answer.result
        end = result.outcome or result.state
        sys.stdout.write(f"{_describe(answer, end)}\n")
        ends[end] += 1
        reasons.update([result.reason_code] if result.reason_code else [])
        unread += result.outcome is None
    counted = ", ".join(f"{count} {end}" for end, count in ends.most_common())
    sys.stdout.write(f"\n{say_count(ends.total(), 'file')}: {counted}\n")
    for reason_code, count in reasons.most_common():
        sys.stdout.write(f"  {count} {reason_code}: {find_advice(reason_code, REASONS)}\n")
    sys.stdout.write(f"{NOTICE}\n")
    return unread


def _describe(answer: "AnsweredFile", end: str) -> str:
    from documents.text import show_text

    result = answer.result
    said = " ".join(filter(None, (end, result.label, result.reason_code)))
    shares = ", ".join(f"{label} {share:.3f}" for label, share in (result.probabilities or {}).items())
    name = show_text(os.fsencode(answer.path).decode("utf-8", "backslashreplace"))
    picture = f"  -> {show_text(str(answer.heatmap))}" if answer.heatmap else ""
    return f"{name}: {said}  {shares or answer.reason}{picture}"
