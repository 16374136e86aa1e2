"""From the bytes of a DICOM file to a radiograph."""

from contextlib import suppress

from imaging.dicom.grayscale import Pixels, display_pixels, show_whole_range
from imaging.dicom.header import DicomFile, read_header
from imaging.dicom.identity import check_uids, note_age, read_identity
from imaging.dicom.own_objects import check_not_own
from imaging.dicom.pixel_layout import read_layout
from imaging.dicom.stored_pixels import decode_pixels
from imaging.dicom.suitability import check_one_gray_picture, check_suitable
from imaging.errors import RadiographError, TransferSyntaxNotAcceptedError
from imaging.radiograph import Identity, Note, Radiograph


def decode_dicom(content: bytes, *, for_model: bool = True) -> Radiograph:
    """Decode a DICOM radiograph; everything in the header is checked before a decoder runs.

    Parameters
    ----------
    content : bytes
        A file which `identify_format` calls "dicom".
    for_model : bool
        Only what the model may judge; else any picture in gray.

    Returns
    -------
    Radiograph
        Displayed pixels, identity and notes.

    Raises
    ------
    RadiographError
        The leaf names the reason; its `identity` is what the header says, and its `notes` what could not be used of it.
    """
    file = _read_header(content)
    identity = read_identity(file)
    notes = note_age(file, identity)
    try:
        if for_model:
            check_not_own(file, identity)
            notes = (*check_suitable(file.dataset), *notes)
        else:
            check_one_gray_picture(file.dataset)
        return _decode(file, identity, notes)
    except RadiographError as error:
        error.identity, error.notes = identity, notes
        raise


def _read_header(content: bytes) -> DicomFile:
    """Parse the header; where it is the pixels alone that are not decoded here, the error has the identity too."""
    try:
        return read_header(content)
    except TransferSyntaxNotAcceptedError as error:
        with suppress(RadiographError):
            error.identity = read_identity(read_header(content, any_syntax=True))
        raise


def _decode(file: DicomFile, identity: Identity, notes: tuple[Note, ...]) -> Radiograph:
    check_uids(file.dataset)
    layout = read_layout(file)
    pixels, shown_notes = display_pixels(file, layout, decode_pixels(file, layout))
    return Radiograph(pixels, identity, (*shown_notes, *notes))


def decode_whole_range(content: bytes) -> Pixels | None:
    """Decode the values behind the window of a radiograph that `decode_dicom` has read, as `show_whole_range`."""
    file = read_header(content)
    layout = read_layout(file)
    return show_whole_range(file, layout, decode_pixels(file, layout))
