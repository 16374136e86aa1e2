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
SHORT: Mapping[Part, str] = {Part.INDETERMINATE: "indet."}
"""Where a terminal has no room for the word itself; below the table stands what it is short for."""


def say_end(result: Result) -> str:
    """Say in a few words what became of one film: "COVID-19 0.93", "rejected (lateral)", "pending (queued)"."""
    part = find_part(result.state, result.outcome)
    is_pending, is_labelled = part is Part.PENDING, result.label is not None and part is not Part.PENDING
    said = str(part)
    if is_labelled and result.label is not None:
        share = (result.probabilities or {}).get(result.label)
        said = f"{name_label(result.label)} {say_number(share, 2)}"
    remarks = {
        str(result.state): is_pending,
        str(result.reason_code): not (is_pending or is_labelled) and result.reason_code not in {None, part},
        "marked": is_labelled and result.reason_code is not None,
        "duplicate": is_labelled and part is Part.DUPLICATE,
        "conflict": result.conflict and not is_pending,
    }
    remarked = ", ".join(remark for remark, holds in remarks.items() if holds)
    return f"{said} ({remarked})" if remarked else said
