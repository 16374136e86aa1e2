"""Tables for a terminal; Rich is imported only here and where they are drawn."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


def begin_table(title: str, *columns: "tuple[str, str]") -> "Table":
    """Begin a table; a column is its name and ``left`` or ``right``."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    add: Callable[..., None] = table.add_column
    for name, justify in columns:
        add(name, justify=justify)
    return table
