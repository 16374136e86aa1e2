"""What can be wrong with a radiograph file, as decisions.

::

    RadiographError
    |-- UnreadableRadiographError          damaged, hostile or no radiograph file at all: quarantine
    |   |-- NotARegularFileError           not_a_regular_file
    |   |-- FileTooLargeError              file_too_large
    |   |-- EmptyFileError                 empty_file
    |   |-- FormatNotAcceptedError         format_not_accepted
    |   |-- TruncatedFileError             truncated_file
    |   |-- DamagedHeaderError             damaged_header
    |   |-- MissingAttributeError          missing_attribute
    |   |-- InvalidAttributeError          invalid_attribute
    |   |-- InvalidUidError                invalid_uid
    |   |-- TransferSyntaxNotAcceptedError transfer_syntax_not_accepted
    |   |-- InflationLimitError            inflation_limit
    |   |-- TooManyPixelsError             too_many_pixels
    |   |-- MissingPixelDataError          missing_pixel_data
    |   |-- PixelDataLengthError           pixel_data_length
    |   |-- CodestreamMismatchError        codestream_mismatch
    |   |-- DamagedPixelDataError          damaged_pixel_data
    |   `-- UndecodableRadiographError     undecodable
    `-- UnsuitableRadiographError          a sound file which the model must not judge: outcome `rejected`
        |-- OtherObjectError               other_object
        |-- OtherModalityError             other_modality
        |-- ForProcessingError             for_processing
        |-- OtherBodyPartError             other_body_part
        |-- LateralViewError               lateral
        |-- NotFrontalViewError            not_frontal
        |-- MultiFrameError                multi_frame
        |-- ColorError                     color
        |-- TooSmallError                  too_small
        |-- BlankError                     blank
        |-- NotAChestRadiographError       not_a_chest_radiograph
        |-- InvertedPolarityError          inverted_polarity
        |-- RotatedError                   rotated
        `-- LungsCutOffError               lungs_cut_off

The last four are decided from the pixels, by the input gate of the model's bundle (`inference`), and so is a lateral
view where the header says nothing; all others from the file itself.

A leaf's `reason_code` is stored in the database and read by programs: it never changes. Messages name what was found,
where, and what is accepted; they never hold a value that could identify a patient (names, numbers, UIDs, file names).
None of these is ever worth another try; what is (a busy share, a file that is still written) is an `OSError`.

This file is longer than 200 lines so that the whole vocabulary stands in one place.
"""

from typing import ClassVar


class RadiographError(Exception):
    """A file that gives no radiograph for the model.

    Attributes
    ----------
    reason_code : str
        Stable name of the reason, snake_case.
    advice : str
        What an administrator can do, in one sentence.
    """

    reason_code: ClassVar[str]
    advice: ClassVar[str]


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
    """The content is neither DICOM nor PNG nor JPEG."""

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
    """A UID breaks the syntax of PS3.5 section 9.1."""

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
    """More pixels than any chest radiograph has."""

    reason_code = "too_many_pixels"
    advice = "Check what this file is; no chest radiograph has more than 50 megapixels."


class MissingPixelDataError(UnreadableRadiographError):
    """A DICOM object without Pixel Data: a header alone, or a copy that was cut off before the pixels."""

    reason_code = "missing_pixel_data"
    advice = "Send the file again with its pixels; only a header arrived."


class PixelDataLengthError(UnreadableRadiographError):
    """Pixel Data holds more or fewer bytes than the header promises."""

    reason_code = "pixel_data_length"
    advice = "Send the file again; its pixels do not fill the picture that its header describes."


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
    """A colour picture."""

    reason_code = "color"
    advice = "Send the original grayscale radiograph; this picture is in colour."


class TooSmallError(UnsuitableRadiographError):
    """Fewer than 16 rows or columns."""

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


def _leaves(branch: type[RadiographError]) -> list[type[RadiographError]]:
    children = branch.__subclasses__()
    return [leaf for child in children for leaf in _leaves(child)] if children else [branch]


REASONS: dict[str, str] = {leaf.reason_code: leaf.advice for leaf in _leaves(RadiographError)}
