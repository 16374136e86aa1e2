"""An engine that is asked for and cannot be ends the start, in one line."""

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("command", "variables", "says"),
    [
        ("watch", {"XRAY_DEVICES": "gpu:7", "CUDA_VISIBLE_DEVICES": ""}, "XRAY_DEVICES names gpu:7: found is no GPU"),
        ("worker", {"XRAY_DEVICES": "cpu,cpu", "KERAS_BACKEND": "no_such_backend"}, "no_such_backend is not installed"),
    ],
)
def test_what_is_asked_for_and_cannot_be_ends_the_start(
    run: Run, command: str, variables: dict[str, str], says: str
) -> None:
    ended = run(command, **variables)
    assert ended.returncode == 78
    assert says in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
