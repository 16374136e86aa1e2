"""The report for programs: one JSON object, written while the results are read."""

import json
from datetime import UTC
from typing import TextIO

from inference.labels import NOTICE
from reports.agreement_json import agreement_to_json
from reports.formats import ReportSource
from reports.report import Report
from reports.results import result_to_json
from reports.summary import summary_to_json

SCHEMA = 1


def write_json(source: ReportSource, stream: TextIO) -> None:
    """Write a report as JSON; one result is held in memory at a time.

    All of it is ASCII: file names with any sign in them come through any terminal and encoding unharmed.
    """
    zone = source.question.period.since.tzinfo
    stream.write(json.dumps(report_to_json(source.report), indent=1).removesuffix("\n}") + ',\n "results": [')
    encode = json.JSONEncoder(allow_nan=False).encode
    separator = "\n  "
    for result in source.results():
        stream.write(separator + encode(result_to_json(result, zone)))  # type: ignore[arg-type]
        separator = ",\n  "
    stream.write("\n ]\n}\n")


def report_to_json(report: Report) -> dict[str, object]:
    """Return all of a report but its results, which stream."""
    period = report.question.period
    zone = period.since.tzinfo or UTC
    return {
        "schema": SCHEMA,
        "notice": NOTICE,
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "summary": summary_to_json(report.summary),
        "agreement": [agreement_to_json(each, zone) for each in report.agreement],
    }
