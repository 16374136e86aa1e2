"""The one place where exceptions of foreign libraries become decisions about a file.

pydicom alone raises 17 types of exception on malformed files, Pillow raises OSError for damage that no retry heals, and
codecs raise their own. All of it says the same: the content is bad. MemoryError is about this process, not about the
file, and passes. Messages of foreign libraries quote the file (names, dates, UIDs), so only the type is passed on.
"""

import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from imaging.errors import RadiographError

OPENCV_NO_MEMORY = -4


@contextmanager
def foreign_errors_as(error: type[RadiographError], what: str) -> Iterator[None]:
    """Turn whatever is raised inside into one reason.

    Parameters
    ----------
    error : type of RadiographError
        Leaf to raise.
    what : str
        Clause for the message, without any value from the file, such as "the header cannot be parsed".

    Raises
    ------
    RadiographError
        `error`, or unchanged what was one already.
    MemoryError
        Unchanged, or where OpenCV had no memory left.
    """
    try:
        # one file at a time is decoded in a process; the filters belong to the process
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (RadiographError, MemoryError):
        raise
    except Exception as raised:  # noqa: BLE001 - that is the purpose of this module
        if _is_out_of_memory(raised):
            raise MemoryError from None
        raise error(f"{what} ({type(raised).__name__} in {_origin(raised)})") from None


def _is_out_of_memory(raised: Exception) -> bool:
    # OpenCV has a class of exceptions of its own for everything, and a code for each (StsNoMem in its error codes)
    return getattr(raised, "code", None) == OPENCV_NO_MEMORY and type(raised).__module__ == "cv2"


def _origin(raised: BaseException) -> str:
    """Name the function that raised; unlike the exception's text it cannot hold a value from the file."""
    frames = traceback.extract_tb(raised.__traceback__)
    return frames[-1].name if frames else "unknown"
