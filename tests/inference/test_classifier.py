import hashlib
import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from imaging import Identity, Radiograph, UnsuitableRadiographError
from imaging.phantoms.anatomy import draw_chest, draw_lungs
from inference.bundle import FILE_NAMES, SHIPPED_BUNDLE, BundleCorruptError, BundleMismatchError, read_bundle
from inference.classifier import Classifier
from inference.framing import find_box
from inference.labels import LABELS, Label, Outcome
from inference.prediction import calibrate, decide, renormalize
from tests.inference.conftest import MAP_SIZE, SIZE

POINTS = {"covid19": 0.7, "viral_pneumonia": 0.6, "normal": 0.5, "other_finding": 0.4}

logit_batches = arrays.arrays(
    np.float32, st.tuples(st.integers(1, 5), st.integers(3, 4)), elements=st.floats(-50, 50, width=32)
)


def test_every_radiograph_of_a_batch_gets_a_prediction_of_its_own(classifier: Classifier, synthetic_batch: np.ndarray):
    together = classifier.predict(synthetic_batch)
    alone = [classifier.predict(radiograph[np.newaxis])[0] for radiograph in synthetic_batch]
    assert [answer.probabilities for answer in together] == [answer.probabilities for answer in alone]


def test_probabilities_are_of_the_three_labels_in_order_and_sum_to_one(
    classifier: Classifier, synthetic_batch: np.ndarray
):
    for answer in classifier.predict(synthetic_batch):
        assert tuple(answer.probabilities) == LABELS
        assert sum(answer.probabilities.values()) == pytest.approx(1.0)


def test_a_label_is_given_exactly_when_the_outcome_is_predicted(classifier: Classifier, synthetic_batch: np.ndarray):
    for answer in classifier.predict(synthetic_batch):
        assert (answer.outcome is Outcome.PREDICTED) == (answer.label is not None) == (answer.reason_code is None)


def test_activation_maps_are_coarse_and_within_zero_and_one(classifier: Classifier, synthetic_batch: np.ndarray):
    for answer in classifier.predict(synthetic_batch):
        assert answer.activation_map.dtype == np.float32
        assert answer.activation_map.shape == (MAP_SIZE, MAP_SIZE)
        assert answer.activation_map.min() >= 0.0
        assert answer.activation_map.max() <= 1.0


def test_an_empty_batch_gives_no_predictions(classifier: Classifier):
    assert classifier.predict(np.zeros((0, SIZE, SIZE, 1), np.float32)) == []


@pytest.mark.parametrize("shape", [(1, SIZE, SIZE), (1, SIZE, SIZE, 3), (1, SIZE - 1, SIZE, 1)])
def test_a_batch_of_another_shape_is_refused(classifier: Classifier, shape: tuple[int, ...]):
    with pytest.raises(ValueError, match="accepted is float32"):
        classifier.predict(np.zeros(shape, np.float32))


def test_a_batch_of_another_dtype_is_refused(classifier: Classifier):
    with pytest.raises(ValueError, match="float64"):
        classifier.predict(np.zeros((1, SIZE, SIZE, 1)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 255.0])
def test_one_value_outside_of_zero_to_one_is_refused(classifier: Classifier, value: float):
    batch = np.full((1, SIZE, SIZE, 1), 0.5, np.float32)
    batch[0, 100, 100, 0] = value
    with pytest.raises(ValueError, match="outside"):
        classifier.predict(batch)


def test_a_bundle_that_is_verified_already_is_not_read_again(
    synthetic_batch: np.ndarray, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
):
    bundle = read_bundle(SHIPPED_BUNDLE)
    monkeypatch.setattr("inference.classifier.read_bundle", lambda _: pytest.fail("it was read again"))
    loaded = Classifier.load(bundle)
    assert loaded.bundle is bundle
    assert loaded.predict(synthetic_batch)[0].probabilities == classifier.predict(synthetic_batch)[0].probabilities


def test_a_graph_of_another_input_size_is_a_mismatch(change_manifest: Callable[..., Path]):
    with pytest.raises(BundleMismatchError, match="input size"):
        Classifier.load(change_manifest(input_size=192))


def test_a_graph_with_another_number_of_outputs_is_a_mismatch(change_manifest: Callable[..., Path]):
    with pytest.raises(BundleMismatchError, match="outputs"):
        Classifier.load(change_manifest(outputs=list(LABELS)))


def test_a_file_that_is_no_graph_is_corrupt_even_under_its_right_hash(
    bundle_folder: Path, change_manifest: Callable[..., Path]
):
    (bundle_folder / "model.tflite").write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    files = {name: {"sha256": _hash(bundle_folder / name)} for name in FILE_NAMES} | {"model.tflite": {"sha256": empty}}
    with pytest.raises(BundleCorruptError, match=r"model\.tflite"):
        Classifier.load(change_manifest(files=files))


def test_a_forked_child_loads_a_classifier_of_its_own_and_agrees_with_its_parent(
    classifier: Classifier, synthetic_batch: np.ndarray
):
    expected = [answer.probabilities for answer in classifier.predict(synthetic_batch)]
    with multiprocessing.get_context("fork").Pool(2) as children:
        answers = children.map(_predict_in_child, [synthetic_batch] * 4)
    assert answers == [expected] * 4


def test_loading_the_litert_engine_imports_no_tensorflow():
    program = (
        "import sys; from inference.bundle import SHIPPED_BUNDLE; from inference.classifier import Classifier;"
        "Classifier.load(SHIPPED_BUNDLE); sys.exit(bool({'tensorflow', 'keras', 'jax'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


@given(logit_batches, st.floats(0.05, 20.0))
def test_temperature_scaling_never_changes_the_most_probable_output(logits: np.ndarray, temperature: float):
    probabilities = calibrate(logits, temperature)
    rows = np.arange(len(logits))
    assert np.array_equal(probabilities[rows, logits.argmax(axis=1)], probabilities.max(axis=1))
    assert np.allclose(probabilities.sum(axis=1), 1.0)


@given(logit_batches, st.floats(0.05, 20.0))
def test_renormalised_probabilities_sum_to_one_and_keep_their_order(logits: np.ndarray, temperature: float):
    probabilities = calibrate(logits, temperature)
    labels = renormalize(probabilities, LABELS)
    assert np.allclose(labels.sum(axis=1), 1.0)
    assert np.all(np.diff(np.take_along_axis(labels, probabilities[:, :3].argsort(axis=1), axis=1), axis=1) >= 0)


def test_calibration_by_hand():
    probabilities = calibrate(np.array([[2.0, 0.0, 0.0]], np.float32) * np.float32(np.log(2)), 2.0)
    assert probabilities[0] == pytest.approx([0.5, 0.25, 0.25])


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ([0.80, 0.10, 0.05, 0.05], (Label.COVID19, None)),
        ([0.60, 0.20, 0.15, 0.05], (Label.COVID19, "below_operating_point")),
        ([0.10, 0.20, 0.65, 0.05], (Label.NORMAL, None)),
        ([0.50, 0.05, 0.05, 0.40], (Label.COVID19, "other_finding")),
        ([0.00, 0.00, 0.00, 1.00], (Label.COVID19, "other_finding")),
    ],
)
def test_operating_points_decide(probabilities: list[float], expected: tuple[Label, str | None]):
    assert decide(np.array(probabilities), POINTS) == expected


def test_a_label_exactly_at_its_operating_point_is_given():
    assert decide(np.array([0.25, 0.25, 0.5]), POINTS) == (Label.NORMAL, None)


def _predict_in_child(batch: np.ndarray) -> list[dict[Label, float]]:
    return [answer.probabilities for answer in Classifier.load(SHIPPED_BUNDLE).predict(batch)]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(("rows", "columns"), [(1250, 1024), (600, 900), (300, 300)])
def test_the_box_lies_round_the_lungs_in_the_radiographs_own_pixels(classifier: Classifier, rows: int, columns: int):
    answer = classifier.predict_radiograph(Radiograph(draw_chest(3, rows, columns), Identity()))
    down, across = np.nonzero(draw_lungs(3, rows, columns) > 0.5)
    assert answer.box is not None
    assert abs(answer.box.top - down.min()) < 0.08 * rows
    assert abs(answer.box.bottom - down.max()) < 0.08 * rows
    assert abs(answer.box.left - across.min()) < 0.08 * columns
    assert abs(answer.box.right - across.max()) < 0.08 * columns


def test_what_lies_outside_of_the_lungs_frame_does_not_change_the_answer(classifier: Classifier):
    film = draw_chest(4, 512, 512)
    lungs = classifier.find_lungs(film)
    box = find_box(lungs)
    marked = film.copy()
    marked[: max(box.top - 1, 0)] = 1.0
    assert np.array_equal(classifier.frame(film, lungs), classifier.frame(marked, lungs))


@pytest.mark.parametrize("turn", [np.rot90, np.flipud, lambda film: 1.0 - film])
def test_the_gate_refuses_before_a_class_is_given(classifier: Classifier, turn: Callable[[np.ndarray], np.ndarray]):
    film = np.ascontiguousarray(turn(draw_chest(5, 600, 500)))
    with pytest.raises(UnsuitableRadiographError):
        classifier.predict_radiograph(Radiograph(film, Identity()))
    with pytest.raises(UnsuitableRadiographError):
        classifier.check(film)
