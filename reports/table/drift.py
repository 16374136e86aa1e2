"""Drift for a terminal: what stands out, and how much was compared without standing out."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from documents.terminal import begin_table, show_moment
from documents.text import show_text
from reports.figures.drift import MIN_FILMS, Drift, DriftCheck, DriftLevel
from reports.figures.report import Report

if TYPE_CHECKING:
    from rich.table import Table

DAY = "%Y-%m-%d %H:%M"
STYLES = {DriftLevel.WATCH: "yellow", DriftLevel.SHIFTED: "bold red", DriftLevel.TOO_LITTLE_DATA: "dim"}


def say_drift(report: Report) -> Iterator[str]:
    """Give the line that says what was compared with what, and how much of it is as it was."""
    drift = report.drift
    if drift is None:
        return
    bounds = " to ".join(show_moment(moment, DAY) for moment in (drift.reference.since, drift.reference.until))
    steady = sum(check.level is DriftLevel.STEADY for check in drift.checks)
    told = f"{steady:,} of {len(drift.checks):,} comparisons are steady"
    if _is_too_little(drift):
        told = f"too few to compare, {MIN_FILMS} of each are needed"
    sampled = f" (one in {drift.reference_every:,})" if drift.reference_every > 1 else ""
    yield f"Drift: {drift.films:,} films against {drift.reference_films:,}{sampled} from {bounds}; {told}."


def build_drift(report: Report) -> "Iterator[Table]":
    """Give the table of what is not steady; two measures of one thing share a row."""
    if report.drift is None or _is_too_little(report.drift):
        return
    rows = list(_gather(report.drift))
    if not rows:
        return
    table = begin_table("Not as before", ("What", "left"), ("Level", "left"), ("Measured", "left"), ("Meaning", "left"))
    table.columns[1].no_wrap = True
    for checks in rows:
        subject, group = checks[0].subject, checks[0].group
        worst = max((check.level for check in checks), key=list(DriftLevel).index)
        name = f"{subject}, {show_text(group)}" if group else subject
        table.add_row(
            name, _show_level(worst), "\n".join(map(_show_value, checks)), checks[0].meaning, style=STYLES.get(worst)
        )
    yield table


def _is_too_little(drift: Drift) -> bool:
    return all(check.level is DriftLevel.TOO_LITTLE_DATA for check in drift.checks)


def _gather(drift: Drift) -> Iterator[list[DriftCheck]]:
    rows: dict[tuple[str, str | None], list[DriftCheck]] = {}
    for check in drift.checks:
        rows.setdefault((check.subject, check.group), []).append(check)
    loud = (checks for checks in rows.values() if any(check.level is not DriftLevel.STEADY for check in checks))
    for checks in loud:
        yield sorted(checks, key=lambda check: check.level is DriftLevel.STEADY)


def _show_level(level: DriftLevel) -> str:
    return "too little" if level is DriftLevel.TOO_LITTLE_DATA else level.value


def _show_value(check: DriftCheck) -> str:
    if check.value is None:
        return ""
    return f"{check.value:+.1%}" if check.measure == "share" else f"{check.measure} {check.value:.2f}"
