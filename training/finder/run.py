"""A training run of the lung finder, from folders to a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isinf
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from inference.bundle import FILE_NAMES, LUNGS_NAME, SHIPPED_BUNDLE, Bundle, read_bundle
from inference.lungs import GateLimits, LungFinder
from training.data.dataset import Case, read_dataset, read_other_findings
from training.data.split import deal_patients
from training.finder.fitting import LessonPlan, find_masks, fit_stage
from training.finder.lessons import Teacher, draw_phantoms
from training.finder.limits import (
    MIN_FRONTAL,
    MIN_LUNG_SHARE,
    choose_max_distance,
    fit_gaussian,
    measure_gate,
    read_features,
)
from training.finder.network import SIZE, Constants, build_finder, finish_finder, read_finder
from training.finder.pictures import Pictures, read_pictures
from training.finder.second_look import LookPlan, fit_second_look
from training.fit.progress import RunProgress
from training.run.export import BundleFacts, stage_bundle, write_manifest
from training.run.litert import write_litert

HELD_OUT_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class FinderSettings:
    """What to learn from, how long, and where to.

    Attributes
    ----------
    dataset, other_findings : Path
        Frontal chest films, as for `training.fit.settings.TrainingSettings`.
    masks : Path
        Folder or ZIP file of lung masks for some of them.
    laterals, others : Path
        Folders of chest films from the side, and of pictures of anything else.
    model : Path
        The new bundle's folder.
    base : Path
        Bundle whose classifier goes into the new one.
    lungs_steps, kinds_steps, look_steps : int
        Batches of the three stages.
    keeps_lungs : bool
        The base's lungs and kinds stay as they are, and only the second look is learnt, from the base's own if it has
        one: the base's classifier stays valid.
    model_version : str
        Name of the new bundle; empty: the base's.
    seed : int
        Of every random number.
    """

    dataset: Path
    masks: Path
    laterals: Path
    others: Path
    model: Path
    other_findings: Path | None = None
    base: Path = SHIPPED_BUNDLE
    lungs_steps: int = 700
    kinds_steps: int = 1600
    look_steps: int = 6000
    keeps_lungs: bool = False
    model_version: str = ""
    seed: int = 0


def train_finder(settings: FinderSettings, console: Console) -> dict[str, Any]:
    """Train a lung finder on four fifths of the patients, measure it on the rest and write it into a bundle.

    The bundle's classifier is the base's. Unless the lungs are kept, it was trained behind another finder: train it
    anew with `--lungs`.

    Returns
    -------
    dict
        The measures of `training.finder.limits.measure_gate`, also written into the bundle.
    """
    base = read_bundle(settings.base)
    learnt, held_out = _read(settings, console)
    generator = np.random.default_rng(settings.seed)
    steps = settings.look_steps + (0 if settings.keeps_lungs else settings.lungs_steps + settings.kinds_steps)
    with RunProgress.show(console, steps) as progress:
        first = _keep_lungs(base) if settings.keeps_lungs else _teach_lungs(settings, learnt, generator, progress)
        plan = LookPlan(settings.look_steps, settings.seed + 2)
        network = fit_second_look(first.network, learnt, plan, progress, first.second_look)
    with stage_bundle(settings.model) as staging:
        for name in FILE_NAMES:
            copyfile(base.folder / name, staging / name)
        finish_finder(network, first.mean, first.whitening).save(staging / "lungs.keras")
        write_litert(staging / "lungs.keras", staging / LUNGS_NAME)
        (staging / "lungs.keras").unlink()
        measures = measure_gate(LungFinder(staging / LUNGS_NAME), first.limits, held_out, generator)
        write_manifest(staging, _to_facts(base, first.limits, measures, settings.model_version))
    return measures


@dataclass(frozen=True, slots=True)
class FirstLook:
    """A finder without its second look, when it takes a picture for something else, and a look to go on from."""

    network: Any
    mean: npt.NDArray[np.float64]
    whitening: npt.NDArray[np.float64]
    limits: GateLimits
    second_look: list[Constants]


def _keep_lungs(base: Bundle) -> FirstLook:
    parts = read_finder(base.folder / LUNGS_NAME)
    limits = GateLimits(**base.gate)._replace(min_frontal=MIN_FRONTAL)
    return FirstLook(parts.network, parts.mean, parts.whitening, limits, parts.second_look)


def _teach_lungs(
    settings: FinderSettings, learnt: Pictures, generator: np.random.Generator, progress: RunProgress
) -> FirstLook:
    network = _fit(settings, learnt, progress)
    good = [*learnt.films, *draw_phantoms(generator)]
    mean, whitening = fit_gaussian(read_features(network, good))
    max_distance = choose_max_distance(network, good, mean, whitening, generator)
    return FirstLook(network, mean, whitening, GateLimits(MIN_FRONTAL, max_distance, MIN_LUNG_SHARE), [])


def _read(settings: FinderSettings, console: Console) -> tuple[Pictures, Pictures]:
    cases = read_dataset(settings.dataset)
    cases += read_other_findings(settings.other_findings) if settings.other_findings else []
    bar = track(cases, "reading", console=console)
    pictures = read_pictures(cases, settings.masks, settings.laterals, settings.others, progress=bar)
    return split_pictures(pictures, settings.seed)


def split_pictures(pictures: Pictures, seed: int) -> tuple[Pictures, Pictures]:
    """Hold a fifth of the patients and of the films' other views, and other pictures of half of the patients, out."""
    sides = deal_patients(pictures.cases, (1 - HELD_OUT_SHARE, HELD_OUT_SHARE), seed)
    parts = [_select(pictures, [at for at, side in enumerate(sides) if side == wanted]) for wanted in (0, 1)]
    generator = np.random.default_rng(seed)
    laterals = generator.permutation(pictures.laterals)
    cut = -(-len(laterals) // 3)
    owners = generator.permutation(sorted(set(pictures.owners_of_others)))
    held_out = set(owners[: -(-len(owners) // 2)].tolist())
    places = [[at for at, owner in enumerate(pictures.owners_of_others) if (owner in held_out) is out]
              for out in (False, True)]  # fmt: skip
    return (
        _replace_others(replace(parts[0], laterals=laterals[cut:]), places[0]),
        _replace_others(replace(parts[1], laterals=laterals[:cut]), places[1]),
    )


def _replace_others(pictures: Pictures, places: Sequence[int]) -> Pictures:
    kinds, owners = pictures.kinds_of_others, pictures.owners_of_others
    return replace(
        pictures,
        others=pictures.others[list(places)],
        kinds_of_others=tuple(kinds[at] for at in places),
        owners_of_others=tuple(owners[at] for at in places),
    )


def _select(pictures: Pictures, places: Sequence[int]) -> Pictures:
    cases: tuple[Case, ...] = tuple(pictures.cases[place] for place in places)
    masks = {at: pictures.masks[place] for at, place in enumerate(places) if place in pictures.masks}
    return replace(pictures, cases=cases, films=pictures.films[list(places)], masks=masks)


def _fit(settings: FinderSettings, learnt: Pictures, progress: RunProgress) -> Any:
    import keras

    keras.utils.set_random_seed(settings.seed)
    network = build_finder()
    first = LessonPlan("lungs", settings.lungs_steps, 3e-3, lungs_only=True, seed=settings.seed)
    second = LessonPlan("lungs and kinds", settings.kinds_steps, 2e-3, lungs_only=False, seed=settings.seed + 1)
    fit_stage(network, Teacher(learnt, learnt.masks, SIZE), first, progress)
    fit_stage(network, Teacher(learnt, find_masks(network, learnt), SIZE), second, progress)
    return network


def _to_facts(base: Bundle, limits: GateLimits, measures: dict[str, Any], model_version: str) -> BundleFacts:
    return BundleFacts(
        model_version=model_version or base.model_version,
        outputs=base.outputs,
        input_size=base.input_size,
        temperature=base.calibration["temperature"],
        operating_points=base.operating_points,
        gate=limits._asdict(),
        training_data_sha256=base.training_data_sha256,
        training_ages_years={
            label: (first, None if isinf(end) else end) for label, (first, end) in base.training_ages_years.items()
        },
        metrics={**base.metrics, "lung_finder": measures},
    )
