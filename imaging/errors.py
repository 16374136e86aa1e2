"""What can be wrong with a radiograph file, as decisions: every reason code, what it means and what to do.

`UnreadableRadiographError` says that a file is damaged, hostile or no radiograph file at all: quarantine.
`UnsuitableRadiographError` says that a sound file is one that the model must not judge: outcome ``rejected``. Their
leaves are decided from the file itself, except for the last four and for some lateral views: those are decided from the
pixels, by the input gate of the model's bundle (`inference`).

A leaf's `reason_code` is stored in the database and read by programs: it never changes. Messages name what was found,
in which attribute, and what is accepted; they never hold a value that could identify a patient (names, numbers, UIDs,
file names). None of these is ever worth another try; what is (a busy share, a file that is still written) is an
`OSError`.
"""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from imaging.radiograph import Identity, Note


class RadiographError(Exception):
    """A file that gives no radiograph for the model.

    Attributes
    ----------
    reason_code : str
        Stable name of the reason, snake_case.
    advice : str
        What an administrator can do, in one sentence.
    identity : Identity or None
        What the header said, so that a refused film can be counted and found; None where no header could be read.
    notes : tuple of Note
        What of it could not be used, as far as it was looked at.
    """

    reason_code: ClassVar[str]
    advice: ClassVar[str]
    identity: "Identity | None" = None
    notes: "tuple[Note, ...]" = ()


class UnreadableRadiographError(RadiographError):
    """The file is damaged, hostile or no radiograph file at all."""


class UnsuitableRadiographError(RadiographError):
    """The file is sound, and the model must not judge it."""


class NotARegularFileError(UnreadableRadiographError):
    """A directory, symbolic link, FIFO, socket or device."""

    reason_code = "not_a_regular_file"
    advice = "Put the radiograph itself into the folder, not a link, pipe or device."


class FileTooLargeError(UnreadableRadiographError):
    """More bytes than a radiograph can have."""

    reason_code = "file_too_large"
    advice = "Check what this file is; no radiograph of an accepted size is this large."


class EmptyFileError(UnreadableRadiographError):
    """A file of no bytes."""

    reason_code = "empty_file"
    advice = "Send the file again; the copy that arrived holds nothing."


class FormatNotAcceptedError(UnreadableRadiographError):
    """The content is neither DICOM nor PNG nor JPEG, or a kind of JPEG that is not read."""

    reason_code = "format_not_accepted"
    advice = "Send the radiograph as DICOM, PNG or JPEG; the content decides, not the name."


class TruncatedFileError(UnreadableRadiographError):
    """The content ends too early."""

    reason_code = "truncated_file"
    advice = "Send the file again; the copy that arrived is incomplete."


class DamagedHeaderError(UnreadableRadiographError):
    """The DICOM data elements cannot be parsed."""

    reason_code = "damaged_header"
    advice = "Send the file again from its source; its DICOM header is damaged."


class MissingAttributeError(UnreadableRadiographError):
    """An attribute without which the pixels have no meaning is absent or empty."""

    reason_code = "missing_attribute"
    advice = "Ask the sending system's vendor why the attribute is missing."


class InvalidAttributeError(UnreadableRadiographError):
    """An attribute holds a value outside what DICOM allows, or contradicts another."""

    reason_code = "invalid_attribute"
    advice = "Ask the sending system's vendor to correct the attribute."


class InvalidUidError(UnreadableRadiographError):
    """A UID holds more than letters, digits, single dots and hyphens, or more than 64 characters."""

    reason_code = "invalid_uid"
    advice = "Treat the file with suspicion; correct systems never write such a UID."


class TransferSyntaxNotAcceptedError(UnreadableRadiographError):
    """The pixels are encoded in a way that is not decoded here."""

    reason_code = "transfer_syntax_not_accepted"
    advice = "Configure the sender for explicit little endian, JPEG lossless, JPEG-LS, JPEG 2000 or RLE."


class InflationLimitError(UnreadableRadiographError):
    """A deflated data set grows beyond any accepted radiograph."""

    reason_code = "inflation_limit"
    advice = "Treat the file with suspicion; it grows far beyond a radiograph's size when inflated."


class TooManyPixelsError(UnreadableRadiographError):
    """More pixels than the reader takes memory for."""

    reason_code = "too_many_pixels"
    advice = "Check what this file is; even the scan of a large film has fewer pixels."


class MissingPixelDataError(UnreadableRadiographError):
    """A DICOM object without Pixel Data: a header alone, or a copy that was cut off before the pixels."""

    reason_code = "missing_pixel_data"
    advice = "Send the file again with its pixels; only a header arrived."


class PixelDataLengthError(UnreadableRadiographError):
    """Pixel Data is too short for the picture that the header describes, or holds more than that picture."""

    reason_code = "pixel_data_length"
    advice = "Compare Rows and Columns with the picture at its source, then send the file again."


class CodestreamMismatchError(UnreadableRadiographError):
    """The compressed picture contradicts the DICOM header or the transfer syntax."""

    reason_code = "codestream_mismatch"
    advice = "Ask the sending system's vendor why header and compressed picture disagree."


class DamagedPixelDataError(UnreadableRadiographError):
    """The compressed picture cannot be decoded."""

    reason_code = "damaged_pixel_data"
    advice = "Send the file again from its source; its picture is damaged."


class UndecodableRadiographError(UnreadableRadiographError):
    """A failure that none of the checks foresaw."""

    reason_code = "undecodable"
    advice = "Keep the file and report the message: it found a gap in the checks."


class OwnObjectError(UnsuitableRadiographError):
    """An answer of this program that has come back."""

    reason_code = "own_object"
    advice = "Nothing to do; to spare the way, let the PACS not send objects of the manufacturer xray-watch here."


class OtherObjectError(UnsuitableRadiographError):
    """A DICOM object of another SOP class."""

    reason_code = "other_object"
    advice = "Send CR or DX images only; this is another kind of DICOM object."


class OtherModalityError(UnsuitableRadiographError):
    """An image of another modality than CR or DX."""

    reason_code = "other_modality"
    advice = "Route only CR and DX images here."


class ForProcessingError(UnsuitableRadiographError):
    """Raw detector values (Presentation Intent Type FOR PROCESSING)."""

    reason_code = "for_processing"
    advice = "Send the FOR PRESENTATION image of the same exposure."


class OtherBodyPartError(UnsuitableRadiographError):
    """A radiograph of another part of the body than the chest."""

    reason_code = "other_body_part"
    advice = "Route only chest radiographs here, or correct Body Part Examined at the modality."


class LateralViewError(UnsuitableRadiographError):
    """A lateral view."""

    reason_code = "lateral"
    advice = "Nothing to do; only frontal views (PA, AP) are screened."


class NotFrontalViewError(UnsuitableRadiographError):
    """A decubitus, oblique or other view that is neither frontal nor lateral."""

    reason_code = "not_frontal"
    advice = "Nothing to do; only frontal views (PA, AP) are screened."


class MultiFrameError(UnsuitableRadiographError):
    """More than one frame."""

    reason_code = "multi_frame"
    advice = "Send single radiographs; this object holds several frames."


class ColorError(UnsuitableRadiographError):
    """A DICOM picture with colours in it."""

    reason_code = "color"
    advice = "Send the original grayscale radiograph; this picture is in colour."


class TooSmallError(UnsuitableRadiographError):
    """Fewer than 64 rows or columns."""

    reason_code = "too_small"
    advice = "Send the original radiograph; this picture is too small to judge."


class BlankError(UnsuitableRadiographError):
    """A picture of one gray value."""

    reason_code = "blank"
    advice = "Check the exposure and the export; the picture shows nothing."


class NotAChestRadiographError(UnsuitableRadiographError):
    """The pixels show no frontal chest radiograph: another part of the body, a photograph, text, a test image."""

    reason_code = "not_a_chest_radiograph"
    advice = "Send frontal chest radiographs only; if this is one, look at its export and its quality."


class InvertedPolarityError(UnsuitableRadiographError):
    """A negative: air is bright and bone is dark."""

    reason_code = "inverted_polarity"
    advice = "Export it with dark lungs and bright bones, or correct Photometric Interpretation (MONOCHROME1)."


class RotatedError(UnsuitableRadiographError):
    """The chest lies on its side or stands on its head."""

    reason_code = "rotated"
    advice = "Turn the radiograph upright, head at the top, and send it again."


class LungsCutOffError(UnsuitableRadiographError):
    """Too little of the lungs is in the picture."""

    reason_code = "lungs_cut_off"
    advice = "Send the whole radiograph; too little of the lungs is in this picture to judge it."


REASONS: dict[str, str] = {
    leaf.reason_code: leaf.advice
    for branch in (UnreadableRadiographError, UnsuitableRadiographError)
    for leaf in branch.__subclasses__()
}
"""Every reason code with its advice."""
