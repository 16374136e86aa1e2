"""Where the gate closes, and how often it errs on pictures that the finder has not learnt from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.lungs import GateLimits, LungFinder, find_reason
from training.finder.distortion import cut_off, invert, place, retouch
from training.finder.drawings import draw_other
from training.finder.network import FEATURES_OUTPUT, SIZE
from training.finder.pictures import PICTURE_SIZE, Pictures, shrink
from training.finder.second_look import draw_wrong

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

MIN_FRONTAL = 0.85
"""Chosen where fewer than one in a hundred held-out chest films is refused."""
MIN_LUNG_SHARE = 0.06
"""A third less than in any of 1,829 frontal films, the smallest of which was a small child on a large plate."""
SHRINKAGE = 1e-3
DISTANCE_QUANTILE = 0.999
RETOUCHED = 2000
DRAWN = 200
DRAWN_OF_A_STYLE = 100


def fit_gaussian(features: npt.NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Return mean and whitening of good films' features; the covariance is shrunk a little, so that it can be inverted.

    Parameters
    ----------
    features : numpy.ndarray
        float32 (films, features).
    """
    mean, covariance = features.mean(axis=0, dtype=np.float64), np.cov(features.T.astype(np.float64))
    ridge = SHRINKAGE * np.trace(covariance) / len(covariance)
    values, vectors = np.linalg.eigh(covariance + ridge * np.eye(len(covariance)))
    return mean, vectors / np.sqrt(values)


def read_features(network: Any, films: Sequence[Bytes]) -> npt.NDArray[np.float32]:
    """Return the network's features of whole films, float32 (films, features)."""
    batches = (films[start : start + 64] for start in range(0, len(films), 64))
    inputs = (np.stack([shrink(film, SIZE) for film in batch])[..., np.newaxis] for batch in batches)
    found = [network.predict_on_batch(batch.astype(np.float32) / 255.0)[FEATURES_OUTPUT] for batch in inputs]
    return np.concatenate(found)


def choose_max_distance(
    network: Any, films: Sequence[Bytes], mean: Floats, whitening: Floats, generator: np.random.Generator
) -> float:
    """Return the distance that one in a thousand good films exceeds after it was cropped, turned and retouched.

    As they are, training films lie closer to their own mean than any film of another hospital will.
    """
    chosen = generator.integers(0, len(films), RETOUCHED)
    changed = [_distort(films[at], generator) for at in chosen]
    white = (read_features(network, changed) - mean) @ whitening
    return float(np.quantile(np.sqrt((white**2).sum(axis=1)), DISTANCE_QUANTILE))


def _distort(film: Bytes, generator: np.random.Generator) -> Bytes:
    return retouch(place(film, film, SIZE, generator)[0], generator)


def measure_gate(
    finder: LungFinder, limits: GateLimits, pictures: Pictures, generator: np.random.Generator
) -> dict[str, Any]:
    """Measure on pictures that were held out: how many good films are refused, and how many others are.

    Returns
    -------
    dict
        `dice` of hand-drawn masks; `refused_frontal` by source; `refused` by kind of wrong picture. Each a
        share with the number of pictures behind it.
    """
    masks = {at: _find_mask(finder, film) for at, film in enumerate(pictures.films)}
    overlaps = [_measure_dice(masks[at] > 127, mask > 127) for at, mask in pictures.masks.items()]
    sources = sorted({case.source for case in pictures.cases})
    frontal = {
        source: [film for film, case in zip(pictures.films, pictures.cases, strict=True) if case.source == source]
        for source in sources
    }
    wrong = {kind: list(made) for kind, made in _make_wrong(pictures, masks, generator)}
    return {
        "dice": {"value": float(np.mean(overlaps)), "n": len(overlaps)},
        "refused_frontal": _measure_shares(finder, limits, frontal),
        "refused": _measure_shares(finder, limits, wrong),
    }


def _make_wrong(
    pictures: Pictures, masks: Mapping[int, Bytes], generator: np.random.Generator
) -> Iterator[tuple[str, Iterator[Bytes]]]:
    films = pictures.films
    yield "rotated", (np.ascontiguousarray(np.rot90(film, quarters)) for film in films for quarters in (1, 2, 3))
    yield "inverted", (invert(film, generator) for film in films)
    cuts = (cut_off(film, masks[at], PICTURE_SIZE, generator) for at, film in enumerate(films) if masks[at].any())
    yield "cut_off", (cut for cut in cuts if cut is not None)
    yield "lateral", iter(pictures.laterals)
    for kind in sorted(set(pictures.kinds_of_others)):
        yield (
            kind or "other pictures",
            (each for each, own in zip(pictures.others, pictures.kinds_of_others, strict=True) if own == kind),
        )
    yield "drawn", (draw_other(PICTURE_SIZE, generator) for _ in range(DRAWN))
    for new_style, suffix in ((False, ""), (True, ", a style not learnt")):
        for kind, drawn in draw_wrong(pictures, DRAWN_OF_A_STYLE, generator, new_style=new_style).items():
            yield kind + suffix, iter(drawn)


def _measure_shares(
    finder: LungFinder, limits: GateLimits, groups: Mapping[str, Sequence[Bytes]]
) -> dict[str, dict[str, float]]:
    return {
        name: {"value": float(np.mean([_is_refused(finder, limits, each) for each in group])), "n": len(group)}
        for name, group in groups.items()
        if group
    }


def _is_refused(finder: LungFinder, limits: GateLimits, picture: Bytes) -> bool:
    return find_reason(finder.find(picture.astype(np.float32) / 255.0), limits) is not None


def _find_mask(finder: LungFinder, film: Bytes) -> Bytes:
    return np.asarray(np.rint(finder.find(film.astype(np.float32) / 255.0).lungs * 255), dtype=np.uint8)


def _measure_dice(found: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> float:
    """Return twice the common area over the sum of both areas (Dice 1945)."""
    return float(2 * (found & truth).sum() / max(found.sum() + truth.sum(), 1))
