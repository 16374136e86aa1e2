import errno

import pytest
from sqlalchemy.exc import OperationalError

from imaging import RadiographError
from imaging.errors import LateralViewError, TruncatedFileError
from inference.labels import Answer, Outcome
from store.errors import LeaseLostError
from store.ledger.fates import LONGEST_DELAY_SECONDS, Fate, FateKind, decide_fate, decide_spoilt


def decide(error: BaseException, attempts: int = 0, faults: int = 0) -> Fate:
    return decide_fate(error, attempts=attempts, faults=faults, max_attempts=3)


@pytest.mark.parametrize(
    ("error", "kind", "reason_code"),
    [
        (LateralViewError("LL"), FateKind.REJECT, "lateral"),
        (TruncatedFileError("short"), FateKind.QUARANTINE, "truncated_file"),
        (LeaseLostError("another"), FateKind.LEAVE, ""),
        (FileNotFoundError(errno.ENOENT, "gone"), FateKind.VANISH, ""),
        (OperationalError("", {}, Exception("locked")), FateKind.RETRY_FAULT, "database"),
        (OSError(errno.ENOSPC, "full"), FateKind.RETRY_FAULT, "enospc"),
        (PermissionError(errno.EACCES, "denied"), FateKind.RETRY_FAULT, "eacces"),
        (MemoryError(), FateKind.RETRY_FILE, "reader_memory"),
        (ZeroDivisionError("a bug"), FateKind.RETRY_FILE, "internal_error"),
    ],
)
def test_each_error_has_its_fate(error: BaseException, kind: FateKind, reason_code: str) -> None:
    fate = decide(error)
    assert (fate.kind, fate.reason_code) == (kind, reason_code)


def test_a_file_that_spoils_its_last_attempt_is_quarantined() -> None:
    kinds = [decide_spoilt("reader_crashed", attempts=spoilt, max_attempts=3).kind for spoilt in range(3)]
    assert kinds == [FateKind.RETRY_FILE, FateKind.RETRY_FILE, FateKind.QUARANTINE]


def test_faults_around_a_file_never_end_in_quarantine_and_their_delay_is_capped() -> None:
    delays = []
    for faults in range(50):
        fate = decide(OSError(errno.EIO, "io"), attempts=2, faults=faults)
        assert fate.kind is FateKind.RETRY_FAULT
        delays.append(fate.delay_seconds)
    assert delays == sorted(delays)
    assert delays[0] == 1
    assert delays[-1] == LONGEST_DELAY_SECONDS


def test_every_radiograph_error_is_final() -> None:
    def leaves(kind: type[RadiographError]) -> list[type[RadiographError]]:
        below = [leaf for child in kind.__subclasses__() for leaf in leaves(child)]
        return below or [kind]

    for leaf in leaves(RadiographError):
        assert decide(leaf("found")).kind in (FateKind.REJECT, FateKind.QUARANTINE), leaf


def test_a_sound_film_that_must_not_be_judged_has_an_answer_and_a_damaged_file_has_none() -> None:
    answer = decide(LateralViewError("a lateral view")).to_answer()
    assert answer == Answer(Outcome.REJECTED, reason_code="lateral", reason="a lateral view")
    assert decide(TruncatedFileError("short")).to_answer() is None


def test_what_went_wrong_around_a_file_names_no_path() -> None:
    assert decide(PermissionError(errno.EACCES, "denied", "/secret")).reason == "Permission denied"
    assert decide(FileNotFoundError("the file /secret has been replaced")).reason == "it cannot be read"
