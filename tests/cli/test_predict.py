"""``predict``: files to answers, as a process and, for what real files cannot show, with a stand-in for the model."""

import errno
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from cli.answering import AnsweredFile, Answerer, find_files
from cli.errors import InputMissingError
from cli.predict import _write_json, _write_text
from imaging import NotAChestRadiographError, Radiograph
from imaging.phantoms.files import write_dicom_phantom, write_png_phantom
from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.labels import LABELS, NOTICE, OUTSIDE_TRAINING_POPULATION, Label, Outcome
from inference.prediction import Prediction
from tests.cli.conftest import Run

SMALL = {"rows": 500, "columns": 400}
MARKED = Prediction(
    outcome=Outcome.PREDICTED,
    label=Label.VIRAL_PNEUMONIA,
    probabilities=dict(zip(LABELS, (0.05, 0.9, 0.05), strict=True)),
    reason_code=OUTSIDE_TRAINING_POPULATION,
    activation_map=np.ones((7, 7), np.float32),
)


class StandIn:
    """A classifier that answers as it is told."""

    def __init__(self, answer: Callable[[Radiograph], Prediction]) -> None:
        self.bundle = read_bundle(SHIPPED_BUNDLE)
        self.predict_radiograph = answer


def refuse(radiograph: Radiograph) -> Prediction:
    raise NotAChestRadiographError("the picture does not look like a chest radiograph")


def answerer(answer: Callable[[Radiograph], Prediction], heatmaps: Path | None = None) -> Answerer:
    return Answerer(StandIn(answer), 1 << 28, heatmaps, lambda _: "hashed")  # type: ignore[arg-type]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    write_png_phantom(tmp_path / "film.png", seed=1, **SMALL)
    return tmp_path / "film.png"


def test_each_file_is_answered_in_order_and_damage_stops_nothing(run: Run, tmp_path: Path) -> None:
    write_dicom_phantom(tmp_path / "a.dcm", seed=1, **SMALL)
    (tmp_path / "b.txt").write_text("no radiograph")
    write_dicom_phantom(tmp_path / "c.dcm", seed=2, **SMALL, attributes={"ViewPosition": "LL"})
    write_png_phantom(tmp_path / "d.png", seed=2)
    answer = run("predict", "a.dcm", "b.txt", "c.dcm", "d.png", "--format", "json", "--heatmap", "pictures/new")
    assert answer.returncode == 1
    assert answer.stderr == f"{NOTICE}\n"
    results = json.loads(answer.stdout)
    assert [result["file_name"] for result in results] == ["a.dcm", "b.txt", "c.dcm", "d.png"]
    assert [result["state"] for result in results] == ["done", "quarantined", "done", "done"]
    assert [result["reason_code"] for result in results[1:3]] == ["format_not_accepted", "lateral"]
    assert [result["outcome"] for result in results[1:3]] == [None, "rejected"]
    for result in (results[0], results[3]):
        assert sum(result["probabilities"].values()) == pytest.approx(1.0, abs=1e-5)
    drawn = sorted(path.name for path in (tmp_path / "pictures" / "new").iterdir())
    assert drawn == sorted(f"{results[number]['source_sha256'][:16]}.png" for number in (0, 3))
    assert not (tmp_path / "home").exists()


def test_text_says_what_to_do_and_that_it_is_no_diagnosis(run: Run, tmp_path: Path) -> None:
    write_dicom_phantom(tmp_path / "a.dcm", seed=1, **SMALL)
    write_dicom_phantom(tmp_path / "b.dcm", seed=2, **SMALL, attributes={"ViewPosition": "LL"})
    answer = run("predict", ".")
    assert (answer.returncode, answer.stderr) == (0, "")
    lines = answer.stdout.splitlines()
    assert lines[0].startswith("a.dcm: ")
    found = "View Position (0018,5101) says LL, a lateral view; PA and AP are accepted"
    assert lines[1] == f"b.dcm: rejected lateral  {found}"
    assert lines[3].startswith("2 files: ")
    assert any(line.startswith("  1 lateral: Nothing to do") for line in lines)
    assert lines[-1] == NOTICE


def test_a_missing_file_is_named_in_one_line_before_anything_is_answered(run: Run, film: Path) -> None:
    answer = run("predict", film.name, "missing.dcm")
    assert (answer.returncode, answer.stdout) == (66, "")
    assert answer.stderr == "xray-cli: there is no file missing.dcm\n"


def test_another_format_is_a_wrong_usage(run: Run, film: Path) -> None:
    assert run("predict", film.name, "--format", "xml").returncode == 2


def test_pictures_that_cannot_be_written_end_the_run_in_one_line(run: Run, film: Path) -> None:
    answer = run("predict", film.name, "--heatmap", film.name)
    assert answer.returncode == 74
    assert answer.stderr.count("\n") == 1


def test_a_terminal_sees_the_progress_and_the_output_stays_whole(tmp_path: Path) -> None:
    for seed in range(3):
        write_png_phantom(tmp_path / f"{seed}.png", seed=seed, **SMALL)
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "cli", "predict", str(tmp_path), "--format", "json"]
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, text=True, timeout=60, check=False)
    os.close(terminal)
    seen = os.read(controller, 1 << 20).decode()
    os.close(controller)
    assert len(json.loads(answer.stdout)) == 3
    assert "3/3" in seen
    assert "/s" in seen


def test_folders_are_walked_as_an_inbox_is(tmp_path: Path) -> None:
    names = ("b/2.dcm", "b/1.dcm", "b/c/3.dcm", "a.dcm", "b/.hidden.dcm", "b/4.dcm.part")
    (tmp_path / "b" / "c").mkdir(parents=True)
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "b" / "link.dcm").symlink_to(tmp_path / "a.dcm")
    found = find_files([tmp_path / "b", tmp_path / "a.dcm"])
    assert [str(path.relative_to(tmp_path)) for path in found] == ["b/1.dcm", "b/2.dcm", "b/c/3.dcm", "a.dcm"]


def test_folders_without_files_and_many_missing_files_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputMissingError, match="there are no files in"):
        find_files([tmp_path])
    with pytest.raises(InputMissingError, match=r"there is no file 0, 1, 2 and 7 more$"):
        find_files([Path(str(number)) for number in range(10)])


def test_a_link_that_is_named_is_followed(film: Path, tmp_path: Path) -> None:
    (tmp_path / "link.png").symlink_to(film)
    result = answerer(lambda _: MARKED).answer(tmp_path / "link.png").result
    assert (result.file_name, result.outcome) == ("link.png", Outcome.PREDICTED)


def test_what_the_gate_refuses_is_rejected_without_a_picture(film: Path, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    answer = answerer(refuse, tmp_path / "pictures").answer(film)
    assert (answer.result.outcome, answer.result.reason_code) == (Outcome.REJECTED, "not_a_chest_radiograph")
    assert answer.result.probabilities is None
    assert answer.heatmap is None
    assert list((tmp_path / "pictures").iterdir()) == []


def test_a_mark_stands_beside_its_label(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _write_text([answerer(lambda _: MARKED).answer(film)]) == 0
    written = capsys.readouterr().out
    assert "film.png: predicted viral_pneumonia outside_training_population  covid19 0.050" in written
    assert "  1 outside_training_population: The model has learnt" in written


def test_a_fault_around_a_file_is_its_answer_and_names_no_path(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(errno.EACCES, "denied", "/secret/name.dcm")

    monkeypatch.setattr("cli.answering.read_source", fail)
    answer = answerer(lambda _: MARKED).answer(film)
    assert (answer.result.state, answer.result.outcome, answer.result.reason_code) == ("failed", None, "eacces")
    assert answer.reason == os.strerror(errno.EACCES)


def test_a_file_that_goes_meanwhile_is_vanished_and_too_little_memory_a_failure(film: Path) -> None:
    def run_out(_: Radiograph) -> Prediction:
        raise MemoryError

    assert answerer(run_out).answer(film).result.reason_code == "reader_memory"
    film.unlink()
    result = answerer(run_out).answer(film).result
    assert (result.state, result.reason_code) == ("vanished", "vanished")


def test_a_bug_is_not_taken_for_a_bad_file(film: Path) -> None:
    def fail(_: Radiograph) -> Prediction:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answerer(fail).answer(film)


def test_results_are_written_while_the_rest_is_still_to_be_read(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = answerer(lambda _: MARKED)

    def read_two() -> Iterator[AnsweredFile]:
        yield answers.answer(film)
        assert '"film.png"' in capsys.readouterr().out
        yield answers.answer(film)

    assert _write_json(read_two()) == 0
