"""The program of an engine process; ``worker.engines.keeper`` starts it.

It has no signal handler: by the time it is ended nobody asks it any more, and a client that does gets its answer from
LiteRT.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from inference.serving.process import EngineOptions, EngineUnusableError, run_engine
from installation.logs import configure_logging

UNUSABLE = 78  # EX_CONFIG of sysexits.h: starting it again would not help


def main(words: Sequence[str]) -> int:
    """Run an engine; returns the exit code."""
    found = _parse(words)
    configure_logging(found.log_format)
    options = EngineOptions(
        folder=found.bundle,
        model_sha256=found.expect_model,
        on_gpu=found.device == "gpu",
        socket=found.socket,
        page=found.page,
        batch_size=found.batch_size,
        linger_seconds=found.linger_ms / 1000,
    )
    os.set_inheritable(found.page, False)
    try:
        run_engine(options)
    except EngineUnusableError:
        return UNUSABLE


def _parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="worker.engines.program")
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--expect-model", required=True)
    parser.add_argument("--device", choices=("cpu", "gpu"), required=True)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--page", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--linger-ms", type=float, required=True)
    parser.add_argument("--log-format", choices=("auto", "text", "json"), default="auto")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
