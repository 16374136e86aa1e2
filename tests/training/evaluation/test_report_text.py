from inference.labels import NOTICE
from training.evaluation.report_text import classification_report


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
        "",
        NOTICE,
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
