"""A film over HTTP: its page, its pictures, its reviews, and who saw it."""

import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from imaging.phantoms.files import write_dicom_phantom
from inference.labels import Label
from installation.installation import Installation
from store.audit import list_events
from store.database import reading
from store.states import Role
from store.tables import arrivals, reference_labels
from tests.ledger import predict, quarantine, register_model
from tests.outline import assert_well_formed
from tests.web.conftest import LogIn

HOSTILE = "</td><script>alert(1)</script>"


@pytest.fixture
def film(installation: Installation, tmp_path: Path) -> int:
    """Give the number of a film whose file is there."""
    register_model(installation.ledger)
    predict(installation.ledger, "earlier.dcm", identity={"patient_id": "P1"})
    path = tmp_path / "film.dcm"
    write_dicom_phantom(path, seed=3, rows=400, columns=300)
    identity = {"patient_id": "P1", "station_name": HOSTILE, "patient_age_years": 44.0, "modality": "DX"}
    digest = sha256(path.read_bytes()).hexdigest()
    number = predict(installation.ledger, "film.dcm", source_sha256=digest, identity=identity)
    with installation.ledger.begin() as connection:
        connection.execute(update(arrivals).where(arrivals.c.id == number).values(stored_path=path))
    return number


@pytest.fixture
def reviewer(log_in: LogIn) -> Iterator[TestClient]:
    client = log_in(Role.REVIEWER)
    yield client
    for painter in client.app.state.painters:  # type: ignore[attr-defined]
        painter.close()


def list_actions(installation: Installation) -> list[tuple[str, int | None]]:
    with reading(installation.ledger) as connection:
        return [(action, arrival_id) for _, action, arrival_id, _ in list_events(connection) if arrival_id]


def read_label(installation: Installation) -> list[tuple[str, str]]:
    with reading(installation.ledger) as connection:
        rows = connection.execute(select(reference_labels.c.source, reference_labels.c.reference))
        return [(source, reference) for source, reference in rows]


def test_the_page_says_what_is_known_and_a_view_is_an_event(
    reviewer: TestClient, film: int, installation: Installation
) -> None:
    page = reviewer.get(f"/films/{film}").text
    assert_well_formed(page.replace("hx-sse:", "hx-sse-"))
    for said in ("film.dcm", "age in years", "normal", "Earlier films of this patient", 'data-beside="1"'):
        assert said in page
    assert "<script>alert" not in page
    assert list_actions(installation)[0] == ("film_viewed", film)


def test_the_pictures_are_the_films_and_belong_to_one_view(
    reviewer: TestClient, film: int, installation: Installation
) -> None:
    jpeg, values = (reviewer.get(f"/films/{film}/{what}") for what in ("jpeg", "values"))
    assert jpeg.content.startswith(b"\xff\xd8")
    assert jpeg.headers["cache-control"] == "no-store"
    assert (values.headers["content-encoding"], len(values.content)) == ("deflate", 8 + 400 * 300 * 2)
    assert list_actions(installation) == [("picture_viewed", film)]
    with pytest.raises(zlib.error):
        zlib.decompress(values.content)  # the client has unpacked it, as a browser does


def test_a_file_that_has_gone_or_was_never_read_is_said(
    reviewer: TestClient, film: int, installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / "film.dcm").write_bytes(b"another")
    answer = reviewer.get(f"/films/{film}/jpeg")
    assert answer.status_code == 404
    assert "no longer where the ledger says" in answer.text
    broken = quarantine(installation.ledger, "broken.dcm")
    page = reviewer.get(f"/films/{broken}").text
    assert "it ends early" in page
    assert 'name="verdict"' not in page
    with installation.ledger.begin() as connection:
        connection.execute(update(arrivals).where(arrivals.c.id == broken).values(source_sha256=None))
    assert reviewer.get(f"/films/{broken}/jpeg").text == "No picture can be drawn (truncated)."
    for missing in ("/films/999", "/films/999/jpeg", f"/films/{2**70}"):
        assert reviewer.get(missing).status_code == 404


REVIEWS: list[tuple[dict[str, str], list[tuple[str, str]]]] = [
    ({"verdict": "agree"}, [("review", "normal")]),
    ({"verdict": "another_label", "label": "covid19", "comment": HOSTILE}, [("review", "covid19")]),
    ({"verdict": "unsure"}, []),
]


def test_each_review_is_kept_shown_and_becomes_a_reference_label(
    reviewer: TestClient, film: int, installation: Installation
) -> None:
    for form, label in REVIEWS:
        answer = reviewer.post(f"/films/{film}/review", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/films/{film}")
        assert read_label(installation) == label
    page = reviewer.get(f"/films/{film}").text
    assert page.count("corrected since") == 2
    assert "<script>alert" not in page
    assert list_actions(installation).count(("film_reviewed", film)) == 3
    for nothing in ({"x": "1"}, {"verdict": "maybe"}, {"verdict": "another_label", "label": "influenza"}):
        assert reviewer.post(f"/films/{film}/review", data=nothing).status_code == 400


def test_a_comment_keeps_its_lines(reviewer: TestClient, film: int) -> None:
    reviewer.post(f"/films/{film}/review", data={"verdict": "unsure", "comment": "left base\r\n\r\nsee the lateral"})
    page = reviewer.get(f"/films/{film}").text
    assert "<p><bdi>left base</bdi></p><p><bdi>see the lateral</bdi></p>" in page


def test_two_readers_speak_side_by_side(reviewer: TestClient, log_in: LogIn, film: int) -> None:
    other = log_in(Role.OPERATOR)
    reviewer.post(f"/films/{film}/review", data={"verdict": "agree", "comment": "mine"})
    other.post(f"/films/{film}/review", data={"verdict": "another_label", "label": "covid19", "comment": "yours"})
    page = reviewer.get(f"/films/{film}").text
    assert "mine" in page
    assert "yours" in page
    assert "corrected since" not in page


def test_who_may_only_look_reviews_nothing(log_in: LogIn, film: int) -> None:
    viewer = log_in(Role.VIEWER)
    assert 'name="verdict"' not in viewer.get(f"/films/{film}").text
    assert viewer.post(f"/films/{film}/review", data={"verdict": "agree"}).status_code == 403


def test_next_and_previous_unread_are_links_with_keys(
    reviewer: TestClient, film: int, installation: Installation
) -> None:
    shares = {Label.COVID19: 0.9, Label.NORMAL: 0.1}
    positive = predict(installation.ledger, "positive.dcm", label=Label.COVID19, probabilities=shares)
    page = reviewer.get(f"/films/{film}").text
    assert f'href="/films/{positive}" class="button" data-key="p"' in page
    assert 'href="/films/1" class="button" data-key="n"' in page
