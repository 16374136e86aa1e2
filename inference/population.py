"""Whether an answer is about a patient of the kind that the model has learnt from.

The data behind the shipped model entangle class and age: its viral pneumonia films are all of small children, its
COVID-19 films all of adults but one of 281 with a known age (12 years). Only normal films are of both. So an adult's
`viral_pneumonia` and a child's `covid19` rest on nobody like that patient. The answer stands, with its label and its
probabilities, and is marked. Without an age in the header (every PNG and JPEG) nothing can be marked.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from inference.labels import OUTSIDE_TRAINING_POPULATION, Label

if TYPE_CHECKING:
    from imaging import Identity
    from inference.prediction import Prediction

ADULT_FROM_YEARS = 18.0
CHILD_BELOW_YEARS = 16.0

TRAINING_AGES_YEARS: Mapping[Label, tuple[float, float]] = MappingProxyType(
    {
        Label.COVID19: (CHILD_BELOW_YEARS, float("inf")),
        Label.VIRAL_PNEUMONIA: (0.0, ADULT_FROM_YEARS),
        Label.NORMAL: (0.0, float("inf")),
    }
)
"""Ages in years that the training data hold for each label: from the first, below the second."""


def mark_population(prediction: "Prediction", identity: "Identity") -> "Prediction":
    """Mark a label that the model has learnt only from patients of another age.

    Parameters
    ----------
    prediction : Prediction
        An answer of the classifier.
    identity : Identity
        Of the same radiograph; its `patient_age_years` is Patient's Age (0010,1010), PS3.3 C.7.2.2.

    Returns
    -------
    Prediction
        The same, its `reason_code` `outside_training_population` where a label was given and the age is known and
        outside of `TRAINING_AGES_YEARS`. An indeterminate answer keeps the reason that it has.
    """
    age = identity.patient_age_years
    if prediction.label is None or age is None:
        return prediction
    first, end = TRAINING_AGES_YEARS[prediction.label]
    return prediction if first <= age < end else replace(prediction, reason_code=OUTSIDE_TRAINING_POPULATION)
