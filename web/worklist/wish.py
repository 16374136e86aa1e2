"""From the words of an address to what is listed, and back: pile, period, filters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from installation.installation import Installation
from installation.settings import Settings
from reports.errors import PeriodError, QuestionError
from reports.question.asking import ask_question, parse_filters
from store.questions.piles import LONGEST_WAIT, Pile, Wish
from store.questions.selection import Filters

ALL, BEGINNING = "all", "1970-01-01"
PERIODS = ("today", "24h", "7d", "30d", ALL)
"""What is offered; the field takes what `report` takes too."""
USUAL = "7d"
FIELDS = ("label", "reason", "model", "inbox", "modality", "priority", "least", "station")
LONGEST_FIELD = 200


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in the address, as far as it is known.

    Attributes
    ----------
    given : mapping
        Field to text; those of ``FIELDS`` are filters as ``report`` has them.
    fault : str
        What of it is not understood; then the filters are left out.
    """

    pile: Pile
    since: str
    until: str
    given: Mapping[str, str]
    wish: Wish
    fault: str = ""

    def write(self, **changed: str | None) -> str:
        """Write the address of the worklist with these words, some of them changed."""
        words = {"pile": str(self.pile), "since": self.since, "until": self.until, **self.given, **changed}
        usual = {"pile": Pile.UNREAD.value, "since": USUAL}
        kept = {name: text for name, text in words.items() if text and text != usual.get(name)}
        return f"/worklist?{urlencode(kept)}" if kept else "/worklist"


def read_words(installation: Installation, query: Mapping[str, str]) -> Words:
    """Read an address; what is not understood is said and leaves nothing out."""
    given = {name: query[name][:LONGEST_FIELD] for name in FIELDS if query.get(name)}
    pile = Pile(query["pile"]) if query.get("pile") in set(Pile) else Pile.UNREAD
    since = query.get("since", "").strip()[:LONGEST_FIELD] or USUAL
    until = query.get("until", "").strip()[:LONGEST_FIELD]
    zone, wait = installation.settings.time_zone, find_longest_wait(installation.settings)
    try:
        began = BEGINNING if since == ALL else since
        question = ask_question(began, until or None, zone, filters=_read_filters(given))
    except (PeriodError, QuestionError) as error:
        question = ask_question(USUAL, None, zone)
        wish = Wish(question.period.since, question.period.until, pile, longest_wait=wait)
        return Words(pile, USUAL, "", {}, wish, str(error))
    return Words(
        pile, since, until, given, Wish(question.period.since, question.period.until, pile, question.filters, wait)
    )


def find_longest_wait(settings: Settings) -> timedelta:
    """Return how long a likely positive may be unread before it goes before all others."""
    minutes = settings.longest_wait_minutes
    return LONGEST_WAIT if minutes is None else timedelta(minutes=minutes)


def _read_filters(given: Mapping[str, str]) -> Filters:
    def words(field: str) -> list[str]:
        return given[field].split(",") if field in given else []

    return parse_filters(
        labels=words("label"),
        reasons=words("reason"),
        models=words("model"),
        inboxes=words("inbox"),
        modalities=words("modality"),
        priorities=words("priority"),
        minimums=words("least"),
        stations=words("station"),
    )
