"""The worst errors: what the model saw, and where its evidence lay."""

import base64
import io
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from PIL import Image

from documents.figures import say_percent
from documents.html.elements import EMPTY, build_section, element, isolate
from reports.wording import list_labels, name_label

JPEG_QUALITY = 82
MAX_SIDE = 288
NOT_SAID = (None, "", "unknown")


def build_films(report: Mapping[str, Any]) -> Markup:
    """Build the section with the most certain wrong answers; empty where there are none."""
    worst = report.get("worst") or []
    if not worst:
        return EMPTY
    lead = (
        "Wrong answers, the most certain first: the picture as the model gets it, and the same with the parts marked "
        "that it needs for its answer: each part of the lungs is hidden in turn, and the brighter the colour, the more "
        "probability the answer loses. It shows where, not whether that is a sound reason."
    )
    return build_section("errors", "Worst errors", lead, element("div", *map(_build_film, worst), class_="films"))


def _build_film(film: Mapping[str, Any]) -> Markup:
    answered, truth = name_label(film["answered"]), name_label(film["reference_label"])
    pictures = [
        _build_picture(film.get("picture_png"), f"film of {truth} as the model gets it"),
        _build_picture(film.get("overlay_png"), f"the same with the evidence for {answered}"),
    ]
    facts = ", ".join(str(film[key]) for key in ("view", "age_group", "sex") if film.get(key) not in NOT_SAID)
    caption = element(
        "figcaption",
        element("b", f"{truth}, taken for {answered} ", element("span", f"({say_percent(film.get('probability'))})")),
        element("span", _say_probabilities(film.get("probabilities") or {})),
        element("br"),
        element("span", _say_outcome(film)),
        element(
            "small", isolate(film.get("source") or "unknown source"), f" · {facts} · ", isolate(film.get("file") or "")
        ),
    )
    shown = [picture for picture in pictures if picture]
    return element("figure", element("div", *shown, class_="pictures") if shown else EMPTY, caption, class_="film")


def _say_outcome(film: Mapping[str, Any]) -> str:
    if film.get("outcome") == "predicted":
        return "this answer was given"
    return f"this answer was held back: {str(film.get('reason_code') or 'indeterminate').replace('_', ' ')}"


def _say_probabilities(probabilities: Mapping[str, float]) -> str:
    return ", ".join(f"{title} {say_percent(probabilities.get(label))}" for label, title in list_labels())


def _build_picture(png: str | None, alternative: str) -> Markup:
    if not png:
        return EMPTY
    content, width, height = _compress(base64.b64decode(png))
    source = "data:image/jpeg;base64," + base64.b64encode(content).decode()
    return element("img", src=source, alt=alternative, width=width, height=height)


def _compress(png: bytes) -> tuple[bytes, int, int]:
    """Return a picture as JPEG, its width and height: a dozen pairs of PNG would make the page heavy to send."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
        picture.thumbnail((MAX_SIDE, MAX_SIDE))
        small = picture.convert("L" if picture.mode in {"1", "L", "I;16"} else "RGB")
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return stream.getvalue(), small.width, small.height
