"""Where a canary could have left a trace: the broker, what 'ps' shows, files and their names."""

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
from redis import Redis
from redis.exceptions import RedisError

from tests.acceptance.conftest import Site
from tests.faults.canaries import find_traces


class Broker:
    """Everything that the broker hears and holds, as long as the service runs."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._stop = threading.Event()
        self._heard: list[bytes] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _client(self) -> Redis:
        (socket,) = self._site.runtime.glob("*/broker.sock")
        return Redis(unix_socket_path=str(socket), socket_timeout=1)

    def _listen(self) -> None:
        while not self._stop.is_set():
            with (
                contextlib.suppress(RedisError, OSError, ValueError),
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
        with self._client() as client:
            return int(client.llen("xray"))  # type: ignore[arg-type]  # not a pipeline

    @staticmethod
    def _read(client: Redis, key: bytes) -> bytes:
        readers = {
            b"list": lambda: client.lrange(key, 0, -1),
            b"set": lambda: client.smembers(key),
            b"hash": lambda: client.hgetall(key),
            b"zset": lambda: client.zrange(key, 0, -1),
            b"string": lambda: client.get(key),
        }
        return repr(readers[client.type(key)]()).encode()  # type: ignore[index]

    def stop(self) -> bytes:
        """Return what it has heard."""
        self._stop.set()
        self._listener.join(5)
        return b"\n".join(self._heard)


def describe_processes(site: Site) -> bytes:
    """Return what 'ps' shows of the service, and its processes' environments."""
    assert site.service is not None
    told = []
    for process in psutil.Process(site.service.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            told.append(repr((process.cmdline(), process.environ(), [file.path for file in process.open_files()])))
    assert told
    return "\n".join(told).encode()


def search(site: Site) -> Iterator[tuple[Path, list[bytes]]]:
    """Give the files below home and runtime folder that name the canary, in their names or in what we write."""
    seen = Counter[str]()
    for root in (site.home, site.runtime):
        for path in root.rglob("*"):
            if found := find_traces(os.fsencode(path.relative_to(root))):
                yield path, found
            kind = path.relative_to(root).parts[0]
            original = kind in ("processed", "quarantine") and not path.name.endswith(".json")
            if path.is_file() and not original and kind != "backups" and not path.name.startswith("xray.db"):
                seen[kind] += 1
                if found := find_traces(path.read_bytes()):
                    yield path, found
    assert seen["broker"] >= 2, "the append-only file and the broker's log are there to be looked at"
    assert seen["quarantine"] >= 4, "reasons too"
