"""The engines that run a bundle's graph: LiteRT for serving on CPUs, Keras (`inference.engines.keras`) for GPUs.

Both take radiographs and return logits and class activation maps. Neither is imported before it is built: LiteRT
costs 0.1 s, TensorFlow 3 s. Build an engine in the process that uses it: a LiteRT interpreter holds native state
that a fork would share.
"""

from typing import Literal

from inference.bundle import KERAS_NAME, LITERT_NAME, Bundle, BundleMismatchError
from inference.engines.litert import LiteRTEngine
from inference.engines.protocol import Engine

EngineName = Literal["litert", "keras"]


def load_engine(bundle: Bundle, name: EngineName, *, threads: int = 1) -> Engine:
    """Load the graph of a bundle and check that it is the one that `bundle.json` describes.

    Parameters
    ----------
    bundle : Bundle
        From `read_bundle`, so its hashes are verified.
    name : {"litert", "keras"}
        Which engine.
    threads : int
        Threads for LiteRT; Keras takes its own.

    Returns
    -------
    Engine

    Raises
    ------
    EngineUnavailableError
        The engine is not installed.
    BundleCorruptError
        The file is no such graph.
    BundleMismatchError
        Input size or number of outputs differ from `bundle.json`.
    """
    engine: Engine
    if name == "litert":
        engine = LiteRTEngine(bundle.folder / LITERT_NAME, threads=threads)
    else:
        from inference.engines.keras import KerasEngine

        engine = KerasEngine(bundle.folder / KERAS_NAME)
    found = (engine.input_size, engine.output_count)
    named = (bundle.input_size, len(bundle.outputs))
    if found != named:
        raise BundleMismatchError(f"the {name} graph has input size and outputs {found}: bundle.json names {named}")
    return engine
