"""The VOI LUT (PS3.3 C.11.2): tables and windows, in the order in which they are tried."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from imaging.dicom.attributes import code_strings, reals
from imaging.dicom.header import DicomFile
from imaging.dicom.lookup_table import list_items, read_table
from imaging.errors import InvalidAttributeError

Values = npt.NDArray[np.float64]

# of the gray scale; a window may be left over from other pixels (8 bits in one for 12 have a sixteenth and look black),
# a table is made for its own
_LEAST_CONTRAST_IN_WINDOW, _LEAST_CONTRAST_IN_TABLE = 1 / 8, 1 / 256
_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
_MAX_EXPONENT = 700.0  # exp overflows float64 beyond 709; the sigmoid is 0 or 1 in float32 long before


def has_voi(file: DicomFile) -> bool:
    """Return whether the header says anything of how the picture is to be shown."""
    return bool(_list_tables(file) or reals(file.dataset, "WindowCenter") or reals(file.dataset, "WindowWidth"))


def list_voi(file: DicomFile, values: Values, inputs: Values, step: float) -> Iterator[tuple[Values, float]]:
    """Yield how the picture is displayed by each usable table, then by each usable window.

    Parameters
    ----------
    file : DicomFile
        A parsed header.
    values : ndarray of float64, shape (n,)
        Modality values.
    inputs : ndarray of float64
        Those of them that a sound picture can hold.
    step : float
        From one modality value to the next, at most 1.

    Yields
    ------
    shown : ndarray of float64, shape (n,), range [0, 1]
        Displayed values.
    least_contrast : float
        Share of the gray scale that a picture has at least; less is none.
    """
    for item in _list_tables(file):
        try:
            table = read_table(item, "LUTDescriptor", "LUTData", inputs, big_endian=file.syntax.big_endian)
        except InvalidAttributeError:
            continue
        yield np.asarray(np.clip(table.apply(values) / table.white, 0.0, 1.0)), _LEAST_CONTRAST_IN_TABLE
    functions = [name for name in code_strings(file.dataset, "VOILUTFunction") if name in _FUNCTIONS] or ["LINEAR"]
    windows = zip(reals(file.dataset, "WindowCenter"), reals(file.dataset, "WindowWidth"), strict=False)
    for number, (center, width) in enumerate(windows):
        if center is not None and width is not None and width > 0:
            function = functions[min(number, len(functions) - 1)]
            yield apply_window(values, center, width, function, step), _LEAST_CONTRAST_IN_WINDOW


def _list_tables(file: DicomFile) -> list[Dataset]:
    try:
        return list_items(file, "VOILUTSequence")
    except InvalidAttributeError:
        return []


def apply_window(values: Values, center: float, width: float, function: str, step: float = 1.0) -> Values:
    """Apply one window.

    Parameters
    ----------
    values : ndarray of float64
        Modality values.
    center, width : float
        Window Center (0028,1050) and Window Width (0028,1051), in units of the modality values; width above 0.
    function : str
        VOI LUT Function (0028,1056): "LINEAR" (C.11.2.1.2.1), "LINEAR_EXACT" (C.11.2.1.3.2) or
        "SIGMOID" (C.11.2.1.3.1).
    step : float
        From one modality value to the next. LINEAR takes it for 1; Rescale Slopes below 1 make it smaller, and a width
        below it is LINEAR_EXACT.

    Returns
    -------
    ndarray of float64, range [0, 1]
        Displayed values.
    """
    if function == "SIGMOID":
        exponent = np.clip(-4.0 * (values - center) / width, -_MAX_EXPONENT, _MAX_EXPONENT)
        return np.asarray(1.0 / (1.0 + np.exp(exponent)))
    if function == "LINEAR" and width >= step:
        center, width = center - step / 2, width - step
    if width == 0:
        return np.where(values <= center, 0.0, 1.0)
    return np.asarray(np.clip((values - center) / width + 0.5, 0.0, 1.0))
