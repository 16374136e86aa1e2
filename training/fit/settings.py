"""What a training run may be told, and how it is written down."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, NonNegativeInt, PositiveInt, TypeAdapter

Share = Annotated[float, Field(gt=0.0, lt=1.0)]
ZeroToOne = Annotated[float, Field(ge=0.0, lt=1.0)]
Backbone = Literal["efficientnet_lite0", "mobilenetv2"]
Precision = Literal["auto", "float32", "mixed_float16"]


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How long and how fast to train.

    Attributes
    ----------
    epochs : int
        Of the fine-tuning phase, at most; 0 trains the head only.
    batch_size : int
        Radiographs a step.
    learning_rate : float
        Peak of the fine-tuning phase; it warms up and then falls as a half cosine.
    weight_decay : float
        Of AdamW (Loshchilov and Hutter, ICLR 2019).
    label_smoothing : float
        In [0, 1): how much of each target is spread over all outputs.
    trainable_layers : int
        How many layers, counted from the end of the network, are fine-tuned; all of them with random weights.
    patience : int
        Epochs without a better validation loss after which training stops early; 0 never stops.
    ema_epochs : float
        How many epochs the moving average of the weights looks back; the average is what is validated and kept
        (Polyak and Juditsky, 1992). 0 keeps the weights of an epoch's last step.
    source_power : float
        In [0, 1]: how the number of a source's films counts when batches are drawn, see
        `training.data.sampling.balance_sources`.
    empty_share : float
        In [0, 1): how many views show the lungs' outline and one gray only, with a target spread over all outputs, so
        that outline and gray alone give no answer.
    precision : {"auto", "float32", "mixed_float16"}
        `auto` is `mixed_float16` on a GPU and `float32` elsewhere; logits and the shipped weights are always float32.
    seed : int
        Of every random number.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    epochs: NonNegativeInt = 12
    batch_size: PositiveInt = 32
    learning_rate: Annotated[float, Field(gt=0.0)] = 1e-4
    weight_decay: Annotated[float, Field(ge=0.0)] = 1e-3
    label_smoothing: ZeroToOne = 0.05
    trainable_layers: NonNegativeInt = 100
    patience: NonNegativeInt = 5
    ema_epochs: Annotated[float, Field(ge=0.0)] = 1.0
    source_power: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    empty_share: ZeroToOne = 0.0
    precision: Precision = "auto"
    seed: NonNegativeInt = 0


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What to train on and into what.

    Attributes
    ----------
    dataset : Path
        Folder of `training.data.dataset.read_dataset`.
    model : Path
        The bundle's folder; an old bundle there is replaced.
    other_findings : Path or None
        Folder of radiographs of none of the classes; with it the model gets its fourth output.
    lungs : Path or None
        Bundle whose lung finder and gate stand before the classifier; the one that ships by default.
    backbone : {"efficientnet_lite0", "mobilenetv2"}
        The network below the head.
    weights : str
        What it starts from: `shipped`, `imagenet-file`, `random` or a path, see `training.fit.backbones`.
    imagenet_file : Path or None
        For `imagenet-file`: the file, or a folder of files named as `training.fit.backbones` says.
    model_version : str
        Name of the model; empty: that of its folder, so that models of one site differ in name.
    input_size : int
        Rows and columns in pixels; by default those of the bundle that ships, whose weights are the default too.
    test_share : float
        Part of the patients that is held out for the figures, unless there are folds.
    validation_share : float
        Part of the patients that are not held out, for early stopping and calibration.
    folds : int
        With 2 or more: as many trainings, each of which holds out one part of the patients, and then one on all.
    without : tuple of str
        Films that are not used, as `label/source`: labels of that source that say too little.
    leave_out : tuple of tuple of str
        Sources that are left out together: for each such group a training without it, measured on it, before the final
        one. Temperature and operating points are then chosen on these films and not on held-out patients.
    leave_out_epochs : int
        Of those trainings, at most; 0: as many as the final one has.
    purpose : str
        Why this run is made, in a sentence.
    fit : FitSettings
        Epochs, batch size, learning rate, seed.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    dataset: Path
    model: Path = Path("covid19.model")
    other_findings: Path | None = None
    lungs: Path | None = None
    backbone: Backbone = "efficientnet_lite0"
    weights: str = "shipped"
    imagenet_file: Path | None = None
    model_version: str = ""
    input_size: Annotated[int, Field(ge=32)] = 144
    test_share: Share = 0.2
    validation_share: Share = 0.15
    folds: NonNegativeInt = 0
    without: tuple[str, ...] = ()
    leave_out: tuple[tuple[str, ...], ...] = ()
    leave_out_epochs: NonNegativeInt = 0
    purpose: str = ""
    fit: FitSettings = field(default_factory=FitSettings)

    @property
    def version(self) -> str:
        """The model's name, as reports and ledger give it."""
        return self.model_version or self.model.name


def to_table(settings: TrainingSettings) -> dict[str, Any]:
    """Return the settings as they stand in a TOML file: a setting that is None is left out."""
    return dict(find_adapter().dump_python(settings, mode="json", exclude_none=True))


@cache
def find_adapter() -> TypeAdapter[TrainingSettings]:
    """Return what checks and converts settings."""
    return TypeAdapter(TrainingSettings)
