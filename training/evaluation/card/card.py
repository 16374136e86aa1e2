"""The card as a whole: sections of what is known of a bundle and of an evaluation, in Markdown."""

from collections.abc import Iterable, Iterator, Mapping

from documents.blocks import CellKind, Column, Row, Section, Table
from documents.markdown import render_markdown
from inference.bundle import Bundle
from inference.labels import NOTICE
from training.evaluation.card.facts import CardFacts, claim, read_toml
from training.evaluation.card.making import build_calibration, build_data, build_making
from training.evaluation.card.measured import build_evaluation, build_figures, build_gate, build_groups, build_shortcuts
from training.evaluation.card.use import build_goals, build_limits, build_opening, build_use
from training.evaluation.content.new_hospital import WITHIN, build_left_out
from training.evaluation.result import Evaluation

CHECKLISTS = {"tripod": "TRIPOD+AI", "claim": "CLAIM"}


def render_card(
    bundle: Bundle, evaluation: Evaluation | None = None, measured: Iterable[Mapping[str, str]] | None = None
) -> str:
    """Write the model card in Markdown.

    Parameters
    ----------
    bundle : Bundle
        The model with the figures of its training run.
    evaluation : Evaluation, optional
        Of this model; without it the card says what was not measured.
    measured : iterable of mapping, optional
        Figures from elsewhere, each with `model_version`, `what`, `value` and `how`; by default those of
        `measured.toml` in this package. Those of other models are left out.

    Raises
    ------
    CardError
        The evaluation is of another model, or the bundle lacks what a card needs.
    """
    facts = CardFacts.gather(bundle, evaluation)
    head = f"# Model card: {bundle.model_version}\n\n**{NOTICE}**\n\n"
    return head + render_markdown([build_opening(facts), *_build_sections(facts, measured)])


def build_card(bundle: Bundle) -> list[Section]:
    """Return the sections of the model card, which the page draws; the opening is the first one's.

    Raises
    ------
    CardError
        The bundle lacks what a card needs.
    """
    facts = CardFacts.gather(bundle, None)
    opening = Section("about", "About this model", "", [build_opening(facts)])
    return [opening, *_build_sections(facts, None)]


def _build_sections(facts: CardFacts, measured: Iterable[Mapping[str, str]] | None) -> Iterator[Section]:
    sections = (
        build_left_out(facts.metrics.left_out_sources, facts.metrics.by_group.get("source", {}).get(WITHIN)),
        build_goals(facts),
        build_use(facts),
        build_limits(facts),
        build_data(facts),
        build_making(facts),
        build_calibration(facts),
        build_figures(facts),
        build_groups(facts),
        *(build_evaluation(facts.evaluation) if facts.evaluation else ()),
        build_shortcuts(facts),
        build_gate(facts),
        Section("map", "The activation map", claim("figures.map"), []),
        _build_measured(facts, measured),
        *_build_checklists(facts),
    )
    yield from (section for section in sections if section)


def _build_measured(facts: CardFacts, measured: Iterable[Mapping[str, str]] | None) -> Section | None:
    listed = measured or ()
    if measured is None and facts.is_shipped:
        listed = read_toml("measured.toml").get("figure", [])
    own = [each for each in listed if each["model_version"] == facts.bundle.model_version]
    rows = [Row((each["what"], each["value"], each["how"])) for each in own]
    columns = [Column(heading, CellKind.WORDS, 1) for heading in ("what", "figure", "how it was measured")]
    return Section("elsewhere", "Measured elsewhere", "", [Table("", columns, rows)]) if rows else None


def _build_checklists(facts: CardFacts) -> Iterator[Section]:
    if not facts.is_shipped:
        yield Section("guidelines", "Reporting guidelines", claim("guidelines.not_answered"), [])
        return
    columns = [Column(heading, CellKind.WORDS, 1) for heading in ("item", "answer")]
    answers = read_toml("checklists.toml")
    for key, heading in CHECKLISTS.items():
        yield Section(
            key, heading, claim(f"guidelines.{key}"), [Table("", columns, [Row(pair) for pair in answers[key]])]
        )
