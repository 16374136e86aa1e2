"""The confusion matrix as a table that shades each cell by its share of the row."""

from collections.abc import Sequence

from markupsafe import Markup

from documents.figures import say_percent
from documents.html.elements import element
from documents.html.intervals import frame_table
from reports.wording import list_labels


def draw_matrix(matrix: Sequence[Sequence[int]], caption: str) -> Markup:
    """Build the table: true label by answered label, each cell with its count and its share of the row.

    Parameters
    ----------
    matrix : sequence of sequence of int
        (labels, labels) in the order of `inference.labels.LABELS`.
    caption : str
        What is counted.
    """
    names = [name for _, name in list_labels()]
    head = element(
        "tr",
        element("th", "truth, answer", scope="col"),
        *(element("th", name, scope="col") for name in names),
        element("th", "films", scope="col"),
    )
    rows = [_build_row(name, row, place) for place, (name, row) in enumerate(zip(names, matrix, strict=True))]
    table = element(
        "table", element("caption", caption), element("thead", head), element("tbody", *rows), class_="matrix"
    )
    return frame_table(table, caption, is_short=True)


def _build_row(name: str, counts: Sequence[int], place: int) -> Markup:
    total = sum(counts)
    cells = [_build_cell(count, count / total if total else None, at == place) for at, count in enumerate(counts)]
    return element("tr", element("th", name, scope="row"), *cells, element("td", f"{total:,}", class_="sum"))


def _build_cell(count: int, share: float | None, is_right: bool) -> Markup:
    return element(
        "td",
        element("b", f"{count:,}"),
        element("small", say_percent(share)),
        class_="right" if is_right else "wrong",
        style=f"--share:{share or 0:.3f}",
    )
