"""Where a model is better and worse, which the pooled figure hides, and what it does without a source or site."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from documents.blocks import HEADING, Bullets, CellKind, Column, Row, Section, Sentences, Table
from documents.charts.marks import Scale, find_beginning
from documents.figures import Estimate
from documents.text import show_text
from reports.wording import name_label
from training.evaluation.groups import name_grouping
from training.evaluation.measures import GroupScores, Scores
from training.evaluation.result import HELD_OUT_PATIENTS, Evaluation, LeaveOneOut, LeftOut

AUROC = "AUROC, COVID-19 against normal"
BALANCED_ACCURACY = "balanced accuracy"


def build_groups(evaluation: Evaluation) -> Section | None:
    """Build one forest plot of all groups; None where no group was measured."""
    lead = (
        "Accuracy averaged over the classes that the group has; where it has one, this is that class's sensitivity. "
        "Red: the whole interval lies below the figure over all films."
    )
    whole = evaluation.balanced_accuracy.value
    rows = [_build_whole("all films", evaluation)]
    for grouping, groups in evaluation.by_group.items():
        if groups:
            rows.append(Row((f"By {name_grouping(grouping)}", None, None, None), HEADING))
            rows += [_build_group(name, scores, whole) for name, scores in groups.items()]
    if len(rows) == 1:
        return None
    table = _build_forest("Forest plot of the groups", "group", rows, whole, "all films")
    return Section("groups", "Where it is better and worse", lead, [table])


def _build_whole(title: str, scores: Scores | LeftOut) -> Row:
    return Row((title, scores.n, scores.auroc_covid19_vs_normal, scores.balanced_accuracy), "whole")


def _build_group(name: str, scores: GroupScores, whole: float | None) -> Row:
    high = scores.balanced_accuracy.high
    is_below = whole is not None and high is not None and high < whole
    remark = say_films({label: each.support for label, each in scores.per_class.items()}, scores.refused)
    cells = (name, scores.n, scores.auroc_covid19_vs_normal, scores.balanced_accuracy)
    return Row(cells, "alarm" if is_below else "", remark)


def say_films(supports: Mapping[str, int], refused: int = 0) -> str:
    """Write how many films there are of each class, and how many more were refused."""
    parts = [f"{count:,} {name_label(label)}" for label, count in supports.items() if count]
    parts += [f"{refused:,} refused"] if refused else []
    return ", ".join(parts) or "no film"


def _build_forest(
    caption: str, heading: str, rows: Sequence[Row], reference: float | None, reference_name: str
) -> Table:
    estimates = (row.cells[-1] for row in rows)
    begin = find_beginning(each for each in estimates if isinstance(each, Estimate))
    scale = Scale(begin, reference=reference, reference_name=reference_name)
    columns = (
        Column(heading, CellKind.NAME, 2),
        Column("films", CellKind.COUNT, 0.6),
        Column(AUROC, CellKind.NUMBER, 1.5),
        Column(BALANCED_ACCURACY, CellKind.RATE, 3.4, scale),
    )
    return Table(caption, columns, rows)


def build_leave_one_out(evaluation: Evaluation) -> Section | None:
    """Build the section on models that were trained without the group they are measured on; None without."""
    found = evaluation.leave_one_out
    if not found:
        return None
    blocks = [_build_left_out(found, 1 / len(evaluation.labels)), *_list_skipped(found.skipped)]
    return Section("leave-one-out", f"Leave one {found.by} out", found.method, blocks)


def _build_left_out(found: LeaveOneOut, chance: float) -> Table:
    rows = [_build_left_out_row(name, scores) for name, scores in found.groups.items()]
    rows += [_build_whole("all of them", found.all)] if found.all else []
    caption = f"Each {found.by} judged by a model that was trained without it"
    note = f"AUROC of a {found.by} without films of both: against held-out patients of the others."
    if all(scores.auroc_against != HELD_OUT_PATIENTS for scores in found.groups.values()):
        note = ""
    return replace(_build_forest(caption, found.by, rows, chance, "chance"), note=note)


def _build_left_out_row(name: str, scores: LeftOut) -> Row:
    remark = say_films(scores.support)
    if scores.labels_not_trained:
        missing = ", ".join(map(name_label, scores.labels_not_trained))
        remark += f"; {missing} comes from here only and could not be learnt"
    return Row((name, scores.n, scores.auroc_covid19_vs_normal, scores.balanced_accuracy), remark=remark)


def _list_skipped(skipped: Mapping[str, str]) -> Iterable[Sentences | Bullets]:
    reasons: dict[str, list[str]] = {}
    for name, reason in skipped.items():
        reasons.setdefault(reason, []).append(show_text(name.strip()))
    if reasons:
        yield Sentences(("Left aside:",))
        yield Bullets([f"{reason}: {'; '.join(names)}" for reason, names in reasons.items()])  # names have commas
