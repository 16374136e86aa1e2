"""Whatever becomes of a file's bytes, the reader gives a sound picture or a named reason, in bounded time and memory.

``FUZZ_SECONDS`` says for how long new files are made; a failure prints the steps that lead to it, shrunk.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from imaging import REASONS
from tests.faults.bounded_reader import BoundedReader
from tests.faults.fuzz_seeds import Seed, build_seeds, read_bad_inputs
from tests.faults.mutations import Mutation, mutate, mutations

FUZZ_SECONDS = float(os.environ.get("FUZZ_SECONDS", "20"))
SHRINKING_SECONDS = 100.0
BATCH = 200  # files between two looks at the clock


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> list[Seed]:
    return build_seeds(tmp_path_factory.mktemp("seeds"))


@pytest.fixture(scope="module")
def unsound(request: pytest.FixtureRequest) -> list[Seed]:
    try:
        shared: Path = request.getfixturevalue("shared")
    except pytest.skip.Exception:
        return []
    return read_bad_inputs(shared)


@pytest.fixture(scope="module")
def reader() -> Iterator[BoundedReader]:
    with BoundedReader() as reader:
        yield reader


def test_what_the_fuzzer_starts_from_is_accepted(sound: list[Seed], reader: BoundedReader) -> None:
    results = {seed.name: reader.read(seed.content).result for seed in sound}
    assert set(results.values()) == {"accepted"}, results


@pytest.mark.faults
@pytest.mark.timeout(FUZZ_SECONDS + SHRINKING_SECONDS)
def test_every_mutated_file_gives_a_sound_picture_or_a_named_reason(
    sound: list[Seed], unsound: list[Seed], reader: BoundedReader, record_property: Callable[[str, object], None]
) -> None:
    results: Counter[str] = Counter()
    peak_bytes: set[int] = set()
    # two of three begin with a sound file: those get furthest before something stops them
    seeds = st.sampled_from(sound) | st.sampled_from(sound) | st.sampled_from(unsound or sound)

    @settings(
        max_examples=BATCH,
        deadline=None,
        database=None,
        derandomize=False,  # as hypothesis does of itself in CI: every batch would be the same files
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(seeds, mutations([*sound, *unsound]), st.booleans())
    def fuzz(seed: Seed, steps: list[Mutation], repair: bool) -> None:
        ending = reader.read(mutate(seed.content, steps, repair=repair))
        results[ending.result] += 1
        peak_bytes.update([ending.peak_bytes])
        assert ending.result == "accepted" or ending.result in REASONS, ending.result

    end = time.monotonic() + FUZZ_SECONDS
    while time.monotonic() < end:
        fuzz()
    record_property("files", results.total())
    record_property("peak_mebibytes", max(peak_bytes) >> 20)
    record_property("outcomes", dict(results.most_common()))
    assert results["accepted"] > 0
    assert len(results) > 10, "the mutations no longer reach the checks"
