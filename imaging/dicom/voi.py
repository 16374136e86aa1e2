"""The VOI LUT (PS3.3 C.11.2): a table or the first window."""

import numpy as np
import numpy.typing as npt

from imaging.dicom.attributes import code_string, first_real
from imaging.dicom.header import DicomFile
from imaging.dicom.lookup_table import find_table
from imaging.unreadable import InvalidAttributeError

Values = npt.NDArray[np.float64]

_MAX_EXPONENT = 700.0  # exp overflows float64 beyond 709; the sigmoid is 0 or 1 in float32 long before


def apply_voi(file: DicomFile, values: Values) -> Values | None:
    """Apply the VOI LUT Sequence, else the first window.

    Parameters
    ----------
    file : DicomFile
        A parsed header.
    values : ndarray of float64, shape (n,)
        Modality values.

    Returns
    -------
    ndarray of float64, shape (n,), range [0, 1], or None
        None where the header has neither a table nor both Window Center and Window Width.

    Raises
    ------
    InvalidAttributeError
        A table or window that PS3.3 C.11.2 does not allow.
    """
    table = find_table(file, "VOILUTSequence", signed=bool(values.min() < 0))
    if table is not None:
        return np.asarray(np.clip(table.apply(values) / (2**table.bits - 1), 0.0, 1.0))
    center, width = first_real(file.dataset, "WindowCenter"), first_real(file.dataset, "WindowWidth")
    if center is None or width is None:
        return None
    return apply_window(values, center, width, code_string(file.dataset, "VOILUTFunction") or "LINEAR")


def apply_window(values: Values, center: float, width: float, function: str) -> Values:
    """Apply one window.

    Parameters
    ----------
    values : ndarray of float64
        Modality values.
    center, width : float
        Window Center (0028,1050) and Window Width (0028,1051), in units of the modality values.
    function : str
        VOI LUT Function (0028,1056): "LINEAR" (C.11.2.1.2.1), "LINEAR_EXACT" (C.11.2.1.3.2) or
        "SIGMOID" (C.11.2.1.3.1).

    Returns
    -------
    ndarray of float64, range [0, 1]
        Displayed values.

    Raises
    ------
    InvalidAttributeError
        Another function, a LINEAR width below 1, another width not above 0.
    """
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        raise InvalidAttributeError("VOILUTFunction is none of LINEAR, LINEAR_EXACT and SIGMOID")
    if width < 1 if function == "LINEAR" else width <= 0:
        raise InvalidAttributeError(f"WindowWidth {width:g} is too small for {function}")
    if function == "SIGMOID":
        exponent = np.clip(-4.0 * (values - center) / width, -_MAX_EXPONENT, _MAX_EXPONENT)
        return np.asarray(1.0 / (1.0 + np.exp(exponent)))
    if function == "LINEAR":
        center, width = center - 0.5, width - 1.0
    if width == 0:
        return np.where(values <= center, 0.0, 1.0)
    return np.asarray(np.clip((values - center) / width + 0.5, 0.0, 1.0))
