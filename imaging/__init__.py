"""File to radiograph to model input: no TensorFlow, no SQL, no network.

Importing this package is cheap; what needs numpy, OpenCV or pydicom is loaded when it is first asked for (PEP 562).
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imaging.errors import (
        REASONS,
        InvertedPolarityError,
        LateralViewError,
        LungsCutOffError,
        NotAChestRadiographError,
        RadiographError,
        RotatedError,
        UnreadableRadiographError,
        UnsuitableRadiographError,
    )
    from imaging.preprocessing import normalize
    from imaging.radiograph import NOTES, Identity, Note, Radiograph
    from imaging.reader import decode_radiograph, read_radiograph
    from imaging.source import SourceChangedError, SourceFile, identify_format, read_source

PREPROCESSING_VERSION = "2"
"""Changes whenever a file that was read rightly gives other numbers in `decode_radiograph` or `normalize`.

Stands in every bundle; and here, so that whoever reads a bundle need not load what prepares pixels.
"""

__all__ = [
    "NOTES",
    "PREPROCESSING_VERSION",
    "REASONS",
    "Identity",
    "InvertedPolarityError",
    "LateralViewError",
    "LungsCutOffError",
    "NotAChestRadiographError",
    "Note",
    "Radiograph",
    "RadiographError",
    "RotatedError",
    "SourceChangedError",
    "SourceFile",
    "UnreadableRadiographError",
    "UnsuitableRadiographError",
    "decode_radiograph",
    "identify_format",
    "normalize",
    "read_radiograph",
    "read_source",
]

_HOMES = {
    "NOTES": "radiograph",
    "REASONS": "errors",
    "Identity": "radiograph",
    "InvertedPolarityError": "errors",
    "LateralViewError": "errors",
    "LungsCutOffError": "errors",
    "NotAChestRadiographError": "errors",
    "Note": "radiograph",
    "Radiograph": "radiograph",
    "RadiographError": "errors",
    "RotatedError": "errors",
    "SourceChangedError": "source",
    "SourceFile": "source",
    "UnreadableRadiographError": "errors",
    "UnsuitableRadiographError": "errors",
    "decode_radiograph": "reader",
    "identify_format": "source",
    "normalize": "preprocessing",
    "read_radiograph": "reader",
    "read_source": "source",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
