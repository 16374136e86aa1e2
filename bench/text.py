"""The figures for people, as blocks: drawn in a terminal, or as Markdown for the documentation."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import TextIO

from bench.goals import Figures, add_up, find_share, find_taken_by_others, find_times, list_goals
from bench.others import NOTEBOOK, TORCHXRAYVISION
from bench.rounds import MOST_TAKEN_BY_OTHERS, WIDEST_SPREAD, Ratio
from bench.steps import STEPS
from documents.blocks import CellKind, Column, Content, Row, Section, Table
from documents.figures import say_duration, say_number, say_percent
from documents.markdown import render_markdown
from documents.terminal import write_content
from inference.labels import NOTICE

MEBIBYTE = 1 << 20
Line = Sequence[str | float]


def build_sections(figures: Figures) -> list[Section]:
    """Turn the figures into tables, in the order in which one reads them."""
    return [
        _build_goals(figures),
        _build_steps(figures),
        _build_product(figures),
        *([_build_others(figures)] if _list_times(figures) else []),
        _build_service(figures),
        _build_memory(figures),
    ]


def _build(heading: str, lead: str, head: Sequence[str], lines: Iterable[Line]) -> Section:
    """Build a section of one table, whose first column is words and whose others are numbers with one digit."""
    rows = [Row([cell if isinstance(cell, str) else say_number(cell, 1) for cell in line]) for line in lines]
    columns = [Column(name, CellKind.NUMBER if place else CellKind.WORDS, 1) for place, name in enumerate(head)]
    return Section(heading.lower(), heading, lead, [Table("", columns, rows)])


def _build_goals(figures: Figures) -> Section:
    columns = [Column(name, CellKind.WORDS, 1) for name in ("Goal", "Found", "")]
    rows = [
        Row([goal, found, verdict], "" if verdict == "reached" else "alarm")
        for goal, found, verdict in list_goals(figures)
    ]
    lead = (
        f"Medians of {figures['rounds']} rounds, with the least and the greatest in brackets. Nothing is said where "
        f"the rounds lie on both sides of a goal and more than {WIDEST_SPREAD:.0%} apart, or where others took more "
        f"than {MOST_TAKEN_BY_OTHERS:.0%} of the cores."
    )
    return Section("goals", "Goals", lead, [Table("", columns, rows)])


def _median(kind: Figures, take: Callable[[Figures], float]) -> float:
    return statistics.median(take(each) for each in kind["rounds"])


def _build_steps(figures: Figures) -> Section:
    def line(name: str, take: Callable[[Figures], float]) -> Line:
        return name, *(1000 * _median(kind, take) for kind in kinds)

    kinds = figures["kinds"]
    lines = [line(step, lambda each, step=step: each["alone"][step][0]) for step in STEPS]  # type: ignore[misc]
    lines += [
        line("sum", lambda each: add_up(each["alone"])),
        line("sum, all cores at once", lambda each: each["together"]),
        line("waiting, for the disk above all", lambda each: sum(waited for _, waited in each["alone"].values())),
        line("the whole product: screening", lambda each: each["flood"]["reader_seconds"] / each["flood"]["files"]),
        line("watcher, broker, parent", lambda each: each["flood"]["beside_seconds"] / each["flood"]["files"]),
    ]
    lead = (
        "CPU milliseconds a file of 2500 x 2048 pixels, each step alone in one process on one core; their sum in one "
        "process a core at once, which share memory and caches; and what the processes of the whole product take."
    )
    return _build("Single steps", lead, ("Step", *(kind["kind"] for kind in kinds)), lines)


def _build_product(figures: Figures) -> Section:
    cores = figures["machine"]["cores"]
    lines: list[Line] = [
        (
            kind["kind"],
            cores / _median(kind, lambda each: add_up(each["alone"])),
            Ratio.over(each["flood"]["files"] / each["flood"]["seconds"] for each in kind["rounds"]).say(),
            f"{find_share(figures, kind).say(0, 100)} %",
            say_percent(find_taken_by_others(figures, kind)),
            say_duration(_median(kind, lambda each: each["flood"]["first_seconds"])),
        )
        for kind in figures["kinds"]
    ]
    lead = (
        "Films a second, all dropped at once into the folder of a service that runs. Limit: cores divided by the CPU "
        "seconds of the single steps. Share: of that limit, on the core time that others left. First: from the drop to "
        "the first row; rates count from there."
    )
    head = ("Kind", "Limit", "Product", "Share of the limit", "Others took", "First")
    return _build("The whole product", lead, head, lines)


def _list_times(figures: Figures) -> list[Line]:
    lines: list[Line] = []
    for kind in figures["kinds"]:
        for way in (NOTEBOOK, TORCHXRAYVISION):
            if way in kind["rounds"][0]:
                milliseconds = 1000 * statistics.median(each[way][1] for each in kind["rounds"])
                times = (f"{ratio.say()} times" for ratio in find_times(kind, way))
                lines.append((f"{kind['kind']}: {way}", milliseconds, *times))
    return lines


def _build_others(figures: Figures) -> Section:
    lead = (
        "Milliseconds a film, one by one, and how many times as fast xray-watch is: the notebooks' way (pydicom, "
        "Pillow, Keras predict) with the network that answers here, which finds no lungs, refuses and records nothing, "
        "against the whole product on all cores; torchxrayvision's reader, which crops to 224 x 224, against our "
        "reading, hashing, windowing and normalizing on one core."
    )
    head = ("Way", "ms a film", "Faster in films a second", "Faster in CPU seconds")
    return _build("What others do", lead, head, _list_times(figures))


def _build_service(figures: Figures) -> Section:
    service = figures["service"]
    lines = [
        ("start of the program to the first row, new home", say_duration(service["start_seconds"])),
        ("drop to row beyond the stability wait, median", _say_milliseconds(service["latency_median"])),
        ("drop to row beyond the stability wait, 95th percentile", _say_milliseconds(service["latency_p95"])),
        (
            f"idle, {service['processed']:,} processed files: share of a core",
            f"{say_number(100 * service['idle_share'], 2)} %",
        ),
        (f"{service['crowd']:,} small files at once: all in the ledger after", say_duration(service["crowd_seconds"])),
        ("the same: memory of the watcher", f"{say_number(service['crowd_memory'] / MEBIBYTE, 0)} MiB"),
    ]
    if received := service["received_rate"]:  # there is a sender
        share = (
            f"{say_number(received, 1)}, {say_percent(received / service['dropped_rate'])} of those dropped as files"
        )
        lines.append(("received by DICOM while they are screened, sent from this machine: films a second", share))
    lead = "Raw DICOM, one film a second, unless it says otherwise."
    return _build("The service", lead, ("What", "Found"), lines)


def _say_milliseconds(seconds: float) -> str:
    return f"{say_number(1000 * seconds, 0)} ms"


def _build_memory(figures: Figures) -> Section:
    lines = [(name, say_number(held / MEBIBYTE, 0)) for name, held in figures["memory"].items()]
    lead = "MiB that each process alone holds after all floods; of the screening processes the largest."
    return _build("Memory", lead, ("Process", "MiB"), lines)


def describe_run(figures: Figures) -> str:
    """Say in a sentence on what and when the figures were measured."""
    machine = figures["machine"]
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['file_system']}"
    return (
        f"{where}, {machine['system']}, Python {machine['python']}; model {figures['model_version']}; {figures['at']}"
    )


def write_tables(figures: Figures, stream: TextIO) -> None:
    """Draw the tables in a terminal."""
    write_content(Content("Benchmark", describe_run(figures), (), (), (), build_sections(figures)), stream)


def write_markdown(figures: Figures, stream: TextIO) -> None:
    """Write the page that stands in the documentation."""
    begin = "Written by `xray-cli bench --format markdown`; ratios travel, seconds belong to this machine:"
    stream.write(f"# Performance\n\n{begin}\n\n{describe_run(figures)}.\n\n")
    stream.write(f"{render_markdown(build_sections(figures))}\n{NOTICE}\n")
