"""By what figures are given beside the pooled ones: a pooled figure hides the hospital at which a model fails."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from training.data.dataset import UNKNOWN
from training.evaluation.judged_films import EvaluatedFilm

SMALL, LARGE = 512, 1024
"""Longer side in pixels up to which a film is small, and from which it is large."""

SIZES = (f"up to {SMALL} pixels", f"{SMALL + 1} to {LARGE - 1} pixels", f"from {LARGE} pixels", UNKNOWN)

FEW_FILMS = 10
REST = f"fewer than {FEW_FILMS} films"


def name_image_size(film: EvaluatedFilm) -> str:
    """Name the class of size: pictures taken from papers are small, films from archives large."""
    longest = max(film.rows, film.columns)
    if not longest:
        return UNKNOWN
    if longest <= SMALL:
        return SIZES[0]
    return SIZES[2] if longest >= LARGE else SIZES[1]


GROUPINGS: Mapping[str, Callable[[EvaluatedFilm], str]] = {
    "source": lambda film: film.case.source,
    "site": lambda film: film.case.site,
    "view": lambda film: film.case.view,
    "age_group": lambda film: film.case.age_group,
    "sex": lambda film: film.case.sex,
    "image_size": name_image_size,
}


def name_grouping(grouping: str) -> str:
    """Say in words by what a grouping divides; one that is not known (of a later version's file) by its own name."""
    return {"age_group": "age", "image_size": "image size"}.get(grouping, grouping)


def order_groups(names: Iterable[str], grouping: str) -> list[str]:
    """Return the names of groups, each once, in the order in which they are shown: sizes from small to large."""
    known = set(names)
    if grouping != "image_size":
        return sorted(known)
    return [name for name in SIZES if name in known]


def name_groups(films: Sequence[EvaluatedFilm], grouping: str) -> list[str]:
    """Name the group of each film; sites of few films are one group, since there are as many of them as films."""
    names = [GROUPINGS[grouping](film) for film in films]
    if grouping != "site":
        return names
    counts = Counter(names)
    return [name if counts[name] >= FEW_FILMS else REST for name in names]
