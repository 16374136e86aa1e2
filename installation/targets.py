"""Where answers go: targets of a PACS kind, what they are sent, and which answers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field, FilePath, SecretStr, field_validator, model_validator

from inference.labels import LABELS, Outcome

KINDS = ("sr", "sc")
RULE_KEYS = ("label", "outcome", "sender", "model")
REFUSED = "quarantined"  # the outcome of a file that could not be read
MAX_AE_TITLE = 16
MAX_ROOT = 24  # characters; 39 digits of a UUID and a dot follow, and 64 are allowed
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_DICOM = re.compile(r"([^@\\]{1,16})@([^@:/\s]+|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})")
_ROOT = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_TLS = "tls://"
ACCEPTED_TARGETS = (
    "accepted are NAME=AETITLE@host:port, NAME=tls://AETITLE@host:port and NAME=https://host/dicom-web, "
    "several with commas"
)
ACCEPTED_RULES = "accepted are such as 'PACS: outcome=predicted label=covid19; RESEARCH: model=lite0-2026.11.3'"


@dataclass(frozen=True, slots=True)
class Target:
    """A system to which answers are sent: by C-STORE where it has an AE title, else by STOW-RS to its URL."""

    name: str
    ae_title: str = ""
    host: str = ""
    port: int = 0
    url: str = ""
    has_tls: bool = False  # of C-STORE; of STOW-RS the URL says it


TargetRule = Mapping[str, tuple[str, ...]]
"""Which answers a target gets: any of the values of a key, and all keys together; without keys all answers."""


def parse_targets(text: str) -> tuple[Target, ...]:
    """Read the setting; raises ValueError in one line, without the text, which may hold a password."""
    targets = tuple(_parse_target(part.strip()) for part in text.split(",") if part.strip())
    if len({target.name for target in targets}) < len(targets):
        raise ValueError(f"a target's name stands twice; {ACCEPTED_TARGETS}")
    return targets


def _parse_target(text: str) -> Target:
    name, equals, where = text.partition("=")
    if not equals or not _NAME.fullmatch(name):
        raise ValueError(f"a target has no name of letters and digits; {ACCEPTED_TARGETS}")
    if where.startswith(("https://", "http://")):
        return Target(name, url=where.rstrip("/"))
    has_tls = where.startswith(_TLS)
    found = _DICOM.fullmatch(where.removeprefix(_TLS))
    if found is None or not 0 < int(found[3]) < 65536 or not found[1].strip():
        raise ValueError(f"the target {name} is neither AE title and address nor URL; {ACCEPTED_TARGETS}")
    return Target(name, found[1].strip(), found[2].strip("[]"), int(found[3]), has_tls=has_tls)


def parse_kinds(text: str) -> tuple[str, ...]:
    """Read which objects are sent; raises ValueError."""
    kinds = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise ValueError(f"'{unknown[0]}' is no object; accepted are sr, sc, both with a comma, or nothing")
    return kinds


def parse_rules(text: str) -> dict[str, TargetRule]:
    """Read the rules by the name of their target; raises ValueError."""
    return dict(_parse_rule(part) for part in text.split(";") if part.strip())


def _parse_rule(text: str) -> tuple[str, TargetRule]:
    name, colon, conditions = text.partition(":")
    if not colon or not _NAME.fullmatch(name.strip()):
        raise ValueError(f"a rule names no target; {ACCEPTED_RULES}")
    return name.strip(), dict(map(_parse_condition, conditions.split()))


def _parse_condition(text: str) -> tuple[str, tuple[str, ...]]:
    key, equals, values = text.partition("=")
    if key not in RULE_KEYS or not equals or not values:
        raise ValueError(f"'{text}' is no condition of {', '.join(RULE_KEYS)}; {ACCEPTED_RULES}")
    named = tuple(filter(None, values.split("|")))
    known = {"label": LABELS, "outcome": (*Outcome, REFUSED)}.get(key, named)
    if unknown := [value for value in named if value not in known]:
        raise ValueError(f"'{unknown[0]}' is no {key}; accepted are {', '.join(known)}")
    return key, named


class TargetSettings(BaseModel):
    """How answers are sent into the PACS."""

    targets: Annotated[
        SecretStr | None,
        Field(description="where answers go: NAME=[tls://]AETITLE@host:port, NAME=https://.../dicom-web, with commas"),
    ] = None
    deliver: Annotated[str, Field(description="as what: `sr`, `sc`, or both with a comma; empty: nothing")] = ""
    deliver_rules: Annotated[
        str, Field(description="which answers a target gets: NAME: label=... outcome=... sender=... model=...; ...")
    ] = ""
    targets_ca_file: Annotated[
        FilePath | None, Field(description="who may sign targets' certificates, as PEM; empty: the usual ones")
    ] = None
    targets_certificate_file: Annotated[
        FilePath | None, Field(description="our certificate with its chain, for targets that ask for one, as PEM")
    ] = None
    targets_key_file: Annotated[FilePath | None, Field(description="its private key, as PEM")] = None
    uid_root: Annotated[str, Field(description="the site's own root of UIDs, under which answers get theirs")] = "2.25"

    @field_validator("targets")
    @classmethod
    def _known_targets(cls, targets: SecretStr | None) -> SecretStr | None:
        parse_targets(targets.get_secret_value() if targets else "")
        return targets

    @field_validator("deliver")
    @classmethod
    def _known_kinds(cls, deliver: str) -> str:
        parse_kinds(deliver)
        return deliver

    @field_validator("uid_root")
    @classmethod
    def _known_root(cls, root: str) -> str:
        if not _ROOT.fullmatch(root) or len(root) > MAX_ROOT:
            raise ValueError(f"'{root[:40]}' is no root of UIDs of at most {MAX_ROOT} characters, such as 2.25")
        return root

    @model_validator(mode="after")
    def _certificate_has_its_key(self) -> "TargetSettings":
        if (self.targets_certificate_file is None) != (self.targets_key_file is None):
            raise ValueError("settings 'targets_certificate_file' and 'targets_key_file' belong together: set both")
        return self

    @model_validator(mode="after")
    def _rules_name_targets(self) -> "TargetSettings":
        names = {target.name for target in self.list_targets()}
        if unknown := [name for name in parse_rules(self.deliver_rules) if name not in names]:
            raise ValueError(f"setting 'deliver_rules' names the target {unknown[0]}, which 'targets' does not")
        return self

    def list_targets(self) -> tuple[Target, ...]:
        """Return the targets in their order."""
        return parse_targets(self.targets.get_secret_value() if self.targets else "")

    def list_kinds(self) -> tuple[str, ...]:
        """Return as what answers are sent."""
        return parse_kinds(self.deliver)

    def find_rule(self, target: Target) -> TargetRule:
        """Return which answers a target gets."""
        return parse_rules(self.deliver_rules).get(target.name, {})

    def list_work(self) -> Iterator[tuple[Target, str]]:
        """Give each target with each kind of object that it is sent."""
        return ((target, kind) for target in self.list_targets() for kind in self.list_kinds())
