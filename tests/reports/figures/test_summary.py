from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from inference.labels import LABELS, OUTSIDE_TRAINING_POPULATION, Label, Outcome
from reports.figures.summary import PARTS, REFUSALS, Summary, summarize, summary_to_json
from store.database import reading
from store.questions.queries import StateCount, count_states
from store.questions.selection import Part
from store.states import PENDING_STATES, ArrivalState
from tests.ledger import arrive, predict, quarantine, register_model, reject, vanish

REASONS = st.sampled_from([None, "lateral", "truncated_file"])


@st.composite
def state_counts(draw: st.DrawFn) -> StateCount:
    state = draw(st.sampled_from(list(ArrivalState)))
    outcome = draw(st.sampled_from(list(Outcome))) if state is ArrivalState.DONE else None
    label = draw(st.sampled_from(LABELS)) if outcome is Outcome.PREDICTED else None
    return StateCount(state, outcome, label, draw(REASONS), draw(st.integers(1, 10**7)))


@given(st.lists(state_counts()))
def test_the_parts_add_up_to_all_that_arrived(counts: list[StateCount]) -> None:
    summary = summarize(counts)
    assert sum(getattr(summary, part) for part in PARTS) == summary.arrived == sum(group.count for group in counts)
    assert sum(summary.labels.values()) == summary.predicted
    refusals = summary.indeterminate + summary.rejected + summary.quarantined + summary.vanished
    assert sum(count for (part, _), count in summary.reasons.items() if part in REFUSALS) <= refusals
    assert sum(count for (part, _), count in summary.reasons.items() if part is Part.PREDICTED) <= summary.predicted
    assert summary.pending == sum(group.count for group in counts if group.state in PENDING_STATES)


@given(st.lists(state_counts()), st.lists(state_counts()))
def test_two_halves_add_up_to_the_whole(first: list[StateCount], second: list[StateCount]) -> None:
    whole, halves = summarize(first + second), (summarize(first), summarize(second))
    assert whole == halves[0] + halves[1]


def test_a_ledger_of_each_kind_is_counted_once_each(engine: Engine) -> None:
    register_model(engine)
    before = datetime.now(UTC) - timedelta(hours=1)
    predict(engine, "a")
    predict(engine, "b", content="a")
    reject(engine, "c")
    quarantine(engine, "d")
    vanish(engine, "e")
    arrive(engine, "f")
    predict(engine, "g", outcome=Outcome.INDETERMINATE, label=None, reason_code="other_finding")
    with reading(engine) as connection:
        summary = summarize(count_states(connection, before, before + timedelta(hours=2)))
    assert [getattr(summary, part) for part in PARTS] == [1] * 7
    assert summary.arrived == 7
    assert summary.reasons == {
        (Part.REJECTED, "lateral"): 1,
        (Part.QUARANTINED, "truncated"): 1,
        (Part.VANISHED, "vanished"): 1,
        (Part.INDETERMINATE, "other_finding"): 1,
    }


def test_a_marked_answer_is_counted_with_its_label_and_its_mark(engine: Engine) -> None:
    register_model(engine)
    before = datetime.now(UTC) - timedelta(hours=1)
    predict(engine, "a", label=Label.VIRAL_PNEUMONIA, reason_code=OUTSIDE_TRAINING_POPULATION)
    predict(engine, "b", label=Label.VIRAL_PNEUMONIA)
    with reading(engine) as connection:
        summary = summarize(count_states(connection, before, before + timedelta(hours=2)))
    assert (summary.predicted, summary.labels[Label.VIRAL_PNEUMONIA]) == (2, 2)
    assert summary.reasons == {(Part.PREDICTED, OUTSIDE_TRAINING_POPULATION): 1}


def test_the_json_of_an_empty_summary_is_the_contract() -> None:
    assert summary_to_json(Summary()) == {
        "arrived": 0,
        "predicted": 0,
        "indeterminate": 0,
        "rejected": 0,
        "duplicate": 0,
        "quarantined": 0,
        "vanished": 0,
        "pending": 0,
        "labels": {"covid19": 0, "viral_pneumonia": 0, "normal": 0},
    }
