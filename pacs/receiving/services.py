"""What we take: the services, SOP classes and transfer syntaxes that are offered to senders."""

from collections.abc import Collection, Iterable

from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)
from pynetdicom.presentation import AllStoragePresentationContexts, PresentationContext, build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # made at import

from imaging.dicom.header import TRANSFER_SYNTAXES
from installation.receiving import Further

LONGEST_PDU_BYTES = 131_072  # that we offer: at 16 KiB, the usual, a film costs twice the time

ALWAYS_TAKEN: tuple[UID, ...] = (ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation)
TAKEN_BY_SETTING: dict[Further, UID] = {
    "processing": DigitalXRayImageStorageForProcessing,
    "secondary-capture": SecondaryCaptureImageStorage,
}

MOST_NAMED = 3
KNOWN_STORAGE = frozenset(context.abstract_syntax for context in AllStoragePresentationContexts)

SUCCESS = 0x0000
OUT_OF_ROOM = 0xA700  # PS3.4 B.2.3: Refused: Out of Resources
OTHER_CLASS = 0xA900  # Error: Data Set does not match SOP Class
NOT_WRITTEN = 0xC001  # Error: Cannot understand, which is all that is left for the rest


def build_contexts(also: Iterable[Further]) -> list[PresentationContext]:
    """List what is accepted in negotiation; all else is refused there.

    Parameters
    ----------
    also : iterable of Further
        SOP classes that are taken by setting.
    """
    # of several that a sender proposes pynetdicom takes our first: one that says what each value is
    syntaxes = sorted(TRANSFER_SYNTAXES, key=lambda uid: uid != ExplicitVRLittleEndian)
    storage = (*ALWAYS_TAKEN, *(TAKEN_BY_SETTING[word] for word in also))
    echo = build_context(Verification, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    return [echo, *(build_context(sop_class, syntaxes) for sop_class in storage)]


def describe_refused(refused: Collection[UID]) -> str:
    """Say which classes are not taken, and which setting takes them; '' where none is of films.

    A sender's own words are not repeated: they may be anything.
    """
    by_setting = [(word, uid) for word, uid in TAKEN_BY_SETTING.items() if uid in refused]
    if by_setting:
        named = " and ".join(uid.name for _, uid in by_setting)
        return f"{named}, which XRAY_LISTEN_ALSO={','.join(word for word, _ in by_setting)} would take"
    known = sorted({uid.name for uid in refused if uid in KNOWN_STORAGE})
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    return f"{', '.join(known[:MOST_NAMED])}{more}, which no setting takes" if known else ""
