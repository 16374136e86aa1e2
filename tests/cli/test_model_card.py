import json
from pathlib import Path

from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.labels import NOTICE
from tests.cli.conftest import Run
from tests.training.evaluation.content.evaluations import make_evaluation


def test_the_card_of_the_shipped_model_is_printed(run: Run):
    done = run("model", "card")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"# Model card: {SHIPPED_BUNDLE.name}\n\n**{NOTICE}**\n")


def test_an_evaluation_of_this_model_stands_in_the_card(run: Run, tmp_path: Path):
    evaluation = make_evaluation(model_sha256=read_bundle(SHIPPED_BUNDLE).model_sha256)
    (tmp_path / "evaluation.json").write_text(json.dumps(evaluation.to_json()))
    done = run("model", "card", "--evaluation", "evaluation.json", "--output", "CARD.md")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "| 40 % (34 to 46) |" in (tmp_path / "CARD.md").read_text("utf-8")


def test_an_evaluation_of_another_model_is_bad_data_and_leaves_an_old_card_alone(run: Run, tmp_path: Path):
    (tmp_path / "evaluation.json").write_text(json.dumps(make_evaluation().to_json()))
    (tmp_path / "CARD.md").write_text("old")
    done = run("model", "card", "--evaluation", "evaluation.json", "--output", "CARD.md")
    assert done.returncode == 65
    assert "evaluate this bundle" in done.stderr
    assert (tmp_path / "CARD.md").read_text() == "old"


def test_a_missing_evaluation_is_missing_input(run: Run):
    done = run("model", "card", "--evaluation", "nowhere.json")
    assert done.returncode == 66
    assert done.stderr.count("\n") == 1
