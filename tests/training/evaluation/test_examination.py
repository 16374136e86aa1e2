from pathlib import Path

import numpy as np
import pytest

from imaging import read_radiograph
from imaging.phantoms.files import write_png_phantom
from inference.classifier import Classifier
from training.data.dataset import Case
from training.evaluation.examination import Examination, examine_case, examine_cases, measure_focus
from training.evaluation.judged_films import ExaminedFilm, RefusedFilm


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    folder = tmp_path_factory.mktemp("films")
    for seed in range(16):
        write_png_phantom(folder / f"{seed}.png", seed=seed, rows=300, columns=260 - 4 * seed)
    (folder / "5.png").write_bytes(b"no radiograph")
    return [Case(folder / f"{seed}.png", "normal", f"p{seed}") for seed in range(16)]


@pytest.fixture(scope="module")
def examinations(cases: list[Case], open_gate: Path) -> list[Examination]:
    return list(examine_cases(open_gate, cases, workers=1))


def test_a_film_is_answered_as_serving_does(examinations: list[Examination], cases: list[Case], open_gate: Path):
    classifier = Classifier.load(open_gate)
    prediction = classifier.predict_radiograph(read_radiograph(cases[0].path))
    film = examinations[0].film
    assert isinstance(film, ExaminedFilm)
    assert film.prediction.probabilities == prediction.probabilities
    assert (film.rows, film.columns) == (300, 260)


def test_a_damaged_file_is_a_refusal_and_stops_nothing(examinations: list[Examination]):
    film = examinations[5].film
    assert isinstance(film, RefusedFilm)
    assert film.unreadable
    assert sum(isinstance(each.film, ExaminedFilm) for each in examinations) == 15


def test_a_link_is_followed_and_what_is_no_file_is_a_refusal(cases: list[Case], open_gate: Path, tmp_path: Path):
    (tmp_path / "link.png").symlink_to(cases[0].path)
    classifier, link = Classifier.load(open_gate), Case(tmp_path / "link.png", "normal", "a")
    assert isinstance(examine_case(classifier, link).film, ExaminedFilm)
    film = examine_case(classifier, Case(tmp_path, "normal", "b")).film
    assert isinstance(film, RefusedFilm)
    assert film.reason_code == "not_a_regular_file"


def test_the_evidence_is_the_models_input_and_two_more_answers(examinations: list[Examination], open_gate: Path):
    film = examinations[0].film
    assert isinstance(film, ExaminedFilm)
    evidence = film.evidence
    assert evidence.framed.shape == (Classifier.load(open_gate).bundle.input_size,) * 2
    assert evidence.film_thumbnail.shape == (16, 16)
    assert evidence.without_lungs.probabilities != evidence.border_only.probabilities
    assert 0.0 < evidence.focus.area < 1.0


def test_the_gate_is_asked_for_the_film_and_not_for_the_film_without_lungs(
    cases: list[Case], open_gate: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[object] = []
    monkeypatch.setattr("inference.classifier.check_sighting", lambda *sighting: asked.append(sighting))
    assert isinstance(examine_case(Classifier.load(open_gate), cases[0]).film, ExaminedFilm)
    assert len(asked) == 1


def test_several_processes_give_the_same_in_the_same_order(
    examinations: list[Examination], cases: list[Case], open_gate: Path
):
    together = list(examine_cases(open_gate, cases, workers=2))
    assert [each.source_sha256 for each in together] == [each.source_sha256 for each in examinations]
    assert [each.film.case for each in together] == cases


def test_focus_by_hand():
    lungs = np.zeros((8, 8), np.float32)
    lungs[:, :4] = 1.0
    left = np.array([[1.0, 0.0], [1.0, 0.0]], np.float32)
    inside, outside = measure_focus(left, lungs), measure_focus(left[:, ::-1].copy(), lungs)
    assert inside.area == outside.area == 0.5
    assert inside.in_lungs > 0.8
    assert (inside.peak_in_lungs, outside.peak_in_lungs) == (1.0, 0.0)
    assert inside.in_lungs + outside.in_lungs == pytest.approx(1.0)


def test_a_map_without_evidence_has_no_focus():
    focus = measure_focus(np.zeros((7, 7), np.float32), np.ones((8, 8), np.float32))
    assert np.isnan(focus.in_lungs)
    assert np.isnan(focus.peak_in_lungs)
