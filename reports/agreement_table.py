"""Agreement with RT-PCR and readers for a terminal of 80 columns."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reports.agreement import Agreement, Miss
from reports.rates import Rate
from reports.table.layout import begin_table
from reports.text import find_file_name, show_text
from store.references import ReferenceSource

if TYPE_CHECKING:
    from rich.table import Table

SOURCES = {ReferenceSource.PCR: "RT-PCR", ReferenceSource.READER: "readers"}
MEASURES = {"sensitivity": "sensitivity", "specificity": "specificity", "ppv": "PPV", "npv": "NPV"}


def build_agreement_tables(agreement: Agreement) -> "Iterator[Table]":
    """Give the tables of one source: figures, calibration, and what was missed."""
    yield _build_figures(agreement)
    if agreement.calibration.bins:
        yield _build_calibration(agreement)
    if agreement.misses:
        yield _build_misses(agreement)


def show_rate(rate: Rate) -> str:
    """Write a share and its 95 % interval, as in ``91.2% (87.4-94.6)``."""
    if rate.value is None or rate.low is None or rate.high is None:
        return "-"
    return f"{rate.value:.1%} ({100 * rate.low:.1f}-{100 * rate.high:.1f})"


def name_answer(miss: Miss) -> str:
    """Name what the model said instead: a label, or why it gave none."""
    result = miss.result
    return result.label or result.reason_code or result.outcome or result.state


def describe_miss(miss: Miss) -> str:
    """Say what the model said instead, and what it gave to the illness."""
    given = miss.probability
    return name_answer(miss) if given is None else f"{name_answer(miss)}, {miss.reference} {given:.2f}"


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


def _build_misses(agreement: Agreement) -> "Table":
    from rich.text import Text

    shown, missed = len(agreement.misses), agreement.missed
    title = f"Missed, by {SOURCES[agreement.source]}: {missed:,}" + (f", {shown:,} shown" if shown < missed else "")
    table = begin_table(
        title, ("Arrival", "right"), ("It was", "left"), ("Answer", "left"), ("Given", "right"), ("File", "left")
    )
    for column in table.columns[:4]:
        column.no_wrap = True
    for miss in agreement.misses:
        given = "" if miss.probability is None else f"{miss.probability:.2f}"
        name = Text(show_text(find_file_name(miss.result.path)), no_wrap=True, overflow="ellipsis")
        table.add_row(str(miss.result.arrival_id), miss.reference, show_text(name_answer(miss)), given, name)
    return table


def _show_counts(rate: Rate) -> str:
    return f"{rate.count:,} of {rate.whole:,}"
