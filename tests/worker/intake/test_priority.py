from pathlib import PurePath

import pytest

from store.states import Priority
from worker.intake.priority import StatRule


@pytest.mark.parametrize(
    "path",
    ["stat/film.dcm", "STAT/film.dcm", "ct1/stat/2026/film.dcm", "urgent-1.dcm", "Urgent-2.DCM", "ward/film_stat.dcm"],
)
def test_folder_and_name_make_a_file_stat(path: str) -> None:
    assert StatRule("stat, emergency", "urgent-*, *_stat.dcm").judge(PurePath(path)) is Priority.STAT


@pytest.mark.parametrize("path", ["film.dcm", "static/film.dcm", "stat", "stat.dcm", "ward/not-urgent-1.dcm"])
def test_everything_else_is_routine(path: str) -> None:
    assert StatRule("stat, emergency", "urgent-*, *_stat.dcm").judge(PurePath(path)) is Priority.ROUTINE


def test_without_folders_and_patterns_nothing_is_stat() -> None:
    assert StatRule("", " , ").judge(PurePath("stat/film.dcm")) is Priority.ROUTINE
