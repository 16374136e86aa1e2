import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from inference.bundle import SHIPPED_BUNDLE
from inference.engines.protocol import LOGITS_NAME, MAPS_NAME
from training.data.overlap import name_films
from training.fit.backbones import WeightsError, find_films_seen, find_weights, name_start
from training.fit.network import build_network, to_float32

# TensorFlow hands its tensors to numpy in a way that numpy 2 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_each_word_for_weights_names_its_file(tmp_path: Path):
    file = tmp_path / "mobilenetv2_0.35_224_imagenet_notop.keras"
    file.touch()
    assert find_weights("efficientnet_lite0", "shipped") == SHIPPED_BUNDLE / "model.keras"
    assert find_weights("mobilenetv2", "imagenet-file", tmp_path) == file
    assert find_weights("mobilenetv2", "imagenet-file", file) == file
    assert find_weights("mobilenetv2", str(file)) == file
    assert find_weights("mobilenetv2", str(SHIPPED_BUNDLE)) == SHIPPED_BUNDLE / "model.keras"
    assert find_weights("mobilenetv2", "random") is None


def test_weights_that_are_not_there_are_refused_with_their_place(tmp_path: Path):
    with pytest.raises(WeightsError, match="efficientnet_lite0_imagenet"):
        find_weights("efficientnet_lite0", "imagenet-file", tmp_path)


def write_bundle(folder: Path, training: dict[str, object]) -> str:
    (folder / "bundle.json").write_text(json.dumps({"metrics": {"training": training}}))
    (folder / "model.keras").touch()
    return str(folder)


def test_a_bundle_says_which_films_its_weights_have_seen_and_whether_these_are_all(tmp_path: Path):
    names = name_films(["ab" * 32, "cd" * 32])
    assert find_films_seen("efficientnet_lite0", write_bundle(tmp_path, {"film_sha256": names})) == {"ab" * 6, "cd" * 6}
    incomplete = {"film_sha256": names, "film_sha256_is_complete": False}
    assert find_films_seen("efficientnet_lite0", write_bundle(tmp_path, incomplete)) is None
    assert find_films_seen("efficientnet_lite0", write_bundle(tmp_path, {})) is None
    assert len(find_films_seen("efficientnet_lite0", "shipped") or ()) == 4693


def test_only_photographs_and_chance_have_seen_no_film(backbone: Path, tmp_path: Path):
    assert find_films_seen("efficientnet_lite0", "random") == frozenset()
    assert find_films_seen("efficientnet_lite0", "imagenet-file", backbone) == frozenset()
    assert find_films_seen("efficientnet_lite0", str(backbone)) is None
    # a network that was made here and has lost its bundle
    lost = shutil.copy(SHIPPED_BUNDLE / "model.keras", tmp_path / "imagenet.keras")
    assert find_films_seen("efficientnet_lite0", "imagenet-file", Path(lost)) is None


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"metrics": 3}'])
def test_weights_in_a_damaged_bundle_are_refused(tmp_path: Path, content: str):
    weights = write_bundle(tmp_path, {})
    (tmp_path / "bundle.json").write_text(content)
    with pytest.raises(WeightsError, match=r"bundle\.json is damaged"):
        find_films_seen("efficientnet_lite0", weights)


def test_only_a_file_of_photographs_is_called_imagenet(backbone: Path, tmp_path: Path):
    lost = Path(shutil.copy(SHIPPED_BUNDLE / "model.keras", tmp_path / "imagenet.keras"))
    unsaid = "a file that does not say what it was trained on"
    for weights, file, name in (
        ("random", None, "random"),
        ("imagenet-file", backbone, "imagenet-file"),
        ("imagenet-file", lost, unsaid),
        (str(backbone), None, unsaid),
        ("shipped", None, f"bundle {SHIPPED_BUNDLE.name}"),
        ("imagenet-file", SHIPPED_BUNDLE / "model.keras", f"bundle {SHIPPED_BUNDLE.name}"),
    ):
        asked = "efficientnet_lite0", weights, file
        assert name_start(*asked, find_films_seen(*asked)) == name


def test_the_shipped_weights_are_not_those_of_the_other_backbone():
    with pytest.raises(WeightsError, match="holds efficientnet_lite0, not mobilenetv2: give --backbone"):
        build_network("shipped", 3, 64, backbone="mobilenetv2")


def test_random_weights_differ_from_the_shipped_ones_in_value_only():
    shipped, random = (build_network(weights, 3, 64) for weights in ("shipped", "random"))
    assert [each.shape for each in shipped.get_weights()] == [each.shape for each in random.get_weights()]
    assert not np.array_equal(shipped.get_weights()[0], random.get_weights()[0])


def test_mixed_precision_keeps_the_head_in_float32_and_is_undone_for_what_is_served(backbone: Path):
    mixed = build_network(str(backbone), 4, 64, precision="mixed_float16")
    assert {layer.compute_dtype for layer in mixed.layers[2:-2]} == {"float16"}
    assert {mixed.get_layer(name).compute_dtype for name in (MAPS_NAME, LOGITS_NAME)} == {"float32"}
    whole = to_float32(mixed)
    assert {layer.compute_dtype for layer in whole.layers} == {"float32"}
    batch = np.random.default_rng(0).random((3, 64, 64, 1), dtype=np.float32)
    left, right = (network.predict_on_batch(batch)[LOGITS_NAME] for network in (mixed, whole))
    assert left.dtype == np.float32
    np.testing.assert_allclose(left, right, atol=0.02)
