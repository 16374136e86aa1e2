"""Load a model, read a film, and ask: `python docs/example.py film.dcm`. Research use only. Not for diagnosis."""

import sys
from pathlib import Path

from imaging import read_radiograph
from inference.bundle import SHIPPED_BUNDLE
from inference.classifier import Classifier


def main(film: Path, bundle: Path = SHIPPED_BUNDLE) -> None:
    """Print what a model says of one radiograph: DICOM, PNG or JPEG."""
    classifier = Classifier.load(bundle)
    prediction = classifier.predict_radiograph(read_radiograph(film))
    print(f"{prediction.outcome}: {prediction.label or prediction.reason_code}")
    for label, probability in prediction.probabilities.items():
        print(f"  {label}: {probability:.3f}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
