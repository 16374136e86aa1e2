"""A file that ends or stalls its reader: three attempts, growing pauses, then quarantine; neighbours are unharmed.

The third kind, which takes too much memory, is in ``tests/acceptance``.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from store.states import ArrivalState
from tests.faults.conftest import FaultRun, wait_for
from tests.imaging.dicom_factory import JPEG_2000_LOSSLESS, build_dicom

pytestmark = pytest.mark.faults

ATTEMPTS = 3
READ_SECONDS = 6  # a reader that has just been started anew loads its model in that time too
NEIGHBOURS = 10


def write_slow_film(path: Path) -> None:
    """Write noise, losslessly compressed: decoding it takes some 10 s of one core."""
    noise = np.random.default_rng(1).integers(0, 1 << 12, (7000, 7000), dtype=np.uint16)
    path.write_bytes(build_dicom(noise, syntax=JPEG_2000_LOSSLESS))


def test_files_that_end_or_stall_their_reader_get_three_attempts_and_harm_no_neighbour(run: FaultRun) -> None:
    site, marks = run.site, run.site.root / "marks"
    marks.mkdir()
    write_slow_film(site.root / "slow.dcm")
    crashes = {"XRAY_FAULT_AT": "after_read", "XRAY_FAULT_TIMES": str(ATTEMPTS), "XRAY_FAULT_ARRIVAL": "1"}
    site.settings |= crashes | {"XRAY_TESTING": "1", "XRAY_FAULT_MARKS": str(marks)}
    site.settings["XRAY_READ_SECONDS"] = str(READ_SECONDS)
    site.start()
    crashing, *neighbours = list(run.films.hashes)[: NEIGHBOURS + 1]
    run.drop(crashing)
    wait_for(lambda: list(marks.iterdir()), "the first crash")
    (site.root / "slow.dcm").rename(site.inbox / "slow.dcm")
    run.drop(*neighbours)
    results = {result["file_name"]: result for result in site.wait_for_results(NEIGHBOURS + 2)}
    rows = {row.path.name: row for row in run.read().arrivals}
    for name, reason_code in ((crashing, "reader_crashed"), ("slow.dcm", "reader_timeout")):
        assert (results[name]["state"], results[name]["reason_code"]) == ("quarantined", reason_code)
        assert rows[name].attempts == ATTEMPTS - 1  # those after which there was another
        assert rows[name].transient_faults == 0
        assert f"({ATTEMPTS} attempts)" in rows[name].reason
    assert [rows[name].attempts for name in neighbours] == [0] * NEIGHBOURS
    answers = run.read().answers(site.inbox.resolve())
    assert {name: answers[name] for name in neighbours} == {name: run.films.answers[name] for name in neighbours}
    died_at = sorted(mark.stat().st_mtime for mark in marks.iterdir())
    assert len(died_at) == ATTEMPTS
    first_pause, second_pause = (later - sooner for sooner, later in pairwise(died_at))
    assert first_pause >= 1.0
    assert second_pause >= 2.0
    assert '"restart"' not in site.log.read_text()
    wait_for(lambda: not list(site.inbox.iterdir()), "an empty inbox")
    assert {row.state for row in run.read().arrivals} <= {state.value for state in ArrivalState}
    assert site.stop() == 0
