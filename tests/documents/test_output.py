import os
from pathlib import Path

import pytest

from documents.output import open_output


@pytest.mark.parametrize("is_binary", [False, True])
def test_a_file_that_cannot_be_written_is_named_as_it_was_given(tmp_path: Path, is_binary: bool) -> None:
    target = tmp_path / "nowhere" / "report.csv"
    with pytest.raises(FileNotFoundError) as caught, open_output(target, is_binary=is_binary):
        pass
    assert caught.value.filename == str(target)
    assert caught.value.strerror == os.strerror(caught.value.errno or 0)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "report.csv"
    with open_output(target) as stream:
        stream.write("whole")
    broken_off = open_output(target)
    broken_off.__enter__().write("half")
    broken_off.__exit__(RuntimeError, RuntimeError(), None)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report.csv", "whole")]
