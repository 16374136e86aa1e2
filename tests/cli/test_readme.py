"""What README.md says of reasons is what the program says."""

import re
from pathlib import Path

import pytest

from imaging import REASONS, RadiographError, UnreadableRadiographError, UnsuitableRadiographError
from inference.labels import OUTSIDE_TRAINING_POPULATION
from inference.population import ADULT_FROM_YEARS, CHILD_BELOW_YEARS
from reports.advice import NO_CLASS
from worker.fates import REASONS as READER_REASONS

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


def expected_rows(branch: type[RadiographError]) -> list[str]:
    """One row a reason: its code, the first line of its docstring, its advice."""
    leaves = branch.__subclasses__()
    meanings = {leaf.reason_code: str(leaf.__doc__).splitlines()[0].removesuffix(".") for leaf in leaves}
    return [f"| `{code}` | {meaning} | {REASONS[code]} |" for code, meaning in meanings.items()]


@pytest.mark.parametrize("branch", [UnsuitableRadiographError, UnreadableRadiographError])
def test_every_reason_stands_in_its_table_with_its_meaning_and_advice(branch: type[RadiographError]) -> None:
    heading = "rejected" if branch is UnsuitableRadiographError else "quarantined"
    table = README.split(f"| `{heading}` | found | what to do |\n|---|---|---|\n", 1)[1].split("\n\n", 1)[0]
    rows = [row for row in table.splitlines() if not row.startswith("| `reader_")]
    assert rows == expected_rows(branch), "expected in README.md:\n" + "\n".join(expected_rows(branch))


@pytest.mark.parametrize("reason_code", sorted({*NO_CLASS, *READER_REASONS, OUTSIDE_TRAINING_POPULATION}))
def test_every_other_reason_is_named(reason_code: str) -> None:
    assert f"`{reason_code}`" in README


def test_the_ages_of_the_mark_are_the_programs() -> None:
    said = " ".join(README.split())
    ages = re.search(
        r"`outside_training_population` stands .* age of (\d+) years or more, .* `covid19` below (\d+)", said
    )
    assert ages is not None
    assert [float(age) for age in ages.groups()] == [ADULT_FROM_YEARS, CHILD_BELOW_YEARS]
