"""The shortcut audit: what is left of the figures when the lungs are gone."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from documents.figures import get_value, say_estimate, say_number, say_percent
from documents.html.elements import EMPTY, build_section, element, isolate, join
from documents.html.intervals import Heading, Row, Scale, build_figure, draw_table
from reports.wording import list_labels, name_label

VIEWS: Mapping[str, tuple[str, str]] = {
    "lungs_masked": ("this model, lungs masked out", "the lungs replaced by their blurred surroundings"),
    "border_only": ("this model, border only", "the outer rim of the picture"),
}
BASELINES: Mapping[str, tuple[str, str]] = {
    "image_size_logistic": ("image size alone, logistic", "never sees a pixel"),
    "image_size_tree": ("image size alone, tree", "never sees a pixel"),
    "thumbnail_logistic": ("a 16 x 16 thumbnail", "sees a blur, logistic regression"),
}
TELLING: Mapping[str, str] = {
    "film_thumbnail": "from a thumbnail of the film",
    "framed_thumbnail": "from a thumbnail of what the model sees",
    "features": "from the model's own features",
}

PLACES: Mapping[str, str] = {
    "in_lungs": "Share of the evidence that lies in the lungs",
    "peak_in_lungs": "Films whose strongest evidence lies in the lungs",
}


def build_audit(report: Mapping[str, Any]) -> Markup:
    """Build the section on shortcuts; says so where the audit was not run."""
    audit = report.get("audit")
    if not audit:
        return build_section("audit", "Shortcut audit", "It was not run.")
    lead = (
        f"A model that reads the disease must fall to chance ({say_percent(audit.get('chance'))} averaged over the "
        f"classes) when the lungs are gone. Red: the interval reaches above {say_percent(audit.get('limit'))}, and the "
        "model is stamped. The simple models never see the lungs properly: what they reach is what the data gives away."
    )
    parts = [_build_bars(report, audit), _build_sources(audit), _build_activation(audit)]
    return build_section("audit", "Shortcut audit", lead, *parts)


def _build_bars(report: Mapping[str, Any], audit: Mapping[str, Any]) -> Markup:
    rows = [_build_row("this model, the film as it is", "", report, "whole")]
    limit = audit.get("limit") or 1.0
    rows += [
        _build_row(*words, audit[key], _alarm(audit[key], limit)) for key, words in VIEWS.items() if audit.get(key)
    ]
    baselines = audit.get("baselines") or {}
    rows += [_build_row(*words, baselines.get(key), None) for key, words in BASELINES.items() if baselines.get(key)]
    scale = Scale(reference=audit.get("chance"), reference_name="chance", bars=True)
    headings = ("what is looked at", "films", "AUROC COVID-19 / normal", "balanced accuracy")
    return draw_table("Balanced accuracy without the lungs", headings, rows, scale)


def _alarm(scores: Mapping[str, Any], limit: float) -> str | None:
    highest = max((each for each in (scores.get("balanced_accuracy") or {}).values() if each is not None), default=0.0)
    return "alarm" if highest > limit else None


def _build_row(title: str, small: str, scores: Mapping[str, Any] | None, class_: str | None) -> Row:
    found = scores or {}
    cells = (f"{(found.get('n') or 0):,}", build_figure(found.get("auroc_covid19_vs_normal"), say_number))
    words = join([title, element("small", small) if small else EMPTY])
    return Row(words, found.get("balanced_accuracy"), cells, class_)


def _build_sources(audit: Mapping[str, Any]) -> Markup:
    found = audit.get("source_within_class") or {}
    rows: list[Row | Heading] = []
    single = []
    for label, title in list_labels():
        each = found.get(label)
        if not each:
            single.append(title)
            continue
        sources = join(
            join([f"{count:,} ", isolate(name), ", "]) for name, count in (each.get("sources") or {}).items()
        )
        chance = say_percent(each.get("chance"))
        rows.append(Heading(join([title, element("small", sources, f"chance {chance}")])))
        rows += [Row(words, each[key]) for key, words in TELLING.items() if get_value(each.get(key)) is not None]
    if not rows:
        return EMPTY
    table = draw_table(
        "How well the source can be told within one class",
        ("class and view", "balanced accuracy"),
        rows,
        Scale(bars=True),
    )
    note = f"No answer for {', '.join(single)}: all films come from one source." if single else ""
    return join([table, element("p", note, class_="lead") if note else EMPTY])


def _build_activation(audit: Mapping[str, Any]) -> Markup:
    found = audit.get("activation") or {}
    if get_value(found.get("in_lungs")) is None:
        return EMPTY
    rows: list[Row | Heading] = []
    for key, words in PLACES.items():
        rows += [Heading(words), _build_place("all films", found, key, "whole")]
        by_label = (found.get("by_label") or {}).items()
        rows += [_build_place(f"answered {name_label(label)}", each, key, None) for label, each in by_label]
    scale = Scale(bars=True, reference_name="share of the picture that is lung")
    table = draw_table("Does the activation map lie on the lungs?", ("answer", "films", "share"), rows, scale)
    note = (
        f"The evidence is {say_estimate(found.get('ratio'), lambda value: say_number(value, 2))} times as dense in the "
        "lungs as that of a map that looks everywhere alike."
    )
    return join([table, element("p", note, class_="lead")])


def _build_place(title: str, found: Mapping[str, Any], key: str, class_: str | None) -> Row:
    return Row(title, found.get(key), (f"{(found.get('n') or 0):,}",), class_, reference=get_value(found.get("area")))
