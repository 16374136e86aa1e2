"""Columns over time, stacked by what became of the files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from documents.charts.frame import Frame, draw_grid, place_rungs
from documents.charts.shapes import Chart, Rectangle, Shape, Words

MOST_COLUMNS = 124
MOST_NAMES = 12
GAP_SHARE = 0.16
LETTER = 5.8  # width of a letter of a tick, roughly


@dataclass(frozen=True, slots=True)
class Stack:
    """One column of a chart, stacked.

    Attributes
    ----------
    name : str
        What stands below it.
    counts : mapping
        From style to count, the lowest first.
    """

    name: str
    counts: Mapping[str, int]


def draw_columns(
    title: str, columns: Sequence[Stack], legend: Sequence[tuple[str, str]], sizes: Sequence[int] = (1,)
) -> Chart:
    """Draw stacked columns; where they are too many to be told apart, neighbours are added up.

    Parameters
    ----------
    title : str
        What is counted.
    columns : sequence of Stack
        In order, at least one.
    legend : sequence of (style, text)
        The styles in the order in which they are stacked, from below.
    sizes : sequence of int
        So many may be added up, the least first: 7 days are a week.
    """
    size = _find_size(len(columns), sizes)
    folded = [_add_up(columns[start : start + size]) for start in range(0, len(columns), size)]
    sums = [sum(column.counts.values()) for column in folded]
    rungs = place_rungs(max(sums), whole=True)
    frame = Frame(most=rungs[-1])
    shapes = [*draw_grid(frame, rungs, lambda value: f"{value:,.0f}"), *_draw_stacks(frame, folded, legend)]
    highest = f"the highest is {folded[sums.index(max(sums))].name} with {max(sums):,}"
    words = f"{len(folded)} columns from {folded[0].name} to {folded[-1].name}; {highest}."
    shown = [each for each in legend if any(column.counts.get(each[0]) for column in folded)] if len(legend) > 1 else []
    title = title if size == 1 else f"{title}, {size} in a column"
    shapes += _name_columns(frame, folded)
    bars = [(column.name, count) for column, count in zip(folded, sums, strict=True)]
    return Chart(title, words, frame.width, frame.height, shapes, shown, bars)


def _find_size(count: int, sizes: Sequence[int]) -> int:
    least = -(-count // MOST_COLUMNS)
    return next((size for size in sizes if size >= least), least)


def _add_up(columns: Sequence[Stack]) -> Stack:
    styles = dict.fromkeys(style for column in columns for style in column.counts)
    return Stack(columns[0].name, {style: sum(column.counts.get(style, 0) for column in columns) for style in styles})


def _draw_stacks(frame: Frame, columns: Sequence[Stack], legend: Sequence[tuple[str, str]]) -> Iterator[Shape]:
    room = frame.x(1 / len(columns)) - frame.x(0)
    width = min(room * (1 - GAP_SHARE), 46.0)
    for place, column in enumerate(columns):
        left, below = frame.x((place + 0.5) / len(columns)) - width / 2, 0
        for style, _ in legend:
            count = column.counts.get(style, 0)
            if count:
                top = frame.y(below + count)
                yield Rectangle(left, top, width, frame.y(below) - top, style)
            below += count


def _name_columns(frame: Frame, columns: Sequence[Stack]) -> Iterator[Shape]:
    longest = max(len(column.name) for column in columns)
    fitting = max(int((frame.width - frame.left) / (LETTER * (longest + 2))), 1)
    step = -(-len(columns) // min(MOST_NAMES, fitting))
    for place in range(0, len(columns), step):
        middle, half = frame.x((place + 0.5) / len(columns)), LETTER * len(columns[place].name) / 2
        if middle + half > frame.width:
            yield Words(frame.width, frame.height - 6, columns[place].name, "end")
        else:
            yield Words(middle, frame.height - 6, columns[place].name, "middle")
