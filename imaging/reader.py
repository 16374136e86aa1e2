"""The one reader: a file, by its content, to a radiograph."""

from pathlib import Path

from imaging.errors import BlankError, UndecodableRadiographError
from imaging.foreign_errors import foreign_errors_as
from imaging.radiograph import Radiograph
from imaging.source import read_source, require_format


def read_radiograph(path: Path) -> Radiograph:
    """Read a radiograph from a file.

    Parameters
    ----------
    path : Path
        DICOM, PNG or JPEG; the content decides, never the name.

    Returns
    -------
    Radiograph
        Displayed pixels and identity.

    Raises
    ------
    RadiographError
        The file gives no radiograph for the model; the leaf names the reason.
    OSError
        The file could not be read now; worth another try.
    """
    return decode_radiograph(read_source(path).content)


def decode_radiograph(content: bytes, *, for_model: bool = True) -> Radiograph:
    """Decode a radiograph from the bytes of a file.

    Parameters
    ----------
    content : bytes
        The whole file.
    for_model : bool
        Only what the model may judge; else any picture in gray, for eyes that are to see what was refused.

    Returns
    -------
    Radiograph
        Pixels float32 in [0, 1], MONOCHROME2 sense, finite and, for the model, of more than one value, with their
        identity.

    Raises
    ------
    UnreadableRadiographError
        Damaged, hostile, or neither DICOM nor PNG nor JPEG.
    UnsuitableRadiographError
        A sound file which the model must not judge.
    MemoryError
        This process has too little memory for the picture.
    """
    source_format = require_format(content)
    if source_format == "dicom":
        # not turned into a reason: a library that cannot be loaded is no fault of the file
        from imaging.dicom.decoding import decode_dicom

        with foreign_errors_as(UndecodableRadiographError, "decoding failed"):
            radiograph = decode_dicom(content, for_model=for_model)
    else:
        from imaging.raster import decode_raster

        with foreign_errors_as(UndecodableRadiographError, "decoding failed"):
            radiograph = decode_raster(content, source_format)
    if for_model:
        _check_not_blank(radiograph)
    return radiograph


def _check_not_blank(radiograph: Radiograph) -> None:
    pixels = radiograph.pixels
    first = pixels[0, 0]
    # a small part of nearly every picture is enough to see it
    if (pixels[::16, ::16] == first).all() and (pixels == first).all():
        error = BlankError("a picture of one gray value")
        error.identity, error.notes = radiograph.identity, radiograph.notes
        raise error
