"""Films that should get no class, that get none, and that get the wrong one."""

from collections.abc import Iterator

from documents.blocks import CellKind, Column, Exhibit, Exhibits, Picture, Row, Section, Table
from documents.charts.marks import Scale
from documents.figures import say_count, say_estimate, say_percent
from reports.wording import name_label
from training.evaluation.content.groups import say_films
from training.evaluation.measures import Measures
from training.evaluation.result import Evaluation, Refusals, WrongAnswer
from training.evaluation.worst import EDGE

NOT_SAID = ("", "unknown")


def build_other_findings(evaluation: Evaluation) -> Section | None:
    """Build the section on films that show none of the classes; None where there were none."""
    found = evaluation.other_finding
    if not found.n:
        return None
    refused = f", and {found.n_refused:,} more that were refused" if found.n_refused else ""
    lead = (
        f"{say_count(found.n, 'film')} that show something else than the classes{refused}. The right answer is "
        "indeterminate."
    )
    return Section("other-findings", "Films with other findings", lead, list(build_other_answers(evaluation)))


def build_other_answers(measures: Measures) -> Iterator[Table]:
    """Build the table of what films with other findings are answered, where there were some."""
    found = measures.other_finding
    rows = [Row((f"answered {name_label(label)}", share)) for label, share in found.answered.items()]
    rows.append(Row(("indeterminate", found.indeterminate), "whole"))
    if found.reason_other_finding.value is not None:
        rows.append(Row(("indeterminate", found.reason_other_finding), remark="with the reason other_finding"))
    columns = (Column("answer", CellKind.WORDS, 2), Column("share", CellKind.RATE, 3, Scale(has_bars=True)))
    if found.n:
        yield Table("What films with other findings are answered", columns, rows)


def build_refusals(evaluation: Evaluation) -> Section | None:
    """Build the section on what was refused, by reason."""
    found = evaluation.refused
    if "refused" not in evaluation.model_fields_set:
        return None
    lead = "It refuses no film of this data set."
    if found.n:
        lead = (
            f"{say_count(found.n, 'film')} of the data set got no answer and no place in the figures above; of the "
            f"films of the classes it refuses {say_estimate(found.share)}."
        )
    return Section("refusals", "Films that it refuses", lead, list(build_reasons(found)))


def build_reasons(refused: Refusals) -> Iterator[Table]:
    """Build the table of the reasons for which films were refused, the most frequent first."""
    reasons = sorted(refused.by_reason.items(), key=lambda item: (-item[1].n, item[0]))
    if not reasons:
        return
    most = reasons[0][1].n
    columns = (
        Column("reason, and what to do", CellKind.NAME, 2.4),
        Column("", CellKind.BAR, 1.2),
        Column("films", CellKind.COUNT, 0.6),
        Column("of which", CellKind.WORDS, 2),
    )
    rows = [
        Row(
            (reason, each.n / most, each.n, say_films(each.by_label)),
            remark=each.advice,
        )
        for reason, each in reasons
    ]
    yield Table("By reason", columns, rows)


def build_worst(evaluation: Evaluation) -> Section | None:
    """Build the section with the most certain wrong answers; None where there are none."""
    if not evaluation.worst:
        return None
    lead = (
        "Wrong answers, the most certain first: the picture as the model gets it, and the same with the parts marked "
        "that it needs for its answer: each part of the lungs is hidden in turn, and the brighter the colour, the more "
        "probability the answer loses. It shows where, not whether that is a sound reason."
    )
    return Section("errors", "Worst errors", lead, [Exhibits(list(map(_build_film, evaluation.worst)))])


def _build_film(film: WrongAnswer) -> Exhibit:
    answered, truth = name_label(film.answered), name_label(film.reference_label)
    pictures = (
        (film.picture, f"film of {truth} as the model gets it"),
        (film.overlay, f"the same with the evidence for {answered}"),
    )
    probabilities = ", ".join(f"{name_label(label)} {say_percent(p)}" for label, p in film.probabilities.items())
    facts = [fact for fact in (film.view, film.age_group, film.sex) if fact not in NOT_SAID]
    return Exhibit(
        [Picture(jpeg, EDGE, EDGE, words) for jpeg, words in pictures if jpeg],
        f"{truth}, taken for {answered}",
        (probabilities, _say_outcome(film)),
        " · ".join(part for part in (film.source, ", ".join(facts), film.file) if part),
    )


def _say_outcome(film: WrongAnswer) -> str:
    if film.outcome == "predicted":
        return "this answer was given"
    return f"this answer was held back: {(film.reason_code or 'indeterminate').replace('_', ' ')}"
