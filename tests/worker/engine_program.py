"""A stand-in for the program of an engine process, which starts at once: its first word says how it fares."""

import os
import sys
import time
from pathlib import Path

from inference.serving.report import EngineReport, EngineState, write_report


def main(fate: str, words: list[str]) -> int:
    options = dict(zip(words[::2], words[1::2], strict=True))
    page = int(options["--page"])
    if fate == "unusable":
        write_report(page, EngineReport(os.getpid(), EngineState.UNUSABLE, note="Keras sees no GPU"))
        return 78
    if fate == "inherits":  # what its predecessor said in the middle of a batch stands there still
        write_report(page, EngineReport(1, EngineState.READY, busy_since=0.0))
        time.sleep(600)
    busy_since = time.monotonic() if fate == "hangs" else None
    report = EngineReport(os.getpid(), EngineState.READY, "float32", 8, batches=2, films=7, busy_since=busy_since)
    write_report(page, report)
    Path(options["--socket"]).touch()
    time.sleep(600)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
