"""Whether what arrives looks like what arrived before, in plain words."""

from collections.abc import Sequence

from documents.blocks import Block, CellKind, Column, Gallery, Row, Section, Sentences, Table
from documents.charts.distributions import draw_distributions
from documents.charts.shapes import Chart
from documents.figures import say_count, say_number, say_points
from inference.labels import Label
from reports.figures.drift import MIN_FILMS, SCORE_BINS, Drift, DriftCheck, DriftLevel, ScoreHistogram
from reports.figures.report import Report
from reports.wording import name_label

COLUMNS = (
    Column("compared", CellKind.NAME, 0.26),
    Column("found", CellKind.WORDS, 0.12),
    Column("level", CellKind.WORDS, 0.1),
    Column("what it may mean", CellKind.WORDS, 0.52),
)
NOTABLE = (DriftLevel.SHIFTED, DriftLevel.WATCH)
MEASURES = {"psi": "PSI", "ks": "KS"}
EDGES = tuple(place / SCORE_BINS for place in range(SCORE_BINS + 1))
ROWS_SHOWN = 40


def build_drift(report: Report) -> Section | None:
    """Build the section on drift; none where the question names no reference."""
    if report.drift is None:
        return None
    return Section("drift", "Drift", _say_reference(report.drift), _build_blocks(report.drift))


def list_shifted(report: Report) -> list[DriftCheck]:
    """Return the comparisons that somebody should look at."""
    checks = report.drift.checks if report.drift else ()
    return [check for check in checks if check.level is DriftLevel.SHIFTED]


def _say_reference(drift: Drift) -> str:
    since, until = drift.reference.since, drift.reference.until
    sampled = f" (a sample, one in {drift.reference_every:,})" if drift.reference_every > 1 else ""
    return (
        f"{say_count(drift.films, 'film')} of this period against {say_count(drift.reference_films, 'film')}{sampled} "
        f"of {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}. Drift is no fault by itself: it says that the two are "
        "not alike."
    )


def _build_blocks(drift: Drift) -> list[Block]:
    found = [check for level in NOTABLE for check in drift.checks if check.level is level]
    blocks: list[Block] = [Sentences(_say_rest(drift, found))]
    if found:
        left_out = len(found) - ROWS_SHOWN
        note = f"And {say_count(left_out, 'comparison')} more: see the JSON." if left_out > 0 else ""
        blocks.insert(0, Table("What has changed", COLUMNS, list(map(_build_row, found[:ROWS_SHOWN])), note))
    charts = [_draw_scores(label, scores) for label, scores in drift.scores.items()]
    return [*blocks, Gallery(charts)] if charts and drift.films else blocks


def _say_rest(drift: Drift, found: Sequence[DriftCheck]) -> list[str]:
    steady = sum(check.level is DriftLevel.STEADY for check in drift.checks)
    little = sum(check.level is DriftLevel.TOO_LITTLE_DATA for check in drift.checks)
    said = [f"{say_count(steady, 'comparison')} found nothing that chance does not explain."] if steady else []
    if little:
        needed = f"it takes {MIN_FILMS} films now and {MIN_FILMS} before"
        said.append(f"For {say_count(little, 'comparison')} there is too little data: {needed}.")
    return said if said or found else ["Nothing could be compared."]


def _build_row(check: DriftCheck) -> Row:
    subject = check.subject if check.group is None else f"{check.subject}: {check.group}"
    tone = "alarm" if check.level is DriftLevel.SHIFTED else ""
    return Row([subject, _say_value(check), check.level.value, check.meaning], tone)


def _say_value(check: DriftCheck) -> str:
    if check.value is None:
        return ""
    if check.measure == "share":
        return say_points(check.value)
    return f"{MEASURES[check.measure]} {say_number(check.value, 2)}"


def _draw_scores(label: Label, scores: ScoreHistogram) -> Chart:
    return draw_distributions(
        f"Probability of {name_label(label)}", EDGES, _share(scores.counts), _share(scores.reference_counts)
    )


def _share(counts: Sequence[int]) -> list[float]:
    whole = sum(counts)
    return [count / whole if whole else 0.0 for count in counts]
