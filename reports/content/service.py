"""How the service did: how quick it was, which models answered, and what the headers of the films leave out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from documents.blocks import Block, CellKind, Column, Row, Section, Sentences, Table
from documents.charts.columns import Stack, draw_columns
from documents.charts.shapes import Chart
from documents.figures import say_count, say_duration, say_number
from documents.rates import Rate
from reports.content.timeline import SIZES, fill_gaps, name_slots
from reports.figures.report import Latency, Quality, Report
from reports.wording import name_priority
from store.questions.selection import Dimension
from store.states import Priority

FINISHED, LATE = "finished", "late"
MOST_HOURS = 8 * 24
"""A period of more hours is shown by the hour of the day."""


def build_speed(report: Report) -> Section:
    """Build the section on latency and throughput."""
    lead = "From the moment a file is complete in the inbox to its result; and how many were finished in each hour."
    blocks: list[Block] = [Sentences(_say_latency(report))]
    if report.hours:
        busiest = max(report.hours, key=lambda hour: hour.finished)
        begin, count = f"{busiest.begins_at:%Y-%m-%d %H:%M}", say_count(busiest.finished, "file")
        mean = say_number(sum(hour.finished for hour in report.hours) / len(report.hours), 0)
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
    finished = {hour.begins_at.timestamp(): (hour.finished, hour.late or 0) for hour in report.hours}
    counts = [finished.get(slot.timestamp(), (0, 0)) for slot in slots]
    return _draw("Finished in each hour", name_slots(slots, Dimension.HOUR), counts)


def _draw_day(report: Report) -> Chart:
    finished, late = Counter[int](), Counter[int]()
    for hour in report.hours:
        finished[hour.begins_at.hour] += hour.finished
        late[hour.begins_at.hour] += hour.late or 0
    names = [f"{hour:02d}:00" for hour in range(24)]
    return _draw("Finished by hour of the day", names, [(finished[hour], late[hour]) for hour in range(24)])


def _draw(title: str, names: Sequence[str], counts: Sequence[tuple[int, int]]) -> Chart:
    """Draw what was finished, and how much of it later than promised, where any was."""
    is_any_late = any(late for _, late in counts)
    kinds = [(FINISHED, FINISHED), *([(LATE, "later than promised")] if is_any_late else [])]
    columns = [
        Stack(name, {FINISHED: count - late} | ({LATE: late} if is_any_late else {}))
        for name, (count, late) in zip(names, counts, strict=True)
    ]
    return draw_columns(title, columns, kinds, SIZES[Dimension.HOUR])


def _say_latency(report: Report) -> list[str]:
    if report.latency is None:
        return ["Nothing was finished in this period."]
    return [
        f"Half of {say_count(report.latency.files, 'file')} had their result within {_say_spans(report.latency)}.",
        *_say_priorities(report.latency_of),
        *_say_promise(report),
    ]


def _say_promise(report: Report) -> Iterator[str]:
    """Hold the times against what the site promises (``XRAY_LONGEST_WAIT_MINUTES``)."""
    promised = report.question.longest_wait_minutes
    if promised is None:
        return
    late, finished = sum(hour.late or 0 for hour in report.hours), sum(hour.finished for hour in report.hours)
    within = f"A result within {say_duration(60 * promised)} is promised"
    if not late:
        yield f"{within}, and was kept for {'all' if finished > 1 else 'the one'} of {say_count(finished, 'file')}."
        return
    worst = max(report.hours, key=lambda hour: hour.late or 0)
    longer = f"{within}: {late:,} of {say_count(finished, 'file')} had to wait for longer"
    yield f"{longer}, most of them in the hour from {worst.begins_at:%Y-%m-%d %H:%M} on ({worst.late or 0:,})."


def _say_priorities(latency_of: Mapping[Priority, Latency]) -> Iterator[str]:
    """Give a sentence for each priority, where any film was STAT."""
    if Priority.STAT in latency_of:
        for priority, latency in latency_of.items():
            yield f"{say_count(latency.files, f'{name_priority(priority)} file')}: half within {_say_spans(latency)}."


def _say_spans(latency: Latency) -> str:
    median, p95, longest = map(say_duration, (latency.median_seconds, latency.p95_seconds, latency.max_seconds))
    return f"{median}, 95 of 100 within {p95}; the slowest took {longest}"


SERVED = (
    Column("model", CellKind.NAME, 0.27),
    Column("films", CellKind.COUNT, 0.1),
    Column("first answer", CellKind.MOMENT, 0.21),
    Column("last answer", CellKind.MOMENT, 0.21),
    Column("SHA-256", CellKind.NAME, 0.21),
)
SWITCHES = (Column("from", CellKind.NAME, 0.37), Column("to", CellKind.NAME, 0.37), Column("at", CellKind.MOMENT, 0.26))
DIGITS = 16


def build_models(report: Report) -> Section:
    """Build the section on model versions and switches."""
    lead = "Figures of different models are not of one kind: compare periods that one model served."
    if not report.models:
        return Section("models", "Models", lead, [Sentences(["No model answered in this period."])])
    rows = [
        Row([model.model_version, model.films, model.first_at, model.last_at, model.model_sha256[:DIGITS]])
        for model in report.models
    ]
    blocks: list[Block] = [Table("Models that answered", SERVED, rows)]
    if report.switches:
        switches = [Row([switch.before, switch.after, switch.at]) for switch in report.switches]
        blocks.append(Table("Switches", SWITCHES, switches))
    return Section("models", "Models", lead, blocks)


GAPS = (
    Column("attribute", CellKind.WORDS, 0.3),
    Column("missing in", CellKind.COUNT, 0.15),
    Column("share, with its 95 % interval", CellKind.RATE, 0.55),
)


def build_quality(report: Report) -> Section:
    """Build the section on missing attributes."""
    quality = report.quality
    lead = (
        "Attributes of the DICOM header that are missing. View and age tell whether a film is of the kind that the "
        "model has learnt from; the modality's operator can see to it that they are filled in."
    )
    sentences = Sentences([_say_headers(quality)])
    rows = [
        Row([gap.attribute, gap.missing, Rate(gap.missing, gap.headers)])
        for gap in sorted(quality.gaps, key=lambda gap: (-gap.missing, gap.attribute))
    ]
    has_headers = quality.films > quality.without_header
    blocks: list[Block] = [sentences]
    if has_headers:
        blocks.append(Table("Missing attributes", GAPS, rows))
    return Section("quality", "Data quality", lead, blocks)


def _say_headers(quality: Quality) -> str:
    if not quality.films:
        return "No film of this period was read."
    films = say_count(quality.films, "film")
    if not quality.without_header:
        return "The film has a DICOM header." if quality.films == 1 else f"All of {films} have a DICOM header."
    without = quality.without_header
    pictures = f"{without:,} {'is a picture' if without == 1 else 'are pictures'} without a DICOM header"
    return f"Of {films} {pictures}: nothing is known of {'it but its' if without == 1 else 'them but their'} pixels."
