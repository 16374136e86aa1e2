"""How an answer looks on every page: in words, as bars with the operating points drawn on them, and what to do."""

from collections.abc import Iterator, Mapping

from markupsafe import Markup

from documents.charts.marks import Scale
from documents.figures import Estimate, say_number
from documents.html.elements import EMPTY, element, join
from documents.html.svg import build_mark
from inference.labels import Label, Outcome
from reports.advice import find_advice
from reports.wording import name_label
from store.ledger.fates import REASONS
from store.questions.queries import Result
from store.states import PENDING_STATES, ArrivalState, Priority

PENDING = "pending"
HEAT_WORDS = (
    "The colours say where the network's evidence for one label lies inside the blue frame that it has looked at, "
    "coarsely. They neither outline a disease nor say how probable it is."
)
_BARS = Scale(has_bars=True, reference_name="operating point")
_WAITS = {
    ArrivalState.WAITING: "waits for its turn",
    ArrivalState.QUEUED: "waits for its turn",
    ArrivalState.SCREENING: "is being screened",
    ArrivalState.FAILED: "failed: disk or database; it is tried again",
}


def find_outcome(result: Result) -> str:
    """Return in one word what became of an arrival; a duplicate has the outcome of the answer it shares."""
    if result.state in PENDING_STATES:
        return PENDING
    return str(result.outcome or result.state)


def say_answer(result: Result) -> str:
    """Say in a few words what was found: a label, or why there is none."""
    if result.state in PENDING_STATES:
        return _WAITS[result.state]
    if result.label is not None:
        return name_label(result.label)
    found = "refused" if result.outcome is Outcome.REJECTED else find_outcome(result)
    reason = name_label(result.reason_code) if result.reason_code else found
    return found if reason == found else f"{found}: {reason}"


def say_share(result: Result) -> str:
    """Say the probability of the label; where none was given, that of the most probable one with its name."""
    if not result.probabilities:
        return ""
    label, share = max(result.probabilities.items(), key=lambda pair: pair[1])
    return say_number(share, 2) if result.label is not None else f"({name_label(label)} {say_number(share, 2)})"


def say_marks(result: Result) -> Iterator[str]:
    """Give what is to be known beside a label: STAT, a mark, a conflict, a duplicate."""
    if result.label is not None and result.reason_code:
        yield name_label(result.reason_code)
    if result.conflict:
        yield f"conflict with {result.conflict_with}" if result.conflict_with else "conflict"
    if result.state is ArrivalState.DUPLICATE:
        yield "came before"


def find_answer_advice(result: Result) -> str:
    """Return what can be done about an answer without a label, or with a mark; empty where there is nothing to say."""
    return find_advice(result.reason_code, REASONS) if result.reason_code else ""


def find_detail(result: Result) -> str:
    """Return what exactly kept a film from a label; empty where it has one, or nothing more is known."""
    return "" if result.outcome is Outcome.PREDICTED else result.reason or ""


def build_stat(result: Result) -> Markup:
    """Build the mark of a film that somebody waits for."""
    return element("b", "STAT", class_="stat") if result.priority is Priority.STAT else EMPTY


def build_answer(result: Result) -> Markup:
    """Build the answer in words, in its colour."""
    return element("span", say_answer(result), class_=f"answer {result.label or find_outcome(result)}")


def build_probabilities(result: Result, points: Mapping[str, float] | None) -> Markup:
    """Build the probabilities as bars; a dashed line is the operating point that a label must reach."""
    if not result.probabilities:
        return EMPTY
    rows = [_build_bar(label, share, (points or {}).get(label)) for label, share in result.probabilities.items()]
    return element("table", element("tbody", *rows), class_="marks shares")


def _build_bar(label: Label, share: float, point: float | None) -> Markup:
    beside = "" if point is None else f"needs {say_number(point, 2)}"
    return element(
        "tr",
        element("th", name_label(label), scope="row"),
        element("td", build_mark(Estimate(share), _BARS, point), class_="mark"),
        element("td", say_number(share, 2), class_="figure"),
        element("td", element("small", beside, title="operating point"), class_="point"),
        class_=label,
    )


def build_picture(result: Result, arrival_id: int) -> Markup:
    """Build the film, folded away, under its heat map where a model has judged it; drawn when it is unfolded."""
    place, has_heat = f"/films/{arrival_id}", bool(result.probabilities)
    film = element("img", src=f"{place}/jpeg", alt="the film", loading="lazy")
    heat = element("img", src=f"{place}/heat", alt="the heat map is being computed", loading="lazy", class_="heat")
    choice = element("label", element("input", type="checkbox", checked="checked"), " heat map")
    words = element("p", "For the most probable label. ", HEAT_WORDS, class_="note")
    stack = element("div", film, heat if has_heat else EMPTY, class_="stack")
    content = element("div", stack, element("div", choice, words) if has_heat else EMPTY, class_="row")
    summary = element("summary", "picture with heat map" if has_heat else "picture")
    return element("details", summary, content, class_="picture")


def build_marks(result: Result) -> Markup:
    """Build what is to be known beside a label, as a list in a line."""
    return join(element("span", mark, class_="mark-word") for mark in say_marks(result))
