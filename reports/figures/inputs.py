"""Which pictures arrive from which station and view, against those of a reference."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from documents.figures import say_number, say_percent
from reports.figures.divergence import measure_ks, measure_psi, measure_share
from reports.figures.drift import MIN_FILMS, DriftCheck, DriftLevel, judge_distance, say_too_little
from store.questions.distributions import InputCount

MIN_GROUP_FILMS = 30  # of one station and view, in the period and in its reference
GROUPS_COMPARED = 20  # the largest
SILENT_SHARE = 0.05  # a group of this share of the reference is missed ...
SILENT_FILMS = 20  # ... where so many of its films were to be expected
Key = tuple[str | None, str | None]


@dataclass(slots=True)
class Inputs:
    """Films of one station and view by size and by depth."""

    films: int = 0
    megapixel_tenths: Counter[int] = field(default_factory=Counter)
    bits_stored: Counter[int | None] = field(default_factory=Counter)


def compare_inputs(now: Sequence[InputCount], before: Sequence[InputCount]) -> Iterator[DriftCheck]:
    """Compare where films come from, and for each station and view their size and depth."""
    groups, groups_before = _group(now), _group(before)
    films, films_before = (sum(inputs.films for inputs in found.values()) for found in (groups, groups_before))
    if min(films, films_before) < MIN_FILMS:
        yield say_too_little("pictures", "psi", films, films_before)
        return
    yield _compare_mix(groups, groups_before)
    largest = sorted(groups.items(), key=lambda group: -group[1].films)[:GROUPS_COMPARED]
    for key, inputs in largest:
        usual = groups_before.get(key, Inputs())
        if min(inputs.films, usual.films) >= MIN_GROUP_FILMS:
            yield from _compare_group(name_group(key), inputs, usual)
        elif inputs.films >= MIN_GROUP_FILMS:
            yield _point_out_new(key, inputs.films / films, usual.films / films_before)
    for key, inputs in groups_before.items():
        share = inputs.films / films_before
        if key not in groups and share >= SILENT_SHARE and share * films >= SILENT_FILMS:
            yield _point_out_silent(key, share)


def name_group(key: Key) -> str:
    """Return a station and view as people read them."""
    station_name, view_position = key
    return f"{station_name or 'no station'}, {view_position or 'no view'}"


def _group(counts: Sequence[InputCount]) -> Mapping[Key, Inputs]:
    groups: defaultdict[Key, Inputs] = defaultdict(Inputs)
    for count in counts:
        inputs = groups[count.station_name, count.view_position]
        inputs.films += count.films
        inputs.megapixel_tenths[count.megapixel_tenths] += count.films
        inputs.bits_stored[count.bits_stored] += count.films
    return dict(groups)


def _compare_mix(now: Mapping[Key, Inputs], before: Mapping[Key, Inputs]) -> DriftCheck:
    both: Counter[Key] = Counter()
    for key, inputs in chain(now.items(), before.items()):
        both[key] += inputs.films
    keys = [key for key, _ in both.most_common(GROUPS_COMPARED)]
    # one bin holds whatever is left, so that there are two at least and every film is in one
    shares = [
        [*(found.get(key, Inputs()).films for key in keys), _count_others(found, keys)] for found in (now, before)
    ]
    meaning = (
        f"{len(now):,} stations and views, before {len(before):,}. Films come from elsewhere than before, or from "
    )
    return judge_distance("stations and views", None, measure_psi(*shares), f"{meaning}the same in other shares.")


def _count_others(groups: Mapping[Key, Inputs], keys: Sequence[Key]) -> int:
    return sum(inputs.films for key, inputs in groups.items() if key not in keys)


def _compare_group(name: str, now: Inputs, before: Inputs) -> Iterator[DriftCheck]:
    sizes = sorted(now.megapixel_tenths | before.megapixel_tenths)
    size = measure_ks(*([inputs.megapixel_tenths[tenths] for tenths in sizes] for inputs in (now, before)))
    medians = [_find_median(inputs.megapixel_tenths) / 10 for inputs in (now, before)]
    why = "A new detector, another export, or cropping."
    said = f"Median {say_number(medians[0], 1)} megapixels, before {say_number(medians[1], 1)}. {why}"
    yield judge_distance("resolution", name, size, said)
    usual, _ = before.bits_stored.most_common(1)[0]
    depth = measure_share(now.bits_stored[usual], now.films, before.bits_stored[usual], before.films)
    shares = [say_percent(inputs.bits_stored[usual] / inputs.films) for inputs in (now, before)]
    said = f"{usual or 'Unknown'} bits in {shares[0]}, before {shares[1]}. Another export, or a converted copy."
    yield judge_distance("bit depth", name, depth, said)


# these two are to be watched whatever their share is
def _point_out_new(key: Key, share: float, before: float) -> DriftCheck:
    said = f"{say_percent(share)} of the films, before {say_percent(before)}."
    meaning = f"{said} New here, or rare until now: look at some of them."
    return DriftCheck("new", name_group(key), "share", share, None, None, DriftLevel.WATCH, meaning)


def _point_out_silent(key: Key, before: float) -> DriftCheck:
    meaning = f"No film, before {say_percent(before)} of all. Does this station still send here?"
    return DriftCheck("silent", name_group(key), "share", -before, None, None, DriftLevel.WATCH, meaning)


def _find_median(counts: Counter[int]) -> int:
    middle = (counts.total() + 1) // 2
    for value in sorted(counts):
        middle -= counts[value]
        if middle <= 0:
            return value
    return 0
