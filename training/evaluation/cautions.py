"""What a reader of figures must be told before the figures."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from training.data.dataset import Case

FEW_FILMS = 30

SENTENCES: Mapping[str, str] = {
    "same_as_training": "This IS the data set that the model was trained on, film by film: the figures say how well it "
    "remembers, not how well it will do. Its own figures, on patients held out, stand in the bundle ('xray-cli model "
    "show').",
    "trained_on_these_films": "The model was trained or calibrated on patients of {seen} of these {files} films: the "
    "figures are too kind. --split held-out leaves them out; the bundle's own figures ('xray-cli model show') are on "
    "patients held out.",
    "training_films_unknown": "The bundle does not name its training films: if these are among them, the figures "
    "are too kind.",
    "works_without_lungs": "This model WORKS WITHOUT LUNGS: with the lungs masked out or only the border kept, its "
    "balanced accuracy exceeds {limit}. It has learnt something else than disease.",
    "lungs_not_ruled_out": "It cannot be ruled out that this model works without lungs: the interval of its balanced "
    "accuracy without them reaches above {limit}.",
    "patients_unknown": "No patient has two films here, as where patients are not known: the intervals may then be too "
    "narrow.",
    "few_films": "Fewer than {few} films of {labels} were judged: the figures say little.",
}


def find_cautions(report: Mapping[str, Any], cases: Sequence[Case]) -> list[dict[str, str]]:
    """Return what must be said about a report, as `code` and `message`.

    Parameters
    ----------
    report : mapping
        The report, all but its warnings.
    cases : sequence of Case
        All films of the data set.
    """
    facts = {
        "seen": report["dataset"]["n_seen"],
        "files": report["dataset"]["n_files"],
        "limit": (report.get("audit") or {}).get("limit"),
        "few": FEW_FILMS,
        "labels": ", ".join(_name_rare_labels(report)),
    }
    return [{"code": code, "message": SENTENCES[code].format(**facts)} for code in _find_codes(report, cases)]


def _find_codes(report: Mapping[str, Any], cases: Sequence[Case]) -> Iterator[str]:
    dataset = report["dataset"]
    if dataset["same_as_training"]:
        yield "same_as_training"
    elif dataset["n_seen"]:
        yield "trained_on_these_films"
    elif dataset["n_seen"] is None:
        yield "training_films_unknown"
    verdict = (report.get("audit") or {}).get("verdict")
    if verdict == "works_without_lungs":
        yield "works_without_lungs"
    if verdict == "not_ruled_out":
        yield "lungs_not_ruled_out"
    if len({case.patient_id for case in cases}) == len(cases):
        yield "patients_unknown"
    if _name_rare_labels(report):
        yield "few_films"


def _name_rare_labels(report: Mapping[str, Any]) -> list[str]:
    return [label for label, each in report["per_class"].items() if each["support"] < FEW_FILMS]
