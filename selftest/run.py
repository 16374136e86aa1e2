"""A run: one site, the files that are brought into it, and the wait until all of them have come to an end."""

import os
import shutil
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from selftest.films import Films
from selftest.ledger import Ledger
from selftest.site import Site

FINISH_SECONDS = 120.0


def drop(folder: Path, inbox: Path, *names: str) -> None:
    """Bring files into an inbox as a good sender does: under another name first."""
    for name in names:
        part = inbox / f"{name}.part"
        if folder.stat().st_dev == inbox.stat().st_dev:
            os.link(folder / name, part)
        else:
            shutil.copyfile(folder / name, part)
        part.rename(inbox / name)


@dataclass
class Run:
    """What was dropped into a site, so that it can be held against what has become of it."""

    site: Site
    films: Films
    dropped: list[tuple[str, str]] = field(default_factory=list)

    def drop(self, *names: str) -> None:
        """Bring films into the inbox."""
        drop(self.films.folder, self.site.inbox, *names)
        self.dropped += [(name, self.films.hashes[name]) for name in names]

    def drop_next(self, count: int) -> None:
        """Bring in so many films that were not dropped yet."""
        known = {name for name, _ in self.dropped}
        self.drop(*[name for name in self.films.hashes if name not in known][:count])

    def note(self, name: str, content: bytes) -> bytes:
        """Remember a file that is brought in in another way; gives its content back."""
        self.dropped.append((name, sha256(content).hexdigest()))
        return content

    def drop_content(self, name: str, content: bytes) -> None:
        """Bring in a file of one's own."""
        part = self.site.inbox / "own.part"
        part.write_bytes(self.note(name, content))
        part.rename(self.site.inbox / name)

    def finish(self, seconds: float = FINISH_SECONDS) -> None:
        """Wait until each file has its result and its place; raises SiteError."""
        self.site.finish(len(self.dropped), seconds)

    def read(self) -> Ledger:
        """Read the whole ledger."""
        return Ledger.read(self.site.database_url)
