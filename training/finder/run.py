"""A training run of the lung finder, from folders to a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
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
from training.finder.network import SIZE, build_finder, finish_finder
from training.finder.pictures import Pictures, read_pictures
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
    lungs_steps, kinds_steps : int
        Batches of the two stages.
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
    seed: int = 0


def train_finder(settings: FinderSettings, console: Console) -> dict[str, Any]:
    """Train a lung finder on four fifths of the patients, measure it on the rest and write it into a bundle.

    The bundle's classifier is the base's, which was trained behind another finder: train it anew with `--lungs`.

    Returns
    -------
    dict
        The measures of `training.finder.limits.measure_gate`, also written into the bundle.
    """
    base = read_bundle(settings.base)
    learnt, held_out = _read(settings, console)
    network = _fit(settings, learnt, console)
    generator = np.random.default_rng(settings.seed)
    good = [*learnt.films, *draw_phantoms(generator)]
    mean, whitening = fit_gaussian(read_features(network, good))
    limits = GateLimits(
        min_frontal=MIN_FRONTAL,
        max_distance=choose_max_distance(network, good, mean, whitening, generator),
        min_lung_share=MIN_LUNG_SHARE,
    )
    with stage_bundle(settings.model) as staging:
        for name in FILE_NAMES:
            copyfile(base.folder / name, staging / name)
        finish_finder(network, mean, whitening).save(staging / "lungs.keras")
        write_litert(staging / "lungs.keras", staging / LUNGS_NAME)
        (staging / "lungs.keras").unlink()
        measures = measure_gate(LungFinder(staging / LUNGS_NAME), limits, held_out, generator)
        write_manifest(staging, _to_facts(base, limits, measures))
    return measures


def _read(settings: FinderSettings, console: Console) -> tuple[Pictures, Pictures]:
    cases = read_dataset(settings.dataset)
    cases += read_other_findings(settings.other_findings) if settings.other_findings else []
    bar = track(cases, "reading", console=console)
    pictures = read_pictures(cases, settings.masks, settings.laterals, settings.others, progress=bar)
    return split_pictures(pictures, settings.seed)


def split_pictures(pictures: Pictures, seed: int) -> tuple[Pictures, Pictures]:
    """Hold a fifth of the patients and a third of the other pictures out."""
    sides = deal_patients(pictures.cases, (1 - HELD_OUT_SHARE, HELD_OUT_SHARE), seed)
    parts = [_select(pictures, [at for at, side in enumerate(sides) if side == wanted]) for wanted in (0, 1)]
    generator = np.random.default_rng(seed)
    laterals, others = (generator.permutation(each) for each in (pictures.laterals, pictures.others))
    cuts = [-(-len(each) // 3) for each in (laterals, others)]
    return (
        replace(parts[0], laterals=laterals[cuts[0] :], others=others[cuts[1] :]),
        replace(parts[1], laterals=laterals[: cuts[0]], others=others[: cuts[1]]),
    )


def _select(pictures: Pictures, places: Sequence[int]) -> Pictures:
    cases: tuple[Case, ...] = tuple(pictures.cases[place] for place in places)
    masks = {at: pictures.masks[place] for at, place in enumerate(places) if place in pictures.masks}
    return replace(pictures, cases=cases, films=pictures.films[list(places)], masks=masks)


def _fit(settings: FinderSettings, learnt: Pictures, console: Console) -> Any:
    import keras

    keras.utils.set_random_seed(settings.seed)
    network = build_finder()
    first = LessonPlan("lungs", settings.lungs_steps, 3e-3, lungs_only=True, seed=settings.seed)
    second = LessonPlan("lungs and kinds", settings.kinds_steps, 2e-3, lungs_only=False, seed=settings.seed + 1)
    with RunProgress.show(console, first.steps + second.steps) as progress:
        fit_stage(network, Teacher(learnt, learnt.masks, SIZE), first, progress)
        fit_stage(network, Teacher(learnt, find_masks(network, learnt), SIZE), second, progress)
    return network


def _to_facts(base: Bundle, limits: GateLimits, measures: dict[str, Any]) -> BundleFacts:
    return BundleFacts(
        model_version=base.model_version,
        outputs=base.outputs,
        input_size=base.input_size,
        temperature=base.calibration["temperature"],
        operating_points=base.operating_points,
        gate=limits._asdict(),
        training_data_sha256=base.training_data_sha256,
        metrics={**base.metrics, "lung_finder": measures},
    )
