"""The inputs of one preparation, and the films that they offer."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from documents.figures import say_count
from inference.labels import LABELS, OTHER_FINDING
from store.identifiers import Protect, build_protection
from training.data.dataset import MANIFEST_NAME, UNKNOWN, Case
from training.data.folders import read_class_folders
from training.data.vocabulary import OTHER_FINDINGS
from training.preparation import cohen, dicom
from training.preparation.folders import list_folders
from training.preparation.offer import MISSING_FILE, Offer, OutputTakenError
from training.preparation.prepared import list_prepared
from training.preparation.reading import Reading
from training.preparation.selection import LABEL_CONFLICT
from training.preparation.views import Views

SALT_BYTES = 32
SITE = "outcomes"


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """What to prepare, and how.

    Attributes
    ----------
    output : Path
        The data set's folder.
    metadata, images : Path or None
        The ieee8023 layout.
    folders : tuple of Path
        Class folders, or data sets with a manifest.
    dicom, labels : Path or None
        A folder of DICOM files and the table of their labels.
    site_films : tuple of Case
        Films that were screened here, with what RT-PCR, readers and reviews say of them.
    views : Views
        The wanted ones.
    no_finding, other_findings : bool
        "No Finding" of the ieee8023 layout becomes `normal`; films of other findings become `other_finding`.
    max_per_patient : int or None
        Most films of one patient.
    source : str
        Name of the data set that is read; "" takes the layout's.
    salt_file : Path or None
        The key with which patients' ids are hashed; None takes `<output>.salt`.
    link : bool
        Hard links instead of copies, where the file system can.
    workers : int
        Reading processes; 0 takes one a core.
    lungs : Path or None
        Bundle whose gate looks at the films of class folders; None takes the one that ships.
    """

    output: Path
    metadata: Path | None = None
    images: Path | None = None
    folders: tuple[Path, ...] = ()
    dicom: Path | None = None
    labels: Path | None = None
    site_films: tuple[Case, ...] = ()
    views: Views = field(default_factory=Views)
    no_finding: bool = False
    other_findings: bool = False
    max_per_patient: int | None = None
    source: str = ""
    salt_file: Path | None = None
    link: bool = False
    workers: int = 0
    lungs: Path | None = None


def check_places(settings: PrepareSettings) -> None:
    """Refuse an output that lies in an input, where its films would be read again by the next run.

    Raises
    ------
    OutputTakenError
        It does.
    """
    output = settings.output.resolve()
    for folder in (settings.images, *settings.folders, settings.dicom):
        if folder and output.is_relative_to(folder.resolve()):
            raise OutputTakenError(f"the output {settings.output} lies in the input {folder}; choose another output")


def list_offers(settings: PrepareSettings, say: Callable[[str], None]) -> Iterator[Offer]:
    """Yield what the inputs offer; of DICOM files only that they are there."""
    if settings.metadata and settings.images:
        say(f"reading {settings.metadata} in the ieee8023 layout")
        source = settings.source or cohen.SOURCE
        yield from cohen.list_cohen(
            settings.metadata, settings.images, settings.views, source, no_finding=settings.no_finding
        )
    for folder in settings.folders:
        if (folder / MANIFEST_NAME).is_file():
            say(f"{folder}: data set with a manifest")
            yield from list_prepared(folder, settings.source)
        else:
            found = read_class_folders(folder)
            say(f"{folder}: {found.layout.title}")
            for kind, count in sorted(found.unread.items()):
                say(f"{folder}: {say_count(count, 'file')} left out: {kind} is not read; DICOM, PNG and JPEG are")
            yield from list_folders(found, settings.source)
    if settings.dicom:
        say(f"{settings.dicom}: DICOM files with a table of labels")
        yield from dicom.list_dicom(settings.dicom, settings.source or dicom.SOURCE)
    if settings.site_films:
        say(f"{say_count(len(settings.site_films), 'film')} that were screened here")
        yield from _list_site_films(settings)


def _list_site_films(settings: PrepareSettings) -> Iterator[Offer]:
    """Yield the site's own films; the gate will look at each, since what was refused may have a label too."""
    protect = _build_protection(settings)
    for case in settings.site_films:
        view, sex, age_group = ("" if fact == UNKNOWN else fact for fact in (case.view, case.sex, case.age_group))
        yield Offer(
            source=settings.source or SITE,
            origin=case.path.name,
            label=case.reference_label,
            patient_id=(protect(case.patient_id) or "") if case.is_patient_known else "",
            view=view,
            sex=sex,
            site="" if case.source == UNKNOWN else case.source,
            age_group=age_group,
            path=case.path,
            needs_gate=True,
        )


def _build_protection(settings: PrepareSettings) -> Protect:
    salt = read_salt(settings.salt_file or settings.output.with_name(settings.output.name + ".salt"))
    return build_protection(store_identifiers=False, key=salt)


def complete_offers(settings: PrepareSettings, offers: Sequence[Offer], readings: Sequence[Reading]) -> list[Offer]:
    """Add to each offer what reading its file has shown; labels of a table without a file become offers too."""
    pairs = list(zip(offers, readings, strict=True))
    if settings.dicom and settings.labels:
        pairs = list(_complete_dicom(settings, settings.labels, pairs))
    return _settle([decide(_add_reading(offer, reading), settings) for offer, reading in pairs])


def _settle(offers: Iterable[Offer]) -> list[Offer]:
    """Make one offer of those with one name: the same bytes twice in a folder of DICOM files, even with two labels."""
    settled: dict[tuple[str, str], Offer] = {}
    for offer in offers:
        other = settled.get(offer.key)
        if other is None or other.why not in ("", LABEL_CONFLICT):
            settled[offer.key] = offer
        elif offer.why == LABEL_CONFLICT or (not offer.why and offer.label != other.label):
            settled[offer.key] = replace(offer, label="", why=LABEL_CONFLICT)
    return list(settled.values())


def _complete_dicom(
    settings: PrepareSettings, table: Path, pairs: Sequence[tuple[Offer, Reading]]
) -> Iterator[tuple[Offer, Reading]]:
    labels = dicom.read_labels(table)
    protect = _build_protection(settings)
    found: set[str] = set()
    for offer, reading in pairs:
        if not offer.needs_header:
            yield offer, reading
            continue
        completed, keys = dicom.complete_from_header(offer, reading.identity, reading.sha256, labels, protect)
        found.update(keys)
        yield completed, reading
    for offer in dicom.list_labels_without_file(labels, found, table, settings.source or dicom.SOURCE):
        yield offer, Reading("")


def _add_reading(offer: Offer, reading: Reading) -> Offer:
    return replace(offer, sha256=reading.sha256, why=reading.why or offer.why)


def decide(offer: Offer, settings: PrepareSettings) -> Offer:
    """Give an offer its final label, or the reason for which it is left out; where its header must tell, leave it."""
    if offer.why or (offer.needs_header and not offer.label):
        return offer
    if offer.label not in LABELS:
        if not (settings.other_findings and offer.label in OTHER_FINDINGS):
            return replace(offer, why=offer.label)
        offer = replace(offer, label=OTHER_FINDING)
    fault = settings.views.find_fault(offer.view, must_be_stated=False)
    return replace(offer, why=fault or ("" if offer.path else MISSING_FILE))


def read_salt(path: Path) -> bytes:
    """Return the key for patients' ids, made at the first use; only its owner can read it.

    Raises
    ------
    OSError
        It can be neither read nor made.
    """
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_hex(SALT_BYTES) + "\n")
    except FileExistsError:
        pass
    return path.read_bytes().strip()
