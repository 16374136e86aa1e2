"""Which files are STAT: told by their folder and their name, without opening them.

The watcher opens no file that a stranger wrote; the fenced reader of a worker does, and that is too late for an
order. It would say little, too: a CR or DX image carries no priority. Requested Procedure Priority (0040,1003) belongs
to the worklist (PS3.4 K.6.1.2.2), and Priority (0000,0700) to the C-STORE command (PS3.7 9.3.1.1), which only a
receiver sees: ours writes what is sent to its second AE title into the folder ``stat``.
"""

import re
from fnmatch import translate
from pathlib import PurePath

from store.states import Priority


class StatRule:
    """Tells STAT files from routine ones; upper and lower case are the same.

    Parameters
    ----------
    folders : str
        Names of folders at any depth below the inbox, separated by commas.
    names : str
        Patterns of file names (``*`` and ``?``), separated by commas.
    """

    def __init__(self, folders: str, names: str) -> None:
        self._folders = frozenset(_split(folders.casefold()))
        self._names = [re.compile(translate(pattern)) for pattern in _split(names.casefold())]

    def judge(self, path: PurePath) -> Priority:
        """Judge a file by its path below the inbox."""
        *folders, name = (part.casefold() for part in path.parts)
        is_stat = not self._folders.isdisjoint(folders) or any(pattern.match(name) for pattern in self._names)
        return Priority.STAT if is_stat else Priority.ROUTINE


def _split(words: str) -> list[str]:
    return [word.strip() for word in words.split(",") if word.strip()]
