"""The engine and the image, made once for all tests of containers."""

from collections.abc import Iterator

import pytest

from tests.containers.images import build_ours
from tests.containers.podman import Podman, explain_absence
from tests.needs import skip


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """Give podman and buildah; skips where they cannot run, which CI never does."""
    absence = explain_absence()
    if absence is not None:
        skip(absence)
    podman = Podman()
    yield podman
    podman.tidy()


@pytest.fixture(scope="session")
def image(podman: Podman) -> str:
    """Build the image of the Dockerfile; returns its name."""
    return build_ours(podman)
