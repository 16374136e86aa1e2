"""The life of an engine process: load, compare, warm up, listen, serve."""

import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from inference.bundle import BundleError, BundleMismatchError, read_bundle
from inference.engines.keras import forbid_tf32, has_gpu
from inference.engines.protocol import EngineUnavailableError
from inference.serving.batches import BatchRunner
from inference.serving.parity import ParityError, load_engine_in_parity
from inference.serving.report import EngineReport, EngineState, write_report
from inference.serving.server import EngineServer, open_listener

log = logging.getLogger(__name__)


class EngineUnusableError(RuntimeError):
    """An engine cannot run here, and would not if it were started again."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """With what its keeper starts an engine process.

    Attributes
    ----------
    folder, model_sha256
        The bundle, and the hash that it must have.
    on_gpu : bool
        Whether its device is a GPU; the environment has made it the only one that is seen.
    socket : Path
        Where to listen once it is ready.
    page : int
        Descriptor of the page for its report.
    """

    folder: Path
    model_sha256: str
    on_gpu: bool
    socket: Path
    page: int
    batch_size: int
    linger_seconds: float


def run_engine(options: EngineOptions) -> NoReturn:
    """Be an engine process, for as long as nobody ends it.

    Raises
    ------
    EngineUnusableError
        It cannot run here; the report says why.
    Exception
        The device failed; another start may help.
    """
    report = EngineReport(os.getpid(), EngineState.STARTING, batch_size=options.batch_size)
    write_report(options.page, report)
    try:
        runner, precision = _load(options)
    except (BundleError, EngineUnavailableError, ParityError) as error:
        log.critical("%s", error, extra={"action": "engine_unusable"})
        write_report(options.page, replace(report, state=EngineState.UNUSABLE, note=str(error)))
        raise EngineUnusableError(str(error)) from error
    _serve(options, runner, replace(report, state=EngineState.READY, precision=precision))


def _load(options: EngineOptions) -> tuple[BatchRunner, str]:
    bundle = read_bundle(options.folder)
    if bundle.model_sha256 != options.model_sha256:
        raise BundleMismatchError("the bundle has been replaced since the service started: restart the service")
    if options.on_gpu:
        _prepare_gpu()
    return load_engine_in_parity(bundle, options.batch_size, on_gpu=options.on_gpu)


def _prepare_gpu() -> None:
    try:
        found = has_gpu()
        forbid_tf32()
    except ImportError as error:
        raise EngineUnavailableError(f"Keras cannot be imported ({error})") from error
    if not found:
        raise EngineUnavailableError(
            "Keras sees no GPU: is its backend installed with CUDA, and the driver new enough?"
        )


def _serve(options: EngineOptions, runner: BatchRunner, report: EngineReport) -> NoReturn:
    def write(films: int, batches: int, busy_since: float | None) -> None:
        now = replace(report, batch_size=runner.batch_size, films=films, batches=batches, busy_since=busy_since)
        write_report(options.page, now)

    shapes = runner.warm_up()
    with open_listener(options.socket) as listener:
        log.info("ready: %s, %d films a batch", report.precision, runner.batch_size, extra={"action": "engine_ready"})
        EngineServer(
            listener,
            runner,
            shapes,
            model_sha256=options.model_sha256,
            linger_seconds=options.linger_seconds,
            report=write,
        ).serve()
