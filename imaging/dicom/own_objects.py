"""By what the objects that this program makes are known: so that an answer never comes back as a film.

A PACS sends on what it is sent. It may write the file's meta information anew, and some rename the maker. Maker, meta
information and the UID of the series are each enough.
"""

import hashlib
import uuid

from imaging.dicom.attributes import text
from imaging.dicom.header import DicomFile
from imaging.errors import OwnObjectError
from imaging.radiograph import Identity

MANUFACTURER = "xray-watch"
MODEL_NAME = "xray-watch screening"  # phantoms have the manufacturer too, and another model
IMPLEMENTATION_CLASS_UID = "2.25.216453313313315042723323316822337046549"
"""Implementation Class UID (0002,0012) of what writes our objects and speaks for us, PS3.7 D.3.3.2."""
IMPLEMENTATION_VERSION_NAME = "XRAY_WATCH_1"
ANSWER_VERSION_NAME = "XRAY_ANSWER_1"
"""Implementation Version Name (0002,0013) in the files of answers; a film that we received is written by us too."""


def check_not_own(file: DicomFile, identity: Identity) -> None:
    """Refuse an object that this program, here or elsewhere, has made.

    Parameters
    ----------
    identity : Identity
        What its header says.

    Raises
    ------
    OwnObjectError
        It is one by its maker, its file or its series.
    """
    maker = text(file.dataset, "Manufacturer"), text(file.dataset, "ManufacturerModelName")
    instance_uid = identity.sop_instance_uid
    is_in_own_series = instance_uid is not None and identity.series_instance_uid == make_series_uid(instance_uid)
    if maker == (MANUFACTURER, MODEL_NAME) or file.written_as == ANSWER_VERSION_NAME or is_in_own_series:
        raise OwnObjectError("an answer of this program, which some system has sent back; films are accepted")


def make_uid(root: str, *parts: str) -> str:
    """Return the UID of something that is known by words: the same words give the same UID, at any time and place.

    Parameters
    ----------
    root : str
        The site's own, or 2.25, under which any UUID is unique (PS3.5 B.2).
    *parts : str
        What it is; a UUID is made of them (RFC 9562, version 8 by SHA-256).
    """
    digest = hashlib.sha256("\n".join(parts).encode()).digest()[:16]
    number = bytearray(digest)
    number[6] = number[6] & 0x0F | 0x80
    number[8] = number[8] & 0x3F | 0x80
    return f"{root}.{uuid.UUID(bytes=bytes(number)).int}"


def make_uid_within(instance_uid: str, *parts: str) -> str:
    """Return a UID of something that belongs to an instance of ours: what its report speaks of."""
    return make_uid(instance_uid.rpartition(".")[0], instance_uid, *parts)


def make_series_uid(instance_uid: str) -> str:
    """Return the UID of the series of an instance of ours: it follows from the instance's, as in no film."""
    return make_uid_within(instance_uid, "series")
