"""What a reader of figures must know before the figures."""

from collections.abc import Iterator, Mapping, Sequence

from training.data.dataset import Case
from training.evaluation.result import Caution, DatasetFacts, Evaluation

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


def find_cautions(evaluation: Evaluation, cases: Sequence[Case]) -> tuple[Caution, ...]:
    """Return what must be said about an evaluation.

    Parameters
    ----------
    evaluation : Evaluation
        All but its warnings.
    cases : sequence of Case
        All films of the data set.
    """
    dataset, audit = evaluation.dataset, evaluation.audit
    facts = {
        "seen": dataset and dataset.n_seen,
        "files": dataset and dataset.n_files,
        "limit": audit and audit.limit,
        "few": FEW_FILMS,
        "labels": ", ".join(_name_rare_labels(evaluation)),
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
    if len({case.patient_id for case in cases}) == len(cases):
        yield "patients_unknown"
    if _name_rare_labels(evaluation):
        yield "few_films"


def _name_rare_labels(evaluation: Evaluation) -> list[str]:
    return [label for label, each in evaluation.per_class.items() if each.support < FEW_FILMS]
