from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, update

from store.database import reading
from store.questions.labelled_films import list_labelled_films
from store.questions.selection import Selection
from store.references.labels import ReferenceLabel, record_references
from store.references.words import Reference, ReferenceSource
from store.tables import arrivals
from tests.ledger import INBOX, digest, predict, register_model

PCR, READER = ReferenceSource.PCR, ReferenceSource.READER


def test_a_film_is_listed_once_with_all_its_labels_and_places(engine: Engine) -> None:
    """The first arrival was moved, its duplicate stayed where it is, and another film has no label."""
    register_model(engine)
    moved = predict(engine, "a.dcm", content="film", identity={"patient_id": "P1", "station_name": "DX1"})
    predict(engine, "b.dcm", content="film")
    predict(engine, "unlabelled.dcm")
    place = Path("/home/processed/a.dcm")
    with engine.begin() as connection:
        connection.execute(update(arrivals).where(arrivals.c.id == moved).values(stored_path=place))
        labels = [(PCR, Reference.COVID19), (READER, Reference.NORMAL)]
        record_references(connection, [ReferenceLabel(digest("film"), *label) for label in labels])
    now = datetime.now(tz=UTC)
    with reading(engine) as connection:
        (film,) = list_labelled_films(connection, Selection(now - timedelta(days=1), now + timedelta(days=1)))
        assert list_labelled_films(connection, Selection(now - timedelta(days=2), now - timedelta(days=1))) == []
    assert film.references == dict(labels)
    assert (film.moved_to, film.left_at) == ((place,), (INBOX / "b.dcm",))
    assert (film.patient_id, film.station_name, film.inbox) == ("P1", "DX1", INBOX)
