"""The states of an arrival: they and their meanings come from the code, and a test holds each step against it."""

import re
from pathlib import Path
from typing import NamedTuple

from docs.drawings.sheet import Place, Point, Sheet
from store.states import FINISHED_STATES, ArrivalState

SOURCE = Path(__file__).resolve().parents[2] / "store" / "states.py"
BOXES: dict[ArrivalState, Place] = {
    ArrivalState.WAITING: (104, 164, 172, 92),
    ArrivalState.QUEUED: (372, 164, 140, 92),
    ArrivalState.SCREENING: (588, 164, 140, 92),
    ArrivalState.FAILED: (588, 346, 140, 76),
    ArrivalState.DONE: (812, 44, 164, 70),
    ArrivalState.DUPLICATE: (812, 134, 164, 86),
    ArrivalState.QUARANTINED: (812, 240, 164, 70),
    ArrivalState.VANISHED: (812, 330, 164, 70),
}


class Step(NamedTuple):
    """One arrow: from which state to which (None: a new arrival), why, and how it is drawn."""

    before: ArrivalState | None
    after: ArrivalState
    words: list[str]
    points: tuple[Point, ...]
    words_at: tuple[float, float, str]
    style: str = "line"


W, Q, S, F = ArrivalState.WAITING, ArrivalState.QUEUED, ArrivalState.SCREENING, ArrivalState.FAILED
STEPS = (
    Step(None, W, ["a new file"], ((24, 210), (104, 210)), (60, 201, "middle"), "strongline"),
    Step(W, Q, ["its id is sent"], ((276, 210), (372, 210)), (322, 201, "middle"), "strongline"),
    Step(Q, S, ["a claim"], ((512, 210), (588, 210)), (548, 201, "middle"), "strongline"),
    *(
        Step(S, after, [], ((728, 210), (772, 210), (772, y), (812, y)), (0, 0, ""), "strongline")
        for after, y in zip(FINISHED_STATES, (79, 177, 275, 365), strict=True)
    ),
    Step(Q, W, ["the id was lost on its way"], ((430, 164), (430, 124), (216, 124), (216, 164)), (323, 115, "middle")),
    Step(
        S, W, ["its worker died, or the file ended its reader: tried again"],
        ((612, 164), (612, 76), (160, 76), (160, 164)), (386, 67, "middle"),
    ),
    Step(
        S, S, ["its lease ran out:", "another claims it"],
        ((660, 164), (660, 124), (696, 124), (696, 164)), (634, 100, "start"),
    ),
    Step(S, F, ["disk or", "database", "failed"], ((696, 256), (696, 346)), (704, 286, "start")),
    Step(F, Q, ["after a pause"], ((588, 390), (442, 390), (442, 256)), (515, 381, "middle")),
    Step(
        W, S, ["an id that was sent before is claimed"],
        ((190, 256), (190, 312), (616, 312), (616, 256)), (204, 303, "start"), "faint dashed",
    ),
    Step(F, S, [], ((650, 346), (650, 256)), (0, 0, ""), "faint dashed"),
)  # fmt: skip


def draw_states() -> str:
    """Draw every state of the code, and every step between them."""
    sheet = Sheet(1000, 446, "The states of an arrival", _say())
    meanings = read_meanings()
    for state in ArrivalState:
        sheet.card(BOXES[state], state, meanings[state], "good" if state in FINISHED_STATES else "room")
    for step in STEPS:
        sheet.arrow(step.points, step.style)
        x, y, anchor = step.words_at
        sheet.write_lines(x, y, step.words, "note", anchor, leading=14)
    return sheet.as_svg()


def read_meanings() -> dict[str, str]:
    """Return what the code says beside each state."""
    return dict(re.findall(r'^    [A-Z]+ = "(\w+)"  # (.+)$', SOURCE.read_text(), re.MULTILINE))


def _say() -> str:
    return "; ".join(" ".join([step.before or "new", "to", step.after, *step.words]) for step in STEPS)
