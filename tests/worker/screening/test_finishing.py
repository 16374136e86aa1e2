"""What is recorded together with a result."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, select

from imaging.phantoms.files import write_dicom_phantom
from store.database import reading
from store.tables import alerts
from tests.worker.conftest import enroll
from worker.screening.screener import Screener

SURELY_MET = "covid19>=0.000001,viral_pneumonia>=0.000001,normal>=0.000001"


def test_nobody_hears_of_an_archives_films_and_of_those_that_a_service_left_unfinished_somebody_does(
    engine: Engine, make_screener: Callable[..., Screener], tmp_path: Path, inbox: Path
) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    screener = make_screener(alert_on=SURELY_MET, alert_not_from=(archive,))
    films = [folder / "film.dcm" for folder in (archive, inbox)]
    for seed, film in enumerate(films):
        write_dicom_phantom(film, seed=seed)
    arrivals = [enroll(engine, film) for film in films]
    for arrival_id in arrivals:
        screener.screen(arrival_id, "attempt-1")
    with reading(engine) as connection:
        assert list(connection.scalars(select(alerts.c.arrival_id))) == arrivals[1:]
