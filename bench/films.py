"""What the benchmark works on: phantoms as files of five kinds, and copies with other bytes and the same cost."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from imaging.phantoms.files import Compression, write_dicom_phantom, write_png_phantom

ROWS, COLUMNS = 2500, 2048
BASES = 4
PNG_HEADER_BYTES = 33  # signature and IHDR chunk; any chunk may follow
INSTANCE_UID = b"\x02\0\x03\0UI"  # Media Storage SOP Instance UID (0002,0003); the data set says the same once more
UID_DIGITS = 12  # the last of a phantom's UID
HEADER_BYTES = 2048  # before them both
JPEG_START_BYTES = 2  # SOI; a comment may follow


def _vary_dicom(content: bytes, number: int) -> bytes:
    """Give the copy a SOP Instance UID of its own: those that share one are flagged, which costs time."""
    start = content.index(INSTANCE_UID) + len(INSTANCE_UID) + 2
    length = int.from_bytes(content[start - 2 : start], "little")
    uid = content[start : start + length].rstrip(b"\0")
    own = uid[:-UID_DIGITS] + str(number).zfill(UID_DIGITS).encode()
    return content[:HEADER_BYTES].replace(uid, own) + content[HEADER_BYTES:]


def _vary_png(content: bytes, number: int) -> bytes:
    body = b"tEXt" + b"Comment\0" + str(number).encode()
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return content[:PNG_HEADER_BYTES] + chunk + content[PNG_HEADER_BYTES:]


def _vary_jpeg(content: bytes, number: int) -> bytes:
    text = str(number).encode()
    comment = b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
    return content[:JPEG_START_BYTES] + comment + content[JPEG_START_BYTES:]


def _write_dicom(path: Path, seed: int, compression: Compression = "none") -> None:
    write_dicom_phantom(path, seed=seed, rows=ROWS, columns=COLUMNS, compression=compression)


def _write_png(path: Path, seed: int) -> None:
    write_png_phantom(path, seed=seed, rows=ROWS, columns=COLUMNS)


def _write_jpeg(path: Path, seed: int) -> None:
    _write_png(path, seed)
    with Image.open(path) as phantom:
        phantom.load()
        phantom.save(path, format="JPEG", quality=95)


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind of file, 2500 x 2048 pixels; the DICOM ones hold 12 bits in 16."""

    name: str
    suffix: str
    write: Callable[[Path, int], None]
    vary: Callable[[bytes, int], bytes]

    def write_copies(self, folder: Path, count: int, first: int = 0) -> list[Path]:
        """Write so many files that no two have the same bytes."""
        folder.mkdir(parents=True)
        contents = _draw_bases(self, ROWS, COLUMNS)
        paths = [folder / f"{number:06}{self.suffix}" for number in range(first, first + count)]
        for number, path in enumerate(paths, first):
            path.write_bytes(self.vary(contents[number % BASES], number))
        return paths


@lru_cache(maxsize=2)  # the kind that is played, and the raw one
def _draw_bases(kind: FileKind, _rows: int, _columns: int) -> tuple[bytes, ...]:
    """Draw the films that copies are made of: seconds, which rounds would spend on them again and again."""
    with TemporaryDirectory(prefix="xray-bases-") as name:
        paths = [Path(name, f"{seed}{kind.suffix}") for seed in range(BASES)]
        for seed, path in enumerate(paths):
            kind.write(path, seed)
        return tuple(path.read_bytes() for path in paths)


KINDS = (
    FileKind("DICOM, raw", ".dcm", _write_dicom, _vary_dicom),
    FileKind("DICOM, JPEG lossless", ".dcm", partial(_write_dicom, compression="jpeg_lossless"), _vary_dicom),
    FileKind("DICOM, JPEG 2000", ".dcm", partial(_write_dicom, compression="jpeg2000"), _vary_dicom),
    FileKind("PNG, 8 bits", ".png", _write_png, _vary_png),
    FileKind("JPEG, quality 95", ".jpg", _write_jpeg, _vary_jpeg),
)
RAW = KINDS[0]
