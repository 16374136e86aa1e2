"""Cheap commands pay for nothing that they do not use."""

import subprocess
import sys

import pytest

import imaging

HEAVY = {"numpy", "cv2", "pydicom", "imagecodecs", "PIL"}


def loaded_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    return set(done.stdout.split())


def test_importing_the_room_loads_nothing_heavy() -> None:
    assert not loaded_after("import imaging") & HEAVY


def test_errors_reasons_and_sources_need_nothing_heavy() -> None:
    assert not loaded_after("from imaging import REASONS, RadiographError, read_source, identify_format") & HEAVY


def test_a_bundle_is_read_without_what_prepares_pixels_or_runs_a_graph() -> None:
    read = "from inference.bundle import SHIPPED_BUNDLE, read_bundle; read_bundle(SHIPPED_BUNDLE)"
    assert not loaded_after(read) & (HEAVY | {"ai_edge_litert"})


def test_normalize_does_not_need_the_decoders() -> None:
    assert not loaded_after("from imaging import normalize") & {"pydicom", "imagecodecs", "PIL"}


def test_every_public_name_is_there() -> None:
    for name in imaging.__all__:
        assert getattr(imaging, name) is not None


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = imaging.no_such_name


def test_opencv_is_held_to_one_thread() -> None:
    code = "import imaging.preprocessing, cv2; print(cv2.getNumThreads())"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "1"
