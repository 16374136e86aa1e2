"""What the documents say of reasons is what the program says, and every link leads somewhere."""

import re
import subprocess
from pathlib import Path

import pytest

from imaging import REASONS, RadiographError, UnreadableRadiographError, UnsuitableRadiographError
from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.labels import OUTSIDE_TRAINING_POPULATION
from reports.advice import NO_CLASS
from reports.outcomes import MEANINGS
from store.ledger.fates import REASONS as READER_REASONS
from store.questions.selection import Part

ROOT = Path(__file__).resolve().parents[2]
REASONS_PAGE = (ROOT / "docs" / "reasons.md").read_text()
DOCUMENTS = subprocess.run(
    ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split()


def expected_rows(branch: type[RadiographError]) -> list[str]:
    """One row a reason: its code, the first line of its docstring, its advice."""
    leaves = branch.__subclasses__()
    meanings = {leaf.reason_code: str(leaf.__doc__).splitlines()[0].removesuffix(".") for leaf in leaves}
    return [f"| `{code}` | {meaning} | {REASONS[code]} |" for code, meaning in meanings.items()]


@pytest.mark.parametrize("branch", [UnsuitableRadiographError, UnreadableRadiographError])
def test_every_reason_stands_in_its_table_with_its_meaning_and_advice(branch: type[RadiographError]) -> None:
    heading = "rejected" if branch is UnsuitableRadiographError else "quarantined"
    table = REASONS_PAGE.split(f"| `{heading}` | found | what to do |\n|---|---|---|\n", 1)[1].split("\n\n", 1)[0]
    rows = [row for row in table.splitlines() if not row.startswith("| `reader_")]
    assert rows == expected_rows(branch), "expected in docs/reasons.md:\n" + "\n".join(expected_rows(branch))


@pytest.mark.parametrize("reason_code", sorted({*NO_CLASS, *READER_REASONS, OUTSIDE_TRAINING_POPULATION}))
def test_every_other_reason_is_named(reason_code: str) -> None:
    pages = [REASONS_PAGE, (ROOT / "README.md").read_text()]
    assert any(f"`{reason_code}`" in page for page in pages)


def test_the_ages_of_the_mark_are_the_programs() -> None:
    said = " ".join(REASONS_PAGE.split())
    ages = re.search(
        r"`outside_training_population` stands .* age of (\d+) years or more, .* `covid19` below (\d+)", said
    )
    assert ages is not None
    learnt = read_bundle(SHIPPED_BUNDLE).training_ages_years
    assert [float(age) for age in ages.groups()] == [learnt["viral_pneumonia"][1], learnt["covid19"][0]]


def list_anchors(document: Path) -> set[str]:
    """Name the headings of a document as web views of Markdown do."""
    text = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_to_a_file_and_a_heading(name: str) -> None:
    lost = []
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", (ROOT / name).read_text()):
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        if not target.exists() or (anchor and anchor not in list_anchors(target)):
            lost.append(link)
    assert lost == []


def test_the_readme_says_every_outcome_with_the_words_of_the_reports() -> None:
    said = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", (ROOT / "README.md").read_text(), re.MULTILINE))
    for part, meaning in MEANINGS.items():
        if part is not Part.PENDING:  # nothing has come of it yet
            assert said[part].startswith(meaning), part
