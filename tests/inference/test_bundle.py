import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from imaging import PREPROCESSING_VERSION
from inference.bundle import (
    MANIFEST_NAME,
    SHIPPED_BUNDLE,
    BundleCorruptError,
    BundleMismatchError,
    BundleNotFoundError,
    read_bundle,
)
from inference.labels import LABELS, NOTICE, OTHER_FINDING

ChangeManifest = Callable[..., Path]


def test_the_shipped_bundle_is_sound_and_made_for_this_program():
    bundle = read_bundle(SHIPPED_BUNDLE)
    assert bundle.model_version == SHIPPED_BUNDLE.name
    assert bundle.labels == tuple(LABELS)
    assert bundle.outputs == (*LABELS, OTHER_FINDING)
    assert 128 <= bundle.input_size <= 224
    assert bundle.preprocessing_version == PREPROCESSING_VERSION
    assert bundle.model_sha256 == hashlib.sha256((SHIPPED_BUNDLE / MANIFEST_NAME).read_bytes()).hexdigest()


def test_the_shipped_bundle_carries_the_notice_and_figures_on_held_out_patients():
    manifest = json.loads((SHIPPED_BUNDLE / MANIFEST_NAME).read_bytes())
    assert manifest["notice"] == NOTICE
    assert manifest["metrics"]["n_patients"] > 100
    accuracy = manifest["metrics"]["accuracy"]
    assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]


def test_the_shipped_weights_stay_small_enough_for_git():
    assert sum(path.stat().st_size for path in SHIPPED_BUNDLE.iterdir()) <= 30_000_000


@pytest.mark.parametrize("name", [MANIFEST_NAME, "lungs.tflite", "model.keras", "model.tflite"])
@pytest.mark.parametrize("place", [0.0, 0.5, 0.999])
def test_one_flipped_bit_in_any_file_is_noticed(bundle_folder: Path, name: str, place: float):
    path = bundle_folder / name
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(content)
    with pytest.raises(BundleCorruptError):
        read_bundle(bundle_folder)


def test_an_edited_operating_point_is_noticed(bundle_folder: Path):
    path = bundle_folder / MANIFEST_NAME
    manifest = json.loads(path.read_bytes())
    manifest["operating_points"]["covid19"] = 0.0
    path.write_text(json.dumps(manifest))
    with pytest.raises(BundleCorruptError, match="changed after it was written"):
        read_bundle(bundle_folder)


@pytest.mark.parametrize("name", ["model.keras", "model.tflite"])
def test_a_missing_model_file_makes_the_bundle_corrupt(bundle_folder: Path, name: str):
    (bundle_folder / name).unlink()
    with pytest.raises(BundleCorruptError, match=name):
        read_bundle(bundle_folder)


def test_no_folder_is_no_bundle(tmp_path: Path):
    with pytest.raises(BundleNotFoundError):
        read_bundle(tmp_path / "nowhere")


def test_a_folder_without_manifest_is_no_bundle(tmp_path: Path):
    with pytest.raises(BundleNotFoundError):
        read_bundle(tmp_path)


def test_a_file_in_place_of_the_folder_is_no_bundle(tmp_path: Path):
    (tmp_path / "bundle").touch()
    with pytest.raises(BundleNotFoundError):
        read_bundle(tmp_path / "bundle")


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{}", b"\xff\xfe", b'{"schema": 1'])
def test_a_manifest_that_is_no_sealed_json_object_is_corrupt(bundle_folder: Path, content: bytes):
    (bundle_folder / MANIFEST_NAME).write_bytes(content)
    with pytest.raises(BundleCorruptError):
        read_bundle(bundle_folder)


@pytest.mark.parametrize(
    "labels",
    [["viral_pneumonia", "covid19", "normal"], ["normal", "covid19"], ["normal"], ["covid19", "flu"], []],
    ids="-".join,
)
def test_labels_in_another_order_too_few_or_unknown_ones_are_a_mismatch(
    change_manifest: ChangeManifest, labels: list[str]
):
    folder = change_manifest(labels=labels)
    with pytest.raises(BundleMismatchError, match="2 or more, in this order, of covid19, viral_pneumonia, normal"):
        read_bundle(folder)


def test_a_model_may_know_two_of_the_labels(change_manifest: ChangeManifest):
    folder = change_manifest(labels=["covid19", "normal"], outputs=["covid19", "normal", "other_finding"])
    assert read_bundle(folder).labels == ("covid19", "normal")


def test_outputs_that_do_not_begin_with_the_labels_are_a_mismatch(change_manifest: ChangeManifest):
    folder = change_manifest(outputs=["covid19", "viral_pneumonia", "other_finding", "normal"])
    with pytest.raises(BundleMismatchError, match="outputs"):
        read_bundle(folder)


def test_another_preprocessing_is_a_mismatch(change_manifest: ChangeManifest):
    with pytest.raises(BundleMismatchError, match="preprocessing 0"):
        read_bundle(change_manifest(preprocessing_version="0"))


def test_another_schema_is_a_mismatch(change_manifest: ChangeManifest):
    with pytest.raises(BundleMismatchError, match="schema 3"):
        read_bundle(change_manifest(schema=3))


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_that_is_no_positive_number_is_refused(change_manifest: ChangeManifest, temperature: float):
    with pytest.raises(BundleCorruptError, match="temperature"):
        read_bundle(change_manifest(calibration={"temperature": temperature}))


@pytest.mark.parametrize("point", [-0.1, 1.1, float("nan")])
def test_an_operating_point_that_is_no_probability_is_refused(change_manifest: ChangeManifest, point: float):
    points = {"covid19": point, "viral_pneumonia": 0.5, "normal": 0.5, "other_finding": 0.5}
    with pytest.raises(BundleCorruptError, match="operating point"):
        read_bundle(change_manifest(operating_points=points))


@pytest.mark.parametrize("entry", ["model_version", "labels", "input_size", "operating_points", "files", "metrics"])
def test_a_manifest_with_an_entry_of_the_wrong_kind_is_corrupt(change_manifest: ChangeManifest, entry: str):
    with pytest.raises(BundleCorruptError, match="missing or malformed entry"):
        read_bundle(change_manifest(**{entry: None}))
