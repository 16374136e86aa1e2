"""The classification report as text, in the shape of scikit-learn's, and the lines that the original script printed."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from documents.figures import Estimate, say_count, say_number
from inference.labels import LABELS, NOTICE, Label
from reports.wording import name_label
from training.evaluation.cautions import say_few_films
from training.evaluation.measures import Scores

HEADINGS = ("precision", "recall", "f1-score", "support")
LAST_ROW = "weighted avg"
ABSENT = "-"
WIDTH = 100


@dataclass(frozen=True, slots=True)
class _Row:
    """Scores of one class, or an average of them; a score that cannot be had is None."""

    name: str
    scores: tuple[float | None, float | None, float | None]
    support: int


def describe_scores(scores: Scores) -> str:
    """Write the classification report, the confusion matrix, `acc`, `sensitivity` and `specificity`, and the notice.

    Each of the three has its 95 % interval and says over how many films of how many patients it is; sensitivity and
    specificity are those of COVID-19 against the rest, and are left out for a model that does not know it. What says
    nearly nothing is said to, in plain words, first.
    """
    few = say_few_films({label: each.support for label, each in scores.per_class.items()})
    parts = [
        *([textwrap.fill(few, WIDTH)] if few else []),
        classification_report(scores.confusion_matrix, scores.labels),
        _draw_matrix(scores),
        "\n".join(_describe_rates(scores)),
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + f"\n\n{NOTICE}\n"


def _draw_matrix(scores: Scores) -> str:
    width = max(len(label) for label in scores.labels)
    lines = ["confusion matrix, truth in rows, answer in columns", " " * width + _join(scores.labels, width)]
    rows = zip(scores.labels, scores.confusion_matrix, strict=True)
    return "\n".join([*lines, *(f"{label:>{width}}{_join(counts, width)}" for label, counts in rows)])


def _join(cells: Sequence[str | int], width: int) -> str:
    return "".join(f"  {cell:>{width}}" for cell in cells)


def _describe_rates(scores: Scores) -> Iterator[str]:
    yield _describe_rate("acc", scores.accuracy, scores.n, scores.n_patients, "")
    covid19 = scores.per_class.get(Label.COVID19)
    if covid19:
        name, others = name_label(Label.COVID19), scores.n - covid19.support
        yield _describe_rate("sensitivity", covid19.sensitivity, covid19.support, covid19.n_patients, f" with {name}")
        yield _describe_rate("specificity", covid19.specificity, others, covid19.n_patients_of_others, " without it")


def _describe_rate(name: str, found: Estimate, films: int, patients: int, whose: str) -> str:
    over = f"{say_count(films, 'film')} of {say_count(patients, 'patient')}{whose}"
    low, high = say_number(found.low, 4), say_number(found.high, 4)
    return f"{name}: {say_number(found.value, 4)} (95 % interval {low} to {high}; {over})"


def classification_report(matrix: Sequence[Sequence[int]], labels: Sequence[str] = LABELS) -> str:
    """Write precision, recall, F1 and support of each class, accuracy, and the averages, as scikit-learn does.

    Parameters
    ----------
    matrix : sequence of sequence of int
        (labels, labels): true label by answered label.
    labels : sequence of str
        In the order of the matrix.

    Returns
    -------
    str
        Lines. A class that is never answered has precision 0, as in scikit-learn; a class
        without films has no scores ("-") and, unlike there, does not pull the macro average down.
    """
    classes = [_measure(label, matrix, place) for place, label in enumerate(labels)]
    count = sum(map(sum, matrix))
    present = [row for row in classes if row.support]
    averages = [
        _average("macro avg", present, [1] * len(present), count),
        _average(LAST_ROW, present, [row.support for row in present], count),
    ]
    width = max(len(LAST_ROW), *(len(label) for label in labels))
    hits = sum(matrix[place][place] for place in range(len(labels)))
    lines = [
        " " * width + " " + "".join(f"{heading:>10}" for heading in HEADINGS),
        "",
        *(_format(row, width) for row in classes),
        "",
        f"{'accuracy':>{width}} {'':20}{_show(hits / count if count else None)}{count:>10}",
        *(_format(row, width) for row in averages),
    ]
    return "\n".join(lines) + "\n"


def _measure(name: str, matrix: Sequence[Sequence[int]], place: int) -> _Row:
    hits, support = matrix[place][place], sum(matrix[place])
    answered = sum(row[place] for row in matrix)
    if not support:
        return _Row(name, (None, None, None), 0)
    precision = hits / answered if answered else 0.0
    return _Row(name, (precision, hits / support, 2 * hits / (answered + support)), support)


def _average(name: str, rows: Sequence[_Row], weights: Sequence[int], support: int) -> _Row:
    def mean(place: int) -> float | None:
        pairs = zip(rows, weights, strict=True)
        return sum((row.scores[place] or 0.0) * weight for row, weight in pairs) / sum(weights) if rows else None

    return _Row(name, (mean(0), mean(1), mean(2)), support)


def _format(row: _Row, width: int) -> str:
    return f"{row.name:>{width}} " + "".join(map(_show, row.scores)) + f"{row.support:>10}"


def _show(score: float | None) -> str:
    return f"{ABSENT if score is None else format(score, '.2f'):>10}"
