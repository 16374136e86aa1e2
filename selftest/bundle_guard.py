"""A model bundle with one flipped byte: it must not serve; whole again it must."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from selftest.site import SiteError
from selftest.stand import Stand

STEPS = 1


def run_damaged_model(stand: Stand) -> None:
    """Start a service on a damaged bundle, and then on the same, repaired."""
    stand.tell("a model with a flipped byte")
    bundle = stand.root / "bundle"
    shutil.copytree(stand.model, bundle)
    graph = max(bundle.glob("*.tflite"), key=lambda path: path.stat().st_size)
    with stand.open_run("model", XRAY_MODEL=str(bundle)) as run:
        with _flipped_byte(graph):
            refused = not _starts(run.site.start)
        said = run.site.log.read_text() if run.site.log.exists() else ""
        stand.book.check("P16", refused, "a model with a flipped byte serves")
        stand.book.check("P16", graph.name in said, "the refusal does not name the damaged file")
        stand.book.check("P16", _starts(run.site.start), "the same model, whole again, does not serve")
        stand.book.add("P16", "refused", int(refused))
    shutil.rmtree(bundle)


def _starts(start: Callable[[], None]) -> bool:
    try:
        start()
    except SiteError:
        return False
    return True


@contextmanager
def _flipped_byte(path: Path) -> Iterator[None]:
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    try:
        yield
    finally:
        path.write_bytes(whole)
