"""A period against its reference: what is compared, and how the ledger is asked for it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection, literal

from documents.figures import say_number, say_percent
from inference.labels import LABELS, Label
from reports.figures.divergence import PSI_BINS, measure_ks, measure_psi, measure_share, merge_bins
from reports.figures.drift import (
    MIN_FILMS,
    SCORE_BINS,
    Drift,
    DriftCheck,
    ScoreHistogram,
    judge_distance,
    say_too_little,
)
from reports.figures.inputs import compare_inputs
from reports.figures.summary import Summary, summarize
from reports.question.question import Question
from store.questions.distributions import SCORE_STEPS, ScoreCount, count_inputs, count_scores
from store.questions.queries import count_results, count_states_by
from store.questions.selection import Selection

SAMPLED = 20_000  # what chance makes of so many is far below what is called drift
Scores = dict[Label, list[int]]


def compare_with_reference(connection: Connection, question: Question, summary: Summary) -> Drift | None:
    """Compare the arrivals of a question with those of its reference, the same filters applied; None without one."""
    reference = question.reference
    if reference is None:
        return None
    now = sample(connection, question.selection)
    then = sample(connection, Selection(reference.since, reference.until, question.filters))
    before = summarize(group for _, group in count_states_by(connection, then, literal(0)))
    counted, counted_before = count_scores(connection, now), count_scores(connection, then)
    model = find_main_model(counted)
    labels = find_labels(counted, model)
    scores, scores_before = add_scores(counted, model, labels), add_scores(counted_before, model, labels)
    checks = (
        *compare_scores(scores, scores_before, other_model=before.judged > _count_films(scores_before)),
        *compare_shares(summary, before),
        *compare_inputs(count_inputs(connection, now), count_inputs(connection, then)),
    )
    histograms = {
        label: ScoreHistogram(merge_bins(scores[label], SCORE_BINS), merge_bins(scores_before[label], SCORE_BINS))
        for label in labels
    }
    return Drift(reference, summary.judged, before.judged, checks, histograms, then.every)


def sample(connection: Connection, selection: Selection) -> Selection:
    """Return a selection of some ``SAMPLED`` arrivals of a larger one: more would only say the same more slowly."""
    return replace(selection, every=max(1, count_results(connection, selection) // SAMPLED))


def find_main_model(counts: Sequence[ScoreCount]) -> str | None:
    """Return the model that answered most: probabilities of two models are not comparable."""
    films: Counter[str] = Counter()
    for count in counts:
        films[count.model_sha256] += count.films
    return max(films, key=lambda model: (films[model], model), default=None)


def find_labels(counts: Sequence[ScoreCount], model_sha256: str | None) -> tuple[Label, ...]:
    """Return the labels that a model knows; all of them where it has given no probabilities."""
    known = (tuple(count.hundredths) for count in counts if count.model_sha256 == model_sha256)
    return next(known, LABELS)


def add_scores(counts: Sequence[ScoreCount], model_sha256: str | None, labels: Sequence[Label]) -> Scores:
    """Return one model's films by label and hundredth of probability; 1.0 counts with the last."""
    scores: Scores = {label: [0] * SCORE_STEPS for label in labels}
    for count in counts:
        if count.model_sha256 == model_sha256:
            for label, hundredths in count.hundredths.items():
                scores[label][min(hundredths, SCORE_STEPS - 1)] += count.films
    return scores


def compare_scores(now: Scores, before: Scores, *, other_model: bool) -> Iterator[DriftCheck]:
    """Compare the probabilities of each label, by both measures."""
    films, films_before = _count_films(now), _count_films(before)
    if min(films, films_before) < MIN_FILMS:
        why = "Another model answered before: its probabilities are not comparable." if other_model else ""
        yield say_too_little("probabilities", "psi", films, films_before, why)
        return
    for label in now:
        subject = f"probability of {label}"
        psi = measure_psi(merge_bins(now[label], PSI_BINS), merge_bins(before[label], PSI_BINS))
        meaning = _explain_scores(label, _find_mean(now[label]), _find_mean(before[label]))
        yield judge_distance(subject, None, psi, meaning)
        yield judge_distance(subject, None, measure_ks(now[label], before[label]), meaning)


def compare_shares(now: Summary, before: Summary) -> Iterator[DriftCheck]:
    """Compare how much is refused, and how often the model is unsure."""
    yield _compare_share(
        "refused",
        (now.refused, now.judged + now.refused),
        (before.refused, before.judged + before.refused),
        "A sender may have changed what it routes here or how it exports: see the reasons.",
    )
    yield _compare_share(
        "indeterminate",
        (now.indeterminate, now.judged),
        (before.indeterminate, before.judged),
        "Other patients, another technique or export, or films unlike those that the model has learnt from.",
    )


def _compare_share(subject: str, now: tuple[int, int], before: tuple[int, int], why: str) -> DriftCheck:
    if min(now[1], before[1]) < MIN_FILMS:
        return say_too_little(subject, "share", now[1], before[1])
    said = f"{say_percent(now[0] / now[1])}, before {say_percent(before[0] / before[1])}."
    return judge_distance(subject, None, measure_share(*now, *before), f"{said} {why}")


def _count_films(scores: Scores) -> int:
    return sum(next(iter(scores.values())))  # each has a probability of every label that the model knows


def _find_mean(counts: Sequence[int]) -> float:
    return sum((step + 0.5) * count for step, count in enumerate(counts)) / sum(counts) / len(counts)


def _explain_scores(label: Label, mean: float, before: float) -> str:
    more = "More" if mean >= before else "Fewer"
    return (
        f"Mean {say_number(mean, 2)}, before {say_number(before, 2)}. {more} films look like {label}: "
        "another mix of patients, a device or export new to the model, or an outbreak. Look at some of the films."
    )
