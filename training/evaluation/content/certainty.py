"""Whether a stated probability is true, and what the operating points cost."""

from collections.abc import Iterator, Mapping

from documents.blocks import Block, CellKind, Column, Gallery, Row, Section, Table
from documents.charts.curves import Bin, draw_coverage, draw_reliability
from documents.charts.marks import Scale
from documents.charts.shapes import Chart
from documents.figures import say_count, say_estimate, say_number, say_percent
from training.evaluation.measures import Measures
from training.evaluation.result import Evaluation

ANSWERED: Mapping[str, str] = {
    "coverage": "get an answer",
    "accuracy": "right among the answered",
    "below_operating_point": "indeterminate: below the operating point",
    "lost_to_other_finding": "indeterminate: taken for another finding",
    "outside_training_population": "marked: outside of the training population",
}


def build_certainty(evaluation: Evaluation) -> Section | None:
    """Build the section with the reliability diagram, coverage against accuracy and what the operating points do."""
    lead = (
        "A stated probability of 90 % should be right nine times in ten. Where the model is not sure enough it answers "
        "indeterminate, which buys accuracy with coverage."
    )
    charts = [*_draw_reliability(evaluation), *_draw_coverage(evaluation)]
    blocks: list[Block] = [*([Gallery(charts)] if charts else []), *build_answered(evaluation)]
    return Section("certainty", "How sure it is, and how sure it may be", lead, blocks) if blocks else None


def _draw_reliability(evaluation: Evaluation) -> Iterator[Chart]:
    bins = [
        Bin(each.mean_probability, each.accuracy, each.n)
        for each in evaluation.reliability.bins
        if each.n and each.mean_probability is not None
    ]
    if not bins:
        return
    description = "; ".join(
        f"stated {say_percent(each.stated)}, right {say_percent(each.right.value)} of {say_count(each.count, 'film')}"
        for each in bins
    )
    yield draw_reliability(f"Reliability: ECE {say_estimate(evaluation.ece, say_number)}", description, bins)


def _draw_coverage(evaluation: Evaluation) -> Iterator[Chart]:
    pairs = [(each.coverage.value, each.accuracy.value) for each in evaluation.coverage_curve]
    points = sorted({(x, y) for x, y in pairs if x is not None and y is not None and x > 0})
    if not points:
        return
    x, y = evaluation.answered.coverage.value, evaluation.answered.accuracy.value
    mark = None if x is None or y is None else (x, y, "operating points")
    ends = [f"{say_percent(at)} answered, {say_percent(right)} right" for at, right in (points[0], points[-1])]
    yield draw_coverage("Coverage against accuracy", "; ".join(ends), points, mark)


def build_answered(measures: Measures) -> Iterator[Table]:
    """Build the table of what becomes of films of the classes under the operating points."""
    found = [(title, getattr(measures.answered, name)) for name, title in ANSWERED.items()]
    rows = [Row((title, estimate)) for title, estimate in found if estimate.value is not None]
    columns = (
        Column("of the films of the classes", CellKind.WORDS, 2),
        Column("share", CellKind.RATE, 3, Scale(has_bars=True)),
    )
    if rows:
        yield Table("With the operating points applied", columns, rows)
