from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from bench import films
from bench.films import BASES, KINDS, FileKind
from imaging import read_radiograph


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_copies_have_other_bytes_and_the_same_picture(kind: FileKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(films, "ROWS", 250)
    monkeypatch.setattr(films, "COLUMNS", 200)
    paths = kind.write_copies(tmp_path / "films", BASES + 2, first=7)
    assert len({path.read_bytes() for path in paths}) == len(paths) == len(list((tmp_path / "films").iterdir()))
    first, same, other = (read_radiograph(paths[number]).pixels for number in (0, BASES, 1))
    assert first.shape == (250, 200)
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.suffix == ".dcm"], ids=lambda kind: kind.name)
def test_no_copy_is_in_conflict_with_another(kind: FileKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(films, "ROWS", 250)
    monkeypatch.setattr(films, "COLUMNS", 200)
    headers = [dcmread(path) for path in kind.write_copies(tmp_path / "films", 2 * BASES, first=100_000)]
    assert len({header.SOPInstanceUID for header in headers}) == len(headers)
    assert all(header.SOPInstanceUID == header.file_meta.MediaStorageSOPInstanceUID for header in headers)
