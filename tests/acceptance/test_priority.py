"""STAT before routine, in a running service with its own Valkey."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from imaging.phantoms.files import write_dicom_phantom
from selftest.run import drop, write_films
from store.database import open_database, reading
from store.states import Priority
from store.tables import UNFINISHED, arrivals
from tests.acceptance.conftest import Site, wait_until

pytestmark = pytest.mark.acceptance

BACKLOG = 230  # more than the ids that wait at the broker


def count_overtaken(site: Site) -> tuple[int, int] | None:
    """Return how many routine films finished while the STAT film waited, and how many still wait; None before."""
    a = arrivals.c
    engine = open_database(f"sqlite:///{site.home / 'xray.db'}")
    with reading(engine) as connection:
        stat = connection.execute(
            select(a.received_at, a.finished_at).where(a.priority == Priority.STAT, a.finished_at.is_not(None))
        ).one_or_none()
        meanwhile = (
            connection.scalar(select(func.count()).where(a.finished_at > stat.received_at)) if stat is not None else 0
        )
        left = connection.scalar(select(func.count()).where(UNFINISHED))
    engine.dispose()
    return None if stat is None else ((meanwhile or 0) - 1, left or 0)


def test_a_stat_film_overtakes_a_backlog(site: Site, tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    drop(films, site.inbox, *write_films(films, BACKLOG))
    (site.inbox / "stat").mkdir()
    site.settings["XRAY_WORKERS"] = "1"
    site.start()
    wait_until(lambda: site.count_finished() > 3, what="work on the backlog", seconds=60)
    part = site.inbox / "stat" / "film.part"
    write_dicom_phantom(part, seed=99, rows=500, columns=400)
    part.rename(part.with_suffix(".dcm"))
    wait_until(lambda: count_overtaken(site) is not None, what="the STAT film", seconds=60)
    overtaken = count_overtaken(site)
    assert overtaken is not None
    meanwhile, left = overtaken
    assert meanwhile <= 12, "what the worker had in its hands, and what finished during one look"
    assert left > BACKLOG / 3, "the backlog is still there"


def list_priorities(site: Site) -> list[Priority]:
    """Return the priorities of the films in the order in which they finished."""
    a = arrivals.c
    engine = open_database(f"sqlite:///{site.home / 'xray.db'}")
    with reading(engine) as connection:
        found = connection.scalars(select(a.priority).where(a.finished_at.is_not(None)).order_by(a.finished_at, a.id))
        order = [Priority(each) for each in found]
    engine.dispose()
    return order


def test_routine_films_that_have_waited_for_as_long_as_is_promised_overtake_stat_films(
    site: Site, tmp_path: Path
) -> None:
    films = tmp_path / "films"
    films.mkdir()
    (site.inbox / "stat").mkdir()
    stat, routine = 24, 12
    names = list(write_films(films, stat + routine))
    drop(films, site.inbox, *names[:routine])
    drop(films, site.inbox / "stat", *names[routine:])
    site.settings |= {"XRAY_WORKERS": "1", "XRAY_LONGEST_WAIT_MINUTES": "0.01"}
    site.start()
    wait_until(lambda: site.count_finished() == stat + routine, what="all films", seconds=90)
    last_routine = max(place for place, each in enumerate(list_priorities(site)) if each is Priority.ROUTINE)
    assert last_routine < stat + routine - 5, "at one in four the last of them would be the last of all"
    assert site.stop() == 0
