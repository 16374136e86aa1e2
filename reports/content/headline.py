"""What a report comes to, for somebody who reads nothing else of it."""

from collections.abc import Iterator

from documents.blocks import CellKind, Tile
from documents.cells import say_cell
from documents.figures import ABSENT, say_count, say_duration, say_tenths
from documents.rates import Rate
from inference.labels import LABELS, Label
from reports.content.drift import list_shifted
from reports.figures.report import Report
from reports.figures.summary import Summary
from reports.question.question import name_filters
from reports.wording import SOURCES, name_label
from store.questions.selection import Part

NOT_KNOWN = "no model knew it"
ANSWERED = "answered"
LONG_SECONDS = 3600.0
"""What has waited for so long should be looked at."""


def say_verdict(report: Report) -> list[str]:
    """Return the sentences that stand at the top."""
    summary, limits = report.summary, list(name_filters(report.question.filters))
    limited = [f"Limited to {'; '.join(f'{name}: {words}' for name, words in limits)}."] if limits else []
    if not summary.arrived:
        return [*limited, f"Nothing {'that arrived in this period passes' if limits else 'arrived in this period'}."]
    finished = f"{summary.finished:,} {'is' if summary.finished == 1 else 'are'} finished"
    waiting = f"{summary.pending:,} {'waits' if summary.pending == 1 else 'wait'}"
    pending = f"{finished}, {waiting}" if summary.pending else "nothing waits"
    return [
        *limited,
        f"{say_count(summary.arrived, 'file')} arrived; {pending}.",
        *_say_labels(report),
        *_say_refused(report),
    ]


def say_warnings(report: Report) -> list[str]:
    """Return what somebody should look at."""
    return [
        *_warn_of_waiting(report),
        *_warn_of_refusals(report),
        *_warn_of_misses(report),
        *_warn_of_drift(report),
        *_warn_of_switches(report),
    ]


def build_tiles(report: Report) -> list[Tile]:
    """Build the figures of the headline."""
    summary, latency = report.summary, report.latency
    return [
        Tile("arrived", f"{summary.arrived:,}", f"{summary.finished:,} finished"),
        *(_build_label_tile(label, summary) for label in LABELS),
        _build_tile(Part.INDETERMINATE.value, Rate(summary.indeterminate, summary.judged), ANSWERED),
        _build_tile("refused", Rate(summary.refused, summary.arrived), "arrived"),
        Tile("pending", f"{summary.pending:,}", _say_oldest(report)),
        Tile(
            "drop to result, median",
            say_duration(latency.median_seconds) if latency else ABSENT,
            f"95 of 100 within {say_duration(latency.p95_seconds)}" if latency else "nothing was finished",
        ),
    ]


def _build_label_tile(label: Label, summary: Summary) -> Tile:
    if summary.find_count(label) is None:
        return Tile(name_label(label), ABSENT, NOT_KNOWN)
    return _build_tile(name_label(label), summary.rate_of(label), ANSWERED)


def _build_tile(name: str, rate: Rate, whole: str) -> Tile:
    """Build a tile with its share of the same whole as everywhere else in the report."""
    return Tile(name, f"{rate.count:,}", f"{say_tenths(rate.value)} of {rate.whole:,} {whole}")


def _say_labels(report: Report) -> Iterator[str]:
    summary, title = report.summary, name_label(Label.COVID19)
    count = summary.find_count(Label.COVID19)
    if count is None:
        yield f"No film is labelled {title}: the model that answered does not know it."
    elif summary.judged:
        found = say_count(count, "film", "is", "are")
        rate = summary.rate_of(Label.COVID19)
        share, by = say_cell(CellKind.RATE, rate), f"a model that knows {title}"
        by = by if summary.not_known[Label.COVID19] else "the model"
        yield f"{found} labelled {title}: {share} of the {rate.whole:,} that {by} has answered for."


def _say_refused(report: Report) -> Iterator[str]:
    summary = report.summary
    if summary.refused:
        most = (reason for reason in report.reasons if reason.part in {"rejected", "quarantined"})
        often = next((f", most often as {reason.reason_code} ({reason.count:,})" for reason in most), "")
        yield f"{say_count(summary.refused, 'file', 'was', 'were')} refused{often}."


def _say_oldest(report: Report) -> str:
    if report.oldest_pending_at is None:
        return "nothing waits"
    return f"the oldest for {say_duration(_find_wait(report))}"


def _find_wait(report: Report) -> float:
    return (report.made_at - report.oldest_pending_at).total_seconds() if report.oldest_pending_at else 0.0


def _warn_of_waiting(report: Report) -> Iterator[str]:
    wait = _find_wait(report)
    if wait > LONG_SECONDS:
        yield f"A file has waited for {say_duration(wait)}: 'xray-cli status' says what holds it."


def _warn_of_refusals(report: Report) -> Iterator[str]:
    summary = report.summary
    if summary.quarantined:
        lie = "lies" if summary.quarantined == 1 else "lie"
        yield (
            f"{say_count(summary.quarantined, 'file')} could not be read and {lie} in quarantine: "
            "see the reasons below, and 'xray-cli quarantine list'."
        )
    if summary.conflicts:
        yield f"{say_count(summary.conflicts, 'film')} came with the SOP Instance UID of another film."


def _warn_of_misses(report: Report) -> Iterator[str]:
    for agreement in report.agreement:
        if agreement.missed.count:
            films = say_count(agreement.missed.count, "film")
            yield f"By {SOURCES[agreement.source]} the model missed {films} of an illness."


def _warn_of_drift(report: Report) -> Iterator[str]:
    shifted = list_shifted(report)
    if shifted:
        yield f"{say_count(len(shifted), 'comparison')} with the reference found a shift: see Drift."


def _warn_of_switches(report: Report) -> Iterator[str]:
    for switch in report.switches:
        yield f"From {switch.at:%Y-%m-%d %H:%M} on {switch.after} answered in place of {switch.before}."
