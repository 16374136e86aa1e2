import pytest

from installation.neighbours import find_command


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
