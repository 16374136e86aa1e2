from pathlib import Path

import psutil
import pytest

from installation import neighbours
from installation.home import Home
from installation.neighbours import Neighbour, describe_neighbours, find_command


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/opt/x/bin/python /opt/x/bin/xray-cli watch /data/in --home /h", "watch /data/in --home /h"),
        ("python3.13 -m cli scan /archive", "scan /archive"),
        ("/usr/bin/xray-cli watch", "watch"),
        ("python -m cli worker --home /h", None),
        ("python -m cli report", None),
        ("vim xray-cli", None),
        ("watch xray-cli status", None),
        ("", None),
    ],
)
def test_a_service_is_known_by_its_command_line(line: str, command: str | None) -> None:
    assert find_command(line.split()) == command


def test_of_several_services_each_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    user = psutil.Process().username()
    places = [*(Path(f"/srv/{place}") for place in "aabcdef")]
    monkeypatch.setattr(
        neighbours, "find_neighbours", lambda _home: (Neighbour(1, user, place, "watch") for place in places)
    )
    said = describe_neighbours(Home(Path("/nowhere")))
    assert said.count("a service runs on the home /srv/a: set XRAY_HOME=/srv/a") == 1
    assert said.count("a service runs") == 5
    assert said.endswith("/srv/e; and 1 more")
