"""What a reader of figures must know before the figures."""

from collections.abc import Iterator, Mapping, Sequence

from documents.figures import say_count
from inference.labels import OTHER_FINDING
from reports.wording import name_label
from training.data.dataset import Case
from training.evaluation.result import Caution, DatasetFacts, Evaluation

FEW_FILMS = 30

SENTENCES: Mapping[str, str] = {
    "same_as_training": "This IS the data set that the model was trained on, film by film: the figures say how well it "
    "remembers, not how well it will do. What its training run measured stands in the bundle ('xray-cli model show').",
    "trained_on_these_films": "The model, or the weights that it started from, was trained or calibrated on patients "
    "of {seen} of these {files} films: the figures are too kind, and not on unseen patients. --split held-out leaves "
    "them out.",
    "training_films_unknown": "The bundle does not name all films that it or its starting weights were trained on: if "
    "these are among them, the figures are too kind.",
    "works_without_lungs": "This model WORKS WITHOUT LUNGS: with the lungs masked out or only the border kept, its "
    "balanced accuracy exceeds {limit}. It has learnt something else than disease.",
    "lungs_not_ruled_out": "It cannot be ruled out that this model works without lungs: the interval of its balanced "
    "accuracy without them reaches above {limit}.",
    "patients_unknown": "Of {nameless} no patient is known, and each counts as a patient of its own: the "
    "intervals may be too narrow.",
    "unknown_classes": "The model does not know the class of {unknown} of these films: {they_count} among those "
    "with other findings.",
    "few_films": "{few_films}",
}


def find_cautions(evaluation: Evaluation, cases: Sequence[Case]) -> tuple[Caution, ...]:
    """Return what must be said about an evaluation.

    Parameters
    ----------
    evaluation : Evaluation
        All but its warnings.
    cases : sequence of Case
        All films of the data set, with the labels that it gives them.
    """
    dataset, audit, unknown = evaluation.dataset, evaluation.audit, _count_unknown(evaluation, cases)
    facts = {
        "seen": dataset and dataset.n_seen,
        "files": dataset and dataset.n_files,
        "limit": audit and audit.limit,
        "nameless": dataset and say_count(dataset.n_without_patient or 0, "film"),
        "unknown": unknown,
        "they_count": "it counts" if unknown == 1 else "they count",
        "few_films": say_few_films(_count_films(evaluation)),
    }
    codes = [*_find_overlap(dataset), *_find_others(evaluation, cases)]
    return tuple(Caution(code=code, message=SENTENCES[code].format(**facts)) for code in codes)


def _find_overlap(dataset: DatasetFacts | None) -> Iterator[str]:
    if dataset is None:
        return
    if dataset.same_as_training:
        yield "same_as_training"
    elif dataset.n_seen:
        yield "trained_on_these_films"
    elif dataset.n_seen is None:
        yield "training_films_unknown"


def _find_others(evaluation: Evaluation, cases: Sequence[Case]) -> Iterator[str]:
    verdict = evaluation.audit and evaluation.audit.verdict
    if verdict == "works_without_lungs":
        yield "works_without_lungs"
    if verdict == "not_ruled_out":
        yield "lungs_not_ruled_out"
    if evaluation.dataset and evaluation.dataset.n_without_patient:
        yield "patients_unknown"
    if _count_unknown(evaluation, cases):
        yield "unknown_classes"
    if say_few_films(_count_films(evaluation)):
        yield "few_films"


def _count_unknown(evaluation: Evaluation, cases: Sequence[Case]) -> int:
    known = (*evaluation.labels, OTHER_FINDING)
    return sum(case.reference_label not in known for case in cases)


def _count_films(evaluation: Evaluation) -> dict[str, int]:
    return {label: each.support for label, each in evaluation.per_class.items()}


def say_few_films(counts: Mapping[str, int]) -> str:
    """Say which classes have so few films that their figures say nearly nothing; nothing where there are enough."""
    rare = [f"{count} of {name_label(label)}" for label, count in counts.items() if count < FEW_FILMS]
    if not rare:
        return ""
    return (
        f"There are fewer than {FEW_FILMS} films of a class ({', '.join(rare)}): these figures say nearly nothing. One "
        "film more or less changes them by several percentage points."
    )
