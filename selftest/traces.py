"""Where a canary could have left a trace: the broker, what 'ps' shows, files and their names."""

import contextlib
import os
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from redis import Redis
from redis.exceptions import RedisError

from selftest.canaries import find_traces
from selftest.site import Site
from worker.queue.queues import QUEUES


class Broker:
    """Everything that the broker hears and holds, as long as the service runs."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._stop = threading.Event()
        self._heard: list[bytes] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _client(self) -> Redis:
        return Redis(unix_socket_path=str(self._site.find_broker_socket()), socket_timeout=1)

    def _listen(self) -> None:
        while not self._stop.is_set():
            with (
                contextlib.suppress(RedisError, OSError),
                self._client() as client,
                client.monitor() as lines,
            ):
                while not self._stop.is_set():
                    self._heard.append(repr(lines.next_command()).encode())

    def dump(self) -> bytes:
        """Return every key with its value, as the broker would write it and as it is read."""
        with self._client() as client:
            keys = list(client.scan_iter())
            values = [client.dump(key) or b"" for key in keys] + [self._read(client, key) for key in keys]
        return b"\n".join([*keys, *values])

    def count_messages(self) -> int:
        """Return how many ids wait."""
        with self._client() as client:
            return sum(int(client.llen(queue)) for queue in QUEUES.values())

    @staticmethod
    def _read(client: Redis, key: bytes) -> bytes:
        readers = {
            b"list": lambda: client.lrange(key, 0, -1),
            b"set": lambda: client.smembers(key),
            b"hash": lambda: client.hgetall(key),
            b"zset": lambda: client.zrange(key, 0, -1),
            b"string": lambda: client.get(key),
        }
        return repr(readers[client.type(key)]()).encode()  # type: ignore[index, no-untyped-call]  # not a pipeline

    def stop(self) -> bytes:
        """Return what it has heard."""
        self._stop.set()
        self._listener.join(5)
        return b"\n".join(self._heard)


def describe_processes(site: Site) -> bytes:
    """Return what 'ps' shows of the service, and its processes' environments."""
    told = []
    for process in site.find_processes(""):
        with contextlib.suppress(psutil.NoSuchProcess):
            told.append(repr((process.cmdline(), process.environ(), [file.path for file in process.open_files()])))
    return "\n".join(told).encode()


def list_strays(site: Site) -> list[str]:
    """Return the files that the service's processes have open for writing outside of its folders."""
    allowed = tuple(str(folder.resolve()) for folder in (site.home, site.runtime, site.log))
    strays = []
    for process in site.find_processes(""):
        with contextlib.suppress(psutil.NoSuchProcess):
            strays += [file.path for file in process.open_files() if file.mode != "r"]
    return [path for path in strays if not path.startswith(allowed)]


@dataclass
class Search:
    """What was looked at below home and runtime folder, by folder, and which files name the canary."""

    looked_at: Counter[str] = field(default_factory=Counter)
    found: dict[Path, list[bytes]] = field(default_factory=dict)


def search(site: Site) -> Search:
    """Look for the canary in all names, and in what the service writes but for films and the ledger."""
    searched = Search()
    for root in (site.home, site.runtime):
        for path in root.rglob("*"):
            traces = find_traces(os.fsencode(path.relative_to(root)))
            if path.is_file() and _is_ours(path.relative_to(root)):
                searched.looked_at[path.relative_to(root).parts[0]] += 1
                traces += find_traces(path.read_bytes())
            if traces:
                searched.found[path] = traces
    return searched


def _is_ours(path: Path) -> bool:
    kind = path.parts[0]
    original = kind in ("processed", "quarantine") and not path.name.endswith(".json")
    return not original and kind != "backups" and not path.name.startswith("xray.db")
