"""Agreement with RT-PCR and readers for a terminal of 80 columns."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from documents.rates import Rate
from documents.terminal import begin_table, cut_text
from documents.text import show_text
from reports.figures.agreement import Agreement
from reports.figures.contradictions import Contradiction, Contradictions
from reports.wording import name_label
from store.references.references import ReferenceSource

if TYPE_CHECKING:
    from rich.table import Table

SOURCES = {ReferenceSource.PCR: "RT-PCR", ReferenceSource.READER: "readers"}
MEASURES = {"sensitivity": "sensitivity", "specificity": "specificity", "ppv": "PPV", "npv": "NPV"}


def build_agreement_tables(agreement: Agreement) -> "Iterator[Table]":
    """Give the tables of one source: figures, calibration, what was missed, and false alarms."""
    yield _build_figures(agreement)
    if agreement.calibration.bins:
        yield _build_calibration(agreement)
    for title, found in name_contradictions(agreement):
        if found.films:
            yield _build_films(title, found)


def name_contradictions(agreement: Agreement) -> tuple[tuple[str, Contradictions], ...]:
    """Give a title to each list of films over which model and reference do not agree."""
    source = SOURCES[agreement.source]
    missed, false_alarms = agreement.missed, agreement.false_alarms
    return (
        (f"Missed, by {source}: {missed.count:,}", missed),
        (f"False alarms, by {source}: {false_alarms.count:,}", false_alarms),
    )


def show_rate(rate: Rate) -> str:
    """Write a share and its 95 % interval, as in ``91.2% (87.4-94.6)``."""
    if rate.value is None or rate.low is None or rate.high is None:
        return "-"
    return f"{rate.value:.1%} ({100 * rate.low:.1f}-{100 * rate.high:.1f})"


def name_answer(film: Contradiction) -> str:
    """Name what the model said: a label, or why it gave none."""
    result = film.result
    return result.label or result.reason_code or result.outcome or result.state


def describe_answer(film: Contradiction) -> str:
    """Say what the model said, and what it gave to the illness."""
    answer, illness, given = name_label(name_answer(film)), name_label(film.illness), film.probability
    if given is None:
        return answer
    return f"{answer} {given:.2f}" if answer == illness else f"{answer}, {illness} {given:.2f}"


def _build_figures(agreement: Agreement) -> "Table":
    patients = f"{agreement.films:,} films of {agreement.patients:,} patients"
    table = begin_table(
        f"Against {SOURCES[agreement.source]}: {patients}",
        ("Label", "left"),
        ("Measure", "left"),
        ("Share and 95 % interval", "right"),
        ("Films", "right"),
    )
    table.add_row("any", "given a label", show_rate(agreement.answered), _show_counts(agreement.answered))
    for each in agreement.labels:
        for name, title in MEASURES.items():
            rate: Rate = getattr(each, name)
            table.add_row(each.label, title, show_rate(rate), _show_counts(rate))
    return table


def _build_calibration(agreement: Agreement) -> "Table":
    of = "of covid19" if agreement.source is ReferenceSource.PCR else "of the best label"
    table = begin_table(
        f"Calibration, expected error {agreement.calibration.ece:.3f}",
        (f"Probability {of}", "left"),
        ("Mean", "right"),
        ("Came true", "right"),
        ("Films", "right"),
    )
    for each in agreement.calibration.bins:
        span = f"{each.low:.1f} to {each.high:.1f}"
        table.add_row(span, f"{each.mean_probability:.1%}", show_rate(each.observed), _show_counts(each.observed))
    return table


def _build_films(title: str, found: Contradictions) -> "Table":
    shown = len(found.films)
    table = begin_table(
        f"{title}, {shown:,} shown" if shown < found.count else title,
        ("Arrival", "right"),
        ("It was", "left"),
        ("Answer", "left"),
        ("Given", "right"),
        ("File", "left"),
    )
    for column in table.columns[:4]:
        column.no_wrap = True
    for film in found.films:
        given = "" if film.probability is None else f"{film.probability:.2f}"
        name = cut_text(show_text(film.result.file_name))
        table.add_row(str(film.result.arrival_id), film.reference, show_text(name_answer(film)), given, name)
    return table


def _show_counts(rate: Rate) -> str:
    return f"{rate.count:,} of {rate.whole:,}"
