"""The page as a whole: notice, headline, sections, notice."""

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from documents.html.document import render_document
from documents.html.elements import element
from training.evaluation.page.audit import build_audit
from training.evaluation.page.certainty import build_certainty
from training.evaluation.page.classes import build_classes, build_curves
from training.evaluation.page.films import build_films
from training.evaluation.page.groups import build_groups, build_leave_one_out
from training.evaluation.page.headline import build_header
from training.evaluation.page.method import build_method
from training.evaluation.page.refusals import build_other_findings, build_refusals

SECTIONS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Markup]]] = {
    "classes": ("classes", build_classes),
    "curves": ("ROC and PR", build_curves),
    "certainty": ("certainty", build_certainty),
    "groups": ("groups", build_groups),
    "leave-one-out": ("leave one out", build_leave_one_out),
    "audit": ("shortcut audit", build_audit),
    "other-findings": ("other findings", build_other_findings),
    "refusals": ("refusals", build_refusals),
    "errors": ("worst errors", build_films),
    "method": ("method", build_method),
}


def render_page(report: Mapping[str, Any]) -> str:
    """Render the report of `evaluate` as one HTML page that needs nothing else.

    Parameters
    ----------
    report : mapping
        As `training.evaluation.evaluation` makes it; every part but `per_class` and `confusion_matrix` may be missing
        or None, and every figure may be None. `worst` may carry pictures, which are put into the page.

    Returns
    -------
    str
        A whole document, for screens, light and dark, and for paper; no scripts, no network. It is also
        well-formed XML.
    """
    title = f"Evaluation of {report.get('model_version') or 'a model'}"
    sections = {name: build(report) for name, (_, build) in SECTIONS.items()}
    links = [
        element("li", element("a", SECTIONS[name][0], href=f"#{name}")) for name, section in sections.items() if section
    ]
    return render_document(
        title,
        files("training.evaluation.page").joinpath("style.css"),
        build_header(report),
        element("nav", element("ul", *links), aria_label="sections"),
        element("main", *sections.values()),
    )
