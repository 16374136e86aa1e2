"""The picture behind an answer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from inference.explanation.heatmap import (
    FRAME,
    LEAST_WIDTH,
    LONGEST_EDGE,
    MARGIN,
    describe,
    draw_heatmap,
    draw_overlay,
    write_heatmap,
)
from inference.framing import Box
from inference.labels import LABELS, NOTICE, OUTSIDE_TRAINING_POPULATION, Label, Outcome
from inference.prediction import Prediction

VERSION = "lite0-2026.11.7"
CORNER = np.zeros((7, 7), np.float32)
CORNER[0, 6] = 1.0
MARKED = Prediction(
    outcome=Outcome.PREDICTED,
    label=Label.VIRAL_PNEUMONIA,
    probabilities=dict(zip(LABELS, (0.05, 0.9, 0.05), strict=True)),
    reason_code=OUTSIDE_TRAINING_POPULATION,
    activation_map=CORNER,
    box=Box(100, 300, 50, 350),
)
UNDECIDED = replace(MARKED, outcome=Outcome.INDETERMINATE, label=None, reason_code="other_finding")


def film(rows: int = 400, columns: int = 400) -> np.ndarray:
    return np.full((rows, columns), 0.4, np.float32)


def colorfulness(picture: np.ndarray) -> np.ndarray:
    return np.ptp(picture.astype(int), axis=2)


def test_evidence_is_colored_where_it_lies_inside_the_box_and_nowhere_else() -> None:
    picture = draw_overlay(film(), CORNER, Box(100, 300, 50, 350), longest_edge=400)
    assert picture.shape == (400, 400, 3)
    colored = colorfulness(picture) > 20
    colored[(picture == FRAME).all(axis=2)] = False
    rows, columns = np.nonzero(colored)
    assert rows.min() >= 100
    assert columns.max() < 350
    assert (rows.mean(), columns.mean()) == (pytest.approx(112, abs=12), pytest.approx(330, abs=18))
    assert np.all(picture[320:] == 102)


def test_the_box_is_outlined() -> None:
    picture = draw_overlay(film(), CORNER * 0, Box(100, 300, 50, 350), longest_edge=400)
    assert np.all(picture[100, 50:350] == FRAME)
    assert np.all(picture[100:300, 349] == FRAME)
    assert np.all(picture[110:290, 60:340] == 102)


@pytest.mark.parametrize("box", [None, Box(0, 0, 0, 40), Box(0, 20, 0, 40)])
def test_every_box_gives_a_picture(box: Box | None) -> None:
    assert draw_overlay(film(20, 40), CORNER, box, longest_edge=80).shape == (40, 80, 3)


@pytest.mark.parametrize(("rows", "columns"), [(64, 48), (3000, 2500), (2000, 100), (100, 2000)])
def test_the_film_keeps_its_shape_and_the_caption_its_room(rows: int, columns: int) -> None:
    whole = replace(MARKED, box=Box(0, rows, 0, columns))
    picture = draw_heatmap(film(rows, columns), whole, VERSION)
    scale = LONGEST_EDGE / max(rows, columns)
    assert picture.shape[1] == max(LEAST_WIDTH, round(columns * scale))
    assert 100 < picture.shape[0] - round(rows * scale) < 200
    assert picture.shape[2] == 3


@pytest.mark.parametrize("prediction", [MARKED, UNDECIDED])
def test_the_longest_caption_fits_the_narrowest_picture(prediction: Prediction) -> None:
    text = describe(prediction, VERSION)
    draw = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    for line, size in ((text.answer, 22), (text.probabilities, 17), (text.notice, 17)):
        assert draw.textlength(line, font=ImageFont.load_default(size)) < LEAST_WIDTH - 2 * MARGIN
    picture = draw_heatmap(film(400, 100), prediction, VERSION)
    assert np.all(picture[-150:, -MARGIN // 2 :] == 0)


def test_the_caption_says_what_was_answered_and_that_it_is_no_diagnosis() -> None:
    marked, undecided = describe(MARKED, VERSION), describe(UNDECIDED, VERSION)
    assert marked.answer == "predicted viral_pneumonia (outside_training_population)"
    assert undecided.answer == "indeterminate (other_finding)"
    assert marked.probabilities == "covid19 0.050   viral_pneumonia 0.900   normal 0.050"
    assert "evidence for viral_pneumonia" in undecided.legend
    assert NOTICE in marked.notice
    assert VERSION in marked.notice
    assert describe(replace(MARKED, activation_map=CORNER * 0), VERSION).legend.startswith("no evidence for")


def test_a_picture_is_written_whole_under_the_name_that_was_given(tmp_path: Path) -> None:
    path = write_heatmap(tmp_path, "ab12", film(), MARKED, VERSION)
    assert list(tmp_path.iterdir()) == [path] == [tmp_path / "ab12.png"]
    with Image.open(path) as picture:
        assert picture.mode == "RGB"
        assert picture.info["Comment"] == NOTICE


def test_a_picture_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "ab12.png").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_heatmap(tmp_path, "ab12", film(), MARKED, VERSION)
    assert [path.name for path in tmp_path.iterdir()] == ["ab12.png"]
