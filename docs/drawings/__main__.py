"""Draw all, or with ``--check`` say which drawing is not what the code gives."""

import sys
from pathlib import Path

from docs.drawings.arrival_states import draw_states
from docs.drawings.film import draw_strip, draw_way
from docs.drawings.house import draw_house
from docs.drawings.processes import draw_processes

DRAWINGS = {
    "arrival-states.svg": draw_states,
    "film.svg": draw_strip,
    "house.svg": draw_house,
    "processes.svg": draw_processes,
    "way.svg": draw_way,
}
FOLDER = Path(__file__).parent


def main(arguments: list[str]) -> int:
    """Write what has changed; with ``--check`` write nothing, and return 1 if something has."""
    drawn = {FOLDER / name: draw() for name, draw in DRAWINGS.items()}
    changed = [path for path, svg in drawn.items() if not path.exists() or path.read_text() != svg]
    if "--check" in arguments:
        for path in changed:
            print(f"docs/drawings/{path.name} is not what the code gives: run 'make drawings'", file=sys.stderr)
        return 1 if changed else 0
    for path in changed:
        path.write_text(drawn[path])
        print(f"docs/drawings/{path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
