"""An evaluation as JSON and back: the same, whatever version wrote it."""

import json
from pathlib import Path
from typing import Any

import pytest

from documents.figures import Estimate
from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.labels import NOTICE
from tests.training.evaluation.content.evaluations import ABSENT, make_evaluation, make_hollow_report, make_report
from training.evaluation.measures import EvaluationError, Measures
from training.evaluation.result import Audit, Evaluation, read_evaluation


def drop_pictures(report: dict[str, Any]) -> dict[str, Any]:
    worst = [
        {name: fact for name, fact in film.items() if name not in {"picture", "overlay"}} for film in report["worst"]
    ]
    return report | {"worst": worst}


def test_json_is_read_and_written_as_the_same_bytes():
    origin = ("evaluated_at", "model_version", "model_sha256", "model", "dataset", "bootstrap")
    report = drop_pictures(make_report())
    first = {name: report.pop(name) for name in ("schema", "notice")} | {name: report.pop(name) for name in origin}
    written = json.dumps(Evaluation.from_json(first | report).to_json())
    again = json.dumps(Evaluation.from_json(json.loads(written)).to_json())
    assert written == again
    assert json.loads(written) == first | report


def test_the_order_is_that_of_the_contract():
    names = list(make_evaluation().to_json())
    assert names[:4] == ["schema", "notice", "evaluated_at", "model_version"]
    assert names[8:10] == ["n", "n_patients"]
    assert names[-1] == "warnings"
    assert make_evaluation().to_json()["notice"] == NOTICE


def test_what_an_earlier_version_did_not_write_is_not_made_up():
    scores = {"n": 2, "n_patients": 1, "per_class": {"covid19": {"support": 2}}, "confusion_matrix": [[2]]}
    old = scores | {"other_finding": {"n": 1, "answered_covid19": {"value": 0.1, "low": 0.0, "high": 0.2}}}
    read = Measures.from_json(old | {"of_a_later_version": 1})
    assert read.to_json() == old
    assert read.other_finding.answered == {"covid19": Estimate(0.1, 0.0, 0.2)}
    assert read.accuracy == Estimate()
    assert read.labels == ("covid19",)


def test_the_metrics_of_the_shipped_bundle_are_read_whole():
    metrics = read_bundle(SHIPPED_BUNDLE).metrics
    written = Measures.from_json(metrics).to_json()
    assert {name: metrics[name] for name in written} == written
    others = {"audit", "left_out_sources", "litert_keras_difference", "training", "lung_finder"}
    assert set(metrics) - set(written) == others
    assert Audit.from_json(metrics["audit"]).to_json() == metrics["audit"]


def test_an_evaluation_without_films_is_one_too():
    evaluation = Evaluation.from_json(make_hollow_report())
    assert (evaluation.n, evaluation.accuracy) == (0, Estimate())


def test_what_every_evaluation_has_must_be_there():
    report = make_report()
    del report["per_class"]
    with pytest.raises(EvaluationError, match="per_class"):
        Evaluation.from_json(report)
    with pytest.raises(EvaluationError, match="accuracy"):
        Evaluation.from_json(make_report() | {"accuracy": {"value": "high"}})


def test_an_evaluation_is_read_from_json_and_nothing_else(tmp_path: Path):
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps(drop_pictures(make_report()) | {"accuracy": ABSENT}))
    assert read_evaluation(path).model_sha256 == "c1" * 32
    for wrong in ("no json", "[]", "{}"):
        path.write_text(wrong)
        with pytest.raises(EvaluationError, match="evaluate --format json"):
            read_evaluation(path)
