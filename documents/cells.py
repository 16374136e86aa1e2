"""How a cell is written for people, by the kind of its column."""

from datetime import datetime

from documents.blocks import Cell, CellKind, Shaded
from documents.figures import ABSENT, Estimate, say_estimate, say_number, say_percent, say_tenths
from documents.rates import Rate

MOMENT = "%Y-%m-%d %H:%M:%S"
NUMBERS = frozenset(CellKind) - {CellKind.NAME, CellKind.WORDS, CellKind.BAR, CellKind.MOMENT}
"""Kinds that stand at the right of their column, so that digits lie below each other."""


def say_cell(kind: CellKind, cell: Cell) -> str:
    """Return a cell as text; what is not known is an en dash, and a bar says nothing that its neighbour does not."""
    if cell is None:
        return ABSENT
    if kind is CellKind.BAR:
        return ""
    if isinstance(cell, Rate):
        return say_estimate(find_estimate(cell), say_tenths)
    if isinstance(cell, Estimate):
        return say_estimate(cell, say_number if kind is CellKind.NUMBER else say_percent)
    if isinstance(cell, datetime):
        return f"{cell:{MOMENT}}"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Shaded):
        return f"{cell.count:,}"
    if kind is CellKind.COUNT:
        return f"{cell:,}"
    return say_percent(cell) if kind is CellKind.SHARE else say_number(cell)


def find_estimate(cell: Cell) -> Estimate:
    """Return the figure of a cell with its interval; one that cannot be had where there is none."""
    if isinstance(cell, Rate):
        return Estimate(cell.value, cell.low, cell.high)
    return cell if isinstance(cell, Estimate) else Estimate()
