"""How the answers compare with RT-PCR, readers and the page's reviews, where the site has any."""

from collections.abc import Iterator
from datetime import tzinfo

from documents.blocks import Block, CellKind, Column, Row, Section, Sentences, Table
from documents.figures import say_count, say_number
from reports.columns import FILE_NAME, RECEIVED_AT
from reports.figures.agreement import Agreement, Contradiction, Contradictions, ReliabilityBin
from reports.figures.report import Report
from reports.wording import SOURCES, name_label
from store.references.words import ReferenceSource

MEASURES = {"sensitivity": "sensitivity", "specificity": "specificity", "ppv": "PPV", "npv": "NPV"}
FIGURES = (
    Column("label", CellKind.WORDS, 0.2),
    Column("measure", CellKind.WORDS, 0.18),
    Column("films", CellKind.WORDS, 0.18),
    Column("share, with its 95 % interval", CellKind.RATE, 0.5),
)
BINS = (
    Column("stated probability", CellKind.WORDS, 0.22),
    Column("mean", CellKind.SHARE, 0.1),
    Column("films", CellKind.WORDS, 0.18),
    Column("came true, with its 95 % interval", CellKind.RATE, 0.5),
)
FILMS = (
    Column("arrival", CellKind.WORDS, 0.1),
    FILE_NAME.in_table(0.32),
    RECEIVED_AT.in_table(0.2),
    Column("it was", CellKind.WORDS, 0.16),
    Column("answer", CellKind.WORDS, 0.3),
)


def build_agreement(report: Report) -> Section | None:
    """Build the section on RT-PCR, readers and reviews; none where no film of the period has a result of them."""
    if not report.agreement:
        return None
    lead = (
        "Figures of this site, over the films whose results are known: these are not drawn at random, and that can "
        "move every figure. Intervals count patients, not films."
    )
    if any(agreement.source is ReferenceSource.REVIEW for agreement in report.agreement):
        lead += " Reviewers saw the answer before they gave theirs, which draws the two together."
    zone = report.made_at.tzinfo
    blocks = [block for agreement in report.agreement for block in _build_blocks(agreement, zone)]
    return Section("agreement", "Agreement", lead, blocks)


def _build_blocks(agreement: Agreement, zone: tzinfo | None) -> Iterator[Block]:
    if agreement.films:
        yield from _build_comparison(agreement, zone)
    if agreement.not_known:
        yield Sentences(_say_not_known(agreement))


def _build_comparison(agreement: Agreement, zone: tzinfo | None) -> Iterator[Block]:
    source = SOURCES[agreement.source]
    of = f"{say_count(agreement.films, 'film')} of {say_count(agreement.patients, 'patient')}"
    yield Table(f"Against {source}: {of}", FIGURES, list(_build_figures(agreement)))
    if agreement.calibration.bins:
        rows = list(map(_build_bin, agreement.calibration.bins))
        yield Table(_say_calibration(agreement), BINS, rows)
    for title, found in _name_contradictions(agreement):
        if found.films:
            left_out = found.count - len(found.films)
            note = f"And {say_count(left_out, 'film')} more." if left_out else ""
            yield Table(title, FILMS, [_build_film(film, zone) for film in found.films], note)
    if not agreement.missed.count:
        yield Sentences([f"No film of an illness was missed, by {source}."])
    if not agreement.false_alarms.count:
        yield Sentences([f"There was no false alarm, by {source}."])


def _say_not_known(agreement: Agreement) -> list[str]:
    source = SOURCES[agreement.source]
    return [
        f"{say_count(films, 'film')} with a result of {source} {'is' if films == 1 else 'are'} in no figure, neither "
        f"right nor wrong: the model that answered does not know {name_label(label)}."
        for label, films in agreement.not_known.items()
    ]


def _name_contradictions(agreement: Agreement) -> tuple[tuple[str, Contradictions], ...]:
    source, missed, false_alarms = SOURCES[agreement.source], agreement.missed, agreement.false_alarms
    return (
        (f"Missed, by {source}: {missed.count:,}", missed),
        (f"False alarms, by {source}: {false_alarms.count:,}", false_alarms),
    )


def _build_figures(agreement: Agreement) -> Iterator[Row]:
    answered = agreement.answered
    yield Row(["any", "given a label", f"{answered.count:,} of {answered.whole:,}", answered])
    for label, rates in agreement.labels.items():
        for name, title in MEASURES.items():
            rate = getattr(rates, name)
            yield Row([name_label(label), title, f"{rate.count:,} of {rate.whole:,}", rate], label)


def _say_calibration(agreement: Agreement) -> str:
    of = "COVID-19" if agreement.source is ReferenceSource.PCR else "the most probable label"
    ece = agreement.calibration.ece
    error = "" if ece is None else f", off by {say_number(100 * ece, 1)} points on average"
    return f"Probability of {of}, and how often it came true{error}"


def _build_bin(each: ReliabilityBin) -> Row:
    observed = each.observed
    films = f"{observed.count:,} of {observed.whole:,}"
    return Row([f"{each.low:.1f} to {each.high:.1f}", each.mean_probability, films, observed])


def _build_film(film: Contradiction, zone: tzinfo | None) -> Row:
    result = film.result
    moment, was = result.received_at.astimezone(zone), name_label(film.reference)
    return Row([f"{result.arrival_id:08d}", result.file_name, moment, was, _describe_answer(film)])


def _describe_answer(film: Contradiction) -> str:
    """Say what the model said (a label, or why it gave none), and what it gave to the illness."""
    result, illness, given = film.result, name_label(film.illness), film.probability
    answer = name_label(result.label or result.reason_code or result.outcome or result.state)
    if given is None:
        return answer
    return f"{'' if answer == illness else f'{answer}, '}{illness} {say_number(given, 2)}"
