"""What may be given for an option that several commands have."""

from enum import StrEnum


class TextFormat(StrEnum):
    """How a command writes its answer: lines for people, or JSON for programs."""

    TEXT = "text"
    JSON = "json"


class TableFormat(StrEnum):
    """The same of a command whose answer for people is a table."""

    TABLE = "table"
    JSON = "json"
