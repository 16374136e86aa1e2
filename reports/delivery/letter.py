"""What a mail says: sums and reasons; names of files, which may identify patients, only where the site allows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO

from markupsafe import Markup

from documents.html.elements import element
from documents.rates import Rate
from inference.labels import NOTICE
from reports.figures.report import Report
from reports.figures.summary import PARTS
from reports.formats import ReportSource
from reports.writers.table_report import write_table

DAY = "%Y-%m-%d"
MINUTE = "%Y-%m-%d %H:%M"
STYLE = "font-family:sans-serif;font-size:14px;color:#1a1a1a;background:#ffffff"
HEADING = "font-size:18px"
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
    summary = report.summary
    shares = {part: summary.rate_of_part(part).value for part in PARTS}
    counts = [(part.value, f"{summary.count(part):,}", f"{shares[part] or 0:.1%}") for part in PARTS]
    labels = [(label.value, f"{count:,}", _show(summary.rate_of(label))) for label, count in summary.labels.items()]
    reasons = [(each.reason_code, f"{each.count:,}", each.advice) for each in report.reasons]
    body = element(
        "body",
        element("p", element("strong", NOTICE)),
        element(
            "h1", f"xray-watch report, {_name_period(report)} ({report.question.zone_name})", style="font-size:18px"
        ),
        element("p", note) if note else Markup(),
        _build_table(("Outcome", "Files", "Share"), [*counts, ("arrived", f"{summary.arrived:,}", "")]),
        _build_table(("Label", "Films", "Share of judged films, 95 %"), labels),
        _build_table(("Reason", "Files", "What to do, or what it means"), reasons) if reasons else Markup(),
        element("p", element("strong", NOTICE)),
        style=STYLE,
    )
    return Markup("<!DOCTYPE html>\n") + element(
        "html", element("head", element("title", "xray-watch report")), body, lang="en"
    )


def _build_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    head = element("tr", *(element("th", text, scope="col", style=CELL) for text in heads))
    body = (element("tr", *(element("td", text, style=CELL) for text in row)) for row in rows)
    return element("table", head, *body, style="border-collapse:collapse;margin:0 0 16px 0")


def _show(rate: Rate) -> str:
    if rate.value is None or rate.low is None or rate.high is None:
        return ""
    return f"{rate.value:.1%} ({100 * rate.low:.1f}-{100 * rate.high:.1f})"
