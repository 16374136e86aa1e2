"""What a mail says: sums and reasons; names of files, which may identify patients, only where the site allows."""

from dataclasses import dataclass
from datetime import datetime
from io import StringIO

from markupsafe import Markup

from documents.blocks import CellKind, Table
from documents.cells import say_cell
from documents.html.elements import EMPTY, element
from inference.labels import NOTICE
from reports.content.arrivals import build_arrivals, build_labels, build_reasons
from reports.figures.report import Report
from reports.formats import ReportSource
from reports.writers.page_report import write_table

DAY = "%Y-%m-%d"
MINUTE = "%Y-%m-%d %H:%M"
STYLE = "font-family:sans-serif;font-size:14px;color:#1a1a1a;background:#ffffff"
HEADING = "font-size:18px"
TABLE = "border-collapse:collapse;margin:0 0 16px 0"
CAPTION = "text-align:left;font-weight:bold"
CELL = "padding:2px 16px 2px 0;text-align:left;vertical-align:top"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail before it is addressed; ``subject`` holds no identity."""

    subject: str
    text: str
    html: str
    written_at: datetime
    attachment: Attachment | None = None


def write_letter(source: ReportSource, attachment: Attachment | None, note: str = "") -> Letter:
    """Write a mail about a report; what the source hides, it does not say.

    Parameters
    ----------
    note : str
        What to say of a report that is not attached.
    """
    report, text = source.report, StringIO()
    write_table(source, text)
    return Letter(
        subject=f"xray-watch report {_name_period(report)}",
        text=f"{note}\n\n{text.getvalue()}" if note else text.getvalue(),
        html=str(_build_page(report, note)),
        written_at=report.made_at,
        attachment=attachment,
    )


def _name_period(report: Report) -> str:
    period = report.question.period
    if (period.since.hour, period.since.minute, period.until.hour, period.until.minute) == (0, 0, 0, 0):
        return f"{period.since:{DAY}} to {period.until:{DAY}}"
    return f"{period.since:{MINUTE}} to {period.until:{MINUTE}}"


def _build_page(report: Report, note: str) -> Markup:
    """Build sums and reasons as a page whose styles stand in its elements: mail programs know no other."""
    sections = (build_arrivals(report), build_labels(report), build_reasons(report))
    tables = [block for section in sections for block in section.blocks if isinstance(block, Table)]
    notice = element("p", element("strong", NOTICE))
    heading = f"xray-watch report, {_name_period(report)} ({report.question.zone_name})"
    return Markup("<!DOCTYPE html>\n") + element(
        "html",
        element("head", element("title", "xray-watch report")),
        element(
            "body",
            notice,
            element("h1", heading, style=HEADING),
            element("p", note) if note else EMPTY,
            *map(_build_table, tables),
            notice,
            style=STYLE,
        ),
        lang="en",
    )


def _build_table(table: Table) -> Markup:
    shown = [(place, column) for place, column in enumerate(table.columns) if column.kind is not CellKind.BAR]
    head = (element("th", column.heading, scope="col", style=CELL) for _, column in shown)
    rows = (
        element("tr", *(element("td", say_cell(column.kind, row.cells[place]), style=CELL) for place, column in shown))
        for row in table.rows
    )
    caption = element("caption", table.caption, style=CAPTION)
    return element("table", caption, element("tr", *head), *rows, style=TABLE)
