"""An evaluation for a terminal of 80 columns or more."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from inference.labels import LABELS, NOTICE, OTHER_FINDING
from training.evaluation.terminal import begin_table, cut_names, open_console, show_estimate

if TYPE_CHECKING:
    from rich.table import Table

STAMP = "WORKS WITHOUT LUNGS"
VERDICTS = {
    "works_without_lungs": STAMP,
    "not_ruled_out": f"{STAMP} is not ruled out",
    "near_chance": "near chance without lungs",
}
OVERALL = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auroc_covid19_vs_normal": "AUROC, COVID-19 against normal",
    "ece": "expected calibration error",
    "brier": "Brier score (0 to 2)",
}
ANSWERED = {
    "coverage": "films with an answer",
    "accuracy": "accuracy of the answers",
    "below_operating_point": "indeterminate, below the operating point",
    "lost_to_other_finding": "indeterminate, taken for another finding",
}
BASELINES = {
    "image_size_logistic": "image size alone",
    "image_size_tree": "image size alone (tree)",
    "thumbnail_logistic": "16 x 16 thumbnail",
}

GROUP_FIGURES = {"balanced_accuracy": "Balanced accuracy", "auroc_covid19_vs_normal": "AUROC"}


def write_table(report: Mapping[str, Any], stream: TextIO) -> None:
    """Write the report of `training.evaluation.assessment.assess` as tables.

    Parameters
    ----------
    report : mapping
        The report.
    stream : TextIO
        A terminal, or a file, which gets 80 columns.
    """
    console = open_console(stream)
    dataset, refused = report["dataset"], report["refused"]
    console.print(f"{report['model_version']} on {dataset['name']} ({dataset['split']})", style="bold")
    console.print(f"{report['n']} films of {report['n_patients']} patients judged, {refused['n']} refused")
    console.print("In brackets: 95 % interval, bootstrap by patient.")
    for warning in report["warnings"]:
        console.print(f"! {warning['message']}", style="bold yellow")
    console.print()
    for table in _build_tables(report):
        console.print(table)
    console.print(NOTICE, style="bold")


def _build_tables(report: Mapping[str, Any]) -> "list[Table]":
    tables = [
        _list_estimates("All classes", OVERALL, report),
        _build_classes(report),
        _build_confusions(report["confusion_matrix"]),
        _build_prevalences(report["per_class"]),
        _list_estimates("Under the operating points", ANSWERED, report["answered"]),
    ]
    if report["refused"]["n"]:
        tables.append(_build_refusals(report["refused"]["by_reason"]))
    if report["other_finding"]["n"]:
        tables.append(_build_others(report["other_finding"]))
    tables += [_build_groups(name, groups) for name, groups in report["by_group"].items() if len(groups) > 1]
    if report.get("leave_one_out"):
        tables.append(_build_left_out(report["leave_one_out"]))
    if report.get("audit"):
        tables += [_build_audit(report), _build_clues(report["audit"])]
    return tables


def _list_estimates(title: str, names: Mapping[str, str], estimates: Mapping[str, Any]) -> "Table":
    table = begin_table(title, "Figure", "Value")
    for name, words in names.items():
        table.add_row(words, show_estimate(estimates[name]))
    return table


def _build_classes(report: Mapping[str, Any]) -> "Table":
    table = begin_table("Each class against the rest", "Figure", *map(str, LABELS))
    classes = [report["per_class"][label] for label in LABELS]
    for name in ("sensitivity", "specificity", "ppv", "npv", "auroc", "auprc"):
        words = name if name.startswith("s") else name.upper()
        table.add_row(words, *(show_estimate(each[name], digits=2) for each in classes))
    table.add_row("films", *(str(each["support"]) for each in classes))
    return table


def _build_confusions(matrix: Sequence[Sequence[int]]) -> "Table":
    table = begin_table("Films of each class (rows) by most probable label", "True", *map(str, LABELS))
    for label, row in zip(LABELS, matrix, strict=True):
        table.add_row(label, *map(str, row))
    return table


def _build_prevalences(per_class: Mapping[str, Any]) -> "Table":
    table = begin_table("Predictive values where so many patients have it", "Class", "Prevalence", "PPV", "NPV")
    for label in LABELS:
        for row in per_class[label].get("at_prevalence", ()):
            table.add_row(label, f"{row['prevalence']:.1%}", show_estimate(row["ppv"]), show_estimate(row["npv"]))
    return table


def _build_refusals(by_reason: Mapping[str, Any]) -> "Table":
    table = begin_table("Refused, and in no figure", "Reason", "Films", "Of")
    for reason, each in by_reason.items():
        table.add_row(
            reason, str(each["n"]), ", ".join(f"{count} {label}" for label, count in each["by_label"].items())
        )
    return table


def _build_others(others: Mapping[str, Any]) -> "Table":
    title = f"What {others['n']} films of other findings are answered ({others['n_refused']} more refused)"
    names = {f"answered_{label}": str(label) for label in LABELS}
    names |= {"indeterminate": "indeterminate", "reason_other_finding": f"  for the reason {OTHER_FINDING}"}
    return _list_estimates(title, names, others)


def _build_groups(name: str, groups: Mapping[str, Any]) -> "Table":
    title = name.replace("_", " ")
    table = begin_table(f"By {title} (AUROC: COVID-19 against normal)", title, "Films", *GROUP_FIGURES.values())
    for group, each in groups.items():
        table.add_row(group, str(each["n"]), *(show_estimate(each[key], digits=2) for key in GROUP_FIGURES))
    return cut_names(table)


def _build_left_out(report: Mapping[str, Any]) -> "Table":
    by = report["by"]
    title = f"Leaving out one {by} (quick retraining of the head)"
    table = begin_table(title, by, "Films", *GROUP_FIGURES.values())
    for name, each in [*report["groups"].items(), ("all of them", report["all"])]:
        table.add_row(name, str(each["n"]), *(show_estimate(each[key], digits=2) for key in GROUP_FIGURES))
    if report["skipped"]:
        counts = Counter(report["skipped"].values())
        table.caption = "Not left out: " + "; ".join(f"{count}: {reason}" for reason, count in counts.items())
        table.caption_justify = "left"
    return cut_names(table)


def _build_audit(report: Mapping[str, Any]) -> "Table":
    audit = report["audit"]
    table = begin_table(f"Shortcut audit: {VERDICTS[audit['verdict']]}", "What is seen", "Balanced accuracy")
    rows = {"the film": report, "lungs masked out": audit["lungs_masked"], "border only": audit["border_only"]}
    rows |= {f"baseline: {words}": audit["baselines"][name] for name, words in BASELINES.items()}
    for words, scores in rows.items():
        table.add_row(words, show_estimate(scores["balanced_accuracy"]))
    table.add_row("chance; limit of the stamp", f"{audit['chance']:.3f}; {audit['limit']:.2f}")
    return table


def _build_clues(audit: Mapping[str, Any]) -> "Table":
    activation = audit["activation"]
    table = begin_table("Where the evidence lies, and what tells the source", "Figure", "Value")
    table.add_row("activation map's share in the lungs", show_estimate(activation["in_lungs"]))
    table.add_row("the lungs' share of the frame (chance)", show_estimate(activation["area"]))
    table.add_row("films with the maximum in the lungs", show_estimate(activation["peak_in_lungs"]))
    names = {"film_thumbnail": "film thumbnail", "framed_thumbnail": "framed thumbnail", "features": "features"}
    for label, told in audit["source_within_class"].items():
        for name, words in names.items() if told else ():
            table.add_row(f"source within {label}, from {words}", show_estimate(told[name]))
    return table
