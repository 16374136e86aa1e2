"""From the bytes of a DICOM file to a radiograph."""

from imaging.dicom.grayscale import display_pixels
from imaging.dicom.header import read_header
from imaging.dicom.identity import check_uids, read_identity
from imaging.dicom.pixel_layout import read_layout
from imaging.dicom.stored_pixels import decode_pixels
from imaging.dicom.suitability import check_suitable
from imaging.radiograph import Radiograph


def decode_dicom(content: bytes) -> Radiograph:
    """Decode a DICOM radiograph; everything the header tells is checked before a decoder runs.

    Parameters
    ----------
    content : bytes
        A file which `identify_format` calls "dicom".

    Returns
    -------
    Radiograph
        Displayed pixels and identity.

    Raises
    ------
    RadiographError
        The leaf names the reason.
    """
    file = read_header(content)
    check_suitable(file.dataset)
    check_uids(file.dataset)
    layout = read_layout(file.dataset)
    identity = read_identity(file, layout)
    pixels = display_pixels(file, layout, decode_pixels(file, layout))
    return Radiograph(pixels, identity)
