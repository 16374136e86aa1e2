"""What to expect at a hospital that took no part in the data: trainings without each source, measured on it."""

from collections.abc import Iterator, Sequence

import numpy as np

from documents.blocks import Block, CellKind, Column, Row, Section, Sentences, Table
from documents.figures import ABSENT, Estimate, say_count, say_estimate, say_number
from training.evaluation.measures import LeftOutSource, Scores
from training.evaluation.result import Evaluation

TITLE = "At a hospital that it has not met"
WITHIN = "siim256"
"""The one source with COVID-19 and normal films of the same hospitals."""
LABELS = {"covid19": "COVID-19 found", "normal": "normal films right", "viral_pneumonia": "viral pneumonia found"}


LEAD = (
    "The figures that count. Each line: the same recipe, trained without that collection and then asked about it; "
    "thresholds are those that the other lines give. In brackets 95 % bootstrap intervals, drawn by patient. Figures "
    "on patients held out of known sources stand further below, since they say less."
)
AGAINST_OTHERS = (
    "\\* These collections hold one of the two classes, or hardly a film of the other: theirs stand against held-out "
    "patients of the other collections, so that a difference between the collections counts too."
)
SHORTER = "the model that ships had more of both."


def build_new_hospital(evaluation: Evaluation) -> Section | None:
    """Build the first section of the page; None where no source was left out."""
    return build_left_out(evaluation.model.left_out_sources) if evaluation.model else None


def build_left_out(found: Sequence[LeftOutSource], within: Scores | None = None) -> Section | None:
    """Build the section of card and page; `within` are figures on held-out patients of the source `WITHIN`."""
    if not found:
        return None
    blocks: list[Block] = [_tabulate(found), Sentences(tuple(_explain(found))), *_say_within(within)]
    return Section("new_hospital", TITLE, LEAD, blocks)


def _tabulate(found: Sequence[LeftOutSource]) -> Table:
    columns = (
        Column("left out", CellKind.WORDS, 1),
        Column("films", CellKind.COUNT, 1),
        Column("AUROC COVID-19 / normal", CellKind.WORDS, 1),
        *(Column(heading, CellKind.WORDS, 1) for heading in LABELS.values()),
        Column("get a class", CellKind.WORDS, 1),
        Column("of these right", CellKind.WORDS, 1),
        Column("other findings called `covid19`", CellKind.WORDS, 1),
    )
    return Table("", columns, [*map(_to_row, found), _to_mean(found)])


def _to_row(each: LeftOutSource) -> Row:
    mark = "" if each.auroc_against == "its own films" else " *"
    auroc = say_estimate(each.auroc_covid19_vs_normal, say_number) + mark
    return Row(
        (
            ", ".join(each.sources),
            each.n,
            auroc if each.auroc_covid19_vs_normal.value is not None else ABSENT,
            *(say_estimate(scores.sensitivity) if scores else ABSENT for scores in map(each.per_class.get, LABELS)),
            say_estimate(each.answered.coverage),
            say_estimate(each.answered.accuracy),
            say_estimate(each.other_finding.answered.get("covid19", Estimate())),
        )
    )


def _to_mean(found: Sequence[LeftOutSource]) -> Row:
    def average(estimates: Sequence[Estimate]) -> str:
        values = [estimate.value for estimate in estimates if estimate.value is not None]
        return say_estimate(Estimate(float(np.mean(values)))) if values else ABSENT

    aurocs = [each.auroc_covid19_vs_normal.value for each in found if each.auroc_covid19_vs_normal.value is not None]
    return Row(
        (
            "**mean**",
            sum(each.n for each in found),
            say_number(float(np.mean(aurocs))) if aurocs else ABSENT,
            *(average([each.per_class[label].sensitivity for each in found if label in each.per_class])
              for label in LABELS),
            average([each.answered.coverage for each in found]),
            average([each.answered.accuracy for each in found]),
            average([each.other_finding.answered.get("covid19", Estimate()) for each in found]),
        )
    )  # fmt: skip


def _explain(found: Sequence[LeftOutSource]) -> Iterator[str]:
    if any(each.auroc_against != "its own films" for each in found):
        yield AGAINST_OTHERS
    for each in found:
        if each.not_learnt:
            names = ", ".join(f"`{label}`" for label in each.not_learnt)
            yield f"Without {', '.join(each.sources)} there is no film of {names} to learn from."
    epochs = sorted({each.epochs for each in found})
    films = [each.films_to_learn_from for each in found]
    yield (
        f"These trainings had {min(films):,} to {max(films):,} films to learn from and "
        f"{' or '.join(map(str, epochs))} epochs; {SHORTER}"
    )


def _say_within(scores: Scores | None) -> Iterator[Sentences]:
    if not scores or scores.auroc_covid19_vs_normal.value is None:
        return
    auroc, balanced = say_estimate(scores.auroc_covid19_vs_normal, say_number), say_estimate(scores.balanced_accuracy)
    yield Sentences(
        (
            f"**Within the same hospitals, other patients** (`{WITHIN}`, {say_count(scores.n, 'film')} that the model "
            f"has not seen): AUROC of COVID-19 against normal {auroc}, balanced accuracy {balanced}.",
        )
    )
