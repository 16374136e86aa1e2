import numpy as np

from inference.labels import NOTICE, Label
from training.evaluation.figures.estimates import draw_patients
from training.evaluation.figures.scores import score_probabilities
from training.evaluation.report_text import classification_report, describe_scores


def test_report_reads_as_scikit_learns() -> None:
    # the numbers were printed by sklearn.metrics.classification_report for the same answers
    text = classification_report([[43, 0, 6], [0, 54, 6], [1, 4, 71]])
    assert text.splitlines() == [
        "                 precision    recall  f1-score   support",
        "",
        "        covid19       0.98      0.88      0.92        49",
        "viral_pneumonia       0.93      0.90      0.92        60",
        "         normal       0.86      0.93      0.89        76",
        "",
        "       accuracy                           0.91       185",
        "      macro avg       0.92      0.90      0.91       185",
        "   weighted avg       0.91      0.91      0.91       185",
    ]


def test_a_class_without_films_has_no_scores_and_leaves_the_averages_alone() -> None:
    lines = classification_report([[10, 0, 0], [0, 0, 0], [0, 0, 10]]).splitlines()
    assert lines[3].split() == ["viral_pneumonia", "-", "-", "-", "0"]
    assert lines[7].split() == ["macro", "avg", "1.00", "1.00", "1.00", "20"]


def test_a_class_that_is_never_answered_has_precision_zero() -> None:
    lines = classification_report([[0, 0, 5], [0, 5, 0], [0, 0, 10]]).splitlines()
    assert lines[2].split() == ["covid19", "0.00", "0.00", "0.00", "5"]


def test_no_films_give_a_report_without_scores() -> None:
    lines = classification_report([[0] * 3] * 3).splitlines()
    assert lines[6].split() == ["accuracy", "-", "0"]
    assert lines[8].split() == ["weighted", "avg", "-", "-", "-", "0"]


def write_scores(*films: tuple[str, str, str]) -> str:
    """Write the report of films of (truth, answer, patient), of a model that knows COVID-19 and normal."""
    labels = (Label.COVID19, Label.NORMAL)
    reference = np.array([labels.index(Label(truth)) for truth, _, _ in films])
    answered = np.array([labels.index(Label(answer)) for _, answer, _ in films])
    patients = [patient for _, _, patient in films]
    weights = draw_patients(patients, seed=0)
    return describe_scores(score_probabilities(reference, np.eye(2)[answered], patients, weights, labels))


def test_the_lines_of_the_original_have_their_intervals_and_patients() -> None:
    text = write_scores(
        ("covid19", "covid19", "a"), ("covid19", "covid19", "a"), ("covid19", "normal", "b"), ("normal", "normal", "c")
    )  # fmt: skip
    lines = text.splitlines()
    assert "acc: 0.7500 (95 % interval 0." in text
    assert "; 4 films of 3 patients)" in text
    assert "sensitivity: 0.6667 (95 % interval 0.0000 to 1.0000; 3 films of 2 patients with COVID-19)" in lines
    assert "specificity: 1.0000 (95 % interval 0.0250 to 1.0000; 1 film of 1 patient without it)" in lines
    assert [line.split() for line in lines if line.split()[:1] == ["covid19"]][-1] == ["covid19", "2", "1"]
    assert "viral" not in text
    assert lines[-1] == NOTICE


def test_a_few_films_are_said_to_say_nearly_nothing_first() -> None:
    few = write_scores(("covid19", "covid19", "a"), ("normal", "normal", "b"))
    many = write_scores(*((label, label, f"{label}{n}") for label in ("covid19", "normal") for n in range(30)))
    assert few.startswith("There are fewer than 30 films of a class (1 of COVID-19, 1 of normal)")
    assert "nearly nothing" not in many
