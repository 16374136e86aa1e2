"""What a self-test has found, for people to read."""

from collections.abc import Iterator

from documents.blocks import CellKind, Column, Content, Row, Section, Sentences, Table
from documents.figures import say_duration, say_number
from selftest.promises import MOST_FAULTS, PROMISES, State
from selftest.selftest import SelftestReport

TONES = {State.HELD: "", State.BROKEN: "alarm", State.NOT_CHECKED: "watch"}
COLUMNS = tuple(Column(heading, CellKind.WORDS, 1) for heading in ("", "promise", "", "seen"))
SPEED = (Column("", CellKind.NUMBER, 1), Column("", CellKind.WORDS, 1))


def build_content(report: SelftestReport) -> Content:
    """Build what people read: a line a promise, what is broken, what was not looked at, and how fast it was."""
    held, broken, unchecked = (report.book.count(state) for state in (State.HELD, State.BROKEN, State.NOT_CHECKED))
    took = say_duration(report.seconds)
    speed = [Row([say_number(value, 2), words]) for words, value in report.book.speed.items()]
    return Content(
        title=f"Self-test ({report.plan.name})",
        period=f"model {report.bundle.model_version}",
        verdict=[
            f"{held} promises held, {broken} broken, {unchecked} not checked; it took {took}.",
            *_count_parts(report),
        ],
        warnings=(),
        tiles=(),
        sections=[
            Section("promises", "Promises", "", [_build_promises(report), *_list_remarks(report)]),
            Section("speed", "Speed", _describe_stand(report), [Table("", SPEED, speed)]),
        ],
    )


def _count_parts(report: SelftestReport) -> list[str]:
    """Say of how many promises a part was not looked at; which, and why, stands below the table."""
    if not (count := report.book.count_held_in_part()):
        return []
    return [
        f"Of those that held, {count} {'was' if count == 1 else 'were'} not checked in every part: see below, and why."
    ]


def _build_promises(report: SelftestReport) -> Table:
    rows = [
        Row([found.promise, PROMISES[found.promise], found.state.value, found.describe()], TONES[found.state])
        for found in report.book.findings.values()
    ]
    return Table("", COLUMNS, rows)


def _list_remarks(report: SelftestReport) -> Iterator[Sentences]:
    found = report.book.findings.values()
    faults = [f"{each.promise} is BROKEN: {fault}" for each in found for fault in each.faults[:MOST_FAULTS]]
    unchecked = [f"{each.promise}, not checked: {what}" for each in found for what in each.unchecked]
    for texts, state in ((faults, State.BROKEN), (unchecked, State.NOT_CHECKED)):
        if texts:
            yield Sentences(texts, TONES[state])


def _describe_stand(report: SelftestReport) -> str:
    facts = report.as_json()
    where = f"In {report.folder.parent} ({report.file_system})"
    return (
        f"{where}, on {facts['cores']} cores with a load of {facts['load']}, on "
        "synthetic radiographs; of the settings only the model is yours. A file counts as complete after "
        f"{facts['settings']['XRAY_STABLE_SECONDS']} s here; that is part of the times from drop to row."
    )
