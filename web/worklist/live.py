"""What changes by itself: the counters in the bar of every page, and the word that the worklist has changed.

One stream for each open page carries both: a browser opens six connections to a server and no more.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from fastapi import Response
from fastapi.responses import StreamingResponse
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from documents.html.elements import element, join
from inference.labels import Label
from store.database import reading
from store.questions.piles import Pile, Wish
from store.questions.selection import Filters
from store.questions.worklist import count_pile, find_state
from store.states import Role
from web.access.guard import Pages, Visit, Visitor

LOOK_SECONDS = 2.0
LONGEST_SECONDS = 600.0  # then the browser connects again
DAYS = 7

pages = Pages()


@pages.page("/counters", needs=Role.VIEWER, counts=False)
async def stream_counters(visit: Visitor) -> Response:
    """Send the counters whenever something has come, been answered or reviewed, and say that it has."""
    return StreamingResponse(_watch(visit), media_type="text/event-stream")


async def _watch(visit: Visit) -> AsyncIterator[str]:
    """Go on while the session does: the browser connects again then, and is led to the log-in."""
    known: object = None
    for _ in range(int(LONGEST_SECONDS / LOOK_SECONDS)):
        if not await run_in_threadpool(visit.is_open):
            return
        found = await run_in_threadpool(_look, visit)
        if found == known:
            yield ": \n\n"  # a comment shows who has gone
        else:
            counters = await run_in_threadpool(_build_counters, visit)
            yield f"data: {counters}\n\n" + ("" if known is None else "event: changed\ndata: 1\n\n")
        known = found
        await asyncio.sleep(LOOK_SECONDS)


def _look(visit: Visit) -> object:
    with reading(visit.ledger) as connection:
        return find_state(connection)


def _build_counters(visit: Visit) -> Markup:
    now = datetime.now(tz=UTC)
    since, until = now - timedelta(days=DAYS), now + timedelta(days=1)
    wishes = {
        "unread positive": Wish(since, until, filters=Filters(labels=(Label.COVID19,))),
        "waiting": Wish(since, until, Pile.WAITING),
        "failed": Wish(since, until, Pile.FAILED),
    }
    with reading(visit.ledger) as connection:
        counts = {name: count_pile(connection, wish) for name, wish in wishes.items()}
    return join(
        element("span", element("b", str(count)), f" {name}")
        for name, count in counts.items()
        if count.films or name != "failed"
    )
