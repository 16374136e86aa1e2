"""The answer for eyes: the film with the evidence for its most probable label, the answer and the notice burnt in."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from imaging import Radiograph
from inference.explanation.heatmap import draw_overlay
from inference.labels import NOTICE, Outcome
from inference.prediction import Prediction
from pacs.answers import codes
from pacs.answers.facts import AnswerFacts
from pacs.answers.header import build_header, refer_to

Picture = npt.NDArray[np.uint8]

SC_CLASS = str(SecondaryCaptureImageStorage)
LONGEST_EDGE = 1024
LEAST_WIDTH = 880
TEXT, LARGE_TEXT, LINE_HEIGHT, MARGIN = 27, 34, 40, 16  # pixels: readable at half of the size
LEGEND = "Colours: where the model's evidence lies, inside the blue frame."
NOTICE_WIDTH = 0.94  # of the film's width
NOTICE_OPACITY = 150  # of 255: what lies below stays visible
WHITE, GRAY, DARK = (255, 255, 255), (200, 200, 200), (0, 0, 0)


def build_capture(
    film: Dataset, facts: AnswerFacts, instance_uid: str, radiograph: Radiograph, evidence: Prediction
) -> Dataset:
    """Make the picture of an answer.

    Parameters
    ----------
    film : Dataset
        Its header, from ``read_film_header``.
    evidence : Prediction
        From ``inference.explanation.occlusion.explain``: what it says is not shown, but where its evidence lies.
    """
    made = build_header(film, facts, SC_CLASS, instance_uid, "OT")
    made.ConversionType = "WSD"
    made.Laterality = ""
    made.PatientOrientation = ""
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.BurnedInAnnotation = "YES"
    made.ImageComments = NOTICE
    made.DerivationDescription = f"Heat map and answer of {facts.model_version} laid over the film"
    made.SourceImageSequence = [refer_to(film)]
    _put_pixels(made, draw_answer(radiograph, facts, evidence))
    return made


def draw_answer(radiograph: Radiograph, facts: AnswerFacts, evidence: Prediction) -> Picture:
    """Draw the film with heat map, notice and answer, uint8 (rows, columns, 3), RGB."""
    overlay = draw_overlay(radiograph.pixels, evidence.activation_map, evidence.box, LONGEST_EDGE)
    width = max(LEAST_WIDTH, overlay.shape[1])
    lines = list(describe(facts, evidence))
    canvas = Image.new("RGB", (width, overlay.shape[0] + (len(lines) + 1) * LINE_HEIGHT + 2 * MARGIN))
    canvas.paste(Image.fromarray(overlay), ((width - overlay.shape[1]) // 2, 0))
    _write_notice(canvas, overlay.shape[0])
    draw = ImageDraw.Draw(canvas)
    top = overlay.shape[0] + MARGIN
    draw.text((MARGIN, top), NOTICE, fill=WHITE, font=ImageFont.load_default(LARGE_TEXT))
    for number, line in enumerate(lines, start=1):
        font, fill = ImageFont.load_default(TEXT), WHITE if number == 1 else GRAY
        draw.text((MARGIN, top + number * LINE_HEIGHT), line, fill=fill, font=font)
    return np.asarray(canvas)


def describe(facts: AnswerFacts, evidence: Prediction) -> tuple[str, ...]:
    """Say what stands below the film."""
    said = codes.PATTERNS[facts.label].meaning if facts.label else f"{facts.outcome}: no pattern is named"
    code = facts.reason.partition(":")[0]
    shown = max(facts.probabilities, key=lambda label: facts.probabilities[label])
    found = LEGEND if evidence.activation_map.max() > 0 else f"No part of the film makes {shown} more probable."
    return (
        said,
        *([f"Mark or reason: {code}"] if code else []),
        "   ".join(f"{label} {probability:.3f}" for label, probability in facts.probabilities.items()),
        found,
        f"Model {facts.model_version}",
    )


def may_be_drawn(facts: AnswerFacts) -> bool:
    """Whether there is a picture of it: a film that the model was not asked about has no evidence to show."""
    return facts.outcome in (Outcome.PREDICTED, Outcome.INDETERMINATE)


def _write_notice(canvas: Image.Image, film_height: int) -> None:
    """Write the notice across the film, below its middle, so that no crop of it goes without."""
    text, width = NOTICE, canvas.width
    size = TEXT
    draw = ImageDraw.Draw(canvas, "RGBA")
    while draw.textlength(text, font=ImageFont.load_default(size + 1)) < NOTICE_WIDTH * width:
        size += 1
    font = ImageFont.load_default(size)
    at = (width // 2, round(film_height * 0.9))
    fill, edge = (*WHITE, NOTICE_OPACITY), (*DARK, NOTICE_OPACITY)
    draw.text(at, text, fill=fill, font=font, anchor="mm", stroke_width=2, stroke_fill=edge)


def _put_pixels(made: Dataset, picture: Picture) -> None:
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PlanarConfiguration = 3, "RGB", 0
    made.Rows, made.Columns = picture.shape[:2]
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    content = picture.tobytes()
    made.PixelData = content + bytes(len(content) % 2)
