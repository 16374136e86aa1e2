import re
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cli.evaluations import keep_evaluation
from documents.blocks import CellKind, Column, Content, Row, Section, Sentences, Table
from inference.bundle import SHIPPED_BUNDLE, Bundle
from installation.installation import Installation
from store.access.users import list_users
from store.audit import list_events
from store.database import reading
from store.ledger.arrivals import find_arrival
from store.ledger.deliveries import NewDelivery, queue_deliveries
from store.ledger.outcomes import record_quarantine
from store.states import ArrivalState, Role
from tests.ledger import OWNER, hold, predict, quarantine, register_model
from tests.web.conftest import LogIn
from training.evaluation.result import Evaluation
from web.operate.model import mark_up

HOSTILE = "<img src=x onerror=alert(1)>\"\x1b[31m\u202egnp.exe'.dcm"


@pytest.fixture
def _films(installation: Installation) -> None:
    register_model(installation.ledger)
    predict(installation.ledger, HOSTILE)
    quarantine(installation.ledger, HOSTILE + "2")


@pytest.mark.usefixtures("_films")
def test_hostile_names_are_text_on_every_page(log_in: LogIn) -> None:
    client = log_in(Role.ADMIN)
    for path in ("/quarantine", "/reports?since=7d", "/reports?since=<script>alert(1)</script>", "/audit?since=<b>x"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "<img src=x" not in answer.text
        assert "<script>alert" not in answer.text
        assert "\u202e" not in answer.text


def test_a_file_is_released_from_quarantine_in_the_users_name(
    log_in: LogIn, installation: Installation, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    arrival_id = put_in_quarantine(installation, inbox / "broken.dcm")
    client = log_in(Role.OPERATOR)
    page = client.get("/quarantine").text
    assert "broken.dcm" in page
    assert "Send the file again; the copy that arrived is incomplete." in page
    answer = client.post(f"/quarantine/{arrival_id}/release")
    assert "is back in its inbox" in answer.text
    assert (inbox / "broken.dcm").read_bytes() == b"broken"
    assert client.post(f"/quarantine/{arrival_id}/release").status_code == 409
    with reading(installation.ledger) as connection:
        assert find_arrival(connection, arrival_id).stored_path is None  # type: ignore[union-attr]
    said = log_in(Role.ADMIN).get("/audit").text
    assert "quarantine released" in said
    assert "operator" in said


def put_in_quarantine(installation: Installation, path: Path) -> int:
    from store.ledger.arrivals import NewArrival, claim_arrival, record_arrivals
    from store.states import AfterScreening, Priority

    stored = installation.home.quarantine / "00000001-unread.bin"
    stored.write_bytes(b"broken")
    new = NewArrival("f" * 64, path.parent, path, 6, AfterScreening.MOVE, Priority.ROUTINE)
    with installation.ledger.begin() as connection:
        record_arrivals(connection, [new])
        assert claim_arrival(connection, 1, OWNER, 60) is not None
        record_quarantine(
            connection,
            1,
            OWNER,
            reason_code="truncated_file",
            reason="it ends",
            source_sha256="a" * 64,
            stored_path=stored,
        )
        found = find_arrival(connection, 1)
    assert found is not None
    assert found.state is ArrivalState.QUARANTINED
    return 1


def test_what_waits_because_of_a_fault_is_tried_again(log_in: LogIn, installation: Installation) -> None:
    assert log_in(Role.OPERATOR).post("/status/retry").headers["location"] == "/status"
    with reading(installation.ledger) as connection:
        assert list_events(connection)[0][1] == "retried"


def test_the_status_page_says_what_the_command_says(log_in: LogIn) -> None:
    answer = log_in(Role.VIEWER).get("/status").text
    assert "not running" in answer
    assert "No service runs on this home" in answer
    assert "Nothing is wrong" not in answer
    assert "Try again now" not in answer


def test_the_status_page_names_a_target_in_full(log_in: LogIn, installation: Installation) -> None:
    name = "radiology-archive-second-building"
    with installation.ledger.begin() as connection:
        queue_deliveries(connection, [NewDelivery(1, "sr", name, "1.2", "2.25.1")])
    answer = log_in(Role.VIEWER).get("/status").text
    assert f">to {name}<" in answer
    assert ">1 answer waits<" in answer


@pytest.mark.usefixtures("_films")
@pytest.mark.parametrize(
    ("kind", "begins"),
    [("csv", b"file_name"), ("json", b"{"), ("html", b"<!DOCTYPE"), ("pdf", b"%PDF"), ("xlsx", b"PK")],
)
def test_reports_are_downloaded_and_that_is_an_event(
    log_in: LogIn, installation: Installation, kind: str, begins: bytes
) -> None:
    answer = log_in(Role.VIEWER).get(f"/reports/download?since=today&format={kind}")
    assert answer.status_code == 200
    assert answer.content.lstrip(b"\xef\xbb\xbf").startswith(begins)
    assert answer.headers["content-disposition"].startswith('attachment; filename="xray-report-')
    with reading(installation.ledger) as connection:
        assert list_events(connection)[0][1] == "report_exported"


@pytest.mark.parametrize("query", ["since=whenever", "since=today&by=colour", "since=today&until=2020-01-01"])
def test_a_question_that_cannot_be_read_is_answered_in_words(log_in: LogIn, query: str) -> None:
    answer = log_in(Role.VIEWER).get(f"/reports?{query}")
    assert answer.status_code == 200
    assert "fault" in answer.text


def test_the_model_card_is_drawn_with_its_own_marks_and_no_others(log_in: LogIn) -> None:
    answer = log_in(Role.VIEWER).get("/model").text
    assert f"<code>{SHIPPED_BUNDLE.name}</code>" in answer
    assert "It is not evidence that COVID-19" in answer
    columns = (Column("`what`", CellKind.WORDS, 1),)
    section = Section(
        "a",
        "A",
        "**bold** <b>",
        [Sentences(["`x` [y](https://z.example)", r"\* x"]), Table("", columns, [Row(("<i>",))])],
    )
    marked = mark_up(section)
    assert str(marked.lead) == "<b>bold</b> &lt;b&gt;"
    assert 'href="https://z.example"' in str(marked.blocks[0])
    assert "&lt;i&gt;" in str(marked.blocks[1])
    assert "<code>what</code>" in str(marked.blocks[1])
    assert "\\" not in str(marked.blocks[0])
    assert not re.search(r"\\\*|`", re.sub(r"<[^>]*>", "", answer))


def test_an_admin_disables_others_and_not_oneself(log_in: LogIn) -> None:
    client, viewer = log_in(Role.ADMIN), log_in(Role.VIEWER)
    assert client.post("/users/admin/disable").status_code == 409
    assert client.post("/users/viewer/disable").status_code == 200
    assert viewer.get("/account").status_code == 303
    assert client.get("/account").status_code == 200


@pytest.mark.usefixtures("_films")
def test_times_are_the_sites_and_not_the_machines(log_in: LogIn, installation: Installation) -> None:
    installation.settings.time_zone = "Pacific/Kiritimati"  # no machine's own
    with reading(installation.ledger) as connection:
        arrival = find_arrival(connection, 2)
        (user, *_) = list_users(connection)
    assert arrival is not None
    client = log_in(Role.ADMIN)
    for path, moment in (("/quarantine", arrival.received_at), ("/users", user.created_at)):
        shown = moment.astimezone(ZoneInfo("Pacific/Kiritimati"))
        assert f"{shown:%Y-%m-%d %H:%M:%S}" in client.get(path).text


def test_the_chain_is_verified_on_the_page(log_in: LogIn) -> None:
    assert "none changed; the newest hash is" in log_in(Role.ADMIN).get("/audit?verify=true").text


def test_machines_are_answered_without_a_log_in_and_without_patients(log_in: LogIn, installation: Installation) -> None:
    register_model(installation.ledger)
    predict(installation.ledger, "CANARY.dcm")
    hold(installation.ledger, "CANARY2.dcm")
    client = log_in(Role.VIEWER)
    client.cookies.clear()
    assert client.get("/healthz").text == "ok\n"
    ready = client.get("/readyz")
    assert (ready.status_code, ready.text) == (503, "stopped: no service runs on this home\n")
    metrics = client.get("/metrics").text
    assert "xray_web_sessions 1.0" in metrics
    assert 'xray_web_answers_total{status="2xx"}' in metrics
    assert "CANARY" not in metrics + ready.text


def test_the_evaluation_is_the_homes_last_one_else_the_figures_of_the_training(
    log_in: LogIn, installation: Installation
) -> None:
    client, bundle = log_in(Role.VIEWER), installation.model
    assert 'href="/model/evaluation"' in client.get("/model").text
    brought = client.get("/model/evaluation").text
    assert "<b>of the same sources</b>" in brought
    assert f"Of {bundle.metrics['n']} films of {bundle.metrics['n_patients']} patients it puts" in brought
    assert "not on films of this site" in brought
    assert "left aside" in brought
    keep_evaluation(installation.home, make_evaluation(bundle, n=12, n_patients=7))
    own = client.get("/model/evaluation").text
    assert "Of 12 films of 7 patients it puts" in own
    assert "not on films of this site" not in own
    installation.home.find_evaluation(bundle.model_sha256).write_text("{")
    assert "cannot be read" in client.get("/model/evaluation").text


def make_evaluation(bundle: Bundle, **figures: int) -> Evaluation:
    named = {"model_version": bundle.model_version, "model_sha256": bundle.model_sha256}
    return Evaluation.from_json({**bundle.metrics, **named, **figures})


def test_what_an_evaluation_says_is_text(log_in: LogIn) -> None:
    client = log_in(Role.VIEWER)
    site = client.app.state.site  # type: ignore[attr-defined]
    content = Content("model 7", "12 films", ["It is right about often <b>."], [], [], [], stamp="overlaps")
    doors = replace(site.doors, read_evaluation=lambda: content)
    client.app.state.site = replace(site, doors=doors)  # type: ignore[attr-defined]
    assert 'href="/model/evaluation"' in client.get("/model").text
    answer = client.get("/model/evaluation")
    assert "It is right about often &lt;b&gt;." in answer.text
    assert "overlaps" in answer.text
