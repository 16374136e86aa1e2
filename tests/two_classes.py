"""Bundles of models that know two of the classes: the one that ships without the output of the third."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inference.bundle import KERAS_NAME, SHIPPED_BUNDLE, read_bundle
from inference.engines.protocol import MAPS_NAME
from inference.labels import LABELS, OTHER_FINDING, Label
from training.fit.network import build_network, set_head
from training.run.export import BundleFacts, write_manifest, write_model_files

SURE_ENOUGH = 0.5
"""As an operating point of two labels: every film that shows nothing else gets one of them."""


def write_two_class_bundle(folder: Path, unknown: Label = Label.VIRAL_PNEUMONIA) -> Path:
    """Write a bundle that answers as the shipped one does between two of its labels; takes some ten seconds."""
    with warnings.catch_warnings():
        # TensorFlow's tensors give themselves to numpy in a way that numpy has deprecated; nothing here can change that
        warnings.simplefilter("ignore")
        return _write_bundle(folder, unknown)


def _write_bundle(folder: Path, unknown: Label) -> Path:
    import keras

    shipped = read_bundle(SHIPPED_BUNDLE)
    labels = [label for label in LABELS if label is not unknown]
    outputs = [*labels, OTHER_FINDING]
    network = build_network(str(SHIPPED_BUNDLE / KERAS_NAME), len(outputs), shipped.input_size)
    whole = keras.saving.load_model(SHIPPED_BUNDLE / KERAS_NAME, compile=False)
    _cut_head(whole, network, [shipped.outputs.index(output) for output in outputs])
    folder.mkdir()
    write_model_files(network, folder, SHIPPED_BUNDLE)
    write_manifest(
        folder,
        BundleFacts(
            model_version=f"without-{unknown.value}",
            outputs=outputs,
            input_size=shipped.input_size,
            temperature=shipped.calibration["temperature"],
            operating_points={**dict.fromkeys(labels, SURE_ENOUGH), OTHER_FINDING: 1.0},
            gate=shipped.gate,
            training_data_sha256=shipped.training_data_sha256,
        ),
    )
    return folder


def _cut_head(whole: Any, network: Any, places: Sequence[int]) -> None:
    kernel, bias = whole.get_layer(MAPS_NAME).get_weights()
    set_head(network, kernel[0, 0][:, places], bias[places])
