"""Public bug reports, as small files: each is read or refused as the table beside them says."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from imaging import REASONS, NotAChestRadiographError, Radiograph, RadiographError, read_radiograph
from inference.bundle import SHIPPED_BUNDLE
from inference.classifier import Classifier
from tests.needs import skip

PICTURES = {".dcm", ".png", ".jpg"}
SAME_ANSWER = re.compile("as control|predicted|as without a window|screened|goes on|read")


@dataclass(frozen=True)
class Ending:
    """What became of one case: a radiograph and the model's probabilities, or a refusal."""

    radiograph: Radiograph | None = None
    probabilities: npt.NDArray[np.float64] | None = None
    refusal: RadiographError | None = None


@pytest.fixture(scope="session")
def cases(shared: Path) -> Path:
    folder = shared / "cases"
    if not folder.is_dir():
        skip("no cases here (../shared/cases)")
    return folder


@pytest.fixture(scope="session")
def expected(cases: Path) -> dict[str, str]:
    """Return what the table says of each file that is read here."""
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", (cases / "EXPECTED.md").read_text(), re.MULTILINE)
    return {name: words for name, words in rows if Path(name).suffix in PICTURES}


@pytest.fixture(scope="session")
def endings(cases: Path, expected: dict[str, str]) -> dict[str, Ending]:
    classifier = Classifier.load(SHIPPED_BUNDLE)
    return {name: read(cases / name, classifier) for name in expected}


def read(path: Path, classifier: Classifier) -> Ending:
    try:
        radiograph = read_radiograph(path)
        probabilities = classifier.predict_radiograph(radiograph).probabilities
    except RadiographError as refused:
        return Ending(refusal=refused)
    return Ending(radiograph, np.array(list(probabilities.values())))


def agrees(words: str, ending: Ending, control: Ending) -> bool:
    """Hold an ending against the words of the table; where they allow two endings, the better one is wanted."""
    if words == "rejected: two films in one picture":
        return isinstance(ending.refusal, NotAChestRadiographError)
    if refused := re.search(r"rejected (\w+)", words):
        return ending.refusal is not None and ending.refusal.reason_code == refused[1] and refused[1] in REASONS
    if ending.radiograph is None or ending.probabilities is None or control.probabilities is None:
        return False
    if years := re.search(r"patient_age_years (\d+)", words):
        return ending.radiograph.identity.patient_age_years == float(years[1])
    assert SAME_ANSWER.search(words), f"an expectation that this test does not understand: {words}"
    return bool(abs(ending.probabilities - control.probabilities).max() <= 0.02)


def test_every_case_ends_as_the_table_says(expected: dict[str, str], endings: dict[str, Ending]) -> None:
    assert len(expected) >= 33
    control = endings["control.dcm"]
    # of another film than the control: that it is read and gets an answer is enough
    others = {name: ending for name, ending in endings.items() if Path(name).suffix == ".jpg"}
    assert [name for name, ending in others.items() if ending.radiograph is None] == []
    wrong = {
        name: (words, endings[name])
        for name, words in expected.items()
        if name not in others and not agrees(words, endings[name], control)
    }
    assert wrong == {}


def test_refused_films_of_the_cases_keep_what_their_headers_say(endings: dict[str, Ending]) -> None:
    refusals = {name: ending.refusal for name, ending in endings.items() if ending.refusal and name.endswith(".dcm")}
    identities = {name: refusal.identity for name, refusal in refusals.items()}
    assert len(identities) >= 6
    assert all(identity and identity.station_name == "SYN" for identity in identities.values())
    assert all(identity and identity.view_position for identity in identities.values())
