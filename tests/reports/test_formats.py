from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reports.errors import ReportFormatError
from reports.formats import FORMATS, name_format
from reports.question.periods import Period
from reports.question.question import Question
from store.questions.selection import Dimension
from tests.reports.results import PERIOD


@pytest.mark.parametrize(
    ("output", "named"),
    [
        (None, "table"),
        (Path("-"), "table"),
        (Path("r.html"), "html"),
        (Path("r.of.today.PDF"), "pdf"),
        (Path("r.xlsx"), "xlsx"),
        (Path("r.csv"), "csv"),
        (Path("r.txt"), "table"),
        (Path("html"), "table"),
    ],
)
def test_the_ending_of_a_file_names_its_format(output: Path | None, named: str) -> None:
    assert name_format(output) == named
    assert named in FORMATS


@pytest.mark.parametrize("name", ["r.docx", "r.html.gz", "r.xls", "2026.11"])
def test_another_ending_is_refused_with_those_that_are_accepted(name: str) -> None:
    with pytest.raises(ReportFormatError, match=r"accepted are \.txt, \.csv, \.json, \.html, \.pdf, \.xlsx") as refused:
        name_format(Path(name))
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("days", "by"), [(1, Dimension.HOUR), (2, Dimension.HOUR), (2.5, Dimension.DAY), (365, Dimension.DAY)]
)
def test_what_is_drawn_over_time_goes_by_the_hour_or_by_the_day(days: float, by: Dimension) -> None:
    question = Question(Period(PERIOD.since, PERIOD.since + timedelta(days=days)))
    assert question.over_time().by is by
    assert replace(question, by=Dimension.VIEW).over_time().by is Dimension.VIEW
