"""By what the objects that this program makes are known: so that an answer never comes back as a film.

A PACS sends on what it is sent. It may write the file's meta information anew, and keeps who made the object.
"""

from pydicom.dataset import Dataset

from imaging.dicom.attributes import text
from imaging.errors import OwnObjectError

MANUFACTURER = "xray-watch"
MODEL_NAME = "xray-watch screening"  # phantoms have the manufacturer too, and another model
IMPLEMENTATION_CLASS_UID = "2.25.216453313313315042723323316822337046549"
"""Implementation Class UID (0002,0012) of what writes our objects and speaks for us, PS3.7 D.3.3.2."""
IMPLEMENTATION_VERSION_NAME = "XRAY_WATCH_1"


def check_not_own(dataset: Dataset) -> None:
    """Refuse an object that this program, here or elsewhere, has made; raises OwnObjectError."""
    if (text(dataset, "Manufacturer"), text(dataset, "ManufacturerModelName")) == (MANUFACTURER, MODEL_NAME):
        raise OwnObjectError("an answer of this program, which some system has sent back; films are accepted")
