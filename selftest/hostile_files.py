"""Files that must not have a result: damaged, hostile, of another kind; all of them name the canary patient."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from selftest.canaries import PATIENT_ID, UID_ROOT, WORD, write_canary

SLOPE = b"\x28\x00\x53\x10DS\x02\x001 "  # Rescale Slope (0028,1053), as the phantom says it
NO_NUMBER = b"\x28\x00\x53\x10DS\x04\x00NaN "
HOSTILE_UID = b"../../../tmp/evil".ljust(len(f"{UID_ROOT}.0.1"), b"/")


@dataclass(frozen=True, slots=True)
class HostileFile:
    """A file's name in the inbox, its content, and the reason code with which it has to end."""

    name: str
    content: bytes
    reason_code: str


def build_hostile_files(folder: Path, picture: bytes) -> Iterator[HostileFile]:
    """Build one file for each way of being wrong.

    Parameters
    ----------
    folder : Path
        Where they may be written meanwhile.
    picture : bytes
        A sound PNG file.
    """
    film = folder / "film"

    def canary(seed: int, **attributes: object) -> bytes:
        write_canary(film, seed, **attributes)  # type: ignore[arg-type]  # ``instance`` is a whole number
        return film.read_bytes()

    whole = canary(1)
    contents = {
        "cut short.dcm": (whole[: len(whole) // 2], "truncated_file"),
        "cut short.png": (picture[: len(picture) // 2], "truncated_file"),
        "more rows than pixels.dcm": (canary(2, Rows=700), "pixel_data_length"),
        "a slope that is no number.dcm": (whole.replace(SLOPE, NO_NUMBER), "invalid_attribute"),
        "an UID that is a path.dcm": (whole.replace(f"{UID_ROOT}.0.1".encode(), HOSTILE_UID), "invalid_uid"),
        "too large to be true.dcm": (canary(3, Rows=65535, Columns=65535), "too_many_pixels"),
        "a header and nothing more.dcm": (b"\0" * 128 + b"DICM" + WORD.encode() * 50, "missing_attribute"),
        "a letter.dcm": (f"Dear {WORD}, {PATIENT_ID}".encode(), "format_not_accepted"),
        "empty.dcm": (b"", "empty_file"),
        "from the side.dcm": (canary(4, ViewPosition="LL"), "lateral"),
        "a knee.dcm": (canary(5, BodyPartExamined="KNEE"), "other_body_part"),
        "a slice.dcm": (canary(6, Modality="CT"), "other_modality"),
    }
    film.unlink()
    return (HostileFile(f"{WORD} {name}", *found) for name, found in contents.items())
