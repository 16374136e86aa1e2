"""Two distributions over the same bins: this period as columns, the reference as a line."""

from collections.abc import Iterator, Sequence

from documents.charts.frame import Frame, draw_grid, place_rungs
from documents.charts.shapes import Chart, Path, Rectangle, Shape, Words

WIDTH, HEIGHT = 330.0, 170.0
TICKS = 4


def draw_distributions(
    title: str, edges: Sequence[float], period: Sequence[float], reference: Sequence[float] | None
) -> Chart:
    """Draw the shares of bins, at most one.

    Parameters
    ----------
    title : str
        What is distributed.
    edges : sequence of float, shape (n + 1,)
        Of the bins; evenly spaced.
    period, reference : sequence of float, shape (n,)
        Shares in [0, 1]; no reference, or one in which nothing lies, no line.
    """
    line = reference if reference and any(reference) else None
    rungs = place_rungs(max(*period, *(reference or ())))
    frame = Frame(most=rungs[-1], width=WIDTH, height=HEIGHT, left=38)
    shapes = [
        *draw_grid(frame, rungs, lambda value: f"{100 * value:.0f} %"),
        *_draw_bins(frame, period),
        *_draw_steps(frame, line),
        *_name_edges(frame, edges[0], edges[-1]),
    ]
    legend = [("bin", "this period"), *([("reference", "reference")] if line else [])]
    return Chart(title, _describe(edges, period, reference), WIDTH, HEIGHT, shapes, legend)


def _draw_bins(frame: Frame, shares: Sequence[float]) -> Iterator[Shape]:
    for place, share in enumerate(shares):
        left, right = frame.x(place / len(shares)), frame.x((place + 1) / len(shares))
        if share:
            yield Rectangle(left + 0.5, frame.y(share), right - left - 1, frame.base - frame.y(share), "bin")


def _draw_steps(frame: Frame, shares: Sequence[float] | None) -> Iterator[Shape]:
    if shares:
        count = len(shares)
        corners = [
            (frame.x((place + end) / count), frame.y(share)) for place, share in enumerate(shares) for end in (0, 1)
        ]
        yield Path(corners, "reference")


def _name_edges(frame: Frame, low: float, high: float) -> Iterator[Shape]:
    for tick in range(TICKS + 1):
        yield Words(frame.x(tick / TICKS), HEIGHT - 6, f"{low + (high - low) * tick / TICKS:.2f}", "middle")


def _describe(edges: Sequence[float], period: Sequence[float], reference: Sequence[float] | None) -> str:
    def top(shares: Sequence[float]) -> str:
        place = max(range(len(shares)), key=shares.__getitem__)
        return f"mostly {edges[place]:.2f} to {edges[place + 1]:.2f} ({100 * shares[place]:.0f} %)"

    said = f"This period: {top(period)}."
    if not reference:
        return said
    return f"{said} Reference: {top(reference)}." if any(reference) else f"{said} There is none in the reference."
