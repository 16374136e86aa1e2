"""How well the classes are distinguished: confusion matrix, figures of each class, ROC and precision-recall curves."""

from collections.abc import Iterator, Mapping, Sequence

from documents.blocks import HEADING, CellKind, Column, Gallery, Row, Section, Shaded, Table
from documents.charts.curves import Curve, draw_curves
from documents.charts.marks import Scale, find_beginning
from documents.charts.shapes import Chart
from documents.figures import Estimate, say_estimate, say_number
from reports.wording import name_label
from training.evaluation.figures.scores import PAIR
from training.evaluation.measures import Scores
from training.evaluation.result import Evaluation, Numbers

RATES: Mapping[str, tuple[str, str]] = {
    "sensitivity": ("Sensitivity", "films of the class that are called so"),
    "specificity": ("Specificity", "films of other classes that are not called so"),
    "ppv": ("PPV", "right among the films called so, at the prevalence of this data set"),
    "npv": ("NPV", "right among the films not called so, at the prevalence of this data set"),
}
AREAS: Mapping[str, tuple[str, str]] = {
    "auroc": ("AUROC", "area under the ROC curve, the class against the rest"),
    "auprc": ("AUPRC", "area under the precision-recall curve"),
}
AGAINST_NORMAL = "COVID-19 against normal"
CLASS = Column("class", CellKind.WORDS, 1.6)
FILMS = Column("films", CellKind.COUNT, 0.7)


def build_classes(evaluation: Evaluation) -> Section:
    """Build the section on which class films get."""
    lead = "Each film counts for its most probable class here, whatever the operating points make of it afterwards."
    blocks = [
        build_matrix(evaluation, "Confusion matrix: films, and their share of the row"),
        _build_figures("Figures of each class", evaluation, RATES, CellKind.RATE),
        *_build_prevalences(evaluation),
    ]
    return Section("classes", "Which class it gives", lead, blocks)


def build_matrix(scores: Scores, caption: str = "") -> Table:
    """Build the confusion matrix: true label by most probable label, each cell shaded by its share of the row."""
    titles = list(map(name_label, scores.labels))
    columns = [Column("truth, answer", CellKind.WORDS, 1.6), *(Column(title, CellKind.SHADED, 1) for title in titles)]
    rows = [
        Row([title, *(Shaded(count, sum(counts), at == place) for at, count in enumerate(counts)), sum(counts)])
        for place, (title, counts) in enumerate(zip(titles, scores.confusion_matrix, strict=True))
    ]
    return Table(caption, [*columns, FILMS], rows)


def _build_figures(
    caption: str, evaluation: Evaluation, figures: Mapping[str, tuple[str, str]], kind: CellKind
) -> Table:
    rows = []
    for name, (title, remark) in figures.items():
        rows.append(Row((title, None, None), HEADING, remark))
        rows += [
            Row((name_label(label), each.support, getattr(each, name)), label)
            for label, each in evaluation.per_class.items()
        ]
    scale = Scale(find_beginning(cell for row in rows for cell in row.cells if isinstance(cell, Estimate)))
    return Table(caption, (CLASS, FILMS, Column("value (95 % interval)", kind, 4, scale)), rows)


def _build_prevalences(evaluation: Evaluation) -> Iterator[Table]:
    rows = [
        Row((name_label(label), values.prevalence, values.ppv, values.npv))
        for label, each in evaluation.per_class.items()
        for values in each.at_prevalence
    ]
    columns = [CLASS, *(Column(name, CellKind.SHARE, 1.2) for name in ("prevalence", "PPV", "NPV"))]
    if rows:
        yield Table("What an answer is worth where the class is rarer or more common than here", columns, rows)


def build_curves(evaluation: Evaluation) -> Section | None:
    """Build the section of ROC and precision-recall curves, one class against the rest; None without curves."""
    curves = evaluation.curves
    labels = [label for label in (*evaluation.labels, PAIR) if label in curves]
    if not labels:
        return None
    lead = (
        "Every threshold at once, one class against the rest. Bands are 95 % intervals at each point; dotted is what "
        "guessing gives."
    )
    singles = [label for label in labels if label != PAIR]
    charts = Gallery((_draw_roc(evaluation, labels), _draw_recall(evaluation, singles)))
    areas = _build_figures("Areas under the curves", evaluation, AREAS, CellKind.NUMBER)
    return Section("curves", "ROC and precision-recall curves", lead, [charts, areas])


def _draw_roc(evaluation: Evaluation, labels: Sequence[str]) -> Chart:
    curves = []
    for label in labels:
        roc = evaluation.curves[label].roc
        auroc = evaluation.auroc_covid19_vs_normal if label == PAIR else evaluation.per_class[label].auroc
        name = AGAINST_NORMAL if label == PAIR else name_label(label)
        title = f"{name}: AUROC {say_estimate(auroc, say_number)}"
        curves.append(_trace(label, title, roc.fpr, roc.tpr, roc.low, roc.high))
    return draw_curves("ROC curve", ("false positives, % (1 − specificity)", "sensitivity, %"), curves)  # noqa: RUF001


def _draw_recall(evaluation: Evaluation, labels: Sequence[str]) -> Chart:
    curves, levels = list[Curve](), dict[str, float]()
    for label in labels:
        pr, area = evaluation.curves[label].pr, evaluation.per_class[label].auprc
        title = f"{name_label(label)}: area {say_estimate(area, say_number)}"
        curves.append(_trace(label, title, pr.recall, pr.precision, pr.low, pr.high))
        levels |= {label: pr.prevalence} if pr.prevalence is not None else {}
    axes = ("recall (sensitivity), %", "precision (PPV), %")
    return draw_curves("Precision-recall curve", axes, curves, levels=levels)


def _trace(label: str, title: str, xs: Numbers, ys: Numbers, low: Numbers, high: Numbers) -> Curve:
    """Trace a curve; the outline of its band goes along the lower edge and back along the upper one."""
    band = [*zip(xs, low, strict=True), *reversed(list(zip(xs, high, strict=True)))] if low and high else []
    return Curve(label, title, list(zip(xs, ys, strict=True)), band)
