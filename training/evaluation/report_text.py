"""The classification report as text, in the shape of scikit-learn's, which the original script printed."""

from collections.abc import Sequence
from dataclasses import dataclass

from inference.labels import LABELS, NOTICE

HEADINGS = ("precision", "recall", "f1-score", "support")
LAST_ROW = "weighted avg"
ABSENT = "-"


@dataclass(frozen=True, slots=True)
class _Row:
    """Scores of one class, or an average of them; a score that cannot be had is None."""

    name: str
    scores: tuple[float | None, float | None, float | None]
    support: int


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
        Lines that end with the notice. A class that is never answered has precision 0, as in scikit-learn; a class
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
        "",
        NOTICE,
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
