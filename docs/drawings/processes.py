"""The processes of a site, who starts whom, and what passes between them; laid out by hand."""

from docs.drawings.sheet import Place, Sheet

CARDS: tuple[tuple[Place, str, str, str], ...] = (
    ((24, 92, 136, 82), "inbox/", "films from senders; watch never opens them", "good"),
    (
        (222, 92, 196, 112),
        "watch",
        "intake, dispatch, sweep, heartbeat, /metrics; keeps the others alive\n(worker/service)",
        "main",
    ),
    (
        (222, 288, 196, 98),
        "broker",
        "Valkey, or a Redis server: two queues of row ids, STAT and routine\n(worker/queue)",
        "room",
    ),
    ((486, 190, 172, 112), "worker", "Celery: hands out ids, counts who died over which film\n(worker/pool)", "room"),
    ((716, 302, 206, 84), "engine", "one a GPU, none without: answers in batches\n(inference/serving)", "open"),
    (
        (222, 450, 290, 82),
        "ledger",
        "SQLite in the home, or PostgreSQL: arrivals, screenings, models, events\n(store)",
        "good",
    ),
    ((582, 450, 200, 82), "home", "processed/, quarantine/,\nreports/, heartbeat.json", "good"),
    ((24, 450, 136, 82), "xray-cli", "report and status read the ledger\n(reports)", "room"),
    (
        (716, 92, 206, 118),
        "screening process",
        "one a core: read, decode, find the lungs, gate, model, record, move; fenced in time and memory\n"
        "(worker/screening)",
        "room",
    ),
)


COMPANIONS: tuple[tuple[Place, str, str, str], ...] = (
    ((222, 650, 196, 112), "page", "in a browser: upload, worklist, film, review, status\n(xray-cli web; web)", "open"),
    (
        (468, 650, 196, 112),
        "listener",
        "films by C-STORE, each safe in the inbox before it says success\n(xray-cli listen; pacs/receiving)",
        "open",
    ),
    (
        (716, 650, 206, 112),
        "delivery",
        "makes answers of ledger and film, and sends them\n(xray-cli deliver; pacs/delivery)",
        "open",
    ),
)
"""What `watch` keeps only where a setting asks for it; they meet the others in the ledger and in the folders alone."""


def draw_processes() -> str:
    """Draw one machine as `xray-cli watch` fills it."""
    sheet = Sheet(1000, 908, "The processes of a site", _say())
    sheet.box(194, 50, 756, 354, "open")
    sheet.write(210, 72, "xray-cli watch starts these, and all end with it", "note")
    for step in (12, 6):
        sheet.box(716 + step, 92 + step, 206, 118)  # there are several screening processes
    for place, name, words, style in CARDS:
        sheet.card(place, name, words, style)
    _draw_keeping(sheet)
    _draw_film(sheet)
    _draw_companions(sheet)
    sheet.arrow([(24, 882), (60, 882)])
    sheet.write(68, 886, "starts and keeps alive", "note")
    sheet.arrow([(236, 882), (272, 882)], "strongline")
    sheet.write(280, 886, "the way of a film, of its id and its answer", "note")
    sheet.write(976, 886, "On other hosts: xray-cli worker, with processes and engines of its own.", "note", "end")
    return sheet.as_svg()


def _draw_companions(sheet: Sheet) -> None:
    """Draw what stands beside screening, from the people and machines that it speaks with to ledger and inbox."""
    sheet.box(194, 608, 756, 182, "open")
    sheet.write(262, 634, "and these, where settings ask for them; their end costs screening nothing", "note")
    for place, name, words, style in COMPANIONS:
        sheet.card(place, name, words, style)
    for left, who in ((320, "browsers"), (566, "modalities, PACS")):
        sheet.write(left, 836, who, "strong", "middle")
        sheet.arrow([(left, 820), (left, 762)], "strongline")
    sheet.write(819, 836, "PACS", "strong", "middle")
    sheet.arrow([(819, 762), (819, 820)], "strongline")
    sheet.arrow([(250, 532), (250, 650)], "strongline")
    sheet.write(258, 576, "worklist, films, reviews", "strong")
    sheet.arrow([(492, 532), (492, 584), (780, 584), (780, 650)], "strongline")
    sheet.write(640, 600, "answers", "strong", "middle")
    sheet.arrow([(222, 700), (12, 700), (12, 150), (24, 150)], "strongline")
    sheet.arrow([(500, 762), (500, 776), (12, 776), (12, 150), (24, 150)], "strongline")
    sheet.write(24, 690, "uploads", "strong")
    sheet.write(24, 766, "films, into the inbox", "strong")


def _draw_keeping(sheet: Sheet) -> None:
    sheet.arrow([(250, 204), (250, 288)])
    sheet.arrow([(418, 176), (560, 176), (560, 190)])
    sheet.arrow([(606, 190), (606, 126), (716, 126)])
    sheet.write(614, 118, "forks", "note")
    sheet.arrow([(606, 302), (606, 344), (716, 344)])
    sheet.write(614, 336, "where a GPU is", "note")


def _draw_film(sheet: Sheet) -> None:
    sheet.arrow([(160, 132), (222, 132)], "strongline")
    sheet.arrow([(92, 92), (92, 28), (820, 28), (820, 92)], "strongline")
    sheet.write(456, 22, "read once", "strong", "middle")
    sheet.arrow([(330, 204), (330, 288)], "strongline")
    sheet.write(338, 250, "ids, at most", "strong")
    sheet.write(338, 265, "200 a queue", "strong")
    sheet.arrow([(418, 346), (450, 346), (450, 246), (486, 246)], "strongline")
    sheet.arrow([(658, 246), (686, 246), (686, 166), (716, 166)], "strongline")
    sheet.write(664, 266, "an id", "strong")
    sheet.arrow([(820, 222), (820, 302)], "strongline")
    sheet.write(828, 258, "input, answer:", "strong")
    sheet.write(828, 273, "shared memory", "strong")
    sheet.arrow([(222, 176), (206, 176), (206, 491), (222, 491)], "strongline")
    sheet.arrow([(934, 180), (966, 180), (966, 426), (440, 426), (440, 450)], "strongline")
    sheet.arrow([(682, 426), (682, 450)], "strongline")
    sheet.write(800, 444, "result, then the move", "strong")
    sheet.arrow([(222, 511), (160, 511)], "strongline")


def _say() -> str:
    return (
        "xray-cli watch watches the inbox, writes arrivals into the ledger, sends their ids to the broker and keeps "
        "broker and worker alive. The worker forks a screening process a core and keeps an engine a GPU. Screening "
        "processes read films, record results in the ledger and move files into the home. Reports read the ledger. "
        "Where settings ask for them it keeps three more: the page for browsers, the listener that puts films by DICOM "
        "into the inbox, and delivery, which sends answers into the PACS."
    )
