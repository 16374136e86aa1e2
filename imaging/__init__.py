"""File to radiograph to model input: no TensorFlow, no SQL, no network.

Importing this package is cheap; what needs numpy, OpenCV or pydicom is loaded when it is first asked for (PEP 562).
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imaging.errors import RadiographError, UnreadableRadiographError, UnsuitableRadiographError
    from imaging.formats import identify_format
    from imaging.preprocessing import PREPROCESSING_VERSION, normalize
    from imaging.radiograph import Identity, Radiograph
    from imaging.reader import decode_radiograph, read_radiograph
    from imaging.reasons import REASONS
    from imaging.source import SourceChangedError, SourceFile, read_source
    from imaging.unsuitable import (
        InvertedPolarityError,
        LateralViewError,
        LungsCutOffError,
        NotAChestRadiographError,
        RotatedError,
    )

__all__ = [
    "PREPROCESSING_VERSION",
    "REASONS",
    "Identity",
    "InvertedPolarityError",
    "LateralViewError",
    "LungsCutOffError",
    "NotAChestRadiographError",
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
    "PREPROCESSING_VERSION": "preprocessing",
    "REASONS": "reasons",
    "Identity": "radiograph",
    "InvertedPolarityError": "unsuitable",
    "LateralViewError": "unsuitable",
    "LungsCutOffError": "unsuitable",
    "NotAChestRadiographError": "unsuitable",
    "Radiograph": "radiograph",
    "RadiographError": "errors",
    "RotatedError": "unsuitable",
    "SourceChangedError": "source",
    "SourceFile": "source",
    "UnreadableRadiographError": "errors",
    "UnsuitableRadiographError": "errors",
    "decode_radiograph": "reader",
    "identify_format": "formats",
    "normalize": "preprocessing",
    "read_radiograph": "reader",
    "read_source": "source",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
