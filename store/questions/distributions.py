"""How films of a selection are distributed: what the model said, and what the pictures are like. Each film once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from inference.labels import Label
from store.columns import floored
from store.questions.selection import IS_ANSWER, JOINED, SHARES, WAS_ASKED, Selection
from store.tables import screenings

SCORE_STEPS = 100  # a probability is counted to a hundredth
TENTH_OF_A_MEGAPIXEL = 100_000


@dataclass(frozen=True, slots=True)
class ScoreCount:
    """How many films a model gave these probabilities of the labels that it knows, in whole hundredths."""

    model_sha256: str
    hundredths: dict[Label, int]
    films: int


@dataclass(frozen=True, slots=True)
class InputCount:
    """How many films of a station and view have this size and depth."""

    station_name: str | None
    view_position: str | None
    megapixel_tenths: int
    bits_stored: int | None
    films: int


def count_scores(connection: Connection, selection: Selection) -> list[ScoreCount]:
    """Count films by model and by the probabilities of all its labels: some thousand lines, however many films."""
    s = screenings.c
    steps = [floored(share * SCORE_STEPS).label(f"step_{label}") for label, share in SHARES.items()]
    groups = [step.name for step in steps]
    statement = (
        select(s.model_sha256, *steps, func.count())
        .select_from(JOINED)
        .where(selection.where_finished(), IS_ANSWER, WAS_ASKED)
        .group_by(s.model_sha256, *groups)
    )
    return [
        ScoreCount(model_sha256, _keep_known(hundredths), films)
        for model_sha256, *hundredths, films in connection.execute(statement)
    ]


def _keep_known(hundredths: Sequence[int | None]) -> dict[Label, int]:
    return {label: each for label, each in zip(SHARES, hundredths, strict=True) if each is not None}


def count_inputs(connection: Connection, selection: Selection) -> list[InputCount]:
    """Count films by station, view, size and depth; those that a header alone refused are not among them."""
    s = screenings.c
    tenths = ((s.rows * s.columns) // TENTH_OF_A_MEGAPIXEL).label("megapixel_tenths")
    statement = (
        select(s.station_name, s.view_position, tenths, s.bits_stored, func.count().label("films"))
        .select_from(JOINED)
        .where(selection.where_finished(), IS_ANSWER, s.rows.is_not(None), s.columns.is_not(None))
        .group_by(s.station_name, s.view_position, "megapixel_tenths", s.bits_stored)
    )
    return [InputCount(**row._mapping) for row in connection.execute(statement)]
