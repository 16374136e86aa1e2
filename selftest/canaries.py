"""A canary patient: radiographs whose header says one word, day and number wherever DICOM has room for text.

PS3.15 table E.1-1 lists the attributes that can carry identity. These files fill every attribute of PS3.6 whose value
is text, which holds that table's, and what no table lists: private elements, preamble, file meta, PNG chunks.
"""

import base64
import contextlib
import hashlib
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psutil
import pydicom
from PIL import Image, PngImagePlugin
from pydicom.datadict import DicomDictionary  # type: ignore[attr-defined]  # documented, and not re-exported
from pydicom.dataset import Dataset
from redis import Redis
from redis.exceptions import RedisError

from imaging.phantoms.files import write_dicom_phantom, write_png_phantom
from selftest.site import Site
from worker.queue.queues import OVERDUE, QUEUES

WORD, DAY, TIME, NUMBER = "KANARIENVOGEL", "18870613", "031415.926535", "31415926535"
PATIENT_ID, ACCESSION = f"{WORD}-ID", f"{WORD}-AC"
UID_ROOT = f"1.2.826.0.1.3680043.{NUMBER}"
SMALL = {"rows": 500, "columns": 400}

# what decides whether and how the picture is read
_LEFT_ALONE_GROUPS = {0x0000, 0x0002, 0x0004, 0x0028, 0x2050, 0x5400, 0x7FE0, 0xFFFE}
_LEFT_ALONE = {
    *("SpecificCharacterSet", "SOPClassUID", "Modality", "ViewPosition", "BodyPartExamined", "PresentationIntentType"),
    *("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID", "AccessionNumber"),
}
_LONG = dict.fromkeys(("LO", "LT", "PN", "ST", "UC", "UR", "UT"), f"{WORD} {NUMBER}")
_VALUES = {
    **_LONG,
    **dict.fromkeys(("AE", "CS", "SH"), WORD),
    "DA": DAY,
    "DT": DAY + TIME,
    "TM": TIME,
    "UI": f"{UID_ROOT}.9",
    "UR": f"https://{WORD}.example/{NUMBER}",
    "PN": f"{WORD}^GELB^^DR",
}


def write_canary(path: Path, seed: int, instance: int | None = None, **attributes: object) -> None:
    """Write a radiograph of the canary patient; a seed gives the pixels, ``instance`` the SOP Instance UID."""
    large = {name: int(str(attributes.pop(name, size))) for name, size in SMALL.items()}
    write_dicom_phantom(path, seed=seed, **large)  # type: ignore[arg-type]  # rows and columns are whole numbers
    dataset = pydicom.dcmread(path)
    _fill(dataset)
    for step, uid in enumerate(("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")):
        setattr(dataset, uid, f"{UID_ROOT}.{step}.{seed if instance is None else instance}")
    dataset.PatientID, dataset.AccessionNumber = PATIENT_ID, ACCESSION
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.SourceApplicationEntityTitle = WORD
    dataset.preamble = (WORD * 10)[:128].encode()
    dataset.save_as(path, enforce_file_format=True)


def _fill(dataset: Dataset) -> None:
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        if tag >> 16 not in _LEFT_ALONE_GROUPS and keyword not in _LEFT_ALONE and vr in _VALUES:
            dataset.add_new(tag, vr, _VALUES[vr])
    inner = Dataset()
    inner.PatientID, inner.PatientName = PATIENT_ID, f"{WORD}^GELB"
    dataset.OtherPatientIDsSequence = [inner]
    dataset.private_block(0x0011, f"{WORD} 1.0", create=True).add_new(0x01, "LO", f"{WORD} {NUMBER}")


def write_canary_pictures(folder: Path) -> list[str]:
    """Write a PNG and a JPEG whose comments name the canary; return their names."""
    write_png_phantom(folder / "plain.part", seed=90)
    with Image.open(folder / "plain.part") as picture:
        chunk = PngImagePlugin.PngInfo()
        chunk.add_text("Title", f"{WORD} {NUMBER}")
        picture.save(folder / f"{WORD}.png", pnginfo=chunk)
        picture.rotate(180).save(folder / f"{WORD}.jpg", comment=f"{WORD} {NUMBER}".encode())
    (folder / "plain.part").unlink()
    return [f"{WORD}.png", f"{WORD}.jpg"]


@cache
def traces() -> tuple[bytes, ...]:
    """Return every form in which the canary could stand somewhere: text, base64, hex, and hashes without a key."""
    found = set(_hashes((PATIENT_ID, ACCESSION, f"{WORD}^GELB^^DR", f"{UID_ROOT}.0.1", NUMBER, DAY)))
    for text in (WORD, WORD.lower(), WORD.title(), DAY, "1887-06-13", TIME, NUMBER):
        for raw in (text.encode(), text.encode("utf-16-le")):
            found |= {raw, raw.hex().encode(), raw.hex().upper().encode(), *_base64(raw)}
    return tuple(found)


def find_traces(content: bytes) -> list[bytes]:
    """Return what of the canary stands in a content."""
    return [trace for trace in traces() if trace in content]


def _base64(raw: bytes) -> Iterator[bytes]:
    """Give what is the same of an encoding wherever in a longer text it begins (RFC 4648)."""
    for shift, begin in enumerate((0, 2, 3)):
        encoded = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        yield encoded[begin:-1]


def _hashes(values: Iterable[str]) -> Iterator[bytes]:
    for value in values:
        for name in ("md5", "sha1", "sha256"):
            yield hashlib.new(name, value.encode()).hexdigest().encode()


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
            with contextlib.suppress(RedisError, OSError), self._client() as client, client.monitor() as lines:
                while not self._stop.is_set():
                    self._heard.append(repr(lines.next_command()).encode())

    def count_messages(self) -> int:
        """Return how many ids wait."""
        with self._client() as client:
            return sum(int(client.llen(queue)) for queue in (OVERDUE, *QUEUES.values()))

    def stop(self) -> bytes:
        """Return what it has heard."""
        self._stop.set()
        self._listener.join(5)
        return b"\n".join(self._heard)


def describe_processes(site: Site) -> bytes:
    """Return what 'ps' shows of the service, and its processes' environments."""
    shown = []
    for process in site.find_processes(""):
        with contextlib.suppress(psutil.NoSuchProcess):
            shown.append(repr((process.cmdline(), process.environ(), [file.path for file in process.open_files()])))
    return "\n".join(shown).encode()


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
