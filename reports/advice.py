"""What an administrator can do about each reason for which a file has no class, or one that is to be doubted."""

from collections.abc import Mapping

from inference.labels import BELOW_OPERATING_POINT, OTHER_FINDING, OUTSIDE_TRAINING_POPULATION

NO_CLASS = {
    BELOW_OPERATING_POINT: "The model is not sure enough to name a class. Nothing is wrong with the file.",
    OTHER_FINDING: "The film shows something that the model has no class for. Nothing is wrong with the file.",
}
MARKS = {
    OUTSIDE_TRAINING_POPULATION: "The model has learnt this label from patients of another age: trust it less.",
}


def find_advice(reason_code: str, more: Mapping[str, str]) -> str:
    """Return one sentence for an administrator, or an empty one where nobody wrote any.

    Parameters
    ----------
    reason_code : str
        As it stands in the ledger.
    more : Mapping
        Reasons of rooms that this one does not know, such as the worker's.
    """
    from imaging import REASONS

    known = (more, NO_CLASS, MARKS, REASONS)
    return next((advice[reason_code] for advice in known if reason_code in advice), "")
