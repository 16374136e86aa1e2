"""The upload over HTTP: what is received, what is refused, whose it is, and its answer."""

from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from cli.app import app
from inference.labels import Outcome
from installation.home import lock_home, note_inboxes
from installation.installation import Installation
from store.audit import list_events
from store.database import reading
from store.states import Role
from store.tables import arrivals
from tests.ledger import INBOX, digest, predict, quarantine, register_model, reject
from tests.outline import Outline
from tests.web.conftest import LogIn
from web.uploads.pages import find_inbox


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def test_a_file_lies_in_the_inbox_under_the_uploaders_name_in_the_audit(
    inbox: Path, log_in: LogIn, installation: Installation
) -> None:
    client = log_in(Role.REVIEWER)
    answer = client.post("/upload", content=b"film", headers={"X-File-Name": "%3Cb%3Ea.dcm"})
    assert (answer.status_code, answer.text) == (200, "1")
    assert [file.read_bytes() for file in inbox.iterdir()] == [b"film"]
    with reading(installation.ledger) as connection:
        _, action, _, detail = list_events(connection)[0]
    assert action == "film_uploaded"
    assert detail["sha256"] == digest("film")
    page = client.get("/upload").text
    assert "received; waits for its answer" in page
    assert "&lt;b&gt;a.dcm" in page
    assert "<b>a.dcm" not in page
    assert "data-arrival" not in page


def test_uploads_go_where_the_running_service_watches(
    inbox: Path, tmp_path: Path, log_in: LogIn, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, opened = tmp_path / "films", list[Installation]()
    watched.mkdir()
    monkeypatch.setenv("XRAY_HOME", str(installation.home.root))
    monkeypatch.setattr("cli.web._serve", opened.append)
    with lock_home(installation.home):
        note_inboxes(installation.home, [watched])
        CliRunner().invoke(app, ["web"])
        assert find_inbox(opened[0]) == watched
        assert log_in(Role.REVIEWER).post("/upload", content=b"film").status_code == 200
    assert (len(list(watched.iterdir())), list(inbox.iterdir())) == (1, [])


def test_the_answer_comes_with_its_arrival_outcome_and_label(
    inbox: Path, log_in: LogIn, installation: Installation
) -> None:
    client, other = log_in(Role.REVIEWER), log_in(Role.OPERATOR)
    number = client.post("/upload", content=b"film", headers={"X-File-Name": "a.dcm"}).text
    assert client.get(f"/upload/answers?ids={number},7,x").text == ""
    register_model(installation.ledger)
    arrival_id = predict(installation.ledger, "a.dcm", content="film")
    with installation.ledger.begin() as connection:
        connection.execute(update(arrivals).where(arrivals.c.id == arrival_id).values(path=inbox / "a.dcm"))
    (row,) = Outline(client.get(f"/upload/answers?ids={number}").text).find("li")
    assert (row["data-arrival"], row["data-outcome"], row["data-label"]) == (str(arrival_id), "predicted", "normal")
    assert f'data-arrival="{arrival_id}"' in client.get("/upload").text
    assert other.get(f"/upload/answers?ids={number}").text == ""  # somebody else's


def test_an_answer_has_its_picture_and_where_a_model_judged_it_the_heat_map(
    inbox: Path, log_in: LogIn, installation: Installation
) -> None:
    register_model(installation.ledger)
    client = log_in(Role.REVIEWER)
    numbers = [client.post("/upload", content=name.encode(), headers={"X-File-Name": name}).text for name in ("a", "b")]
    answered = predict(installation.ledger, "a"), reject(installation.ledger, "b", "lateral")
    with installation.ledger.begin() as connection:
        for arrival_id, name in zip(answered, ("a", "b"), strict=True):
            connection.execute(update(arrivals).where(arrivals.c.id == arrival_id).values(path=inbox / name))
    rows = Outline(client.get(f"/upload/answers?ids={','.join(numbers)}").text).find("img")
    judged, refused = (f"/films/{arrival_id}" for arrival_id in answered)
    assert [row["src"] for row in rows] == [f"{judged}/jpeg", f"{judged}/heat", f"{refused}/jpeg"]
    assert {row["loading"] for row in rows} == {"lazy"}  # two hundred are not drawn before somebody looks at them


def test_the_same_bytes_show_the_earlier_answer(inbox: Path, log_in: LogIn, installation: Installation) -> None:
    register_model(installation.ledger)
    first = predict(installation.ledger, "first.dcm", content="film", outcome=Outcome.INDETERMINATE, label=None)
    client = log_in(Role.REVIEWER)
    number = client.post("/upload", content=b"film", headers={"X-File-Name": "again.dcm"}).text
    again = predict(installation.ledger, "again.dcm", content="film", outcome=Outcome.INDETERMINATE, label=None)
    with installation.ledger.begin() as connection:
        connection.execute(update(arrivals).where(arrivals.c.id == again).values(path=inbox / "again.dcm"))
    answer = client.get(f"/upload/answers?ids={number}").text
    (row,) = Outline(answer).find("li")
    assert (row["data-arrival"], row["data-outcome"]) == (str(first), "indeterminate")
    assert f"the same film came before, as arrival {first:08d}" in answer


def test_a_refusal_is_said_in_words_with_its_detail_and_advice(
    inbox: Path, log_in: LogIn, installation: Installation
) -> None:
    register_model(installation.ledger)
    client = log_in(Role.REVIEWER)
    numbers = [client.post("/upload", content=name.encode(), headers={"X-File-Name": name}).text for name in ("a", "b")]
    refused = reject(installation.ledger, "a", "lateral"), quarantine(installation.ledger, "b", "truncated_file")
    with installation.ledger.begin() as connection:
        for arrival_id, name in zip(refused, ("a", "b"), strict=True):
            connection.execute(update(arrivals).where(arrivals.c.id == arrival_id).values(path=inbox / name))
    answer = client.get(f"/upload/answers?ids={','.join(numbers)}").text
    for words in ("refused: lateral", "quarantined: truncated file", "it ends early"):
        assert words in answer
    assert '<p class="reason">no</p>' in answer
    assert answer.count('class="advice"') == 2
    assert [row["data-outcome"] for row in Outline(answer).find("li")] == ["rejected", "quarantined"]


def test_what_is_too_large_is_refused_in_words_and_leaves_nothing(
    inbox: Path, log_in: LogIn, installation: Installation
) -> None:
    client = log_in(Role.REVIEWER)
    installation.settings.max_file_bytes = 1 << 20
    answer = client.post("/upload", content=bytes((1 << 20) + 1), headers={"X-File-Name": "a.dcm"})
    assert (answer.status_code, answer.text) == (413, "it is larger than the 1 MiB that are accepted")
    assert list(inbox.iterdir()) == []


def test_without_an_inbox_or_the_role_nothing_is_taken(
    tmp_path: Path, log_in: LogIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert log_in(Role.REVIEWER).post("/upload", content=b"film").status_code == 503
    assert log_in(Role.VIEWER).post("/upload", content=b"film").status_code == 403
    assert INBOX.exists() is False
