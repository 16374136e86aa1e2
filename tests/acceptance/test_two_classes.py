"""A model of two classes serves in place of the one that ships: on CPUs, then with engines, and in every output."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest

from documents.figures import ABSENT
from imaging.phantoms.files import write_dicom_phantom
from inference.bundle import read_bundle
from installation.home import Home
from tests.acceptance.conftest import Site, wait_until
from tests.acceptance.test_main_job import drop_phantoms
from tests.two_classes import write_two_class_bundle
from worker.engines.board import read_engines

# TensorFlow starts in seconds on a quiet machine and in minutes on one where others compute too
pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

START_SECONDS = 300.0
BOTH = {"covid19", "normal"}
ALL = {*BOTH, "viral_pneumonia"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_two_class_bundle(tmp_path_factory.mktemp("bundles") / "two")


def engines_are_ready(site: Site) -> bool:
    return [engine.state for engine in read_engines(Home(site.home))] == ["ready", "ready"]


def test_a_period_in_which_both_models_answered_is_reported_rightly(site: Site, bundle: Path) -> None:
    site.start()
    drop_phantoms(site.inbox, 2)
    site.wait_for_results(2)
    assert site.stop() == 0
    activated = site.run("model", "activate", bundle)
    assert activated.returncode == 0, activated.stderr
    site.start()
    drop_phantoms(site.inbox, 2, first=2)
    site.wait_for_results(4)
    assert site.stop() == 0
    site.settings |= {"XRAY_DEVICES": "cpu,cpu", "XRAY_WORKERS": "1"}
    site.start()
    wait_until(lambda: engines_are_ready(site), what="both engines", seconds=START_SECONDS)
    drop_phantoms(site.inbox, 2, first=4)
    site.wait_for_results(6, seconds=START_SECONDS)
    assert "ready, float32" in site.run("status").stdout
    assert site.stop() == 0
    check_json(site, bundle)
    check_sheet_and_page(site)


def check_json(site: Site, bundle: Path) -> None:
    report = site.report()
    two = read_bundle(bundle).model_sha256
    known = {
        result["file_name"]: (set(result["probabilities"]), result["model_sha256"] == two)
        for result in report["results"]
    }
    assert known == {f"{n:04}.dcm": (BOTH, True) if n > 1 else (ALL, False) for n in range(6)}
    rates = report["rates"]["labels"]
    assert {label: rate["whole"] for label, rate in rates.items()} == {"covid19": 6, "viral_pneumonia": 2, "normal": 6}
    least = site.run("report", "--since", "1h", "--min-probability", "viral_pneumonia=0", "--format", "json")
    assert [result["file_name"] for result in json.loads(least.stdout)["results"]] == ["0000.dcm", "0001.dcm"]


def check_sheet_and_page(site: Site) -> None:
    lines = list(csv.DictReader(StringIO(site.run("report", "--since", "1h", "--format", "csv").stdout)))
    assert [line["probability_viral_pneumonia"] == "" for line in lines] == [False, False, True, True, True, True]
    assert all(line["probability_normal"] for line in lines)
    table = " ".join(site.run("report", "--since", "1h").stdout.split())
    assert "The rate of viral pneumonia is over 2 films: the models of the others do not know it." in table
    ends = " ".join(site.run("report", "--since", "1h", "--model", "without-viral_pneumonia").stdout.split())
    assert f"viral pneumonia {ABSENT} {ABSENT}" in ends
    page = site.run("report", "--since", "1h", "--model", "without-viral_pneumonia", "--format", "html").stdout
    assert "no model knew it" in page


def test_predict_draws_and_answers_with_two_classes(site: Site, bundle: Path) -> None:
    film = site.root / "film.dcm"
    write_dicom_phantom(film, seed=1)
    answered = site.run("predict", film, "--model", bundle, "--heatmap", site.root / "pictures", "--format", "json")
    assert answered.returncode == 0, answered.stderr
    (answer,) = json.loads(answered.stdout)
    assert (answer["outcome"], set(answer["probabilities"])) == ("predicted", BOTH)
    assert len(list((site.root / "pictures").iterdir())) == 1
    said = site.run("predict", film, "--model", bundle).stdout
    assert "normal 0." in said
    assert "viral_pneumonia" not in said
    shown = json.loads(site.run("model", "show", bundle).stdout)
    assert (set(shown["labels"]), set(shown["operating_points"])) == (BOTH, {*BOTH, "other_finding"})
