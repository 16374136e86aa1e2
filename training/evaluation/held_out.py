"""On which films a training run's figures were measured: one sentence for terminal, report, JSON and card.

A figure is one on unseen patients only where neither the training nor the weights that it started from have seen a film
of them, and where it is known whose films they are.
"""

from dataclasses import dataclass

from documents.figures import say_count

NO_SUCH_FIGURE = "no figure here is one on unseen patients"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The films that a run's figures are over.

    Attributes
    ----------
    films : int
        How many.
    seen : int or None
        Those of patients whom the starting weights have seen; None where it is not known what they have seen.
    without_patient : int or None
        Those of which no patient is known; None where the run does not say.
    folds : int
        Of the cross-validation; 0 where one part was held out.
    """

    films: int
    seen: int | None
    without_patient: int | None
    folds: int = 0

    @property
    def is_of_unseen_patients(self) -> bool:
        """Say whether figures on these films are figures on unseen patients."""
        return self.seen == 0 and self.without_patient == 0

    def describe(self) -> str:
        """Say which films these are."""
        if not self.folds:
            return "films that this training left aside"
        return (
            f"out-of-fold films of {self.folds}-fold cross-validation: {self.folds} models trained as this one, which "
            "itself was then trained on all of these films"
        )

    def judge(self) -> str:
        """Say whether the figures are figures on unseen patients, and why not."""
        if self.seen is None:
            return f"Whether the starting weights have seen some of them is not known: {NO_SUCH_FIGURE}."
        if self.seen:
            verb = "was" if self.seen == 1 else "were"
            return (
                f"{say_count(self.seen, 'film')} of these {verb} of patients whom the starting weights have seen, so "
                f"the figures are too kind: {NO_SUCH_FIGURE}."
            )
        if self.without_patient:
            return (
                f"Neither the training nor its starting weights have seen them. Of {self.without_patient} of them no "
                f"patient is known, so other films of the same patients may have been seen: {NO_SUCH_FIGURE}."
            )
        if self.without_patient is None:
            return "Neither the training nor its starting weights have seen them."
        return "Neither the training nor its starting weights have seen a film of these patients."
