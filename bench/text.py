"""The figures for people, as blocks: drawn in a terminal, or as Markdown for the documentation."""

from collections.abc import Iterable, Sequence
from typing import TextIO

from bench.benchmark import Figures, list_goals
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
        *([_build_naive(figures)] if figures["naive_rates"] else []),
        *([_build_peer(figures)] if figures["peer_seconds"] else []),
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
        Row([goal, found, "reached" if is_reached else "missed"], "" if is_reached else "alarm")
        for goal, found, is_reached in list_goals(figures)
    ]
    return Section("goals", "Goals", "", [Table("", columns, rows)])


def _build_steps(figures: Figures) -> Section:
    kinds = figures["kinds"]
    lines: list[Line] = [(step, *(1000 * kind["steps"][step] for kind in kinds)) for step in STEPS]
    lines += [
        ("sum", *(1000 * sum(kind["steps"].values()) for kind in kinds)),
        ("sum, all cores at once", *(1000 * kind["together_seconds"] for kind in kinds)),
        ("beside: watcher, broker, parent", *(1000 * kind["beside_seconds"] for kind in kinds)),
    ]
    lead = (
        "Milliseconds a file of 2500 x 2048 pixels, each step alone in one process on one core; then the same in one "
        "process a core at once, which share memory and caches; the last row is CPU time that other processes spend on "
        "a file during the flood."
    )
    return _build("Single steps", lead, ("Step", *(kind["kind"] for kind in kinds)), lines)


def _build_product(figures: Figures) -> Section:
    lines: list[Line] = [
        (
            kind["kind"],
            kind["ideal_rate"],
            kind["product_rate"],
            say_percent(kind["efficiency"]),
            say_duration(kind["first_seconds"]),
            kind["scan_rate"],
        )
        for kind in figures["kinds"]
    ]
    lead = (
        f"Files a second of {figures['files']:,}. Ideal: cores divided by the sum of the steps. Product: all dropped "
        "at once into a watched folder, to the last row. First: from the drop to the first row. Scan: xray-cli scan, "
        "its start included."
    )
    return _build("The whole product", lead, ("Kind", "Ideal", "Product", "Share", "First", "Scan"), lines)


def _build_naive(figures: Figures) -> Section:
    product = figures["kinds"][0]["product_rate"]
    lines = [
        (network, say_number(rate, 2), f"{say_number(product / rate, 1)} times that")
        for network, rate in figures["naive_rates"].items()
    ]
    lead = (
        "Files a second of raw DICOM with pydicom, Pillow and Keras predict, one by one: with the network that the "
        "notebooks of 2020 took, and with the one that answers here. Finds no lungs, refuses nothing, records nothing."
    )
    return _build("The notebooks' way", lead, ("Network", "Naive", "Product"), lines)


def _build_peer(figures: Figures) -> Section:
    steps, theirs = figures["kinds"][0]["steps"], figures["peer_seconds"]
    ours = sum(steps[step] for step in ("read and hash", "decode and window", "normalize"))
    times = f"{say_number(theirs / ours, 1)} times as fast"
    lines: list[Line] = [("torchxrayvision", 1000 * theirs, ""), ("xray-watch", 1000 * ours, times)]
    lead = (
        "Milliseconds of one core from a raw DICOM file to model input; ours reads it whole, hashes it, applies its "
        "VOI LUT or window and keeps its aspect ratio at 512 x 512, theirs crops it to a square of 224 x 224."
    )
    return _build("Reading and normalizing", lead, ("Way", "ms a film", ""), lines)


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
    if received := service.get("received_rate"):  # there is a sender, and the run is not an older one
        share = received / figures["kinds"][0]["product_rate"]
        what = "received by DICOM while they are screened, sent from this machine: of the rate of dropped files"
        lines.append((what, say_percent(share)))
    lead = "Raw DICOM, one film a second, unless it says otherwise."
    return _build("The service", lead, ("What", "Found"), lines)


def _say_milliseconds(seconds: float) -> str:
    return f"{say_number(1000 * seconds, 0)} ms"


def _build_memory(figures: Figures) -> Section:
    kinds = figures["kinds"]
    processes = list(kinds[0]["memory"])
    lines = [(name, *(say_number(kind["memory"].get(name, 0) / MEBIBYTE, 0) for kind in kinds)) for name in processes]
    lead = "MiB that each process alone holds, half-way through the flood; of the readers the largest."
    return _build("Memory", lead, ("Process", *(kind["kind"] for kind in kinds)), lines)


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
