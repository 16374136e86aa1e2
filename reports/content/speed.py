"""How quick it was."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from documents.blocks import Block, Section, Sentences
from documents.charts.columns import Column, draw_columns
from documents.charts.shapes import Chart
from documents.figures import say_count, say_duration
from reports.content.timeline import SIZES, fill_gaps, name_slots
from reports.figures.report import Latency, Report
from reports.wording import name_priority
from store.questions.selection import Dimension
from store.states import Priority

FINISHED = "finished"
MOST_HOURS = 8 * 24
"""A period of more hours is shown by the hour of the day."""


def build_speed(report: Report) -> Section:
    """Build the section on latency and throughput."""
    lead = "From the moment a file is complete in the inbox to its result; and how many were finished in each hour."
    blocks: list[Block] = [Sentences(_say_latency(report))]
    if report.hours:
        busiest = max(report.hours, key=lambda hour: hour.finished)
        begin, count = f"{busiest.begins_at:%Y-%m-%d %H:%M}", say_count(busiest.finished, "file")
        mean = f"{sum(hour.finished for hour in report.hours) / len(report.hours):,.0f}"
        often = f"; the {len(report.hours):,} hours with results had {mean} on average" if len(report.hours) > 1 else ""
        blocks.append(Sentences([f"The busiest hour began on {begin} with {count}{often}."]))
        if report.question.by is not Dimension.HOUR:  # the arrivals are drawn by the hour already
            blocks.append(_draw_throughput(report))
    return Section("speed", "Speed", lead, blocks)


def _draw_throughput(report: Report) -> Chart:
    known = [hour.begins_at for hour in report.hours]
    slots = fill_gaps(report.question.period, Dimension.HOUR, known)
    if len(slots) > MOST_HOURS:
        return _draw_day(report)
    finished = {hour.begins_at.timestamp(): hour.finished for hour in report.hours}
    counts = [finished.get(slot.timestamp(), 0) for slot in slots]
    return _draw("Finished in each hour", name_slots(slots, Dimension.HOUR), counts)


def _draw_day(report: Report) -> Chart:
    finished: Counter[int] = Counter()
    for hour in report.hours:
        finished[hour.begins_at.hour] += hour.finished
    return _draw(
        "Finished by hour of the day", [f"{hour:02d}:00" for hour in range(24)], [finished[hour] for hour in range(24)]
    )


def _draw(title: str, names: Sequence[str], counts: Sequence[int]) -> Chart:
    columns = [Column(name, {FINISHED: count}) for name, count in zip(names, counts, strict=True)]
    return draw_columns(title, columns, [(FINISHED, FINISHED)], SIZES[Dimension.HOUR])


def _say_latency(report: Report) -> list[str]:
    if report.latency is None:
        return ["Nothing was finished in this period."]
    return [
        f"Half of {say_count(report.latency.files, 'file')} had their result within {_say_spans(report.latency)}.",
        *_say_priorities(report.latency_of),
    ]


def _say_priorities(latency_of: Mapping[Priority, Latency]) -> Iterator[str]:
    """Give a sentence for each priority, where any film was STAT."""
    if Priority.STAT in latency_of:
        for priority, latency in latency_of.items():
            yield f"{say_count(latency.files, f'{name_priority(priority)} file')}: half within {_say_spans(latency)}."


def _say_spans(latency: Latency) -> str:
    median, p95, longest = map(say_duration, (latency.median_seconds, latency.p95_seconds, latency.max_seconds))
    return f"{median}, 95 of 100 within {p95}; the slowest took {longest}"
