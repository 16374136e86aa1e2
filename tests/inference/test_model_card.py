from pathlib import Path

import pytest

from documents.figures import Estimate, say_estimate
from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.labels import NOTICE


@pytest.fixture
def card() -> str:
    return (Path(__file__).resolve().parents[2] / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_the_card_is_of_the_model_that_ships_and_carries_the_notice(card: str):
    assert card.startswith(f"# Model card: {SHIPPED_BUNDLE.name}")
    assert NOTICE in card


def test_the_card_repeats_the_figures_of_the_bundle(card: str):
    metrics = read_bundle(SHIPPED_BUNDLE).metrics
    assert f"{metrics['n']} films of {metrics['n_patients']} patients" in card
    assert f"| accuracy | {say_estimate(Estimate(**metrics['accuracy']))} |" in card
    for label, each in metrics["per_class"].items():
        assert f"| {label} | {each['support']} | {say_estimate(Estimate(**each['sensitivity']))} |" in card
