"""The shortcut audit: what is left of the figures when the lungs are gone."""

from collections.abc import Iterator, Mapping

from documents.blocks import HEADING, CellKind, Column, Row, Section, Table
from documents.charts.marks import Scale
from documents.figures import say_estimate, say_number, say_percent
from reports.wording import name_label
from training.evaluation.content.groups import BALANCED_ACCURACY
from training.evaluation.measures import Scores
from training.evaluation.result import Activation, Audit, SourceRecognition

BASELINES: Mapping[str, tuple[str, str]] = {
    "image_size_logistic": ("image size alone, logistic", "never sees a pixel"),
    "image_size_tree": ("image size alone, tree", "never sees a pixel"),
    "thumbnail_logistic": ("a 16 x 16 thumbnail", "sees a blur, logistic regression"),
}
VIEWS: Mapping[str, str] = {
    "film_thumbnail": "from a thumbnail of the film",
    "framed_thumbnail": "from a thumbnail of what the model sees",
    "features": "from the model's own features",
}
PLACES: Mapping[str, str] = {
    "in_lungs": "Share of the evidence that lies in the lungs",
    "peak_in_lungs": "Films whose strongest evidence lies in the lungs",
}


def build_audit(scores: Scores, audit: Audit | None) -> Section:
    """Build the section on shortcuts; says so where the audit was not run.

    Parameters
    ----------
    scores : Scores
        On the same films as they are.
    audit : Audit or None
        On these films without their lungs.
    """
    if not audit:
        return Section("audit", "Shortcut audit", "It was not run.", [])
    lead = (
        f"A model that reads the disease must fall to chance ({say_percent(audit.chance)} averaged over the classes) "
        f"when the lungs are gone; one whose interval reaches above {say_percent(audit.limit)} is stamped. The simple "
        "models never see the lungs properly: what they reach is what the data gives away."
    )
    tables = [_build_without_lungs(scores, audit), *_build_recognition(audit)]
    return Section("audit", "Shortcut audit", lead, [*tables, *_build_activation(audit.activation)])


def _build_without_lungs(scores: Scores, audit: Audit) -> Table:
    rows = [_build_row("this model, the film as it is", "", scores, "whole")]
    for found, title, remark in (
        (audit.lungs_masked, "this model, lungs masked out", "the lungs replaced by their blurred surroundings"),
        (audit.border_only, "this model, border only", "the outer rim of the picture"),
    ):
        if found:
            is_above = (found.balanced_accuracy.high or 0.0) > audit.limit
            rows.append(_build_row(title, remark, found, "alarm" if is_above else ""))
    for name, found in audit.baselines.items():
        rows.append(_build_row(*BASELINES.get(name, (name.replace("_", " "), "")), found, ""))
    scale = Scale(reference=audit.chance, reference_name="chance", has_bars=True)
    columns = (
        Column("what is looked at", CellKind.NAME, 2),
        Column("films", CellKind.COUNT, 0.6),
        Column("AUROC COVID-19 / normal", CellKind.NUMBER, 1.5),
        Column(BALANCED_ACCURACY, CellKind.RATE, 3, scale),
    )
    return Table("Balanced accuracy without the lungs", columns, rows)


def _build_row(title: str, remark: str, scores: Scores, tone: str) -> Row:
    return Row((title, scores.n, scores.auroc_covid19_vs_normal, scores.balanced_accuracy), tone, remark)


def _build_recognition(audit: Audit) -> Iterator[Table]:
    rows = [row for label, found in audit.source_within_class.items() if found for row in _list_views(label, found)]
    if not rows:
        return
    columns = (
        Column("class and view", CellKind.WORDS, 2),
        Column(BALANCED_ACCURACY, CellKind.RATE, 3, Scale(has_bars=True)),
    )
    single = [name_label(label) for label, found in audit.source_within_class.items() if not found]
    note = f"No answer for {', '.join(single)}: all films come from one source." if single else ""
    yield Table("How well the source can be recognised within one class", columns, rows, note)


def _list_views(label: str, found: SourceRecognition) -> Iterator[Row]:
    sources = ", ".join(f"{count:,} {name}" for name, count in found.sources.items())
    yield Row((name_label(label), None), HEADING, f"{sources}, chance {say_percent(found.chance)}")
    for name, title in VIEWS.items():
        if getattr(found, name).value is not None:
            yield Row((title, getattr(found, name)))


def _build_activation(activation: Activation) -> Iterator[Table]:
    if activation.in_lungs.value is None:
        return
    rows = []
    for name, title in PLACES.items():
        rows += [Row((title, None, None), HEADING), _build_place("all films", activation, name, "whole")]
        rows += [
            _build_place(f"answered {name_label(label)}", each, name, "") for label, each in activation.by_label.items()
        ]
    scale = Scale(reference_name="share of the picture that is lung", has_bars=True)
    columns = (
        Column("answer", CellKind.WORDS, 2),
        Column("films", CellKind.COUNT, 0.7),
        Column("share", CellKind.RATE, 3, scale),
    )
    ratio, area = say_estimate(activation.ratio, lambda value: say_number(value, 2)), say_estimate(activation.area)
    note = (
        f"The lungs fill {area} of the picture. The evidence is {ratio} times as dense in them as that of a map that "
        "looks everywhere alike."
    )
    yield Table("Does the activation map lie on the lungs?", columns, rows, note)


def _build_place(title: str, found: Activation, name: str, tone: str) -> Row:
    return Row((title, found.n, getattr(found, name)), tone, reference=found.area.value)
