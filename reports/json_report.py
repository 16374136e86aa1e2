"""The report for programs: one JSON object, written while the results are read."""

import json
from collections.abc import Iterable
from typing import TextIO

from inference.labels import NOTICE
from reports.periods import Period
from reports.results import result_to_json
from reports.summary import Summary, summary_to_json
from store.queries import Result

SCHEMA = 1


def write_json(period: Period, summary: Summary, results: Iterable[Result], stream: TextIO) -> None:
    """Write a report as JSON; one result is held in memory at a time.

    All of it is ASCII: file names with any sign in them come through any terminal and encoding unharmed.
    """
    head = {
        "schema": SCHEMA,
        "notice": NOTICE,
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "summary": summary_to_json(summary),
    }
    stream.write(json.dumps(head, indent=1).removesuffix("\n}") + ',\n "results": [')
    encode = json.JSONEncoder(allow_nan=False).encode
    separator = "\n  "
    for result in results:
        stream.write(separator + encode(result_to_json(result, period.since.tzinfo)))  # type: ignore[arg-type]
        separator = ",\n  "
    stream.write("\n ]\n}\n")
