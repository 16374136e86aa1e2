"""How the service did: speed, throughput, models, what headers leave out."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from documents.rates import Rate
from documents.terminal import begin_table, cut_text, show_moment, show_seconds, show_share, write_below
from documents.text import show_text
from reports.figures.report import Report
from reports.wording import name_priority
from store.states import Priority

if TYPE_CHECKING:
    from rich.table import Table

MINUTES = "%Y-%m-%d %H:%M"
HOURS_DRAWN = 26  # a day, even the longest, and the hour in which it is looked at
BAR = 40


def say_service(report: Report) -> Iterator[str]:
    """Give the lines about what waits, conflicts, speed and throughput."""
    summary, latency, hours = report.summary, report.latency, report.hours
    if summary.pending and report.oldest_pending_at is not None:
        yield f"Pending: {summary.pending:,}, the oldest since {show_moment(report.oldest_pending_at)}."
    if summary.conflicts:
        yield (
            f"Conflicts: {summary.conflicts:,} films whose SOP Instance UID came with other bytes too. Both are kept: "
            "ask the sender which is right."
        )
    if latency is not None:
        found = (latency.median_seconds, latency.p95_seconds, latency.max_seconds)
        median, p95, longest = map(show_seconds, found)
        yield f"From file to result: median {median}, 95 % within {p95}, the longest {longest}."
        yield from _compare_priorities(report)
    if len(hours) > HOURS_DRAWN:
        busiest = max(hours, key=lambda hour: hour.finished)
        mean = sum(hour.finished for hour in hours) / len(hours)
        yield (
            f"Throughput: {mean:,.0f} files an hour over {len(hours):,} hours with results; the busiest began at "
            f"{show_moment(busiest.begins_at, MINUTES)} with {busiest.finished:,}."
        )


def _compare_priorities(report: Report) -> Iterator[str]:
    if Priority.STAT not in report.latency_of:
        return
    for priority, latency in report.latency_of.items():
        median, p95 = show_seconds(latency.median_seconds), show_seconds(latency.p95_seconds)
        yield f"  {name_priority(priority)}: {latency.files:,} files, median {median}, 95 % within {p95}."


def build_hours(report: Report) -> "Iterator[Table]":
    """Give the bars of a day's throughput; of longer periods a line tells, and ``--by hour``."""
    hours = report.hours
    if not 1 < len(hours) <= HOURS_DRAWN:
        return
    table = begin_table("Finished by hour", ("Hour", "left"), ("Files", "right"), ("", "left"))
    most = max(hour.finished for hour in hours)
    for hour in hours:
        bar = "\u2588" * round(BAR * hour.finished / most)
        table.add_row(show_moment(hour.begins_at, "%m-%d %H:%M %Z"), f"{hour.finished:,}", bar)
    yield table


def build_models(report: Report) -> "Iterator[Table | str]":
    """Give the table of models that answered, and when another began to."""
    if not report.models:
        return
    switches = [
        f"{show_moment(switch.at)}: {show_text(switch.after)} after {show_text(switch.before)}."
        for switch in report.switches
    ]
    columns = (("Model", "left"), ("Films", "right"), ("First result", "left"), ("Last result", "left"))
    table = begin_table("Models that answered", *columns)
    table.columns[2].no_wrap = table.columns[3].no_wrap = True
    for model in report.models:
        times = (show_moment(model.first_at), show_moment(model.last_at))
        table.add_row(cut_text(show_text(model.model_version)), f"{model.films:,}", *times)
    yield from write_below(table, *switches)


def build_quality(report: Report) -> "Iterator[Table]":
    """Give the table of what headers leave out, where they do."""
    quality = report.quality
    gaps = [gap for gap in quality.gaps if gap.missing]
    if not gaps and not quality.without_header:
        return
    columns = (("Missing in the header", "left"), ("Films", "right"), ("Share", "right"))
    table = begin_table("Data quality", *columns)
    for gap in gaps:
        table.add_row(gap.attribute, f"{gap.missing:,}", show_share(Rate(gap.missing, gap.headers)))
    if quality.without_header:
        share = show_share(Rate(quality.without_header, quality.films))
        table.add_row("no header at all (PNG, JPEG)", f"{quality.without_header:,}", share)
    yield table
