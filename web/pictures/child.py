"""The fenced child itself: reads wishes from its standard input, one a line, and writes what it has drawn.

    python -m web.pictures.child BYTES

An answer is a line of JSON and then as many bytes as it says. The child ends with its parent: its input ends then.
"""

import json
import sys
from typing import TYPE_CHECKING, BinaryIO

from installation.fence import keep_freed_memory, limit_memory

if TYPE_CHECKING:
    from web.pictures.drawing import Drawer


def main() -> None:
    """Serve until the input ends."""
    from web.pictures.drawing import Drawer

    drawer, answers = Drawer(), sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no answer
    keep_freed_memory()
    limit_memory(int(sys.argv[1]))
    _write(answers, {"ready": True}, b"")
    for line in sys.stdin.buffer:
        _answer(drawer, line, answers)


def _answer(drawer: "Drawer", line: bytes, answers: BinaryIO) -> None:
    from imaging import RadiographError
    from web.pictures.drawing import FileChangedError

    try:
        facts, content = drawer.draw(json.loads(line))
    except RadiographError as error:
        _write(answers, {"refused": error.reason_code}, b"")
    except (FileChangedError, OSError) as error:
        _write(answers, {"gone": type(error).__name__}, b"")
    except Exception as error:  # noqa: BLE001  (the message may quote the file)
        _write(answers, {"failed": type(error).__name__}, b"")
    else:
        _write(answers, facts, content)


def _write(answers: BinaryIO, facts: dict[str, object], content: bytes) -> None:
    answers.write(json.dumps(facts | {"bytes": len(content)}).encode() + b"\n" + content)
    answers.flush()


if __name__ == "__main__":
    main()
