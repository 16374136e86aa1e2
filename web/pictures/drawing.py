"""What is drawn of a film, in the fenced child: an 8-bit JPEG, its values in 16 bits, or where the evidence lies."""

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from imaging import Radiograph, RadiographError, UnsuitableRadiographError, decode_radiograph, read_source
from imaging.opencv import cv2
from inference.classifier import Classifier
from inference.explanation.heatmap import draw_evidence
from inference.explanation.occlusion import explain

LONGEST_EDGE = 4096  # pixels; a film with more is shown reduced
QUALITY = 88
HEAT_EDGE = 512
VALUES_LEVEL = 1  # of zlib: a third larger than its best, ten times as fast

LEAST_GRAY = 0.02  # nearer to black and white than this a window is cut off
FEWEST_PIXELS, MOST_PIXELS = 1000, 100_000
TOLERANCE = 0.01  # of the gray scale: what a step of the values, or a padded border, may differ
AS_DISPLAYED = (0.5, 1.0)

Pixels = npt.NDArray[np.float32]
Drawn = tuple[dict[str, Any], bytes]


class FileChangedError(Exception):
    """What lies there now are other bytes than those that were screened."""


class Drawer:
    """Draws films; the last one stays decoded, since its values are asked for right after its picture."""

    def __init__(self) -> None:
        self._last: tuple[tuple[str, bool], Radiograph] | None = None
        self._classifier: tuple[str, Classifier] | None = None
        self._ways: Mapping[str, Callable[[Radiograph, Mapping[str, Any]], Drawn]] = {
            "jpeg": self._draw_jpeg,
            "values": self._draw_values,
            "heat": self._draw_heat,
        }

    def draw(self, wish: Mapping[str, Any]) -> Drawn:
        """Draw what is asked for.

        Parameters
        ----------
        wish : mapping
            ``what`` ("jpeg", "values" or "heat"), ``path``, ``sha256``; for "heat" also ``bundle``, a folder.

        Returns
        -------
        facts, content
            What is known of the picture, and its bytes.

        Raises
        ------
        FileChangedError
            The file has other bytes.
        imaging.RadiographError
            There is no picture in it that is read; or for "heat" none that the model may judge.
        OSError
            It cannot be read now.
        """
        what = wish["what"]
        return self._ways[what](self._read(wish["path"], wish["sha256"], for_model=what == "heat"), wish)

    def _read(self, path: str, sha256: str, *, for_model: bool) -> Radiograph:
        key = sha256, for_model
        if self._last is None or self._last[0] != key:
            self._last = None  # two films would not fit into memory
            source = read_source(Path(path))
            if source.sha256 != sha256:
                raise FileChangedError("other bytes")
            self._last = key, decode_radiograph(source.content) if for_model else _decode(source.content)
        return self._last[1]

    def _draw_jpeg(self, radiograph: Radiograph, wish: Mapping[str, Any]) -> Drawn:
        del wish
        gray = np.rint(_reduce(radiograph.pixels) * 255).astype(np.uint8)
        _, encoded = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        return _describe(radiograph), encoded.tobytes()

    def _draw_values(self, radiograph: Radiograph, wish: Mapping[str, Any]) -> Drawn:
        """Give rows and columns as two 32-bit numbers, then the values in rows of 16 bits, all little endian.

        They are those behind the header's window where it is a straight line, else those that are displayed.
        """
        whole = _decode_whole_range(Path(wish["path"]), wish["sha256"], radiograph)
        window = None if whole is None else find_window(radiograph.pixels, whole)
        pixels = radiograph.pixels if whole is None or window is None else whole
        values = np.rint(_reduce(pixels) * 65535).astype("<u2")
        size = np.array(values.shape, "<u4").tobytes()
        facts = _describe(radiograph) | {"window": window or AS_DISPLAYED}
        return facts, zlib.compress(size + values.tobytes(), VALUES_LEVEL)

    def _draw_heat(self, radiograph: Radiograph, wish: Mapping[str, Any]) -> Drawn:
        classifier = self._load(wish["bundle"])
        prediction = explain(classifier, radiograph, classifier.predict_radiograph(radiograph))
        picture = draw_evidence(radiograph.pixels.shape, prediction.activation_map, prediction.box, HEAT_EDGE)
        _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA))
        label = max(prediction.probabilities, key=prediction.probabilities.__getitem__)
        facts = {"label": label.value, "has_evidence": bool(prediction.activation_map.max() > 0)}
        return facts | {"model_version": classifier.bundle.model_version}, encoded.tobytes()

    def _load(self, folder: str) -> Classifier:
        if self._classifier is None or self._classifier[0] != folder:
            self._classifier = folder, Classifier.load(Path(folder))
        return self._classifier[1]


def _decode(content: bytes) -> Radiograph:
    """Decode a film; also one that the model must not judge, since somebody wants to see what was refused."""
    try:
        return decode_radiograph(content)
    except UnsuitableRadiographError as refusal:
        try:
            return decode_radiograph(content, for_model=False)
        except RadiographError:
            raise refusal from None


def find_window(displayed: Pixels, whole: Pixels) -> tuple[float, float] | None:
    """Return centre and width of the window, in values of [0, 1], that makes one picture of the other.

    None where no window does: a sigmoid, or a table.
    """
    straight = (displayed > LEAST_GRAY) & (displayed < 1 - LEAST_GRAY)
    shown, values = displayed[straight], whole[straight]
    if shown.size < FEWEST_PIXELS or values.max() - values.min() < 2 * TOLERANCE:
        return None
    slope, offset = np.polyfit(
        values[:: max(1, shown.size // MOST_PIXELS)], shown[:: max(1, shown.size // MOST_PIXELS)], 1
    )
    if slope <= 0 or np.abs(np.clip(slope * whole + offset, 0, 1) - displayed).max() > TOLERANCE:
        return None
    return float((0.5 - offset) / slope), float(1 / slope)


def _decode_whole_range(path: Path, sha256: str, radiograph: Radiograph) -> Pixels | None:
    if radiograph.identity.source_format != "dicom":
        return None
    source = read_source(path)
    if source.sha256 != sha256:
        raise FileChangedError("other bytes")
    from imaging.dicom.decoding import decode_whole_range

    return decode_whole_range(source.content)


def _describe(radiograph: Radiograph) -> dict[str, Any]:
    spacing = radiograph.identity.pixel_spacing_mm
    return {"notes": [note.value for note in radiograph.notes], "pixel_spacing_mm": spacing}


def _reduce(pixels: Pixels) -> Pixels:
    rows, columns = pixels.shape
    scale = LONGEST_EDGE / max(rows, columns)
    if scale >= 1:
        return pixels
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    return np.asarray(np.clip(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), 0, 1), np.float32)
