"""A screener of this process, on the model that ships."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from inference.alert_rules import parse_alert_rules
from inference.bundle import SHIPPED_BUNDLE
from inference.classifier import Classifier
from installation.home import Home
from installation.identifiers import build_protection
from store.ledger.models import record_model
from worker.screening.finishing import Finisher
from worker.screening.screener import Limits, Screener
from worker.screening.shelf import Shelf
from worker.screening.stages import FilmsInReading, StageSender


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(SHIPPED_BUNDLE)


@pytest.fixture
def make_screener(engine: Engine, home: Home, classifier: Classifier) -> Callable[..., Screener]:
    bundle = classifier.bundle
    with engine.begin() as connection:
        record_model(connection, bundle.model_sha256, bundle.model_version, bundle.folder)

    def make(*, store_identifiers: bool = False, alert_on: str = "", alert_not_from: tuple[Path, ...] = ()) -> Screener:
        protect = build_protection(store_identifiers=store_identifiers, key=b"site")
        finisher = Finisher(engine, Shelf(home), parse_alert_rules(alert_on), alert_not_from)
        return Screener(engine, classifier, finisher, protect, Limits(60, 3, 1 << 28), StageSender(), FilmsInReading())

    return make
