from dataclasses import replace
from pathlib import Path

import numpy as np

from inference.labels import LABELS, Label, Outcome
from inference.prediction import Prediction
from tests.training.evaluation.shortcuts.test_audit import make_film
from tests.training.evaluation.test_evaluation import predict
from training.data.dataset import Case
from training.evaluation.judged_films import ExaminedFilm
from training.evaluation.worst import find_worst, name_file


def make_answered(label: str, answered: Label, probability: float) -> ExaminedFilm:
    examined = make_film(Label.NORMAL, 0, answered=answered, without_lungs=answered)
    case = Case(Path(f"{label}-{probability}.png"), label, "p", view="PA")
    return replace(examined, case=case, prediction=predict(answered, probability))


def leave_as_it_is(framed: np.ndarray, prediction: Prediction) -> Prediction:
    return prediction


def test_the_most_certain_wrong_answers_come_first_and_right_ones_not_at_all():
    films = [make_answered("normal", LABELS[place % 2], 0.5 + place / 50) for place in range(20)]
    films.append(make_answered("normal", Label.NORMAL, 0.99))
    worst = find_worst(films, [], leave_as_it_is)
    assert len(worst) == 12
    assert worst[0].probability == 0.88
    assert [each.probability for each in worst] == sorted((each.probability for each in worst), reverse=True)
    assert {each.reference_label for each in worst} == {"normal"}
    assert worst[0].outcome == Outcome.PREDICTED
    assert worst[0].view == "PA"


def test_the_pictures_are_jpeg_and_stay_out_of_json():
    explained: list[Prediction] = []

    def explain(framed: np.ndarray, prediction: Prediction) -> Prediction:
        assert (framed.dtype, framed.ndim) == (np.float32, 2)
        explained.append(prediction)
        return replace(prediction, activation_map=np.ones((2, 2), np.float32))

    films = [make_answered("normal", Label.COVID19, 0.9)]
    (plain,), (worst,) = find_worst(films, [], leave_as_it_is), find_worst(films, [], explain)
    assert len(explained) == 1
    assert worst.picture == plain.picture
    assert worst.overlay != plain.overlay
    assert worst.picture is not None
    assert worst.picture.startswith(b"\xff\xd8")
    assert {"picture", "overlay"}.isdisjoint(worst.to_json())


def test_a_file_is_named_within_its_data_set():
    roots = [Path("/films"), Path("/others")]
    assert name_file(Path("/others/a/1.png"), roots) == "a/1.png"
    assert name_file(Path("/elsewhere/1.png"), roots) == "1.png"
