"""What makes a sound file one that the model must not judge: outcome ``rejected``."""

from imaging.errors import UnsuitableRadiographError


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
