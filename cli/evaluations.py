"""Where an evaluation is left for the page, and what the page finds of the model that serves."""

from dataclasses import replace
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from documents.blocks import Content
    from inference.bundle import Bundle
    from installation.home import Home
    from training.evaluation.result import Evaluation

NOT_HERE = "Measured by the training, and not on films of this site: 'xray-cli evaluate' does that, and shows it here."
CANNOT_BE_READ = "An evaluation in the home cannot be read: evaluate the model again."


def keep_evaluation(home: "Home", evaluation: "Evaluation") -> None:
    """Leave an evaluation in the home, in place of an earlier one of this model; where there is no home, nowhere."""
    import json

    from documents.output import open_output
    from installation.home import HOME_MODE

    if not home.root.is_dir() or evaluation.model_sha256 is None:
        return
    file = home.find_evaluation(evaluation.model_sha256)
    try:
        file.parent.mkdir(mode=HOME_MODE, exist_ok=True)
        with open_output(file) as stream:
            stream.write(json.dumps(evaluation.to_json(), indent=1, allow_nan=False) + "\n")
    except OSError as error:  # it is shown or written all the same
        typer.echo(f"xray-cli: the evaluation is not kept for the page: {file} ({error.strerror})", err=True)


def read_kept(home: "Home", bundle: "Bundle") -> "Content | None":
    """Return the last evaluation of a bundle in the home; where there is none, the figures of its own training."""
    from training.evaluation.content.content import build_content
    from training.evaluation.measures import EvaluationError
    from training.evaluation.result import read_evaluation

    file, warning = home.find_evaluation(bundle.model_sha256), NOT_HERE
    if file.is_file():
        try:
            return build_content(read_evaluation(file))
        except (EvaluationError, OSError):
            warning = CANNOT_BE_READ
    return _build_training_figures(bundle, warning)


def _build_training_figures(bundle: "Bundle", warning: str) -> "Content | None":
    """Show what a bundle says of itself as an evaluation is shown; None where it says nothing."""
    from training.evaluation.card.facts import CardError, CardFacts
    from training.evaluation.card.measured import say_measured_on, say_same_sources
    from training.evaluation.content.content import build_content
    from training.evaluation.result import Evaluation

    try:
        facts = CardFacts.gather(bundle, None)
    except CardError:
        return None
    named = {"model_version": bundle.model_version, "model_sha256": bundle.model_sha256}
    content = build_content(Evaluation.from_json({**bundle.metrics, **named}))
    return replace(content, warnings=[warning, say_measured_on(facts), say_same_sources(facts)])
