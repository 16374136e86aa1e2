"""docker-compose.yml run by podman: each option of a service becomes podman's, and one that is not known here fails.

podman-compose of Debian knows neither conditions nor profiles; so that the file itself is what is tested, it is read
here. Health checks are run when they are asked for: podman leaves their times to systemd, which need not be there.
"""

import json
import os
import shlex
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from selftest.site import wait_until
from tests.containers.podman import LIMITS, Podman
from tests.containers.stand_ins import qualify
from tests.deploy.compose import ROOT, interpolate, read_compose

HEALTHY_SECONDS = 120
NO_WORDS = {"image", "build", "command", "depends_on", "profiles"}  # what podman is not told as an option


def fill(value: Any, variables: Mapping[str, str]) -> Any:
    """Put the variables into every text of a part of the file."""
    if isinstance(value, str):
        return interpolate(value, variables)
    if isinstance(value, list):
        return [fill(each, variables) for each in value]
    if isinstance(value, dict):
        return {name: fill(each, variables) for name, each in value.items()}
    return value


@dataclass
class Composed:
    """The services of the file as containers of this machine.

    Attributes
    ----------
    variables : dict of str to str
        What stands in ``.env``.
    """

    podman: Podman
    variables: dict[str, str]
    file: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.file = fill(read_compose(), self.variables)
        for name, options in self.file["networks"].items():
            internal = ["--internal"] if options.get("internal") else []
            self.podman.ask("network", "create", *internal, self.name(name))

    def name(self, service: str, replica: int = 1) -> str:
        """Name the container of a service."""
        return f"{self.podman.prefix}{service}" + ("" if replica == 1 else f"-{replica}")

    def up(self, service: str) -> None:
        """Start a service, all its replicas, once what it waits for is there."""
        options = self.file["services"][service]
        for other, condition in options.get("depends_on", {}).items():
            if condition == {"condition": "service_healthy"}:
                self.wait_for_health(other, healthy=True)
            else:
                assert condition == {"condition": "service_completed_successfully"}
                assert self.podman.inspect(self.name(other))["State"]["ExitCode"] == 0
        for replica in range(1, int(options.get("deploy", {}).get("replicas", 1)) + 1):
            words = self._build_words(service)
            self.podman.ask("run", "--detach", "--name", self.name(service, replica), *words)

    def run(self, service: str, *command: str, stdin: str | None = None) -> str:
        """Run a service that comes to its end, or another command in its place; return what it prints."""
        words = self._build_words(service, command)
        kept = ("--rm", "--interactive") if command else ("--name", self.name(service))
        return self.podman.ask("run", *kept, *words, stdin=stdin)

    def inside(self, service: str, *command: str) -> str:
        """Run a command in a running container of a service."""
        return self.podman.ask("exec", self.name(service), *command)

    def is_healthy(self, service: str, replica: int = 1) -> bool:
        """Run the health check of a service."""
        return self.podman.call("healthcheck", "run", self.name(service, replica)).returncode == 0

    def wait_for_health(self, service: str, *, healthy: bool, replica: int = 1) -> None:
        """Wait until the health check says so."""
        what = f"{service}: healthy {healthy}"
        wait_until(lambda: self.is_healthy(service, replica) is healthy, what=what, seconds=HEALTHY_SECONDS)

    def kill(self, service: str, replica: int = 1) -> int:
        """End a container as the kernel does when memory runs out; return its process number."""
        number: int = self.podman.inspect(self.name(service, replica))["State"]["Pid"]
        os.kill(number, signal.SIGKILL)
        return number

    def is_back(self, service: str, former: int, replica: int = 1) -> bool:
        """Tell whether a container runs again, as another process."""
        state = self.podman.inspect(self.name(service, replica))["State"]
        return state["Running"] and state["Pid"] not in (0, former)

    def fetch(self, port: str, path: str) -> tuple[int, str]:
        """Return status and text of a page of this machine; 0 where nobody answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.variables[port]}{path}", timeout=20) as page:
                return page.status, str(page.read(), "utf-8")
        except HTTPError as error:
            return error.code, str(error.read(), "utf-8")
        except (URLError, OSError):
            return 0, ""

    def _build_words(self, service: str, command: tuple[str, ...] = ()) -> list[str]:
        """Put a service of the file into words of podman; `command` in place of its own, without its ports."""
        options = self.file["services"][service]
        words = [*LIMITS, "--read-only-tmpfs=false"]  # what the file names is all that can be written to
        for key, value in options.items():
            if key not in NO_WORDS and not (command and key in ("restart", "ports")):
                words += OPTIONS[key](self, service, value)
        return [*words, qualify(options["image"]), *(command or options.get("command", []))]

    def _mount_secrets(self, _: str, names: list[str]) -> list[str]:
        secrets = self.file["secrets"]
        return [f"--volume={secrets[name]['file']}:/run/secrets/{name}:ro" for name in names]

    def _mount_volumes(self, _: str, volumes: list[str]) -> list[str]:
        words = []
        for volume in volumes:
            source, _, rest = volume.partition(":")
            if source in self.file["volumes"]:
                source = self.podman.prefix + source
            words.append(f"--volume={ROOT / source if source.startswith('.') else source}:{rest}")
        return words

    def _join_networks(self, service: str, networks: list[str]) -> list[str]:
        return [f"--network={self.name(network)}:alias={service}" for network in networks]

    def _check_health(self, _: str, check: dict[str, Any]) -> list[str]:
        if check.get("disable"):
            return ["--no-healthcheck"]
        kind, *words = check["test"]
        return [
            f"--health-cmd={words[0] if kind == 'CMD-SHELL' else shlex.join(words)}",
            "--health-interval=disable",
            f"--health-timeout={check['timeout']}",
            f"--health-retries={check['retries']}",
        ]

    def _limit(self, _: str, deploy: dict[str, Any]) -> list[str]:
        limits = deploy["resources"]["limits"]
        memory = limits["memory"]
        return [f"--cpus={limits['cpus']}", f"--memory={memory}", f"--pids-limit={limits['pids']}"]

    def _log(self, _: str, logging: dict[str, Any]) -> list[str]:
        return [f"--log-driver={logging['driver']}", f"--log-opt=max-size={logging['options']['max-size']}"]

    def _read_files(self, _: str, files: list[dict[str, Any]]) -> list[str]:
        return [f"--env-file={ROOT / file['path']}" for file in files if file["required"]]


def _each(option: str) -> Callable[[Composed, str, Any], list[str]]:
    """Make an option of every word of a list, or of every name with its value."""

    def build(_: Composed, __: str, values: list[str] | dict[str, str]) -> list[str]:
        words = values if isinstance(values, list) else [f"{name}={value}" for name, value in values.items()]
        return [f"{option}={word}" for word in words]

    return build


def _one(option: str, write: Callable[[Any], str] = str) -> Callable[[Composed, str, Any], list[str]]:
    """Make an option of one value."""
    return lambda _, __, value: [f"{option}={write(value)}"]


OPTIONS: dict[str, Callable[[Composed, str, Any], list[str]]] = {
    "cap_drop": _each("--cap-drop"),
    "deploy": Composed._limit,
    "entrypoint": _one("--entrypoint", json.dumps),
    "env_file": Composed._read_files,
    "environment": _each("--env"),
    "healthcheck": Composed._check_health,
    "init": _one("--init", lambda wanted: str(wanted).lower()),
    "labels": _each("--label"),
    "logging": Composed._log,
    "networks": Composed._join_networks,
    "ports": _each("--publish"),
    "read_only": _one("--read-only", lambda wanted: str(wanted).lower()),
    "restart": _one("--restart"),
    "secrets": Composed._mount_secrets,
    "security_opt": _each("--security-opt"),
    "shm_size": _one("--shm-size"),
    "stop_grace_period": _one("--stop-timeout", lambda seconds: str(seconds).removesuffix("s")),
    "tmpfs": _each("--tmpfs"),
    "user": _one("--user"),
    "volumes": Composed._mount_volumes,
}
