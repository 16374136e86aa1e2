"""One preparation from inputs to a data set."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from inference.bundle import SHIPPED_BUNDLE
from training.preparation.fingerprint import Fingerprint
from training.preparation.fingerprint_cache import read_fingerprints, write_fingerprints
from training.preparation.folder import name_file, open_folder, put_film, remove_leftovers
from training.preparation.inputs import PrepareSettings, check_places, complete_offers, decide, list_offers
from training.preparation.lists import read_dropped, read_kept, write_lists
from training.preparation.offer import MISSING_FILE, Offer
from training.preparation.reading import Reading, Task, read_films
from training.preparation.same_films import find_links
from training.preparation.selection import ABSENT, DUPLICATES, LABEL_CONFLICT, OVER_CAP, Film, Selected, select_films
from training.preparation.track import Track, track_nothing

_DECIDED_BY_SELECTION = DUPLICATES | {LABEL_CONFLICT, OVER_CAP, ABSENT}


@dataclass(frozen=True, slots=True)
class Preparation:
    """What came of it.

    Attributes
    ----------
    kept : tuple of Film
        The data set, all of it, in the order of `manifest.csv`.
    dropped : tuple of Offer
        All that was left out, with reasons, in the order of `dropped.csv`.
    failed : int
        Files of this run that are damaged or cannot be opened.
    """

    kept: tuple[Film, ...]
    dropped: tuple[Offer, ...]
    failed: int


def _say_nothing(text: str) -> None:
    pass


def prepare(
    settings: PrepareSettings, track: Track = track_nothing, say: Callable[[str], None] = _say_nothing
) -> Preparation:
    """Build a data set, or add to one.

    The outcome depends on all films that were ever offered and not on their order, so that a run may be repeated, and
    inputs may come together or one after another.

    Parameters
    ----------
    settings : PrepareSettings
        Inputs, output and rules.
    track : Track
        Shows progress.
    say : Callable
        Shows a line of text.

    Raises
    ------
    DatasetNotFoundError, DatasetManifestError
        An input is not there, or not of its layout.
    OutputTakenError
        The output lies in an input, holds something else, or is being prepared by another run.
    OSError
        The output cannot be written to.
    """
    check_places(settings)
    offers = [decide(offer, settings) for offer in list_offers(settings, say)]
    with open_folder(settings.output):
        memory = _Memory(read_fingerprints(settings.output))
        kept_before, dropped_before = read_kept(settings.output), read_dropped(settings.output)
        new = _read_offers(settings, offers, memory, track)
        merged = _merge(new, kept_before, dropped_before)
        films, left_out = _to_films(settings, merged, memory, track)
        selection = select_films(films, find_links(films, memory.fingerprints, track), settings.max_per_patient)
        result = _name(selection, left_out, memory)
        _write(settings, result, memory, track)
    return result


@dataclass(slots=True)
class _Memory:
    """What is known of files, by the hash of their bytes; `failed` counts those that gave nothing."""

    fingerprints: dict[str, Fingerprint]
    formats: dict[str, str] = field(default_factory=dict)
    failed: int = 0

    def learn(self, reading: Reading) -> None:
        if reading.fingerprint:
            self.fingerprints[reading.sha256] = reading.fingerprint
        self.formats[reading.sha256] = reading.source_format
        self.failed += reading.failed


def _read_offers(settings: PrepareSettings, offers: Sequence[Offer], memory: _Memory, track: Track) -> list[Offer]:
    """Read the films that are offered; those already left out pass through."""
    wanted = [offer for offer in offers if not offer.why]
    readings = _read(settings, wanted, memory, track, "reading films")
    return [offer for offer in offers if offer.why] + complete_offers(settings, wanted, readings)


def _read(
    settings: PrepareSettings, offers: Iterable[Offer], memory: _Memory, track: Track, what: str
) -> list[Reading]:
    tasks = [Task(offer.path, offer.needs_header, offer.needs_gate) for offer in offers if offer.path]
    lungs = settings.lungs or SHIPPED_BUNDLE
    found = read_films(tasks, memory.fingerprints.keys(), settings.workers, lungs)
    readings = list(track(found, len(tasks), what))
    for reading in readings:
        memory.learn(reading)
    return readings


def _merge(new: Iterable[Offer], kept_before: Iterable[Offer], dropped_before: Iterable[Offer]) -> list[Offer]:
    """Put what this run offers over what earlier runs knew."""
    new = list(new)
    sources = {offer.source for offer in new}
    # what was no film, and is not offered again by the same data set, is gone
    merged = {
        offer.key: offer
        for offer in dropped_before
        if offer.why in _DECIDED_BY_SELECTION or offer.source not in sources
    }
    kept = {offer.key: offer for offer in kept_before}
    # an image that has gone from the input is still in the data set
    came = {offer.key: offer for offer in new if offer.why != MISSING_FILE or offer.key not in kept}
    return [offer for _, offer in sorted((merged | kept | came).items())]


def _to_films(
    settings: PrepareSettings, merged: Iterable[Offer], memory: _Memory, track: Track
) -> tuple[list[Film], list[Offer]]:
    """Return the films among which to select, and the offers that are none or of which nothing is known any more."""
    offers = list(merged)
    forgotten = [offer for offer in offers if not offer.why and offer.path and offer.sha256 not in memory.fingerprints]
    again = _read(settings, forgotten, memory, track, "reading again")
    damaged = {offer.key: reading.why for offer, reading in zip(forgotten, again, strict=True)}
    offers = [replace(offer, why=damaged.get(offer.key, offer.why)) for offer in offers]
    films, left_out = [], []
    for offer in offers:
        fingerprint = memory.fingerprints.get(offer.sha256)
        if fingerprint and (not offer.why or offer.why in _DECIDED_BY_SELECTION):
            clear = replace(offer, why="", duplicate_of="")
            films.append(Film(clear, offer.sha256, fingerprint.pixel_sha256, fingerprint.rows, fingerprint.columns))
        else:
            left_out.append(replace(offer, why=offer.why or ABSENT))
    return films, left_out


def _name(selection: Selected, left_out: Sequence[Offer], memory: _Memory) -> Preparation:
    kept = []
    for film in selection.kept:
        file = film.offer.file or name_file(film, memory.formats[film.sha256])
        kept.append(replace(film, offer=replace(film.offer, file=file)))
    files = {f"{film.offer.source}/{film.offer.origin}": film.offer.file for film in kept}
    dropped = [
        replace(offer, duplicate_of=files.get(offer.duplicate_of, offer.duplicate_of))
        for offer in (*selection.dropped, *left_out)
    ]
    return Preparation(tuple(kept), tuple(sorted(dropped, key=lambda offer: offer.key)), memory.failed)


def _write(settings: PrepareSettings, result: Preparation, memory: _Memory, track: Track) -> None:
    """Bring films first, lists then, and remove what neither names last: whenever this ends, the lists are true."""
    output = settings.output
    for film in track(result.kept, len(result.kept), "copying films"):
        put_film(output, film, link=settings.link)
    known = {film.sha256 for film in result.kept} | {offer.sha256 for offer in result.dropped}
    write_fingerprints(output, {sha256: each for sha256, each in memory.fingerprints.items() if sha256 in known})
    write_lists(output, result.kept, result.dropped)
    remove_leftovers(output, {film.offer.file for film in result.kept})
