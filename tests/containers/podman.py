"""podman and buildah of Debian, with a store of their own: built images are kept there between runs of the tests."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STORE = Path.home() / ".cache" / "xray-watch-containers"
RUN_SECONDS = 120
# podman asks for more than a machine without CAP_SYS_RESOURCE may give
LIMITS = ("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096")
# runc and cgroupfs: crun refuses hybrid cgroups, and there need be no systemd; netavark has the names of services
SETTINGS = """
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "{store}/networks"
"""
STORAGE = """
[storage]
driver = "overlay"
graphroot = "{store}/images"
runroot = "{store}/run"
"""
PROGRAMS = ("podman", "buildah", "runc", "conmon", "mmdebstrap", "iptables")
HELPERS = ("/usr/lib/podman/netavark", "/usr/lib/podman/aardvark-dns", "/usr/libexec/podman/catatonit")


def explain_absence() -> str | None:
    """Say why no containers can be run here; None where they can."""
    if os.geteuid() != 0:
        return "root alone makes a root file system and limits memory"
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    missing += [path for path in HELPERS if not Path(path).exists()]
    if missing:
        return f"{', '.join(missing)}: not installed (.ci/run names the Debian packages)"
    return None


@dataclass
class Podman:
    """Runs podman and buildah on the store of these tests.

    Attributes
    ----------
    prefix : str
        What all containers, networks and volumes of this run begin with; `tidy` removes what has it.
    """

    store: Path = STORE
    prefix: str = f"xray-test-{os.getpid()}-"
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.store.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings, storage = self.store / "containers.conf", self.store / "storage.conf"
        settings.write_text(SETTINGS.format(store=self.store))
        storage.write_text(STORAGE.format(store=self.store))
        self.environment = os.environ | {
            "CONTAINERS_CONF": str(settings),
            "CONTAINERS_STORAGE_CONF": str(storage),
        }

    def call(self, *words: str | Path, seconds: float = RUN_SECONDS) -> subprocess.CompletedProcess[str]:
        """Run podman; whatever it answers is returned."""
        return self._finish("podman", words, seconds)

    def ask(self, *words: str | Path, seconds: float = RUN_SECONDS, stdin: str | None = None) -> str:
        """Run podman and return what it prints; fails where it does."""
        return self._succeed(self._finish("podman", words, seconds, stdin))

    def build(self, *words: str | Path, seconds: float) -> str:
        """Run buildah and return what it prints; fails where it does."""
        return self._succeed(self._finish("buildah", words, seconds))

    def inspect(self, name: str) -> dict[str, Any]:
        """Return what podman knows of a container or image."""
        found: list[dict[str, Any]] = json.loads(self.ask("inspect", name))
        return found[0]

    def has_image(self, name: str) -> bool:
        """Say whether an image was made before."""
        return self.call("image", "exists", name).returncode == 0

    def run_once(self, *words: str | Path, seconds: float = RUN_SECONDS) -> subprocess.CompletedProcess[str]:
        """Run a container to its end, and remove it."""
        return self.call("run", "--rm", *LIMITS, *words, seconds=seconds)

    def tidy(self) -> None:
        """Remove the containers, networks and volumes of this run."""
        mine = ("--quiet", "--filter", f"name=^{self.prefix}")
        self.call("rm", "--force", "--volumes", "--time", "0", *self.ask("ps", "--all", *mine).split())
        for kind in ("network", "volume"):
            names = self.ask(kind, "ls", *mine).split()
            self.call(kind, "rm", "--force", *names)

    def _finish(
        self, program: str, words: tuple[str | Path, ...], seconds: float, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *map(str, words)],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    @staticmethod
    def _succeed(answer: subprocess.CompletedProcess[str]) -> str:
        assert answer.returncode == 0, f"{answer.args}\n{answer.stdout[-3000:]}\n{answer.stderr[-5000:]}"
        return answer.stdout.strip()
