"""Everything that the service needs, looked at one by one: for ``doctor``."""

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from imaging import RotatedError, UnsuitableRadiographError
from inference.bundle import BundleError
from inference.labels import Outcome
from installation.disk import measure_disk
from installation.errors import ActiveModelUnknownError
from installation.home import find_inboxes, is_locked
from installation.installation import Installation
from installation.neighbours import describe_neighbours
from installation.settings import DEFAULT_INBOX
from store.database import reading
from store.errors import StoreError, describe_database_error
from store.ledger.deliveries import count_waiting
from store.location import find_filesystem_type, is_network_share
from store.schema import check_encoding
from worker.engines.devices import choose_devices
from worker.errors import DeviceError, InboxError
from worker.health.status import describe_target
from worker.intake.inbox import check_inbox, list_files
from worker.intake.inboxes import describe_fault
from worker.queue.broker import ping_broker

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from inference.classifier import Classifier

    Pixels = npt.NDArray[np.float32]

PHANTOM_SEED, PHANTOM_SIZE = 1, (625, 512)
FEW_WATCHES = 8192
LONGEST_WALK_SECONDS, NAMED_SUBFOLDERS = 5.0, 3


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's findings; ``advice`` is empty where all is well."""

    name: str
    found: str
    advice: str = ""
    is_warning: bool = False


def find_watched(installation: Installation) -> Sequence[Path]:
    """Return the inboxes that the service of this home watches, or those which it is set to watch."""
    return find_inboxes(installation.home) or installation.settings.inbox


def run_checks(installation: Installation, inboxes: Iterable[Path]) -> Iterator[Check]:
    """Look at everything that the service needs; each check says what was found and what to do."""
    for check in (
        _check_home,
        _check_service,
        _check_disk,
        _check_database,
        _check_broker,
        _check_devices,
        _check_model,
        _check_answer,
    ):
        yield check(installation)
    if installation.settings.list_targets():
        yield check_targets(installation)
    yield _check_user()
    for inbox in inboxes:
        yield _check_inbox(installation, inbox)
        yield _check_subfolders(installation, inbox)
        yield _check_share(inbox)
    yield _check_watches()


def _check_user() -> Check:
    if os.geteuid() == 0:
        advice = "the service needs no rights but to its folders: give it a user of its own"
        return Check("user", "root", advice, is_warning=True)
    return Check("user", "not root")


def _check_home(installation: Installation) -> Check:
    home = installation.home.root
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    try:
        TemporaryFile(dir=place).close()  # root is denied nothing by permissions, and cannot write everywhere
    except OSError as error:
        found = f"{home} cannot be written ({error.strerror})"
        return Check("home", found, "give this user the folder, or set XRAY_HOME")
    return Check("home", f"{home} can be written" if home.exists() else f"{home} does not exist yet; 'watch' makes it")


def _check_service(installation: Installation) -> Check:
    """Say whether a service runs here; who stands in the wrong folder hears where one does."""
    if is_locked(installation.home):
        return Check("service", "runs on this home")
    return Check("service", "none runs on this home", describe_neighbours(installation.home), is_warning=True)


def _check_disk(installation: Installation) -> Check:
    space = measure_disk(installation.home.root, installation.settings.min_free_bytes)
    advice = "make room: files are moved here, and work pauses until there is some" if space.is_low else ""
    return Check("disk", space.describe(), advice)


def _check_database(installation: Installation) -> Check:
    def look() -> str:
        check_encoding(installation.ledger)
        return f"{installation.ledger.dialect.name} answers, its schema is this version's"

    if installation.settings.keeps_own_ledger and not installation.has_ledger:
        return Check("database", "none yet; 'watch' makes it")
    return _attempt(
        "database", look, "is it running, and is XRAY_DATABASE_URL right? New or older: 'xray-cli db upgrade'"
    )


def _check_broker(installation: Installation) -> Check:
    def look() -> str:
        ping_broker(installation.broker_url)
        return "answers"

    if installation.settings.broker_url is None and not is_locked(installation.home):
        return Check("broker", "embedded; it starts with 'watch'")
    return _attempt("broker", look, "is it running, and is XRAY_BROKER_URL right?")


def check_targets(installation: Installation) -> Check:
    """Say what targets in the PACS do not take, in their own words."""

    def look() -> str:
        with reading(installation.ledger) as connection:
            return "; ".join(describe_target(target) for target in count_waiting(connection) if target.failing)

    if not installation.has_ledger:
        return Check("targets", "nothing was sent yet")
    checked = _attempt("targets", look, "is the PACS up, and does it know our AE title?")
    if checked.advice:
        return checked
    advice = "look at the target, and at XRAY_TARGETS" if checked.found else ""
    return Check("targets", checked.found or "take what they are sent", advice)


def _check_devices(installation: Installation) -> Check:
    try:
        devices = choose_devices(installation.settings.devices)
    except DeviceError as error:
        return Check("devices", str(error), "see XRAY_DEVICES")
    return Check("devices", devices.describe(), devices.note, is_warning=bool(devices.note))


def _check_model(installation: Installation) -> Check:
    return _attempt("model", lambda: f"{installation.model.model_version} is sound", "'xray-cli model verify'")


def _check_answer(installation: Installation) -> Check:
    """Let the model judge a synthetic phantom, upright and turned: the way of every film, without a file."""
    import numpy as np

    from imaging.phantoms.anatomy import draw_chest
    from inference.classifier import Classifier

    try:
        classifier = Classifier.load(installation.model)
    except (BundleError, StoreError, ActiveModelUnknownError, OSError):
        return Check("self-test", "the model cannot be loaded", "'xray-cli model verify'")
    chest = draw_chest(PHANTOM_SEED, *PHANTOM_SIZE)
    upright, turned = _ask(classifier, chest), _ask(classifier, np.ascontiguousarray(np.rot90(chest)))
    found = f"synthetic phantom {upright}, turned on its side {turned}"
    fits = upright in (Outcome.PREDICTED, Outcome.INDETERMINATE) and turned == RotatedError.reason_code
    advice = "" if fits else "this model's gate does not know the phantom; see how it fares on films of your own"
    return Check("self-test", found, advice, is_warning=not fits)


def _ask(classifier: "Classifier", pixels: "Pixels") -> str:
    from imaging import Identity, Radiograph

    try:
        return classifier.predict_radiograph(Radiograph(pixels, Identity())).outcome
    except UnsuitableRadiographError as error:
        return error.reason_code


def _check_inbox(installation: Installation, inbox: Path) -> Check:
    after = installation.settings.after
    if not inbox.exists():
        made = inbox == DEFAULT_INBOX  # by 'watch': nothing is wrong with it
        advice = "'watch' makes it" if made else "make it, or name the inbox: xray-cli doctor INBOX, or XRAY_INBOX"
        return Check("inbox", f"{inbox} is not there yet", advice, is_warning=made)
    try:
        check_inbox(inbox, installation.home.root, after)
    except InboxError as error:
        return Check("inbox", str(error), "see XRAY_AFTER and the folder's permissions")
    if after != "move":
        return Check("inbox", f"{inbox} can be read")
    found = inbox.stat()
    if found.st_mode & stat.S_ISVTX and os.geteuid() not in (0, found.st_uid):
        what = f"{inbox} can be read, and is sticky: files of other users cannot be moved out"
        return Check("inbox", what, "take the sticky bit off (chmod -t), or set XRAY_AFTER=keep", is_warning=True)
    return Check("inbox", f"{inbox} can be read and emptied")


def _check_subfolders(installation: Installation, inbox: Path) -> Check:
    """Walk the inbox as the service does; a large one for a few seconds."""
    closed: dict[str, OSError] = {}
    deadline = time.monotonic() + LONGEST_WALK_SECONDS
    with suppress(OSError):  # of the inbox itself, which is said above
        for _ in list_files(str(inbox.resolve()), frozenset({str(installation.home.root)}), closed):
            if time.monotonic() > deadline:
                break
    if not closed:
        return Check("subfolders", "all that were seen can be entered")
    named = ", ".join(f"{path} ({describe_fault(error)})" for path, error in list(closed.items())[:NAMED_SUBFOLDERS])
    more = f" and {len(closed) - NAMED_SUBFOLDERS} more" if len(closed) > NAMED_SUBFOLDERS else ""
    return Check(
        "subfolders", f"cannot be entered: {named}{more}", "let this user read and enter them, or move them away"
    )


def _check_share(inbox: Path) -> Check:
    kind = find_filesystem_type(inbox)
    if is_network_share(inbox):
        advice = "events and leases do not cross a share: files are found by scanning, within XRAY_RESCAN_SECONDS"
        return Check("file system", f"{kind}, a network share", advice, is_warning=True)
    return Check("file system", f"{kind}, a local disk")


def _check_watches() -> Check:
    path = Path("/proc/sys/fs/inotify/max_user_watches")
    allowed = int(path.read_text()) if path.exists() else 0
    advice = "" if allowed >= FEW_WATCHES else "raise fs.inotify.max_user_watches; scanning still finds every file"
    return Check("file events", f"{allowed} folders may be watched", advice, is_warning=bool(advice))


def _attempt(name: str, look: Callable[[], str], advice: str) -> Check:
    try:
        return Check(name, look())
    except (StoreError, BundleError, ActiveModelUnknownError) as error:
        return Check(name, str(error), advice)
    except SQLAlchemyError as error:
        return Check(name, describe_database_error(error), advice)
    except (RedisError, OSError, ValueError) as error:
        return Check(name, f"does not answer ({type(error).__name__})", advice)
