"""The options of ``report``: what each is called and takes, and what its help says."""

from pathlib import Path
from typing import Annotated

from typer import Option

Since = Annotated[
    str, Option(help="`today`, `yesterday`, `last-week`, `last-month`, `2h`, `7d`, a date, or an ISO time.")
]
Until = Annotated[str | None, Option(help="The same; a day, week or month is included; default: now.")]
By = Annotated[
    str | None,
    Option(help="Group by `hour`, `day`, `source` (the inbox), `view`, `model`, `station` or `priority`."),
]
Labels = Annotated[list[str] | None, Option(help="Only this label; may be repeated.")]
Outcomes = Annotated[
    list[str] | None, Option(help="Only `predicted`, `indeterminate`, `rejected` ...; may be repeated.")
]
Reasons = Annotated[list[str] | None, Option(help="Only this reason code; may be repeated.")]
Models = Annotated[list[str] | None, Option(help="Only this model version or hash; may be repeated.")]
Inboxes = Annotated[list[Path] | None, Option(help="Only files of this inbox; may be repeated.")]
Modalities = Annotated[list[str] | None, Option(help="Only this modality; may be repeated.")]
Priorities = Annotated[list[str] | None, Option(help="Only `stat` or `routine` films.")]
Minimums = Annotated[
    list[str] | None, Option(help="`covid19=0.8`, or `0.8` for the most probable label; all must hold.")
]
DriftReference = Annotated[
    str, Option(help="What drift is measured against: `28d` before, `2026-09-01/2026-09-30`, or `none`.")
]
MostListed = Annotated[int, Option(min=0, max=1000, help="Likely positives listed at most.")]
OutputFormat = Annotated[
    str | None,
    Option(
        "--format",
        help="`table`, `csv`, `json`, `html`, `pdf` or `xlsx`; default: what --output ends in, else `table`.",
    ),
]
Output = Annotated[Path | None, Option(help="A file, written whole or not at all; `-` is stdout.")]
Show = Annotated[bool, Option("--open", help="Open what --output names when it is written.")]
Recipients = Annotated[
    list[str] | None, Option(metavar="ADDRESS", help="Mail it instead of printing it; may be repeated.")
]
ToWebhook = Annotated[bool, Option("--webhook", help="Send a signed summary to XRAY_WEBHOOK_URL.")]
