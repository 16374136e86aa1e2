"""The image: built by the repository's Dockerfile, and one film screened with as little as a container can have."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from selftest.site import wait_until
from tests.acceptance.test_main_job import drop_phantoms
from tests.containers.podman import LIMITS, Podman

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1500)]

USER = 10001
HARDENED = (
    *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true", "--user", f"{USER}:{USER}"),
    *("--tmpfs", "/tmp:size=256m,mode=1777,noexec,nosuid,nodev"),
)


@contextmanager
def watching(podman: Podman, image: str, inbox: Path) -> Iterator[str]:
    """Run the image as it comes, on an inbox of this machine, and a home that ends with the container."""
    inbox.mkdir()
    os.chown(inbox, USER, USER)
    name = f"{podman.prefix}alone"
    volumes = ("--volume", f"{inbox}:/var/lib/xray/inbox", "--volume", "/var/lib/xray/home")
    podman.ask("run", "--detach", "--name", name, *LIMITS, *HARDENED, *volumes, "--health-interval", "disable", image)
    try:
        yield name
    finally:
        podman.call("rm", "--force", "--volumes", "--time", "0", name)


def is_healthy(podman: Podman, name: str) -> bool:
    return podman.call("healthcheck", "run", name).returncode == 0


def test_the_image_as_it_comes_screens_a_film_with_nothing_but_its_folders(
    podman: Podman, image: str, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    with watching(podman, image, inbox) as name:
        wait_until(lambda: is_healthy(podman, name), what="a healthy service", seconds=120)
        drop_phantoms(inbox, 1)
        wait_until(lambda: not list(inbox.iterdir()), what="an empty inbox", seconds=60)
        report = podman.ask("exec", name, "xray-cli", "report", "--since", "1h")
        assert "0000.dcm" in report
        status = podman.ask("exec", name, "grep", "-E", "^(Uid|CapBnd|CapEff|NoNewPrivs)", "/proc/1/status").split()
        assert status == [
            *("Uid:", *["10001"] * 4, "CapEff:", "0" * 16, "CapBnd:", "0" * 16, "NoNewPrivs:", "1"),
        ]
        assert podman.call("exec", name, "touch", "/opt/xray/file").returncode != 0
        podman.ask("stop", "--time", "40", name)
        assert podman.inspect(name)["State"]["ExitCode"] == 0
