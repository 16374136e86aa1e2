import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.exc import IntegrityError

from store.columns import database_now
from store.database import reading
from store.references.labels import KnownFilm, ReferenceLabel, find_films, find_references, record_references
from store.references.words import FilmKey, Reference, ReferenceSource
from store.tables import reference_labels
from tests.ledger import digest, predict, register_model


def test_a_film_is_found_by_what_names_it(engine: Engine) -> None:
    register_model(engine)
    for name, uid in (("a", "1.2.8"), ("b", "1.2.9")):
        predict(engine, name, identity={"sop_instance_uid": uid, "accession_number": "A8", "patient_id": "P1"})
    both = {KnownFilm(digest("a"), "P1"), KnownFilm(digest("b"), "P1")}
    with reading(engine) as connection:
        assert find_films(connection, FilmKey.ACCESSION_NUMBER, ["A8", "A9"]) == {"A8": both}
        assert find_films(connection, FilmKey.SOP_INSTANCE_UID, ["1.2.8"]) == {"1.2.8": {KnownFilm(digest("a"), "P1")}}
        assert (
            len(find_films(connection, FilmKey.SOURCE_SHA256, [digest(str(n)) for n in range(1200)] + [digest("b")]))
            == 1
        )


def test_of_one_film_and_source_the_last_label_holds(engine: Engine) -> None:
    film = digest("a")
    with engine.begin() as connection:
        record_references(connection, [])
        record_references(
            connection,
            [
                ReferenceLabel(film, ReferenceSource.PCR, Reference.COVID19),
                ReferenceLabel(film, ReferenceSource.READER, Reference.NORMAL),
            ],
        )
        record_references(connection, [ReferenceLabel(film, ReferenceSource.PCR, Reference.NOT_COVID19)])
        assert find_references(connection, ReferenceSource.PCR, [film]) == {film: Reference.NOT_COVID19}
        assert find_references(connection, ReferenceSource.READER, [film]) == {film: Reference.NORMAL}


@pytest.mark.parametrize(("source", "reference"), [("pcr", "normal"), ("reader", "not_covid19"), ("guess", "covid19")])
def test_a_source_says_only_what_it_can_know(engine: Engine, source: str, reference: str) -> None:
    row = {"source_sha256": digest("a"), "source": source, "reference": reference, "recorded_at": database_now()}
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(reference_labels).values(**row))
