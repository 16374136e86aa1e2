"""Tables of where a model comes from: films, their sources, and the settings of the run."""

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from inference.labels import LABELS, OTHER_FINDING
from training.evaluation.card.tables import Figures, build_table, quote

SETTINGS: Mapping[str, str] = {
    "purpose": "purpose",
    "backbone": "backbone",
    "weights": "starts from",
    "input_size": "input, pixels a side",
    "folds": "folds of cross-validation before the final training",
    "test_share": "share of the patients held out",
    "validation_share": "share of the others for validation",
    "epochs": "epochs at most",
    "epochs_run": "epochs run",
    "best_epoch": "best epoch",
    "batch_size": "batch",
    "learning_rate": "peak learning rate",
    "weight_decay": "weight decay",
    "label_smoothing": "label smoothing",
    "trainable_layers": "layers that are fine-tuned",
    "ema": "momentum of the averaged weights",
    "precision": "precision",
    "seed": "seed",
    "keras": "Keras",
    "keras_backend": "Keras backend",
    "python": "Python",
}


def tabulate_films(training: Figures) -> str:
    """Write how many films of which class and source the model was trained and validated on."""
    films = training.get("films") or {}
    sides = {side: films.get(side) or {} for side in ("train", "validation")}
    order = [*LABELS, OTHER_FINDING]
    names = sorted({name for side in sides.values() for name in side}, key=lambda name: _rank(name, order))
    rows = [
        (*(quote(part) for part in name.split("/", 1)), sides["train"].get(name, 0), sides["validation"].get(name, 0))
        for name in names
    ]
    headings = ("class", "source", "films for training", "for validation")
    return build_table(headings, rows) if rows else "The bundle does not say."


def _rank(name: str, order: Sequence[str]) -> tuple[int, str]:
    label = name.split("/", 1)[0]
    return order.index(label) if label in order else len(order), name


def tabulate_settings(training: Figures) -> str:
    """Write the settings of the run that can be told without its machine."""
    rows = [
        (title, quote(str(training[name]))) for name, title in SETTINGS.items() if training.get(name) not in (None, "")
    ]
    return build_table(("setting", "value"), rows) if rows else "The bundle does not say."


def tabulate_sources(training: Figures) -> str:
    """Write what is known about each source of the training films."""
    films = (training.get("films") or {}).get("train") or {}
    names = sorted({name.partition("/")[2] for name in films})
    known = read_toml("sources.toml")
    rows = [_describe_source(name, known.get(name)) for name in names]
    return build_table(("source", "what it is", "whose films", "licence"), rows)


def _describe_source(name: str, known: Figures | None) -> tuple[str, ...]:
    if known is None:
        return (quote(name), "not described", "not known", "not known")
    return (quote(name), known["title"], known["population"], known["licence"])


def read_toml(name: str) -> dict[str, Any]:
    """Read one of the text files of this package."""
    return tomllib.loads(files("training.evaluation.card").joinpath(name).read_text(encoding="utf-8"))
