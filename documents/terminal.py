"""How sections look: one kind of table, and figures that are written the same everywhere."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from documents.rates import Rate

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

DATE_AND_TIME = "%Y-%m-%d %H:%M:%S"
TIME_IN_YEAR = "%m-%d %H:%M:%S"  # room for the name; the heading says which year
SECONDS_IN_MINUTE, SECONDS_IN_HOUR = 60, 3600


def begin_table(title: str, *columns: "tuple[str, str]") -> "Table":
    """Begin a table; columns are names and how they are justified. Figures keep their line, text may be folded."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    add: Callable[..., None] = table.add_column
    for name, justify in columns:
        add(name, justify=justify, no_wrap=justify == "right")
    return table


def write_below(table: "Table", *lines: str) -> "Iterator[Table | str]":
    """Give a table and, below it, lines as wide as the page: Rich's own caption is folded at the table's width."""
    yield table
    if lines:
        yield "\n".join((*lines, ""))


def cut_text(text: str, style: str = "") -> "Text":
    """Return text that gives way to other columns, and ends in an ellipsis then."""
    from rich.text import Text

    return Text(text, no_wrap=True, overflow="ellipsis", style=style)


def show_share(rate: Rate) -> str:
    """Write a share as percents with one digit."""
    return "" if rate.value is None else f"{rate.value:.1%}"


def show_interval(rate: Rate) -> str:
    """Write a 95 % interval as percents."""
    return "" if rate.low is None or rate.high is None else f"{rate.low:.1%} to {rate.high:.1%}"


def show_seconds(seconds: float) -> str:
    """Write a time that passed, in the largest unit that keeps it above one."""
    if seconds < SECONDS_IN_MINUTE:
        return f"{seconds:.2g} s" if seconds < 1 else f"{seconds:.1f} s"
    if seconds < SECONDS_IN_HOUR:
        return f"{seconds / SECONDS_IN_MINUTE:.1f} min"
    return f"{seconds / SECONDS_IN_HOUR:.1f} h"


def show_moment(moment: datetime, style: str = DATE_AND_TIME) -> str:
    """Write a moment of the site's clock."""
    return moment.strftime(style)
