"""The way of one film: in one glance for the first page, and step by step for those who change the code."""

from typing import NamedTuple

from docs.drawings.sheet import Sheet

FOLDERS, WATCH, BROKER, READER, LEDGER = 246.0, 396.0, 580.0, 716.0, 914.0
LANES = (
    ("folders", FOLDERS, "good"),
    ("watch", WATCH, "main"),
    ("broker", BROKER, "room"),
    ("screening", READER, "main"),
    ("ledger", LEDGER, "good"),
)


class Step(NamedTuple):
    """From one lane to another (or to itself); `waits` where it is on the disk before work goes on."""

    room: str
    start: float
    end: float
    words: str
    waits: bool = False


STEPS = (
    Step("worker/intake", FOLDERS, WATCH, "an event, or the scan"),
    Step("worker/intake", WATCH, WATCH, "complete: unchanged for 2 s, nobody writes"),
    Step("store/ledger", WATCH, LEDGER, "COMMIT: arrival 42 waits", waits=True),
    Step("store/ledger", WATCH, LEDGER, "commit: 42 is queued"),
    Step("worker/queue", WATCH, BROKER, "the number 42, nothing else"),
    Step("worker/queue", BROKER, READER, "42, STAT films first"),
    Step("store/ledger", READER, LEDGER, "commit: claimed, with a lease"),
    Step("imaging", FOLDERS, READER, "read once; SHA-256 of exactly these bytes"),
    Step("inference", READER, READER, "decode, find the lungs, gate, model"),
    Step("store/ledger", READER, LEDGER, "COMMIT: the result", waits=True),
    Step("worker/screening", READER, FOLDERS, "move the file to processed/ or quarantine/"),
    Step("store/ledger", READER, LEDGER, "commit: its name is free"),
)
TOP, LEADING = 104, 38


def draw_way() -> str:
    """Draw what happens to one film, from the top to the bottom."""
    height = TOP + LEADING * len(STEPS) + 46
    sheet = Sheet(1000, height, "The way of one film", "; ".join(f"{step.room}: {step.words}" for step in STEPS))
    for name, x, style in LANES:
        sheet.curve(f"M{x:g} 64 L{x:g} {height - 44}", "faint")
        sheet.box(x - 62, 24, 124, 40, style)
        sheet.write(x, 49, name, "name", "middle")
    for number, step in enumerate(STEPS):
        _draw_step(sheet, number, step)
    note = "Blue: the commit waits for the disk. Whatever else a power cut takes is done again."
    sheet.write(24, height - 18, note, "note")
    return sheet.as_svg()


def _draw_step(sheet: Sheet, number: int, step: Step) -> None:
    x, y = step.start, TOP + LEADING * number
    sheet.write(40, y + 4, str(number + 1), "part", "end")
    sheet.write(52, y + 4, step.room, "part")
    line, words = ("strongline", "strong halo") if step.waits else ("line", "note halo")
    if step.end == x:
        sheet.arrow([(x, y - 8), (x + 22, y - 8), (x + 22, y + 8), (x + 2, y + 8)], line)
        sheet.write(x + 30, y + 4, step.words, words)
    else:
        sheet.arrow([(x, y), (step.end - (2 if step.end > x else -2), y)], line)
        sheet.write((x + step.end) / 2, y - 6, step.words, words, "middle")


def draw_strip() -> str:
    """Draw the same in one glance."""
    said = "A folder of films, a row in the ledger for each, screening, and what can come of it."
    sheet = Sheet(1000, 190, "From folder to row", said)
    sheet.card((24, 30, 160, 130), "inbox/", "film-1.dcm\nfilm-2.png\nside-view.dcm\nhalf-a-file.dcm", "good")
    words = (
        "one row a file, before anything else happens: kill what you like, nothing is lost and nothing is there twice"
    )
    sheet.card((240, 30, 180, 130), "ledger", words)
    words = "read once, in a process fenced in time and memory; find the lungs; refuse with a reason, or answer"
    sheet.card((476, 30, 190, 130), "screening", words, "main")
    answers = ("predicted: normal 0.96", "indeterminate", "rejected: lateral", "quarantined: truncated_file")
    for number, answer in enumerate(answers):
        y = 30 + 34 * number
        sheet.box(736, y, 240, 28, "bad" if number > 1 else "good")
        sheet.write(748, y + 18.5, answer, "part")
        sheet.arrow([(666, 95), (700, 95), (700, y + 14), (736, y + 14)], "strongline")
    sheet.arrow([(184, 95), (240, 95)], "strongline")
    sheet.arrow([(420, 95), (476, 95)], "strongline")
    return sheet.as_svg()
