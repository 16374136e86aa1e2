"""The images: ours by the repository's own Dockerfile, on a base that mmdebstrap makes on the spot.

The Dockerfile's base, python:3.11 on Debian bookworm, comes from a registry of images, which a machine that tests need
not reach. Debian's bookworm has Python 3.11 too: a root file system of it, under the base's very name, takes its place.
The Dockerfile is built as it stands; the base is all that is replaced.
"""

import re
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

from tests.containers.podman import Podman
from tests.deploy.compose import DOCKERFILE, ROOT

SUITE = "bookworm"
PACKAGES = "python3,python3-venv,python-is-python3"
# as in the base that is replaced: no handbooks, no languages
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
BASE_SECONDS = 300
BUILD_SECONDS = 900
OURS = "localhost/xray-watch:cpu"


def name_base() -> str:
    """Return the Dockerfile's base as a registry of images knows it."""
    named = re.search(r"^FROM (python:3\.11\S*-bookworm) AS base$", DOCKERFILE, re.MULTILINE)
    assert named is not None, f"the Dockerfile's base has neither Python 3.11 nor {SUITE}"
    return f"docker.io/library/{named[1]}"


def make_base(podman: Podman) -> str:
    """Make what stands for the Dockerfile's base, unless an earlier run did; return its name."""
    recipe = f"{SUITE} {PACKAGES} {LEFT_OUT}"
    kept = f"localhost/xray-test-base:{sha256(recipe.encode()).hexdigest()[:12]}"
    if not podman.has_image(kept):
        with tempfile.TemporaryDirectory(prefix="xray-base-") as folder:
            archive = Path(folder) / "base.tar"
            _bootstrap(archive)
            podman.ask("import", archive, kept, seconds=BASE_SECONDS)
    base = name_base()
    podman.ask("tag", kept, base)
    return base


def build_ours(podman: Podman, target: str = "cpu") -> str:
    """Build a stage of the Dockerfile as it stands; return the image's name."""
    make_base(podman)
    with tempfile.TemporaryDirectory(prefix="xray-pip-") as folder:
        podman.build(
            *("build", "--layers", "--pull-never", "--format", "docker", "--network", "host"),
            *("--target", target, "--tag", OURS, *_lend_pip_settings(Path(folder)), ROOT),
            seconds=BUILD_SECONDS,
        )
    return OURS


def _bootstrap(archive: Path) -> None:
    sources = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    mirrors = subprocess.run(sources, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    left_out = [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", *left_out, SUITE]
    answer = subprocess.run(
        [*command, archive, mirrors[0]], capture_output=True, text=True, check=False, timeout=BASE_SECONDS
    )
    assert answer.returncode == 0, answer.stderr[-3000:]


def _lend_pip_settings(folder: Path) -> list[str]:
    """Mount this machine's settings of pip while the image is built, and the files and folders that they name."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True, timeout=60
    )
    # the environment's go before the files', as pip has it
    found = re.findall(r"^(:env:|global)\.(\S+)='(.*)'$", listed.stdout, re.MULTILINE)
    settings = {name: value for _, name, value in sorted(found, reverse=True)}
    lent = folder / "pip.conf"
    lent.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
    sources = {"/etc/pip.conf": str(lent)}
    for scheme, path in re.findall(r"(?<![:/\w])(file://)?(/[^/\s]\S*)", "\n".join(settings.values())):
        named = Path(path).parent if scheme else Path(path)  # an index lies beside its files
        sources[str(named)] = str(named.resolve())
    return [f"--volume={source}:{place}:ro" for place, source in sources.items() if Path(source).exists()]
