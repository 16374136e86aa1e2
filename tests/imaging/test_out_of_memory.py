"""Too little memory is never mistaken for a damaged file."""

import subprocess
import sys
from pathlib import Path

from imaging.phantoms.files import write_dicom_phantom

PROGRAM = """
import resource, sys
from pathlib import Path
import imaging.dicom.decoding
from imaging import RadiographError, decode_radiograph, read_source
source = read_source(Path(sys.argv[1]))
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + int(sys.argv[2]) * 1024 * 1024
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    decode_radiograph(source.content)
except MemoryError:
    print("memory")
except RadiographError as error:
    print(error.reason_code)
else:
    print("read")
"""


def test_every_allocation_that_fails_is_a_memory_error(tmp_path: Path) -> None:
    path = tmp_path / "large.dcm"
    write_dicom_phantom(path, seed=1, rows=5000, columns=5000)

    def read_within(mebibytes: int) -> str:
        command = [sys.executable, "-c", PROGRAM, str(path), str(mebibytes)]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()

    answers = [read_within(mebibytes) for mebibytes in (5, 30, 60, 80, 100, 1000)]
    assert answers[:2] == ["memory", "memory"]
    assert answers[-1] == "read"
    assert set(answers) == {"memory", "read"}
