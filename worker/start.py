"""How every process begins that screens films, or has them screened: what cannot work ends here, in one line."""

from collections.abc import Callable

from installation.home import prepare_home
from installation.installation import Installation
from store.ledger.models import record_model
from store.schema import check_encoding
from worker.engines.devices import Devices, choose_devices


def start(installation: Installation, check_surroundings: Callable[[], object] | None = None) -> Devices:
    """Check everything that screening needs, and enter the model that serves in the ledger.

    Parameters
    ----------
    check_surroundings : Callable or None
        What this kind of process checks or does before anybody looks at the ledger. There may be no home yet: it is
        made once all else is found.

    Returns
    -------
    Devices
        Where the network is to run.

    Raises
    ------
    WorkerError, InstallationError, StoreError, BundleError
        What keeps it from starting.
    """
    devices = choose_devices(installation.settings.devices)
    if check_surroundings is not None:
        check_surroundings()
    ledger, model = installation.ledger, installation.model
    check_encoding(ledger)
    prepare_home(installation.home)
    with ledger.begin() as connection:
        record_model(connection, model.model_sha256, model.model_version, model.folder)
    return devices
