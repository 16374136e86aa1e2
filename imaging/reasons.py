"""Every reason code with its advice."""

from imaging import unreadable, unsuitable
from imaging.errors import RadiographError

REASONS: dict[str, str] = {
    leaf.reason_code: leaf.advice
    for branch in (unreadable, unsuitable)
    for leaf in vars(branch).values()
    if isinstance(leaf, type) and issubclass(leaf, RadiographError) and "reason_code" in vars(leaf)
}
