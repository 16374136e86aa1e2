"""Tables of estimates for a terminal; Rich is imported only here."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

COLUMNS_WITHOUT_TERMINAL = 80
ABSENT = "-"

Estimate = Mapping[str, float | None]


def open_console(stream: TextIO) -> "Console":
    """Open a console on a terminal, or on a file, which gets 80 columns."""
    from rich.console import Console

    width = None if stream.isatty() else COLUMNS_WITHOUT_TERMINAL
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def show_estimate(estimate: Estimate, digits: int = 3) -> str:
    """Write value and interval, as in `0.912 (0.874-0.946)`."""
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    if value is None:
        return ABSENT
    if low is None or high is None:
        return f"{value:.{digits}f}"
    return f"{value:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def cut_names(table: "Table") -> "Table":
    """Let only the names of groups give way where a line is too long."""
    for column in table.columns:
        column.no_wrap = True
    table.columns[0].overflow = "ellipsis"
    table.columns[0].max_width = 30
    return table


def begin_table(title: str, *columns: str) -> "Table":
    """Begin a table whose first column names the rows."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    add: Callable[..., None] = table.add_column
    for place, name in enumerate(columns):
        add(name, justify="right" if place else "left")
    return table
