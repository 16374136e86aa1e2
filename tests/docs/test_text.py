"""Every place that a document names is there, decisions are short and listed, and lines fit into an editor."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
PLACES = {str(place) for name in TRACKED for place in (Path(name), *Path(name).parents) if (ROOT / name).exists()}
# written by 'xray-cli model card', or parts of what that writes
MADE = re.compile(r"(.*/)?MODEL_CARD\.md|training/evaluation/card/.*")
DOCUMENTS = [name for name in TRACKED if name.endswith(".md") and not MADE.fullmatch(name) and (ROOT / name).exists()]
WRAPPED = [name for name in DOCUMENTS if name not in {"CHANGELOG.md", "docs/reasons.md"}]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
TOP = {place for place in PLACES if "/" not in place and (ROOT / place).is_dir()} - {"."}
IN_A_HOME = {"reports/outbox/"}  # the home has a folder of the same name as a room
LONGEST_LINE = 120


def read_prose(name: str) -> str:
    """Return a document without its code."""
    return re.sub(r"^```.*?^```$", "", (ROOT / name).read_text(), flags=re.MULTILINE | re.DOTALL)


def find_places(text: str) -> set[str]:
    """Return what looks like a place in the repository: a path below a top-level folder, or a test module's name."""
    words = {word for code in re.findall(r"`([^`\n]+)`", text) for word in code.split()}
    paths = {word.strip(".,;:()") for word in words if word.partition("/")[0] in TOP and "/" in word}
    return (paths | {word for word in words if re.fullmatch(r"test_\w+(\.py)?", word)}) - IN_A_HOME


def is_there(place: str) -> bool:
    path = place.removesuffix("/")
    if place.startswith("test_"):
        return any(Path(known).name == place.removesuffix(".py") + ".py" for known in TRACKED)
    return path in PLACES or path + ".py" in PLACES


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_place_that_a_document_names_is_there(name: str) -> None:
    assert {place for place in find_places(read_prose(name)) if not is_there(place)} == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_module_that_a_document_runs_is_there(name: str) -> None:
    modules = set(re.findall(r"python3? -m ([\w.]+)", (ROOT / name).read_text()))
    ours = {module.replace(".", "/") for module in modules if module.partition(".")[0] in TOP}
    assert {module for module in ours if not ({f"{module}.py", f"{module}/__main__.py"} & PLACES)} == set()


def test_a_place_that_is_not_there_is_found() -> None:
    text = "Read `worker/errors.py`, `tests/faults`, `store/nothing.py` and `test_nobody`; files go to `processed/`."
    found = find_places(text)
    assert found == {"worker/errors.py", "tests/faults", "store/nothing.py", "test_nobody"}
    assert {place for place in found if not is_there(place)} == {"store/nothing.py", "test_nobody"}


@pytest.mark.parametrize("name", WRAPPED)
def test_no_line_of_prose_is_longer_than_an_editor_is_wide(name: str) -> None:
    lines = [line for line in read_prose(name).splitlines() if not line.startswith(("|", "!["))]
    assert [line for line in lines if len(re.sub(r"\]\([^)]*\)", "]", line)) > LONGEST_LINE] == []


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_why_what_with_which_consequences_and_what_was_rejected(path: Path) -> None:
    text = path.read_text()
    title, headings = text.splitlines()[0], re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences", "Rejected"]
    assert 20 <= len(text.splitlines()) <= 40
    number, words = title.removeprefix("# ").split(maxsplit=1)
    assert path.stem.startswith(f"{number}-")
    assert f"- [{number}]({path.name}) {words}\n" in (path.parent / "README.md").read_text()


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(path.stem[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
