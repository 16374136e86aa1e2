"""What an outcome is called and what it means, and how the end of one film is said: one table for every output."""

from collections.abc import Mapping

from documents.figures import say_number
from reports.wording import name_label
from store.questions.queries import Result
from store.questions.selection import Part, find_part

MEANINGS: Mapping[Part, str] = {
    Part.PREDICTED: "a label whose probability reaches the operating point",
    Part.INDETERMINATE: "probabilities, but no label",
    Part.REJECTED: "a sound file that the model must not judge",
    Part.DUPLICATE: "the same bytes were screened before",
    Part.QUARANTINED: "damaged, hostile, or no radiograph",
    Part.VANISHED: "gone before it could be read",
    Part.PENDING: "not finished yet",
}


def say_end(result: Result) -> str:
    """Say in a few words what became of one film: "COVID-19 0.93", "rejected (lateral)", "pending (queued)"."""
    part = find_part(result.state, result.outcome)
    if part is Part.PENDING:
        return f"{part} ({result.state})"
    said = str(part)
    if result.label is not None:
        share = (result.probabilities or {}).get(result.label)
        said = f"{name_label(result.label)} {say_number(share, 2)}"
    elif result.reason_code and result.reason_code != part:
        said = f"{part} ({result.reason_code})"
    marks = {
        "marked": result.label is not None and result.reason_code is not None,
        "duplicate": result.label is not None and part is Part.DUPLICATE,
        "conflict": result.conflict,
    }
    noted = ", ".join(mark for mark, holds in marks.items() if holds)
    return f"{said}, {noted}" if noted else said
