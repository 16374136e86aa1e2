"""Films over which the model and a reference do not agree: what it missed, and its false alarms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from inference.labels import Label
from store.questions.contradictions import list_false_alarms, list_missed
from store.questions.queries import Result
from store.questions.selection import Selection
from store.references.words import Reference, ReferenceSource

ILLNESSES: Mapping[ReferenceSource, tuple[Label, ...]] = {
    ReferenceSource.PCR: (Label.COVID19,),  # it cannot tell the others apart
    ReferenceSource.READER: (Label.COVID19, Label.VIRAL_PNEUMONIA),
}
CrossTable = Mapping[tuple[Reference, Label | None], int]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One such film; ``illness`` is what it was and was not called, or was called and was not."""

    reference: Reference
    result: Result
    illness: Label

    @property
    def probability(self) -> float | None:
        """What the model gave to the illness; None where it was not asked."""
        return self.result.probabilities[self.illness] if self.result.probabilities else None


@dataclass(frozen=True, slots=True)
class Contradictions:
    """How many there are, and the first of them: those over which model and reference agree the least."""

    count: int = 0
    films: tuple[Contradiction, ...] = ()

    def change_films(self, change: Callable[[Result], Result]) -> "Contradictions":
        """Return the same with each film changed."""
        return replace(self, films=tuple(replace(film, result=change(film.result)) for film in self.films))


def find_missed(
    connection: Connection, selection: Selection, source: ReferenceSource, counts: CrossTable, most_shown: int
) -> Contradictions:
    """Find films of an illness that were not called so: another label, or none."""
    illnesses = ILLNESSES[source]
    count = sum(films for (was, label), films in counts.items() if was.value in illnesses and label != was.value)
    found = list_missed(connection, selection, source, illnesses, most_shown)
    return Contradictions(count, tuple(Contradiction(was, result, Label(was)) for was, result in found))


def find_false_alarms(
    connection: Connection, selection: Selection, source: ReferenceSource, counts: CrossTable, most_shown: int
) -> Contradictions:
    """Find films that were called an illness and were not so, as far as the source can tell."""
    illnesses = ILLNESSES[source]
    count = sum(films for (was, label), films in counts.items() if label in illnesses and label != was.value)
    found = list_false_alarms(connection, selection, source, illnesses, most_shown)
    films = (Contradiction(was, result, result.label) for was, result in found if result.label is not None)
    return Contradictions(count, tuple(films))
