"""The classifier: a radiograph in, a `Prediction` out.

The film is looked at as a whole first (`inference.lungs`); what the network sees is the lungs' frame
(`inference.framing`). How its answer is made: logits / temperature, softmax over all outputs, then

- `other_finding` at or above its operating point: indeterminate, reason `other_finding`;
- else the most probable label, its probability renormalised over the model's labels, below that label's operating
  point: indeterminate, reason `below_operating_point`;
- else predicted, unless it is `covid19`, viral pneumonia comes second, and the patient is of an age at which that class
  was never learnt: then indeterminate, reason `below_operating_point`.

The probabilities of a `Prediction` are the calibrated softmax renormalised over the two or three labels that the model
knows, so they sum to 1 whatever the internal output for other findings says. A label that it does not know has none.
"""

from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from imaging import Radiograph, normalize
from inference.bundle import LUNGS_NAME, Bundle, read_bundle
from inference.engines.loading import EngineName, load_engine
from inference.engines.protocol import Engine
from inference.framing import Box, find_box, frame, frame_box
from inference.lungs import GateLimits, LungFinder, check_sighting
from inference.prediction import Prediction, calibrate, mark_population, to_prediction, withhold_undecided

FILM_SIZE = 512
"""Films are fitted into a square of this many pixels before anything else: finer detail is not used."""


class Classifier:
    """A verified bundle with a loaded engine. Load it in the process that uses it; it is not for several threads."""

    def __init__(self, bundle: Bundle, engine: Engine, finder: LungFinder) -> None:
        self.bundle = bundle
        self._engine = engine
        self._finder = finder
        self._limits = GateLimits(**bundle.gate)

    @classmethod
    def load(cls, model: Path | Bundle, *, engine: EngineName = "litert", threads: int = 1) -> Self:
        """Load a bundle's graph.

        Parameters
        ----------
        model : Path or Bundle
            The bundle's folder, which is read and verified; or what `read_bundle` has just returned.
        engine : {"litert", "keras"}
            Which of the two graphs runs.
        threads : int
            Threads for LiteRT.

        Raises
        ------
        BundleError
            Not found, corrupt or made for something else (`inference.bundle`).
        EngineUnavailableError
            The engine is not installed.
        """
        bundle = model if isinstance(model, Bundle) else read_bundle(model)
        finder = LungFinder(bundle.folder / LUNGS_NAME, threads=threads)
        return cls(bundle, load_engine(bundle, engine, threads=threads), finder)

    def predict(self, batch: npt.NDArray[np.float32]) -> list[Prediction]:
        """Classify radiographs.

        Parameters
        ----------
        batch : numpy.ndarray
            float32 (batch, input_size, input_size, 1) in [0, 1]: the output of `frame`.

        Returns
        -------
        list of Prediction
            One for each radiograph, in order.

        Raises
        ------
        ValueError
            Another shape, dtype or range, or a value that is not finite.
        """
        self._check_batch(batch)
        if not len(batch):
            return []
        logits, maps = self._engine.run(batch)
        probabilities = calibrate(logits, self.bundle.calibration["temperature"])
        points = self.bundle.operating_points
        return [to_prediction(*answer, points) for answer in zip(probabilities, maps, strict=True)]

    def predict_radiograph(self, radiograph: Radiograph) -> Prediction:
        """Check, frame and classify one radiograph: what serves.

        Raises
        ------
        imaging.UnsuitableRadiographError
            The gate refuses the picture (`inference.lungs`).
        """
        film = normalize(radiograph.pixels, FILM_SIZE)
        sighting = self._finder.find(film)
        check_sighting(sighting, self._limits)
        box = find_box(sighting.lungs)
        pixels = frame_box(film, sighting.lungs, box, self.bundle.input_size)
        prediction = self.predict(pixels[np.newaxis, :, :, np.newaxis])[0]
        covered = _to_radiograph(box, radiograph.pixels.shape)
        identity, ages_years = radiograph.identity, self.bundle.training_ages_years
        decided = withhold_undecided(replace(prediction, box=covered), identity, ages_years)
        return mark_population(decided, identity, ages_years)

    def check(self, pixels: npt.NDArray[np.float32]) -> None:
        """Refuse a film, float32 (rows, columns), that is no frontal chest radiograph, as `predict_radiograph` does."""
        check_sighting(self._finder.find(normalize(pixels, FILM_SIZE)), self._limits)

    def find_lungs(self, pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the lung probability, float32 (rows, columns) in [0, 1], of a film of the same shape."""
        return self._finder.find(pixels).lungs

    def frame(self, pixels: npt.NDArray[np.float32], lungs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the model's input, float32 (input_size, input_size), from a film and its lung probability."""
        return frame(pixels, lungs, self.bundle.input_size)

    def _check_batch(self, batch: npt.NDArray[np.float32]) -> None:
        size = self.bundle.input_size
        if batch.dtype != np.float32 or batch.shape[1:] != (size, size, 1):
            raise ValueError(f"batch {batch.dtype} {batch.shape}: accepted is float32 (batch, {size}, {size}, 1)")
        # The negation also catches NaN, which compares false with everything.
        if not np.all((batch >= 0.0) & (batch <= 1.0)):
            raise ValueError("batch holds values outside of [0, 1] or not finite")


def _to_radiograph(box: Box, shape: tuple[int, ...]) -> Box:
    """Convert a box from the fitted square to a radiograph's own pixels, cut at its edges."""
    rows, columns = shape
    longest = max(rows, columns)
    scale, above, before = longest / FILM_SIZE, (longest - rows) / 2, (longest - columns) / 2
    down = (min(max(round(at * scale - above), 0), rows) for at in (box.top, box.bottom))
    across = (min(max(round(at * scale - before), 0), columns) for at in (box.left, box.right))
    return Box(*down, *across)
