"""The house, drawn from the code: which rooms there are, what lies in them, and who imports whom."""

import ast
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import grimp

from docs.drawings.sheet import Point, Sheet, wrap

ROOT = Path(__file__).resolve().parents[2]
WIDTH, MARGIN, ROOF = 1000, 24, 52
GAP, INSIDE = 30, 14  # between floors; between a room's wall and what stands in it
CLEAR, NARROWEST = 5, 4  # between an arrow and a wall that it passes; the least place for an arrow
PLACES = {  # where a room begins and ends across the house, in twelfths; which floor it is on, the imports say
    "cli": (0, 12),
    "bench": (4.2, 8),
    "selftest": (4.2, 8),
    "training": (0, 3.9),
    "worker": (4.2, 8),
    "web": (8.3, 10.1),
    "pacs": (10.3, 12),
    "reports": (0, 6.3),
    "installation": (6.7, 9.2),
    "migrations": (9.5, 12),
    "documents": (0, 5.7),
    "store": (6, 12),
    "inference": (0, 12),
    "imaging": (0, 12),
}


@dataclass(frozen=True, slots=True)
class Room:
    """A top-level package, and what its drawing says of it."""

    name: str
    purpose: str
    parts: dict[str, str]  # the sub-rooms, those first that import others, and what each is for


class House:
    """What the code says of itself; `floors` are import-linter's layers, the highest first."""

    def __init__(self) -> None:
        settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
        layers = next(contract["layers"] for contract in settings["contracts"] if contract["type"] == "layers")
        self.rooms: list[str] = settings["root_packages"]
        self.floors: list[list[str]] = [layer.split(" | ") for layer in layers]
        self._imports = grimp.build_graph(*self.rooms, cache_dir=None)
        self._place_the_others()

    @cached_property
    def arrows(self) -> set[tuple[str, str]]:
        """Who imports whom, room by room."""
        found = {(a, b) for a, b in self._list_imports(depth=1) if a != b}
        return {(a, b) for a, b in found if a in self.rooms and b in self.rooms}

    @cached_property
    def skeleton(self) -> set[tuple[str, str]]:
        """The arrows without those that follow from others: where A imports B and B imports C, A may import C."""
        return {arrow for arrow in self.arrows if not self._is_implied(*arrow)}

    def describe(self, name: str) -> Room:
        """Say what stands in a room: its sub-rooms, those first that import others."""
        found = sorted(path.parent.name for path in (ROOT / name).glob("*/__init__.py"))
        parts = sorted(found, key=lambda part: self._depth(name, part))
        return Room(name, _read_purpose(ROOT / name), {part: _read_purpose(ROOT / name / part) for part in parts})

    def _place_the_others(self) -> None:
        """Give a room of no layer (migrations) the floor above the highest that it imports."""
        placed = {room: number for number, floor in enumerate(self.floors) for room in floor}
        for room in self.rooms:
            if room not in placed:
                highest = min(placed[b] for a, b in self.arrows if a == room)
                self.floors[max(highest - 1, 0)].append(room)

    def _is_implied(self, upper: str, lower: str) -> bool:
        return any((upper, between) in self.arrows and self._reaches(between, lower) for between in self.rooms)

    def _reaches(self, upper: str, lower: str) -> bool:
        return upper != lower and any(a == upper and (b == lower or self._reaches(b, lower)) for a, b in self.arrows)

    def _depth(self, room: str, part: str) -> int:
        """Count the sub-rooms on the longest way down to this one."""
        found = ((a.split("."), b) for a, b in self._list_imports(depth=2) if b == f"{room}.{part}")
        above = {a[1] for a, _ in found if len(a) == 2 and a[0] == room and a[1] != part}
        folders = {name for name in above if (ROOT / room / name).is_dir()}
        return max((1 + self._depth(room, name) for name in folders), default=0)

    def _list_imports(self, depth: int) -> Iterable[tuple[str, str]]:
        for module in self._imports.modules:
            for imported in self._imports.find_modules_directly_imported_by(module):
                yield ".".join(module.split(".")[:depth]), ".".join(imported.split(".")[:depth])


def _read_purpose(folder: Path) -> str:
    """Return the first sentence of a package's docstring."""
    words = " ".join((ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or "").split())
    return words.partition(". ")[0].rstrip(".").replace("`", "")


@dataclass(frozen=True, slots=True)
class Walls:
    """Where a room stands on the sheet."""

    left: float
    right: float
    top: float
    bottom: float

    def into(self, x: float) -> float:
        """Return the nearest place at which an arrow may come in or leave."""
        return min(max(x, self.left + INSIDE), self.right - INSIDE)


def draw_house() -> str:
    """Draw all rooms on their floors, and the skeleton of their imports."""
    house = House()
    rooms = {name: house.describe(name) for floor in house.floors for name in floor}
    walls = _build_walls(house, rooms)
    bottom = max(wall.bottom for wall in walls.values()) + MARGIN
    sheet = Sheet(WIDTH, round(bottom + 22), "The rooms of xray-watch", _say(house))
    for name, room in rooms.items():
        _draw_room(sheet, room, walls[name], is_roof=name in house.floors[0])
    for upper, lower in sorted(house.skeleton):
        sheet.arrow(_find_way(walls, upper, lower))
    sheet.write(
        MARGIN, bottom + 6, "An arrow: the upper room imports the lower one, and may import all below that.", "note"
    )
    return sheet.as_svg()


def _say(house: House) -> str:
    floors = "; ".join(" and ".join(sorted(floor)) for floor in house.floors)
    return (
        f"Floors from top to bottom: {floors}. "
        + ", ".join(f"{a} imports {b}" for a, b in sorted(house.skeleton))
        + "."
    )


def _build_walls(house: House, rooms: dict[str, Room]) -> dict[str, Walls]:
    """Build floor by floor from the top; a room that has nothing above it but another floor's end rises to that."""
    walls: dict[str, Walls] = {}
    for floor in house.floors:
        sides = {name: _find_sides(name) for name in floor}
        tops = {name: _find_top(walls.values(), *side) for name, side in sides.items()}
        roof = ROOF if floor is house.floors[0] else 0
        bottom = max(tops[name] + roof + _measure(rooms[name]) for name in floor)
        walls |= {name: Walls(*sides[name], tops[name], bottom) for name in floor}
    return walls


def _find_sides(name: str) -> tuple[float, float]:
    left, right = (MARGIN + share / 12 * (WIDTH - 2 * MARGIN) for share in PLACES[name])
    return round(left), round(right)


def _find_top(walls: Iterable[Walls], left: float, right: float) -> float:
    above = [wall.bottom + GAP for wall in walls if wall.left < right - 1 and wall.right > left + 1]
    return max(above, default=float(MARGIN))


def _measure(room: Room) -> float:
    left, right = _find_sides(room.name)
    width = right - left - 2 * INSIDE
    return 34 + 17 * len(wrap(room.purpose, width)) + 30 * len(_set_parts(room.parts, width))


def _set_parts(parts: Iterable[str], width: float) -> list[list[str]]:
    rows: list[list[str]] = []
    used = 0.0
    for part in parts:
        needed = _part_width(part) + 8
        if not rows or used + needed > width + 8:
            rows.append([])
            used = 0.0
        rows[-1].append(part)
        used += needed
    return rows


def _part_width(part: str) -> float:
    return 12 * 0.62 * len(part) + 16


def _draw_room(sheet: Sheet, room: Room, wall: Walls, *, is_roof: bool) -> None:
    width = wall.right - wall.left
    if is_roof:
        middle = (wall.left + wall.right) / 2
        sheet.shape([(wall.left - 14, wall.bottom), (middle, wall.top), (wall.right + 14, wall.bottom)], "main")
        lines = wrap(room.purpose, width * 0.55)
        sheet.write(middle, wall.bottom - 18 - 17 * len(lines), room.name, "name", "middle")
        sheet.write_lines(middle, wall.bottom + 2 - 17 * len(lines), lines, "words", "middle")
        return
    sheet.box(wall.left, wall.top, width, wall.bottom - wall.top)
    lines = wrap(room.purpose, width - 2 * INSIDE)
    sheet.write(wall.left + INSIDE, wall.top + 22, room.name, "name")
    sheet.write_lines(wall.left + INSIDE, wall.top + 42, lines)
    y = wall.top + 34 + 17 * len(lines)
    if _list_height(room, width) <= wall.bottom - y:
        _list_parts(sheet, room, wall.left + INSIDE, y, width)
    else:
        _draw_parts(sheet, room, wall.left + INSIDE, y, width)


def _draw_parts(sheet: Sheet, room: Room, left: float, top: float, width: float) -> None:
    """Name the sub-rooms side by side."""
    for number, row in enumerate(_set_parts(room.parts, width - 2 * INSIDE)):
        x, y = left, top + 30 * number
        for part in row:
            sheet.box(x, y, _part_width(part), 23, "inner", rounding=4)
            sheet.write(x + 8, y + 15.5, part, "part")
            x += _part_width(part) + 8


def _list_parts(sheet: Sheet, room: Room, left: float, top: float, width: float) -> None:
    """Name the sub-rooms one below the other, each with what it is for: where there is place."""
    indent = max((_part_width(part) for part in room.parts), default=0) + 10
    y = top
    for part, purpose in room.parts.items():
        lines = wrap(purpose, width - 2 * INSIDE - indent, 12)
        sheet.box(left, y, _part_width(part), 23, "inner", rounding=4)
        sheet.write(left + 8, y + 15.5, part, "part")
        sheet.write_lines(left + indent, y + 15.5, lines, "note", leading=15)
        y += 15 + 15 * len(lines)


def _list_height(room: Room, width: float) -> float:
    indent = max((_part_width(part) for part in room.parts), default=0) + 10
    return sum(15 + 15 * len(wrap(purpose, width - 2 * INSIDE - indent, 12)) for purpose in room.parts.values())


def _find_way(walls: dict[str, Walls], upper: str, lower: str) -> list[Point]:
    """Find where an arrow from room to room crosses no third: straight down, else by the lane that is nearest."""
    above, below = walls[upper], walls[lower]
    between = [wall for wall in walls.values() if wall.top < below.top - 1 and wall.bottom > above.bottom + 1]
    straight = _list_lanes(between, max(above.left, below.left), min(above.right, below.right))
    if straight:
        left, right = max(straight, key=lambda lane: lane[1] - lane[0])
        return [((left + right) / 2, above.bottom), ((left + right) / 2, below.top - 1)]
    lanes = [(left + right) / 2 for left, right in _list_lanes(between, MARGIN, WIDTH - MARGIN)]
    x = min(lanes, key=lambda lane: abs(lane - above.into(lane)) + abs(lane - below.into(lane)))
    leave, turn = above.bottom + GAP / 2, below.top - GAP / 2
    start, end = above.into(x), below.into(x)
    return [(start, above.bottom), (start, leave), (x, leave), (x, turn), (end, turn), (end, below.top - 1)]


def _list_lanes(between: Iterable[Walls], left: float, right: float) -> list[tuple[float, float]]:
    """List the stretches from left to right that are free of walls."""
    lanes, at = [], left
    for wall in sorted(between, key=lambda wall: wall.left):
        lanes.append((at, min(wall.left - CLEAR, right)))
        at = max(at, wall.right + CLEAR)
    return [lane for lane in (*lanes, (at, right)) if lane[1] - lane[0] >= NARROWEST]
