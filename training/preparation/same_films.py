"""Finding the films that are in the data set more than once, though not with the same bytes."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from training.preparation.fingerprint import Fingerprint, Thumbnail
from training.preparation.neighbours import Candidate, find_candidates
from training.preparation.registration import SAME_FILM, correlate_films
from training.preparation.selection import Film, Link
from training.preparation.track import Track

_BATCH = 256


def find_links(films: Sequence[Film], fingerprints: Mapping[str, Fingerprint], track: Track) -> list[Link]:
    """Return the pairs of films that are one film.

    Parameters
    ----------
    films : sequence of Film
        All films.
    fingerprints : mapping of str to Fingerprint
        By the hash of a film's bytes.
    track : Track
        Shows progress.
    """
    # films of the same pixels are one without looking closer; one of them stands for all
    places = list({film.pixel_sha256: place for place, film in reversed(list(enumerate(films)))}.values())
    thumbnails = [fingerprints[films[place].sha256].thumbnail for place in places]
    pairs: dict[tuple[int, int], list[Candidate]] = defaultdict(list)
    for candidate in track(find_candidates(thumbnails), None, "comparing hashes"):
        pairs[min(candidate.film, candidate.other), max(candidate.film, candidate.other)].append(candidate)
    compared = _compare(list(pairs.values()), thumbnails)
    found = [same for same in track(compared, len(pairs), "comparing films") if same]
    return [Link(places[same.film], places[same.other], same.variant.mirrored) for same in found]


def _compare(pairs: Sequence[Sequence[Candidate]], thumbnails: Sequence[Thumbnail]) -> Iterable[Candidate | None]:
    """Yield for each pair the candidate that is the same film, or None."""

    def find_same(candidates: Sequence[Candidate]) -> Candidate | None:
        for each in candidates:
            if correlate_films(thumbnails[each.film], thumbnails[each.other], each.variant) >= SAME_FILM:
                return each
        return None

    # OpenCV lets go of the interpreter while it works
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        for start in range(0, len(pairs), _BATCH):
            yield from threads.map(find_same, pairs[start : start + _BATCH])
