"""Building a data set: films from public layouts, class folders and DICOM files; each film once, each patient whole.

::

    readers of layouts --offers--> reading (process pool) --> same films --> selection --> folder and manifest.csv
    cohen, folders,               pixels by `imaging`,       neighbours,    labels,        dropped.csv
    prepared, dicom               fingerprint                registration   patients, cap

Every film that an input offers ends in exactly one of the two lists, `manifest.csv` or `dropped.csv`, with a reason.
"""

from training.preparation.inputs import PrepareSettings
from training.preparation.preparation import Preparation, prepare

__all__ = ["Preparation", "PrepareSettings", "prepare"]
