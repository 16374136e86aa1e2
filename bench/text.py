"""The figures for people: one set of tables, drawn by Rich in a terminal or as Markdown for the documentation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from bench.benchmark import Figures, list_goals
from bench.steps import STEPS
from inference.labels import NOTICE

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Section:
    """One table with its title and a sentence that says how to read it."""

    title: str
    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def build_sections(figures: Figures) -> list[Section]:
    """Turn the figures into tables, in the order in which one reads them."""
    goals = [(goal, found, "reached" if reached else "missed") for goal, found, reached in list_goals(figures)]
    return [
        Section("Goals", "", ("Goal", "Found", ""), goals),
        _build_steps(figures),
        _build_product(figures),
        *([_build_naive(figures)] if figures["naive_rates"] else []),
        *([_build_peer(figures)] if figures["peer_seconds"] else []),
        _build_service(figures),
        _build_memory(figures),
    ]


def _build_steps(figures: Figures) -> Section:
    kinds = figures["kinds"]
    rows = [(step, *(f"{1000 * kind['steps'][step]:.1f}" for kind in kinds)) for step in STEPS]
    rows.append(("sum", *(f"{1000 * sum(kind['steps'].values()):.1f}" for kind in kinds)))
    rows.append(("sum, all cores at once", *(f"{1000 * kind['together_seconds']:.1f}" for kind in kinds)))
    rows.append(("beside: watcher, broker, parent", *(f"{1000 * kind['beside_seconds']:.1f}" for kind in kinds)))
    note = (
        "Milliseconds a file of 2500 x 2048 pixels, each step alone in one process on one core; then the same in one "
        "process a core at once, which share memory and caches; the last row is CPU time that other processes spend on "
        "a file during the flood."
    )
    return Section("Single steps", note, ("Step", *(kind["kind"] for kind in kinds)), rows)


def _build_product(figures: Figures) -> Section:
    rows = [
        (
            kind["kind"],
            f"{kind['ideal_rate']:.1f}",
            f"{kind['product_rate']:.1f}",
            f"{kind['efficiency']:.0%}",
            f"{kind['first_seconds']:.2f} s",
            f"{kind['scan_rate']:.1f}",
        )
        for kind in figures["kinds"]
    ]
    note = (
        f"Files a second of {figures['files']:,}. Ideal: cores divided by the sum of the steps. Product: all dropped "
        "at once into a watched folder, to the last row. First: from the drop to the first row. Scan: xray-cli scan, "
        "its start included."
    )
    head = ("Kind", "Ideal", "Product", "Share", "First", "Scan")
    return Section("The whole product", note, head, rows)


def _build_naive(figures: Figures) -> Section:
    product = figures["kinds"][0]["product_rate"]
    rows = [
        (network, f"{rate:.2f}", f"{product / rate:.1f} times that") for network, rate in figures["naive_rates"].items()
    ]
    note = (
        "Files a second of raw DICOM with pydicom, Pillow and Keras predict, one by one: with the network that the "
        "notebooks of 2020 took, and with the one that answers here. Finds no lungs, refuses nothing, records nothing."
    )
    return Section("The notebooks' way", note, ("Network", "Naive", "Product"), rows)


def _build_peer(figures: Figures) -> Section:
    steps = figures["kinds"][0]["steps"]
    ours = sum(steps[step] for step in ("read and hash", "decode and window", "normalize"))
    theirs = figures["peer_seconds"]
    rows = [
        ("torchxrayvision", f"{1000 * theirs:.1f}", ""),
        ("xray-watch", f"{1000 * ours:.1f}", f"{theirs / ours:.1f} times as fast"),
    ]
    note = (
        "Milliseconds of one core from a raw DICOM file to model input; ours reads it whole, hashes it, applies its "
        "VOI LUT or window and keeps its aspect ratio at 512 x 512, theirs crops it to a square of 224 x 224."
    )
    return Section("Reading and normalizing", note, ("Way", "ms a film", ""), rows)


def _build_service(figures: Figures) -> Section:
    service = figures["service"]
    rows = [
        ("start of the program to the first row, new home", f"{service['start_seconds']:.2f} s"),
        ("drop to row beyond the stability wait, median", f"{1000 * service['latency_median']:.0f} ms"),
        ("drop to row beyond the stability wait, 95th percentile", f"{1000 * service['latency_p95']:.0f} ms"),
        (f"idle, {service['processed']:,} processed files: share of a core", f"{service['idle_share']:.2%}"),
        (f"{service['crowd']:,} small files at once: all in the ledger after", f"{service['crowd_seconds']:.1f} s"),
        ("the same: memory of the watcher", f"{service['crowd_memory'] / MEBIBYTE:.0f} MiB"),
    ]
    return Section("The service", "Raw DICOM, one film a second, unless it says otherwise.", ("What", "Found"), rows)


def _build_memory(figures: Figures) -> Section:
    kinds = figures["kinds"]
    processes = list(kinds[0]["memory"])
    rows = [(name, *(f"{kind['memory'].get(name, 0) / MEBIBYTE:.0f}" for kind in kinds)) for name in processes]
    note = "MiB that each process alone holds, half-way through the flood; of the readers the largest."
    return Section("Memory", note, ("Process", *(kind["kind"] for kind in kinds)), rows)


def describe_run(figures: Figures) -> str:
    """Say in a sentence on what and when the figures were measured."""
    machine = figures["machine"]
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['file_system']}"
    return (
        f"{where}, {machine['system']}, Python {machine['python']}; model {figures['model_version']}; {figures['at']}"
    )


def write_tables(figures: Figures, stream: TextIO) -> None:
    """Draw the tables in a terminal."""
    from rich.console import Console
    from rich.table import Table

    console = Console(file=stream, highlight=False, markup=False)
    console.print(describe_run(figures))
    for section in build_sections(figures):
        table = Table(title=section.title, caption=section.note or None, title_justify="left", caption_justify="left")
        for number, name in enumerate(section.head):
            table.add_column(name, justify="right" if number else "left")
        for row in section.rows:
            table.add_row(*row)
        console.print(table)
    console.print(NOTICE, style="bold")


def write_markdown(figures: Figures, stream: TextIO) -> None:
    """Write the page that stands in the documentation."""
    lines = [
        "# Performance",
        "",
        "Written by `xray-cli bench --format markdown`; ratios travel, seconds belong to this machine:",
        "",
    ]
    lines += [describe_run(figures) + ".", ""]
    for section in build_sections(figures):
        lines += [f"## {section.title}", "", *([section.note, ""] if section.note else [])]
        lines += [_row(section.head), _row(["---"] * len(section.head)), *map(_row, section.rows), ""]
    stream.write("\n".join([*lines, NOTICE, ""]))


def _row(cells: Sequence[Any]) -> str:
    return f"| {' | '.join(cells)} |"
