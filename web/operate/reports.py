"""Reports of any period: the questions, figures and formats of `xray-cli report`, as pages and as downloads."""

from collections.abc import Iterator
from dataclasses import replace
from io import TextIOWrapper
from tempfile import TemporaryFile
from typing import IO, Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Response
from fastapi.responses import StreamingResponse
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict

from documents.html.elements import element
from documents.html.page import build_header, build_section
from inference.labels import Label
from installation.settings import Settings
from reports.content import build_content
from reports.errors import ReportError
from reports.formats import FORMATS, ReportSource, find_format, write_report
from reports.question.asking import ask_question, parse_filters
from reports.question.question import Question
from store.database import reading
from store.ledger.fates import REASONS
from store.questions.selection import Dimension, Part
from store.states import Priority, Role
from web.access.guard import Pages, Visit, Visitor
from web.errors import MissingError
from web.fields import build_choice, build_field
from web.frame import build_page

pages = Pages()

ANY = ("", "any")
CHUNK_BYTES = 1 << 16
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
DOWNLOADS = tuple(name for name in FORMATS if name in KINDS)


class Asked(BaseModel):
    """What the form asks, as words; empty ones ask nothing."""

    model_config = ConfigDict(str_max_length=100)

    since: str = "today"
    until: str = ""
    by: str = ""
    label: str = ""
    outcome: str = ""
    priority: str = ""
    modality: str = ""

    def as_question(self, settings: Settings) -> Question:
        """Read the words as the command line does; raises ReportError."""
        filters = parse_filters(
            labels=_list(self.label),
            outcomes=_list(self.outcome),
            priorities=_list(self.priority),
            modalities=_list(self.modality),
        )
        zone = settings.time_zone
        question = ask_question(self.since or "today", self.until or None, zone, by=self.by or None, filters=filters)
        return replace(question, longest_wait_minutes=settings.longest_wait_minutes)

    def as_query(self, **more: str) -> str:
        """Return the words as the query of an address."""
        return urlencode({name: text for name, text in (self.model_dump() | more).items() if text})


AskedFor = Annotated[Asked, Query()]


@pages.page("/reports", needs=Role.VIEWER)
def show_report(visit: Visitor, asked: AskedFor) -> Response:
    """Show the report of a period, as the page of `report --format html` has it."""
    form = _build_form(asked)
    try:
        question = asked.as_question(visit.installation.settings)
    except ReportError as error:
        heading = element("h1", "Reports")
        return build_page(visit, "Reports", form, heading, element("p", str(error), class_="fault", role="alert"))
    with reading(visit.ledger) as connection:
        content = build_content(ReportSource(connection, question.over_time(), REASONS).report)
    with visit.ledger.begin() as connection:
        visit.record(connection, "report_viewed", period=_say_period(question))
    sections = map(build_section, content.sections)
    return build_page(visit, "Reports", form, _build_links(asked), build_header(content), *sections, layout="document")


@pages.page("/reports/download", needs=Role.VIEWER)
def download(visit: Visitor, asked: AskedFor, output_format: Annotated[str, Query(alias="format")] = "csv") -> Response:
    """Write a report into a file that has no name, and send it; nothing of it stays here."""
    question = asked.as_question(visit.installation.settings)
    if output_format not in DOWNLOADS:
        raise MissingError(f"reports can be downloaded as {', '.join(DOWNLOADS)}")
    with visit.ledger.begin() as connection:
        visit.record(connection, "report_exported", period=_say_period(question), format=output_format)
    name = f"xray-report-{question.period.since:%Y-%m-%d}.{output_format}"
    return StreamingResponse(
        _write(visit, question, output_format),
        media_type=KINDS[output_format],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _write(visit: Visit, question: Question, output_format: str) -> Iterator[bytes]:
    with TemporaryFile(dir=visit.installation.home.root) as file:
        stream: IO[Any] = file
        if not find_format(output_format).is_binary:
            stream = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        write_report(visit.ledger, question, output_format, stream, REASONS)
        stream.flush()
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _build_form(asked: Asked) -> Markup:
    return element(
        "form",
        build_field("since", "since", asked.since, placeholder="today, 7d, 2026-11-01"),
        build_field("until", "until", asked.until, placeholder="now"),
        build_choice("by", "by", [("", "nothing"), *_pairs(Dimension)], asked.by),
        build_choice("label", "label", [ANY, *_pairs(Label)], asked.label),
        build_choice("outcome", "outcome", [ANY, *_pairs(Part)], asked.outcome),
        build_choice("priority", "priority", [ANY, *_pairs(Priority)], asked.priority),
        build_field("modality", "modality", asked.modality, size=6, placeholder="any"),
        element("button", "Show"),
        method="get",
        action="/reports",
        class_="row",
    )


def _build_links(asked: Asked) -> Markup:
    links = [element("a", name.upper(), href=f"/reports/download?{asked.as_query(format=name)}") for name in DOWNLOADS]
    return element("p", "Download as ", *(part for link in links for part in (link, " ")), class_="downloads")


def _pairs(words: type[Dimension | Label | Part | Priority]) -> list[tuple[str, str]]:
    return [(word.value, word.value.replace("_", " ")) for word in words]


def _list(text: str) -> list[str]:
    return [text] if text else []


def _say_period(question: Question) -> str:
    since, until = (moment.isoformat(timespec="minutes") for moment in (question.period.since, question.period.until))
    return f"{since} to {until}"
