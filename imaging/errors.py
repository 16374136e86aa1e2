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

The leaves stand in `imaging.unreadable` and `imaging.unsuitable`, all their codes in `imaging.reasons`.
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
