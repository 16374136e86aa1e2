import os
from pathlib import Path

import pytest

from installation.disk import DEFAULT_MIN_FREE_BYTES, MEBIBYTE, measure_disk
from worker.health.disk import DiskLowError, DiskWatch


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """A disk of which a test says how large and how full it is, in MiB."""
    space = {"total": 1_000_000, "free": 500_000}

    def statvfs(_: object) -> os.statvfs_result:
        blocks = space["total"], space["free"] + 7, space["free"]  # the 7 are root's alone
        return os.statvfs_result((MEBIBYTE, MEBIBYTE, *blocks, 0, 0, 0, 0, 255))

    monkeypatch.setattr(os, "statvfs", statvfs)
    return space


def watermark(disk: dict[str, int], tmp_path: Path) -> int:
    return measure_disk(tmp_path, None).min_free_bytes


def test_a_gibibyte_is_kept_free_unless_the_site_says_otherwise(disk: dict[str, int], tmp_path: Path) -> None:
    assert watermark(disk, tmp_path) == DEFAULT_MIN_FREE_BYTES
    assert measure_disk(tmp_path, 5).min_free_bytes == 5


def test_a_small_disk_keeps_a_twentieth_free(disk: dict[str, int], tmp_path: Path) -> None:
    disk["total"] = 2000
    assert watermark(disk, tmp_path) == 100 * MEBIBYTE


def test_what_is_reserved_for_root_does_not_count_as_free(disk: dict[str, int], tmp_path: Path) -> None:
    assert measure_disk(tmp_path, None).free_bytes == disk["free"] * MEBIBYTE


def test_work_pauses_below_the_watermark_and_goes_on_with_an_eighth_more(disk: dict[str, int], tmp_path: Path) -> None:
    watch = DiskWatch(tmp_path, 800 * MEBIBYTE)
    disk["free"] = 800
    watch.check()
    disk["free"] = 799
    with pytest.raises(DiskLowError, match=r"799 MiB free .* 800 MiB are kept free"):
        watch.check()
    disk["free"] = 899
    with pytest.raises(DiskLowError):
        watch.check()
    disk["free"] = 900
    watch.check()
    disk["free"] = 800
    watch.check()


def test_no_watermark_never_pauses(disk: dict[str, int], tmp_path: Path) -> None:
    disk["free"] = 0
    DiskWatch(tmp_path, 0).check()


def test_a_home_that_is_not_made_yet_is_measured_where_it_will_lie(tmp_path: Path) -> None:
    assert measure_disk(tmp_path / "not" / "yet", None).free_bytes > 0
