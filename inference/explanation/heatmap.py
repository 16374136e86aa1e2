"""The picture behind an answer: the film, where the evidence for its most probable label lies, and what that means.

The colours say where the network's evidence for one label lies inside the frame that it has looked at
(`inference.explanation.occlusion`): coarsely, in cells of several centimetres. They neither outline a disease nor say
how probable it is.
"""

from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from imaging.opencv import cv2
from inference.labels import NOTICE
from inference.prediction import Prediction

Pixels = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]

LONGEST_EDGE = 1024
OPACITY = 0.5  # of the strongest evidence; none is invisible, so that the film stays readable
LEAST_WIDTH = 760  # pixels; room for the longest caption
LINE_HEIGHT = 30
LINES = 4
MARGIN = 14
WHITE, GRAY, FRAME = (255, 255, 255), (176, 176, 176), (120, 200, 255)


class Caption(NamedTuple):
    """What stands below the film."""

    answer: str
    probabilities: str
    legend: str
    notice: str


def draw_overlay(
    pixels: Pixels, activation_map: Pixels, box: tuple[int, int, int, int] | None, longest_edge: int = LONGEST_EDGE
) -> Picture:
    """Lay an activation map over its film.

    Parameters
    ----------
    pixels : numpy.ndarray
        float32 (rows, columns) in [0, 1], a whole film.
    activation_map : numpy.ndarray
        float32 (h, w) in [0, 1].
    box : tuple of int or None
        Top, bottom, left and right of what the map covers, in the film's pixels, half open; None is the whole film.
    longest_edge : int
        Of the picture, pixels; the film's aspect ratio is kept.

    Returns
    -------
    numpy.ndarray
        uint8 (rows, columns, 3), RGB: the film in gray, evidence from dark red to yellow, the box as a thin line.
    """
    rows, columns = pixels.shape
    scale = longest_edge / max(rows, columns)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    film = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    gray = np.repeat(np.clip(film, 0, 1)[:, :, np.newaxis] * np.float32(255), 3, axis=2)
    top, bottom, left, right = (round(edge * scale) for edge in box or (0, rows, 0, columns))
    if bottom > top and right > left:
        part = gray[top:bottom, left:right]
        evidence = _enlarge(activation_map, part.shape[1], part.shape[0])
        opacity = evidence[:, :, np.newaxis] * np.float32(OPACITY)
        part += opacity * (_color(evidence) - part)
        cv2.rectangle(gray, (left, top), (right - 1, bottom - 1), FRAME, 1)
    return np.asarray(np.rint(gray), dtype=np.uint8)


def draw_evidence(
    shape: tuple[int, ...], activation_map: Pixels, box: tuple[int, int, int, int] | None, longest_edge: int
) -> Picture:
    """Draw the evidence alone, to be laid over its film by whoever shows that.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the film.
    activation_map, box, longest_edge
        As for `draw_overlay`.

    Returns
    -------
    numpy.ndarray
        uint8 (rows, columns, 4), RGBA: transparent where there is no evidence and outside of the box.
    """
    rows, columns = shape
    scale = longest_edge / max(rows, columns)
    drawn = np.zeros((max(1, round(rows * scale)), max(1, round(columns * scale)), 4), np.uint8)
    top, bottom, left, right = (round(edge * scale) for edge in box or (0, rows, 0, columns))
    if bottom > top and right > left:
        part = drawn[top:bottom, left:right]
        evidence = _enlarge(activation_map, part.shape[1], part.shape[0])
        part[:, :, :3] = np.rint(_color(evidence))
        part[:, :, 3] = np.rint(evidence * 255)
        cv2.rectangle(drawn, (left, top), (right - 1, bottom - 1), (*FRAME, 255), 1)
    return drawn


def draw_heatmap(pixels: Pixels, prediction: Prediction, model_version: str) -> Picture:
    """Draw the film with the evidence for its most probable label, a caption, a legend and the notice.

    Parameters
    ----------
    pixels : numpy.ndarray
        float32 (rows, columns) in [0, 1], a whole film.
    prediction : Prediction
        The answer for it.
    model_version : str
        Of the bundle.

    Returns
    -------
    numpy.ndarray
        uint8 (rows, columns, 3), RGB; the film's longest edge has `LONGEST_EDGE` pixels. Nothing in it comes from the
        file's name or header; what is burnt into the film is there.
    """
    overlay = draw_overlay(pixels, prediction.activation_map, prediction.box)
    width = max(LEAST_WIDTH, overlay.shape[1])
    canvas = Image.new("RGB", (width, overlay.shape[0] + LINES * LINE_HEIGHT + 2 * MARGIN))
    canvas.paste(Image.fromarray(overlay), ((width - overlay.shape[1]) // 2, 0))
    _write_caption(canvas, describe(prediction, model_version), overlay.shape[0] + MARGIN)
    return np.asarray(canvas)


def write_heatmap(folder: Path, name: str, pixels: Pixels, prediction: Prediction, model_version: str) -> Path:
    """Draw the picture behind an answer and write it as PNG, whole or not at all.

    Parameters
    ----------
    folder : Path
        An existing folder.
    name : str
        The file's name without its suffix, one that identifies nobody.
    pixels, prediction, model_version
        As for `draw_heatmap`.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    path = folder / f"{name}.png"
    partial = folder / f".{name}.{token_hex(4)}.part"
    said = PngImagePlugin.PngInfo()
    said.add_text("Comment", NOTICE)
    try:
        picture = Image.fromarray(draw_heatmap(pixels, prediction, model_version))
        picture.save(partial, format="PNG", pnginfo=said, compress_level=1)  # a fifth larger, three times as fast
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def describe(prediction: Prediction, model_version: str) -> Caption:
    """Say what the picture shows."""
    shown = max(prediction.probabilities, key=prediction.probabilities.__getitem__)
    said = prediction.outcome.value if prediction.label is None else f"{prediction.outcome} {prediction.label}"
    found = "evidence" if prediction.activation_map.max() > 0 else "no evidence"
    return Caption(
        answer=f"{said} ({prediction.reason_code})" if prediction.reason_code else said,
        probabilities="   ".join(f"{label} {share:.3f}" for label, share in prediction.probabilities.items()),
        legend=f"{found} for {shown}, inside the blue frame:",
        notice=f"{NOTICE}   Model {model_version}",
    )


def _enlarge(activation_map: Pixels, width: int, height: int) -> Pixels:
    enlarged = cv2.resize(activation_map, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(enlarged, 0, 1), dtype=np.float32)


def _color(evidence: Pixels) -> Pixels:
    """Give each share of evidence its colour: perceptually uniform, and clear to the colour-blind."""
    colored = cv2.applyColorMap(np.rint(evidence * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    return np.asarray(colored[:, :, ::-1], dtype=np.float32)


def _write_caption(canvas: Image.Image, text: Caption, top: int) -> None:
    draw = ImageDraw.Draw(canvas)
    for number, (line, size, color) in enumerate(
        ((text.answer, 22, WHITE), (text.probabilities, 17, GRAY), (text.legend, 17, GRAY), (text.notice, 17, WHITE))
    ):
        draw.text((MARGIN, top + number * LINE_HEIGHT), line, fill=color, font=ImageFont.load_default(size))
    end = draw.textlength(text.legend, font=ImageFont.load_default(17))
    _draw_legend(canvas, MARGIN + round(end) + 12, top + 2 * LINE_HEIGHT)


def _draw_legend(canvas: Image.Image, left: int, top: int) -> None:
    ramp = np.linspace(0, 1, 160, dtype=np.float32)[np.newaxis].repeat(16, axis=0)
    film = np.full((*ramp.shape, 3), 128, np.float32)
    film += ramp[:, :, np.newaxis] * np.float32(OPACITY) * (_color(ramp) - film)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(17)
    draw.text((left, top), "none", fill=GRAY, font=font)
    start = left + round(draw.textlength("none", font=font)) + 8
    canvas.paste(Image.fromarray(np.rint(film).astype(np.uint8)), (start, top + 3))
    draw.text((start + ramp.shape[1] + 8, top), "most", fill=GRAY, font=font)
