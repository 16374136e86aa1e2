"""Why a data set cannot be used.

The errors:

    DatasetError
    +-- DatasetNotFoundError      no such folder, or nothing in it that belongs to a class
    +-- DatasetManifestError      a table lacks a column, or a row of manifest.csv names no label or no file
    +-- DatasetFolderError        a folder holds pictures, and its name tells no class
    +-- DatasetTooSmallError      too few classes, or too few patients of one (training.run.stages)
    +-- LabelConflictError        the same file stands under two labels (training.data.split)
    +-- PatientOnTwoSidesError    one patient's radiographs were put on two sides of a split (training.data.split)
"""

import os


class DatasetError(Exception):
    """A data set cannot be used for training."""

    exit_code = os.EX_DATAERR


class DatasetNotFoundError(DatasetError):
    """There is no data set at this place."""

    exit_code = os.EX_NOINPUT


class DatasetManifestError(DatasetError):
    """The manifest of a data set is incomplete or contradicts itself."""


class DatasetFolderError(DatasetError):
    """A folder of pictures is named by no class."""


class DatasetTooSmallError(DatasetError):
    """A label has too few patients, or none, on a side of the split."""


class LabelConflictError(DatasetError):
    """The same film has two labels."""


class PatientOnTwoSidesError(DatasetError):
    """A patient would be both trained on and tested on."""
