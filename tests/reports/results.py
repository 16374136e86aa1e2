"""Results and summaries for the writers, without a database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from documents.text import find_file_name
from inference.labels import Label, Outcome
from reports.figures.report import Quality, Report
from reports.figures.summary import Summary
from reports.question.periods import Period
from reports.question.question import Question
from store.questions.queries import Result
from store.states import ArrivalState, Priority

PERIOD = Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
MOMENT = datetime(2026, 11, 1, 8, 30, 0, 500_000, tzinfo=UTC)
ESC = "\x1b"
HOSTILE_NAMES = [
    "=cmd|' -C calc'!A0.dcm",
    "+1.dcm",
    "-1.dcm",
    "@SUM(A1).dcm",
    "\t=1.dcm",
    "\r=1.dcm",
    f"{ESC}[31m{ESC}]0;owned\x07.dcm",
    "[red]x[bold].dcm",
    ":smiley:.dcm",
    'a,"b"\nc.dcm',
    "\u202emcd.exe",
    "\x9b2J.dcm",
    "x" * 255,
    "胸部" * 40,
    "bytes\udcff\udc80.dcm",
    "<script>alert(1)<script>",
]

PREDICTED = Result(
    arrival_id=1,
    file_name="film.dcm",
    source_sha256="ab" * 32,
    state=ArrivalState.DONE,
    outcome=Outcome.PREDICTED,
    label=Label.NORMAL,
    probabilities={Label.COVID19: 0.125, Label.VIRAL_PNEUMONIA: 0.25, Label.NORMAL: 0.625},
    reason_code=None,
    conflict=False,
    priority=Priority.ROUTINE,
    model_version="1",
    model_sha256="cd" * 32,
    received_at=MOMENT,
    finished_at=MOMENT,
)


@dataclass
class GivenSource:
    """What a writer reads, without a database."""

    report: Report
    given: Iterable[Result] = ()

    @property
    def question(self) -> Question:
        return self.report.question

    def results(self) -> Iterator[Result]:
        return iter(self.given)


def new_report(summary: Summary | None = None, period: Period = PERIOD, **changed: Any) -> Report:
    """Describe an empty report, or what is changed of it."""
    fields: dict[str, Any] = {
        "question": Question(period),
        "made_at": MOMENT,
        "summary": summary or Summary(),
        "reasons": (),
        "oldest_pending_at": None,
        "latency": None,
        "hours": (),
        "models": (),
        "switches": (),
        "positives": (),
        "groups": (),
        "quality": Quality(0, 0, ()),
        "newest": (),
    }
    return Report(**{**fields, **changed})


def named(name: str) -> Result:
    return PREDICTED._replace(file_name=find_file_name(Path(name)))


def refused(reason_code: str, state: ArrivalState = ArrivalState.DONE, **changed: Any) -> Result:
    outcome = Outcome.REJECTED if state is ArrivalState.DONE else None
    facts = {"label": None, "probabilities": None, "reason_code": reason_code, **changed}
    return PREDICTED._replace(state=state, outcome=outcome, **facts)
