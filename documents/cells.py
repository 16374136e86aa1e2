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
        return say_rate(cell)
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
    return say_percent(cell) if kind is CellKind.SHARE else f"{cell:.3f}"


def say_rate(rate: Rate) -> str:
    """Write a share with its interval, as in "12.5 % (8.1 to 18.8)"."""
    return say_estimate(Estimate(rate.value, rate.low, rate.high), say_tenths)
