"""The viewer as elements: a canvas with its buttons; `static/viewer.js` brings it to life."""

from markupsafe import Markup

from documents.html.elements import element
from web.answers import HEAT_WORDS

KEYS = {
    "n p": "next and previous unread film",
    "w": "back to the worklist",
    "f o": "fit, original size (1:1)",
    "+ -": "zoom; or the wheel",
    "← → ↑ ↓": "move; or drag with the right button or Shift",
    "Shift+←→ Shift+↑↓": "window, level; or drag",
    "1 2 3 4": "presets: as displayed, lungs, mediastinum, measured",
    "i r x": "invert, turn, all as it was",
    "h , .": "heat map; less and more of it",
    "b": "an earlier film beside this one",
    "a u": "review: agree, unsure",
    "l c": "review: another label, comment",
    "?": "these keys",
}
_BUTTONS = (
    ("fit", "fit"),
    ("original", "1:1"),
    ("bigger", "+"),
    ("smaller", "−"),  # noqa: RUF001  (a minus)
    ("invert", "invert"),
    ("rotate", "turn"),
    ("1", "as displayed"),
    ("2", "lungs"),
    ("3", "mediastinum"),
    ("4", "measured"),
    ("reset", "reset"),
)


def build_viewer(arrival_id: int | None, caption: str, *, beside: bool = False) -> Markup:
    """Build a viewer; one without a film waits for an earlier film to be shown beside the first."""
    places = (
        {}
        if arrival_id is None
        else {f"data_{what}": f"/films/{arrival_id}/{what}" for what in ("jpeg", "values", "heat")}
    )
    canvas = element("canvas", " ", tabindex="0", role="img", aria_label=f"film, {caption}" if caption else "film")
    return element(
        "section",
        element("p", caption, class_="caption", data_caption=""),
        canvas,
        element("p", hidden="hidden", class_="remark", data_note="", role="status"),
        element("p", element("span", data_numbers=""), element("span", data_remarks=""), class_="numbers"),
        _build_tools(),
        class_="viewer",
        data_viewer="beside" if beside else "film",
        hidden="hidden" if beside else None,
        aria_label="earlier film" if beside else "film",
        **places,
    )


def _build_tools() -> Markup:
    buttons = [element("button", title, type="button", class_="tool", data_act=name) for name, title in _BUTTONS]
    slider = element(
        "input", type="range", min=0, max=100, value=50, data_opacity="", aria_label="how strong the heat map is"
    )
    heat = element("button", "heat map", type="button", class_="tool", data_act="heat")
    words = element("p", element("b", data_evidence=""), " ", HEAT_WORDS, class_="heat-words")
    return element("div", *buttons, heat, slider, class_="tools", role="toolbar", aria_label="view") + words
