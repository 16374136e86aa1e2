"""What makes a file damaged, hostile or no radiograph file at all: it is quarantined."""

from imaging.errors import UnreadableRadiographError


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
