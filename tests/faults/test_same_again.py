"""The same bytes, instance or name once more: each file has its own row, and is not answered by another's."""

from collections import Counter

import pytest

from imaging.phantoms.files import write_dicom_phantom
from selftest.ledger_check import Ledger, find_faults
from tests.acceptance.conftest import Site
from tests.faults.conftest import wait_for

pytestmark = pytest.mark.faults


def build(site: Site, seed: int, **attributes: str) -> bytes:
    path = site.root / "film"
    write_dicom_phantom(path, seed=seed, rows=500, columns=400, attributes=attributes)
    return path.read_bytes()


def test_what_comes_again_is_a_duplicate_a_conflict_or_another_arrival(site: Site) -> None:
    film, other_patients, next_film = build(site, 1), build(site, 1, PatientID="SOMEBODY-ELSE"), build(site, 2)
    assert film != other_patients
    site.start()
    for name, content in (("a.dcm", film), ("the same.dcm", film), ("other patient.dcm", other_patients)):
        (site.inbox / name).write_bytes(content)
    site.wait_for_results(3)
    wait_for(lambda: not list(site.inbox.iterdir()), "an empty inbox")
    (site.inbox / "a.dcm").write_bytes(next_film)  # the name of a film that has its result
    results = site.wait_for_results(4)
    wait_for(lambda: not list(site.inbox.iterdir()), "an empty inbox")
    assert Counter(result["state"] for result in results) == {"done": 3, "duplicate": 1}
    ledger = Ledger.read(site.database_url)
    assert find_faults(ledger, site.inbox.resolve(), site.home) == []
    by_name = sorted((row.path.name, row.source_sha256) for row in ledger.arrivals)
    assert len(set(by_name)) == 4
    conflicts = {row.source_sha256: row.conflict for row in ledger.screenings.values()}
    assert Counter(conflicts.values()) == {True: 2, False: 1}  # both sides of it are kept, and loud
    told = " ".join(site.run("report", "--since", "1h").stdout.split())
    assert "conflict" in told.lower()
    assert site.stop() == 0
