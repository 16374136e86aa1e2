"""A run: one site, the files that are brought into it, and the wait until all of them have come to an end."""

import os
import shutil
from dataclasses import dataclass, field
from hashlib import sha256

from worker.selftest.films import Films
from worker.selftest.ledger import Ledger
from worker.selftest.site import Site

FINISH_SECONDS = 120.0


@dataclass
class Run:
    """What was dropped into a site, so that it can be held against what has become of it."""

    site: Site
    films: Films
    dropped: list[tuple[str, str]] = field(default_factory=list)

    def drop(self, *names: str) -> None:
        """Bring films into the inbox as a good sender does: under another name first."""
        for name in names:
            part = self.site.inbox / f"{name}.part"
            if self.films.folder.stat().st_dev == self.site.inbox.stat().st_dev:
                os.link(self.films.folder / name, part)
            else:
                shutil.copyfile(self.films.folder / name, part)
            part.rename(self.site.inbox / name)
            self.dropped.append((name, self.films.hashes[name]))

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
