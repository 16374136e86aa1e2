"""The formats of a report, and how one is written: a format is a line in ``FORMATS`` and a function in a module.

The function takes a ``ReportSource`` and a stream, uses of the source what it needs, and holds one result at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from sqlalchemy import Connection, Engine

from documents.output import open_output
from reports.columns import hide_patient
from reports.errors import ReportFormatError
from reports.figures.reading import NO_ADVICE, compute_report
from reports.figures.report import Report
from reports.question.question import Question
from store.database import reading
from store.questions.queries import Result, count_results, stream_results

Track = Callable[[Iterable[Result], Callable[[], int]], Iterable[Result]]


@dataclass(frozen=True, slots=True)
class Format:
    """Where a format is written; its module is imported only when it is asked for.

    Attributes
    ----------
    function : str
        ``write(source: ReportSource, stream)``; the stream takes bytes where ``is_binary``, else text.
    is_page : bool
        It draws the arrivals over time; a question that names no grouping is asked for hours or days.
    """

    module: str
    function: str
    is_binary: bool = False
    is_page: bool = False


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "table": Format("reports.writers.page_report", "write_table"),
        "csv": Format("reports.writers.csv_report", "write_csv"),
        "json": Format("reports.writers.json_report", "write_json"),
        "html": Format("reports.writers.page_report", "write_html", is_page=True),
        "pdf": Format("reports.writers.page_report", "write_pdf", is_binary=True, is_page=True),
        "xlsx": Format("reports.writers.xlsx_report", "write_xlsx", is_binary=True, is_page=True),
    }
)


ENDINGS = (".txt", *(f".{name}" for name in FORMATS if name != "table"))
"""What a file's name may end in; none is a table too."""


def go_through(results: Iterable[Result], _count: Callable[[], int]) -> Iterable[Result]:
    """Pass results on and show nobody how far they have come."""
    return results


class ReportSource:
    """A question to the ledger of one moment: its figures, computed when they are first asked for, and its results.

    Parameters
    ----------
    track : Callable
        Passes the results on, one by one, and may show how many of all it has passed.
    with_names : bool
        False: a file is named by its arrival's number, for what leaves the house.
    """

    def __init__(
        self,
        connection: Connection,
        question: Question,
        advice: Mapping[str, str] = NO_ADVICE,
        track: Track = go_through,
        *,
        with_names: bool = True,
    ) -> None:
        self._with_names = with_names
        self._connection = connection
        self._advice = advice
        self._track = track
        self.question = question

    @cached_property
    def report(self) -> Report:
        """All figures."""
        report = compute_report(self._connection, self.question, self._advice)
        return report if self._with_names else report.hide_patients(hide_patient)

    def results(self) -> Iterator[Result]:
        """Give every result in the order of its end, then what is pending; a thousand in memory at a time."""
        results = stream_results(self._connection, self.question.selection)
        if not self._with_names:
            results = map(hide_patient, results)
        return iter(self._track(results, lambda: count_results(self._connection, self.question.selection)))


def write_report_to(
    engine: Engine,
    question: Question,
    output_format: str,
    output: Path | None,
    advice: Mapping[str, str] = NO_ADVICE,
    track: Track = go_through,
    *,
    with_names: bool = True,
) -> None:
    """Write a report; figures and results are those of one moment.

    Parameters
    ----------
    output_format : str
        One of ``FORMATS``.
    output : Path or None
        A file, written whole or not at all; None is standard output.
    advice : Mapping
        What to do about the reasons that a room above this one gives.
    track, with_names
        As ``ReportSource`` takes them.

    Raises
    ------
    ReportFormatError
        There is no such format; the file is left as it was.
    OSError
        The file cannot be written.
    """
    with open_output(output, is_binary=find_format(output_format).is_binary) as stream:
        write_report(engine, question, output_format, stream, advice, track, with_names=with_names)


def write_report(
    engine: Engine,
    question: Question,
    output_format: str,
    stream: IO[Any],
    advice: Mapping[str, str] = NO_ADVICE,
    track: Track = go_through,
    *,
    with_names: bool = True,
) -> None:
    """Write a report to an open stream, which takes bytes where the format is binary, as ``write_report_to`` does."""
    found = find_format(output_format)
    asked = question.over_time() if found.is_page else question
    write: Callable[[ReportSource, IO[Any]], None] = getattr(import_module(found.module), found.function)
    with reading(engine) as connection:
        write(ReportSource(connection, asked, advice, track, with_names=with_names), stream)


def name_format(output: Path | None) -> str:
    """Return the format that a file's name asks for by its ending; `.txt` and none ask for ``table``.

    Raises
    ------
    ReportFormatError
        It ends in something else, such as `.docx`.
    """
    ending = "" if output is None else output.suffix.lower().removeprefix(".")
    if ending in {"", "txt"}:
        return "table"
    if ending not in FORMATS:
        raise ReportFormatError(f"there is no report format for .{ending[:40]}; accepted are {', '.join(ENDINGS)}")
    return ending


def find_format(name: str) -> Format:
    """Return a format by its name, or refuse one that does not exist with a ReportFormatError."""
    if name not in FORMATS:
        raise ReportFormatError(f"there is no report format {name[:40]!r}; accepted are {', '.join(FORMATS)}")
    return FORMATS[name]
