"""Sound files of every kind that the reader accepts, from which hostile ones are made."""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from imaging.phantoms.anatomy import draw_chest
from imaging.phantoms.files import write_dicom_phantom, write_png_phantom
from tests.imaging import dicom_factory as factory
from tests.imaging.dicom_factory import build_dicom

ROWS, COLUMNS = 80, 64  # small, so that ten thousand files take a minute; a header can still promise megapixels
LARGEST_BAD_INPUT = 64 << 10
LOSSY_SYNTAXES = (factory.JPEG_BASELINE, factory.JPEG_EXTENDED, factory.JPEG_LS_NEAR, factory.JPEG_2000)
SYNTAXES = (*factory.LOSSLESS_SYNTAXES, *LOSSY_SYNTAXES)


@dataclass(frozen=True)
class Seed:
    """A file's content under a name that a failure can print."""

    name: str
    content: bytes = field(repr=False)


def build_seeds(folder: Path) -> list[Seed]:
    """Return sound DICOM, PNG and JPEG files."""
    return [*_build_phantoms(folder), *_build_dicoms(), *_build_rasters()]


def read_bad_inputs(shared: Path) -> list[Seed]:
    """Return the corpus of malformed files, but for its largest."""
    folder = shared / "bad_inputs"
    files = [path for path in sorted(folder.glob("*/*")) if path.is_file() and path.stat().st_size <= LARGEST_BAD_INPUT]
    return [Seed(str(path.relative_to(folder)), path.read_bytes()) for path in files]


def _build_phantoms(folder: Path) -> list[Seed]:
    write_png_phantom(folder / "phantom.png", seed=1, rows=ROWS, columns=COLUMNS)
    write_dicom_phantom(folder / "phantom.dcm", seed=1, rows=ROWS, columns=COLUMNS)
    write_dicom_phantom(folder / "lossless.dcm", seed=1, rows=ROWS, columns=COLUMNS, compression="jpeg_lossless")
    return [Seed(path.name, path.read_bytes()) for path in sorted(folder.iterdir())]


def _build_dicoms() -> list[Seed]:
    shallow, deep = factory.ramp(8).astype(np.uint8), factory.ramp(12)
    signed = deep.astype(np.int16) - np.int16(2048)
    plain: dict[str, object] = {"WindowCenter": None, "WindowWidth": None}
    seeds = {
        syntax: build_dicom(shallow, syntax=syntax, bits=8)
        if syntax == factory.JPEG_BASELINE
        else build_dicom(syntax=syntax)
        for syntax in SYNTAXES
    }
    seeds |= {
        "no window": build_dicom(attributes=plain),
        "8 bits": build_dicom(shallow, bits=8, attributes={"PhotometricInterpretation": "MONOCHROME1"}),
        "signed": build_dicom(signed, attributes=plain | {"PixelPaddingValue": -2000}),
        "sigmoid": build_dicom(attributes={"VOILUTFunction": "SIGMOID", "RescaleSlope": "2", "RescaleIntercept": "-9"}),
        "no preamble": factory.to_bytes(factory.build_dataset(deep), whole=False),
        "VOI LUT": build_dicom(attributes=plain | {"VOILUTSequence": [_build_table(4096)]}),
        "modality LUT": build_dicom(attributes={"ModalityLUTSequence": [_build_table(4096)]}),
        "HTJ2K": _wrap(bytes(imagecodecs.htj2k_encode(deep)), "1.2.840.10008.1.2.4.201", deep),
        "boxes": _wrap(_encode_boxes(deep), factory.JPEG_2000_LOSSLESS, deep),
        "RGB": _wrap(np.dstack([shallow] * 3).tobytes(), factory.EXPLICIT, shallow, samples=3),
        "YBR": _wrap(
            bytes(imagecodecs.jpeg8_encode(np.dstack([shallow] * 3))), factory.JPEG_BASELINE, shallow, samples=3
        ),
        "palette": build_dicom(shallow, bits=8, attributes=_build_palette()),
        "excess": build_dicom(attributes={"PixelData": deep.tobytes() + bytes(600)}),
    }
    return [Seed(name, content) for name, content in seeds.items()]


def _build_table(count: int) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [count, 0, 16])
    item.add_new("LUTData", "OW", np.arange(count, dtype="<u2").tobytes())
    item.ModalityLUTType = "US"
    return item


def _build_palette() -> dict[str, object]:
    keywords = [f"{color}PaletteColorLookupTable" for color in ("Red", "Green", "Blue")]
    described: dict[str, object] = {f"{keyword}Descriptor": [256, 0, 8] for keyword in keywords}
    tables = {f"{keyword}Data": bytes(range(256)) for keyword in keywords}
    return {"PhotometricInterpretation": "PALETTE COLOR"} | described | tables


def _encode_boxes(stored: npt.NDArray[np.uint16]) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(stored, level=0, codecformat="JP2", bitspersample=12, reversible=True))


def _wrap(pixels: bytes, syntax: str, stored: factory.Stored, samples: int = 1) -> bytes:
    """Give an image other pixels, in another syntax or of several samples."""
    dataset = factory.build_dataset(stored, bits=8 * stored.dtype.itemsize if samples > 1 else 12)
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.PixelData = pixels if syntax == factory.EXPLICIT else encapsulate([pixels])
    dataset["PixelData"].VR = "OB"
    if samples > 1:
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = samples, "RGB", 0
    return factory.to_bytes(dataset)


def _build_rasters() -> list[Seed]:
    chest = draw_chest(1, ROWS, COLUMNS)
    gray = Image.fromarray(np.rint(chest * 255).astype(np.uint8))
    turned = Image.Exif()
    turned[0x0112] = 6  # Orientation
    return [
        Seed("deep.png", _save(Image.fromarray(np.rint(chest * 60_000).astype(np.uint16)), "PNG")),
        Seed("palette.png", _save(gray.convert("P"), "PNG", transparency=3)),
        Seed("alpha.png", _save(gray.convert("LA"), "PNG")),
        Seed("bits.png", _save(gray.convert("1"), "PNG")),
        Seed("gray.jpg", _save(gray, "JPEG")),
        Seed("progressive.jpg", _save(gray, "JPEG", progressive=True, exif=turned)),
        Seed("colour.jpg", _save(gray.convert("RGB"), "JPEG")),
        Seed("cmyk.jpg", _save(gray.convert("CMYK"), "JPEG")),
        Seed("phone.jpg", _save(gray, "MPO", save_all=True, append_images=[gray])),
        Seed("twelve.jpg", bytes(imagecodecs.jpeg8_encode(factory.ramp(12), bitspersample=12))),
        Seed("lossless.jpg", bytes(imagecodecs.jpeg8_encode(factory.ramp(16), lossless=True, bitspersample=16))),
    ]


def _save(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()
